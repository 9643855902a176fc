"""Evidence and time in, visits out: what the shop would say happened."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.presence.observe import keep, observe
from server.presence.sighting import Batch, Fix, Verdict
from server.zones.zone import AnchorSet, Circle
from tests.makers import (
    LAT,
    LON,
    QUICK,
    SURE,
    Walkthrough,
    a_department,
    a_shop,
    an_anchor,
    fix,
    heard,
    words,
)

#: Two departments of two gateways each.
ANCHORS = [an_anchor(name) for name in ("shoes-1", "shoes-2", "bags-1", "bags-2")]
DEPARTMENTS = (
    a_shop(place=None),
    a_department("shoes", AnchorSet(("shoes-1", "shoes-2"))),
    a_department("bags", AnchorSet(("bags-1", "bags-2"))),
)


def near(anchor: str, second: float) -> list:
    """One second of a fob near one gateway: the other of the same department hears less, the others least."""
    department = anchor.split("-", maxsplit=1)[0]
    return [
        heard(
            second + 0.1 * i,
            each.id,
            -63.0 if each.id == anchor else -71.0 if each.id.startswith(department) else -80.0,
        )
        for i, each in enumerate(ANCHORS)
    ]


def test_a_first_fix_inside_counts_as_an_enter():
    shop = Walkthrough(a_shop())
    shop.take(fix(0))
    shop.wait_until(10)
    assert shop.told() == [("entered", 0.0)]


def test_an_enter_is_confirmed_by_the_clock_without_another_ping():
    shop = Walkthrough(a_shop(manner=SURE))
    shop.take(fix(0))
    shop.wait_until(14.9)
    assert shop.told() == []
    shop.wait_until(15.0)
    assert shop.told() == [("entered", 0.0)]


def test_who_walks_past_within_the_minimum_time_leaves_no_trace():
    shop = Walkthrough(a_shop(manner=SURE))
    for second in range(0, 40, 2):
        shop.take(fix(second, north_m=-100 + 10 * second, accuracy_m=5))
        shop.wait_until(second)
    shop.wait_until(600)
    assert shop.told() == []


def test_a_dwell_falls_due_by_the_clock():
    shop = Walkthrough(a_shop(), dwells_s={"shop": [30.0, 300.0]})
    shop.take(fix(0))
    shop.wait_until(400)
    assert shop.told() == [("entered", 0.0), ("dwelled", 30.0), ("dwelled", 300.0)]


def test_leaving_before_the_dwell_is_due_cancels_it():
    shop = Walkthrough(a_shop(), dwells_s={"shop": [60.0]})
    shop.take(fix(0))
    shop.take(fix(30, north_m=500))
    shop.wait_until(400)
    assert shop.told() == [("entered", 0.0), ("exited", 30.0)]


def test_coming_back_while_leaving_goes_on_with_the_same_visit():
    shop = Walkthrough(a_shop())
    shop.take(fix(0))
    shop.take(fix(60, north_m=80))
    shop.take(fix(63), fix(66), fix(69))
    shop.wait_until(120)
    assert shop.told() == [("entered", 0.0)]


def test_a_bad_fix_alone_ends_no_visit():
    shop = Walkthrough(a_shop())
    for second in range(0, 60, 5):
        shop.take(fix(second))
    shop.take(fix(60, north_m=90, accuracy_m=80))
    shop.take(fix(65))
    shop.wait_until(120)
    assert shop.told() == [("entered", 0.0)]


def test_a_phone_that_jumps_and_stays_there_is_believed_after_some_seconds():
    shop = Walkthrough(a_shop())
    for second in range(0, 30, 5):
        shop.take(fix(second))
    shop.take(fix(30, north_m=1_100), fix(33, north_m=1_100))
    assert shop.told() == [("entered", 0.0)]
    shop.take(fix(36, north_m=1_100))
    shop.wait_until(60)
    assert shop.told() == [("entered", 0.0), ("exited", 36.0)]


def test_a_tram_ride_between_sparse_fixes_is_believed_at_once():
    shop = Walkthrough(a_shop())
    shop.take(fix(0))
    shop.take(fix(300, north_m=3_000))
    shop.wait_until(320)
    assert shop.told() == [("entered", 0.0), ("exited", 300.0)]


def test_a_drive_across_the_country_is_followed_to_the_shop():
    shop = Walkthrough(a_shop())
    for minute in range(-60, 0):
        shop.take(fix(60 * minute, north_m=1_000 * minute))
    shop.take(fix(0), fix(5), fix(10))
    shop.wait_until(20)
    assert [kind for kind, _ in shop.told()] == ["entered"]


def test_silence_of_a_phone_ends_the_visit_at_its_last_word():
    shop = Walkthrough(a_shop())
    shop.take(fix(0))
    shop.take(fix(60))
    shop.wait_until(1_800)
    assert shop.told() == [("entered", 0.0)]
    shop.wait_until(2_000)
    assert shop.told() == [("entered", 0.0), ("exited", 60.0)]


def test_the_same_fix_again_is_a_duplicate():
    shop = Walkthrough(a_shop())
    shop.take(fix(0))
    step = shop.take(fix(0), fix(5), fix(5))
    assert words(step) == [Verdict.DUPLICATE, Verdict.ACCEPTED, Verdict.DUPLICATE]


def test_a_fix_as_wide_as_a_town_is_of_no_use():
    assert words(Walkthrough(a_shop()).take(fix(0, accuracy_m=5_000))) == [Verdict.TOO_INACCURATE]


def test_a_fix_that_comes_late_is_history():
    shop = Walkthrough(a_shop())
    shop.take(fix(100, north_m=500))
    step = shop.take(fix(50))
    assert step.late.tolist() == [0]
    assert words(step) == [Verdict.ACCEPTED]
    shop.wait_until(200)
    assert shop.told() == []


def test_who_is_at_the_shelf_is_in_the_shop():
    sure_shop = a_shop(manner=SURE)
    shelf = a_department("shelf", Circle(LAT, LON, 25.0), manner=QUICK)
    shop = Walkthrough(sure_shop, shelf)
    shop.take(fix(0))
    assert [(event.zone, event.kind) for event in shop.events] == [("shop", "entered"), ("shelf", "entered")]


def test_leaving_the_shop_leaves_its_departments_first():
    shop = Walkthrough(a_shop(), a_department("shoes", Circle(LAT, LON, 25.0)))
    shop.take(fix(0))
    shop.take(fix(60, north_m=400))
    shop.wait_until(100)
    assert [(event.zone, event.kind) for event in shop.events[-2:]] == [
        ("shoes", "exited"),
        ("shop", "exited"),
    ]


def test_a_fob_is_followed_from_department_to_department():
    shop = Walkthrough(*DEPARTMENTS, anchors=ANCHORS)
    for second in range(20):
        shop.take(*near("shoes-1", second))
        shop.wait_until(second + 1)
    for second in range(20, 40):
        shop.take(*near("bags-2", second))
        shop.wait_until(second + 1)
    assert [kind for kind, _ in shop.told("shop")] == ["entered"]
    assert [kind for kind, _ in shop.told("shoes")] == ["entered", "exited"]
    assert [kind for kind, _ in shop.told("bags")] == ["entered"]


def test_a_fob_that_falls_silent_has_left_when_it_was_last_heard():
    shop = Walkthrough(*DEPARTMENTS, anchors=ANCHORS)
    for second in range(20):
        shop.take(*near("shoes-1", second))
    shop.wait_until(120)
    kind, at = shop.told("shop")[-1]
    assert kind == "exited"
    assert 19.0 <= at < 20.0


def test_a_phone_guessing_through_the_roof_does_not_end_what_radio_knows():
    shop_on_map = replace(DEPARTMENTS[0], place=Circle(LAT, LON, 30.0))
    shop = Walkthrough(shop_on_map, *DEPARTMENTS[1:], anchors=ANCHORS)
    for second in range(30):
        shop.take(*[replace(each, device="phone") for each in near("shoes-1", second)])
        shop.take(fix(second + 0.5, north_m=70, accuracy_m=20))
        shop.wait_until(second + 1)
    assert shop.told("shop")[0][0] == "entered"
    assert len(shop.told("shop")) == 1


def test_who_waits_outside_for_a_minute_still_enters_like_anybody():
    shop = Walkthrough(*DEPARTMENTS, anchors=ANCHORS)
    for second in range(60):
        shop.take(*[heard(second + 0.1 * i, each.id, -92.0) for i, each in enumerate(ANCHORS)])
        shop.wait_until(second + 1)
    assert shop.told() == []
    for second in range(60, 80):
        shop.take(*near("shoes-1", second))
        shop.wait_until(second + 1)
    assert [kind for kind, _ in shop.told("shoes")] == ["entered"]


@pytest.mark.parametrize("louder_db", [-8.0, 8.0, 15.0])
def test_a_fob_that_is_louder_or_fainter_than_others_is_found_all_the_same(louder_db):
    shop = Walkthrough(*DEPARTMENTS, anchors=ANCHORS)
    for second in range(40):
        place = "shoes-1" if second < 20 else "bags-2"
        shop.take(*[replace(each, rssi_dbm=each.rssi_dbm + louder_db) for each in near(place, second)])
        shop.wait_until(second + 1)
    assert [kind for kind, _ in shop.told("shoes")] == ["entered", "exited"]
    assert [kind for kind, _ in shop.told("bags")] == ["entered"]


def test_a_gateway_that_hears_through_the_window_does_not_end_what_fixes_know():
    shop = Walkthrough(
        replace(DEPARTMENTS[0], place=Circle(LAT, LON, 30.0)), *DEPARTMENTS[1:], anchors=ANCHORS
    )
    for second in range(60):
        shop.take(fix(second, north_m=12, accuracy_m=5))
        shop.take(heard(second + 0.5, "bags-2", -95.0, "phone"))
        shop.wait_until(second + 1)
    assert [kind for kind, _ in shop.told("shop")] == ["entered"]


def test_fixes_outside_are_believed_once_radio_has_been_silent():
    shop = Walkthrough(
        replace(DEPARTMENTS[0], place=Circle(LAT, LON, 30.0)), *DEPARTMENTS[1:], anchors=ANCHORS
    )
    for second in range(30):
        shop.take(*[replace(each, device="phone") for each in near("shoes-1", second)])
        shop.wait_until(second + 1)
    for second in range(30, 180, 5):
        shop.take(fix(second, north_m=90, accuracy_m=8))
        shop.wait_until(second + 5)
    assert [kind for kind, _ in shop.told("shop")] == ["entered", "exited"]


def test_nothing_is_remembered_before_it_is_kept():
    shop = Walkthrough(a_shop(manner=QUICK))
    first = observe(shop.tracks, shop.atlas, Batch.of([fix(0)]), shop.patience)
    again = observe(shop.tracks, shop.atlas, Batch.of([fix(0)]), shop.patience)
    assert [event.kind for event in first.events] == ["entered"]
    assert again.events == first.events
    keep(shop.tracks, again)
    assert observe(shop.tracks, shop.atlas, Batch.of([fix(0)]), shop.patience).events == ()


def test_the_id_of_a_visit_follows_from_what_opened_it():
    visits = []
    for _ in range(2):
        shop = Walkthrough(a_shop(manner=QUICK))
        shop.take(fix(0))
        visits.append(shop.events[0].visit)
    assert visits[0] == visits[1]


walks = st.lists(
    st.tuples(
        st.floats(0.1, 400.0),  # seconds since the last fix
        st.floats(-300.0, 300.0),  # metres north of the corner
        st.floats(0.0, 200.0),  # claimed accuracy
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(walk=walks)
def test_visits_open_and_close_in_turn_for_any_walk(walk):
    shop = Walkthrough(
        a_shop(), a_department("shoes", Circle(LAT, LON, 15.0), manner=QUICK), dwells_s={"shop": [20.0, 90.0]}
    )
    at = 0.0
    for gap, north, accuracy in walk:
        at += gap
        shop.take(fix(at, north, accuracy))
        shop.wait_until(at)
    shop.wait_until(at + 90_000)
    for zone in ("shop", "shoes"):
        told = [event for event in shop.events if event.zone == zone]
        open_visit = None
        for event in told:
            if event.kind == "entered":
                assert open_visit is None
                open_visit = event
            else:
                assert open_visit is not None
                assert event.visit == open_visit.visit
                assert event.at >= open_visit.at
                open_visit = None if event.kind == "exited" else open_visit
        assert open_visit is None
        dwells = [(event.visit, event.dwelled_s) for event in told if event.kind == "dwelled"]
        assert len(dwells) == len(set(dwells))


@settings(max_examples=60, deadline=None)
@given(walk=walks, cuts=st.lists(st.integers(0, 40), max_size=6))
def test_it_does_not_matter_how_evidence_is_cut_into_batches(walk, cuts):
    at, fixes = 0.0, []
    for gap, north, accuracy in walk:
        at += gap
        fixes.append(fix(at, north, accuracy))
    told = []
    for edges in ([0, len(fixes)], sorted({0, len(fixes), *(min(cut, len(fixes)) for cut in cuts)})):
        shop = Walkthrough(a_shop(), dwells_s={"shop": [20.0]})
        for start, end in itertools.pairwise(edges):
            shop.take(*fixes[start:end])
        shop.wait_until(at + 90_000)
        told.append(shop.events)
    assert told[0] == told[1]


@settings(max_examples=40, deadline=None)
@given(
    walks_of=st.lists(walks, min_size=2, max_size=4),
    turn=st.randoms(use_true_random=False),
)
def test_the_devices_of_a_batch_do_not_disturb_each_other(walks_of, turn):
    fixes: list[Fix] = []
    for number, walk in enumerate(walks_of):
        at = 0.0
        for gap, north, accuracy in walk:
            at += gap
            fixes.append(fix(at, north, accuracy, device=f"phone-{number}"))
    together = Walkthrough(a_shop(), dwells_s={"shop": [20.0]})
    mixed = fixes[:]
    turn.shuffle(mixed)
    together.take(*mixed)
    together.wait_until(90_000)
    for number in range(len(walks_of)):
        alone = Walkthrough(a_shop(), dwells_s={"shop": [20.0]})
        alone.take(*(each for each in fixes if each.device == f"phone-{number}"))
        alone.wait_until(90_000)
        assert alone.events == [event for event in together.events if event.device == f"phone-{number}"]


@pytest.mark.parametrize("seconds", [0.0, 1e-3, 86_400.0 * 365])
def test_time_alone_makes_nothing_happen_to_strangers(seconds):
    shop = Walkthrough(a_shop())
    assert shop.wait_until(seconds).events == ()
    assert not np.isfinite(shop.tracks.rows.next_due_at[: len(shop.tracks.devices)]).any()
