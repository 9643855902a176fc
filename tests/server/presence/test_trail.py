"""What a stay remembers of why: the evidence that zone events carry."""

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.presence.memory import changed, departures, endings, renumber, weighed_anew
from server.presence.observe import keep, let_time_pass
from server.presence.trail import MOST_NOTES, Asked, Trails, shortened
from server.presence.visit import Phase, Weighing
from server.zones.atlas import compile_atlas
from server.zones.zone import AnchorSet, Circle
from tests.makers import (
    LAT,
    LON,
    NOON_S,
    NORMAL,
    QUICK,
    Walkthrough,
    a_department,
    a_shop,
    an_anchor,
    fix,
    heard,
)

ANCHORS = [an_anchor(name) for name in ("shoes-1", "shoes-2", "bags-1", "bags-2")]
DEPARTMENTS = (
    a_shop(place=None),
    a_department("shoes", AnchorSet(("shoes-1", "shoes-2"))),
    a_department("bags", AnchorSet(("bags-1", "bags-2"))),
)


def near(anchor: str, second: float, device: str = "fob") -> list:
    """One second of a fob near one gateway: the other of the same department hears less, the others least."""
    department = anchor.split("-", maxsplit=1)[0]
    loud = {anchor: -63.0}
    return [
        heard(second, each.id, loud.get(each.id, -71.0 if each.id.startswith(department) else -80.0), device)
        for each in ANCHORS
    ]


def evidence(shop: Walkthrough, kind: str, zone: str):
    return next(event.evidence for event in shop.events if (event.kind, event.zone) == (kind, zone))


def a_fob_in_the_shoes() -> Walkthrough:
    shop = Walkthrough(*DEPARTMENTS, anchors=ANCHORS)
    for second in range(6):
        shop.take(*near("shoes-1", second))
    return shop


def test_an_entered_visit_names_the_loudest_gateway_and_how_many_others_heard():
    shop = a_fob_in_the_shoes()
    first = evidence(shop, "entered", "shoes").weighings[0]
    assert (first.at, first.anchor, first.strength, first.others) == (NOON_S, "shoes-1", -63.0, 3)
    assert first.turn == Phase.ARRIVING
    assert first.inside >= NORMAL.enter_at


def test_a_position_is_told_by_its_accuracy_alone():
    shop = Walkthrough(a_shop(manner=QUICK))
    shop.take(fix(0, north_m=5.0, accuracy_m=12.0))
    (only,) = evidence(shop, "entered", "shop").weighings
    assert (only.at, only.anchor, only.strength, only.others) == (NOON_S, None, 12.0, 0)


def test_no_evidence_holds_a_position():
    shop = Walkthrough(a_shop(manner=QUICK))
    shop.take(fix(0, north_m=5.0))
    told = np.array(_numbers(evidence(shop, "entered", "shop")))
    assert not np.isclose(told, LAT, atol=0.01).any()
    assert not np.isclose(told, LON, atol=0.01).any()


def _numbers(evidence) -> list[float]:
    flat = [*astuple(evidence), *(part for each in evidence.weighings for part in each)]
    return [float(part) for part in flat if isinstance(part, int | float)]


def test_who_enters_a_department_is_in_the_shop_because_of_it():
    shop = Walkthrough(
        a_shop(Circle(LAT, LON, 8.0)), a_department("till", Circle(LAT, LON, 60.0), manner=QUICK)
    )
    shop.take(fix(0, accuracy_m=30.0))
    implied = evidence(shop, "entered", "shop")
    assert (implied.why, implied.zone) == ("implied", "till")
    assert evidence(shop, "entered", "till").why == "believed"


def test_the_exit_of_a_neighbour_names_the_department_that_was_entered():
    shop = a_fob_in_the_shoes()
    for second in range(6, 20):
        shop.take(*near("bags-1", second))
    left = evidence(shop, "exited", "shoes")
    assert (left.why, left.zone, left.weighings[-1].anchor) == ("sibling", "bags", "bags-1")
    assert left.weighings[-1].inside <= NORMAL.leave_at


def test_an_exit_by_silence_names_the_last_word():
    shop = a_fob_in_the_shoes()
    shop.wait_until(600)
    silent = evidence(shop, "exited", "shop")
    assert (silent.why, silent.heard_at) == ("silence", NOON_S + 5)
    assert silent.known_at >= silent.heard_at + shop.patience.radio_least_s
    assert evidence(shop, "exited", "shoes").zone == "shop"


def test_an_exit_by_evidence_shows_what_spoke_against_it():
    shop = Walkthrough(a_shop(manner=QUICK))
    shop.take(fix(0))
    for second in range(5, 60, 5):
        shop.take(fix(second, north_m=20.0 * second))
    left = evidence(shop, "exited", "shop")
    turned = next(each for each in left.weighings if each.turn == Phase.LEAVING)
    assert left.why == "left"
    assert turned.inside <= QUICK.leave_at
    assert left.known_at == turned.at + QUICK.leave_after_s


def test_a_zone_that_is_closed_and_a_shopper_who_withdraws_are_named_as_reasons():
    shop = a_fob_in_the_shoes()
    gone = endings(shop.tracks, shop.atlas, compile_atlas(DEPARTMENTS[:1]), NOON_S + 9, shop.patience)
    withdrawn = departures(shop.tracks, shop.atlas, ["fob"], NOON_S + 9, shop.patience)
    assert [event.evidence.why for event in gone.events] == ["zone_gone"]
    assert {event.evidence.why for event in withdrawn.events} <= {"not_followed", "implied"}


def test_a_zone_drawn_round_somebody_is_entered_by_what_was_known_of_them():
    shop = Walkthrough(a_shop(Circle(LAT + 0.01, LON, 40.0)))
    shop.take(fix(0))
    corner = (*shop.atlas.zones, a_shop(id="corner", manner=QUICK))
    before, shop.atlas = shop.atlas, compile_atlas(corner)
    shop.tracks = renumber(shop.tracks, before, shop.atlas, shop.patience)
    drawn = weighed_anew(shop.tracks, shop.atlas, changed(before, shop.atlas), NOON_S + 100, shop.patience)
    (only,) = drawn.events[0].evidence.weighings
    assert (only.at, only.anchor, only.strength) == (NOON_S + 100, None, None)
    assert only.inside >= QUICK.enter_at


@pytest.mark.parametrize("phase", [Phase.ARRIVING, Phase.INSIDE, Phase.LEAVING])
def test_a_doubt_from_before_a_restart_is_not_taken_for_a_zone_that_was_moved(phase):
    trails = Trails()
    trails.recall(slot=0, place=0, zone=3, turn=int(phase), at=NOON_S, inside=0.2)
    asked = Asked(row=0, place=0, zone=3, since=NOON_S, noted=0)
    ((only,),) = trails.told(np.array([0]), [], [asked])
    assert only.strength is None
    assert (only.turn == Phase.LEAVING, only.turn == phase) == (False, phase != Phase.LEAVING)


def test_a_dwell_needs_no_evidence():
    shop = Walkthrough(a_shop(manner=QUICK), dwells_s={"shop": [30.0]})
    shop.take(fix(0))
    shop.wait_until(40)
    assert [event.evidence is None for event in shop.events] == [False, True]


def test_what_changes_nothing_leaves_no_note():
    shop = Walkthrough(a_shop(), a_department("till", Circle(LAT, LON, 30.0)))
    shop.take(fix(0))
    shop.take(fix(10))
    assert shop.take(fix(20)).notes == ()
    assert Walkthrough(a_shop()).take(fix(0, north_m=900.0)).notes == ()


def test_a_long_stay_remembers_little_and_what_began_its_leaving():
    shop = Walkthrough(*DEPARTMENTS, anchors=ANCHORS)
    for second in range(0, 300, 3):
        shop.take(*near("shoes-1" if second % 2 else "shoes-2", second, device="fob"))
    shop.wait_until(900)
    assert all(len(event.evidence.weighings) <= MOST_NOTES for event in shop.events)


def test_an_old_turn_is_kept_before_the_newest_weighings():
    turn = Weighing(0.0, 0.9, -60.0, "a", 0, int(Phase.ARRIVING))
    later = [Weighing(float(at), 0.5, -60.0, "a") for at in range(1, 20)]
    kept = shortened([turn, *later])
    assert kept == (turn, *later[-MOST_NOTES + 1 :])
    assert shortened(kept) == kept


def test_a_trail_outlives_new_numbers_of_zones():
    shop = Walkthrough(*DEPARTMENTS, anchors=ANCHORS)
    shop.take(*near("shoes-1", 0))
    more = compile_atlas((*DEPARTMENTS, a_department("a-new-one", AnchorSet(("bags-2",)))), ANCHORS)
    shop.tracks = renumber(shop.tracks, shop.atlas, more, shop.patience)
    shop.atlas = more
    shop.wait_until(10)
    assert evidence(shop, "entered", "shoes").weighings[0].anchor == "shoes-1"


def test_who_is_forgotten_leaves_no_trail_to_whoever_comes_next():
    shop = a_fob_in_the_shoes()
    keep(shop.tracks, departures(shop.tracks, shop.atlas, ["fob"], NOON_S + 9, shop.patience))
    shop.tracks.forget(["fob"])
    assert not shop.tracks.trails.at.any()
    shop.take(*near("bags-1", 20, device="another"))
    shop.wait_until(30)
    assert [each.anchor for each in evidence(shop, "entered", "bags").weighings] == ["bags-1"]


def test_a_step_that_is_taken_again_tells_the_same():
    shop = a_fob_in_the_shoes()
    once = let_time_pass(shop.tracks, shop.atlas, NOON_S + 600, shop.patience)
    again = let_time_pass(shop.tracks, shop.atlas, NOON_S + 600, shop.patience)
    assert [event.evidence for event in once.events] == [event.evidence for event in again.events]


@st.composite
def walks(draw):
    """Fixes of one phone, and a fob's seconds near some gateway, in the order of their times."""
    seconds = sorted(draw(st.lists(st.integers(0, 400), min_size=1, max_size=40, unique=True)))
    where = st.one_of(st.sampled_from([each.id for each in ANCHORS]), st.integers(-150, 150), st.none())
    return [(second, draw(where)) for second in seconds]


@settings(max_examples=60, deadline=None)
@given(walks(), st.booleans())
def test_evidence_shows_what_it_rests_on_for_any_walk(walk, together):
    shop = Walkthrough(
        *DEPARTMENTS[1:], a_shop(), a_department("till", Circle(LAT, LON, 25.0)), anchors=ANCHORS
    )
    sightings = []
    for second, where in walk:
        if isinstance(where, str):
            sightings.append(near(where, second))
        elif where is not None:
            sightings.append([fix(second, north_m=float(where), device="fob")])
    if together:
        shop.take(*(each for some in sightings for each in some))
    else:
        for some in sightings:
            shop.take(*some)
    shop.wait_until(20_000)
    for event in shop.events:
        others = [other.at.timestamp() for other in shop.events if other is not event]
        _rests_on_something(event, others)


def _rests_on_something(event, others) -> None:
    shown, at = event.evidence, event.at.timestamp()
    entered = event.entered_at.timestamp()
    # Who came while they were still held elsewhere is in from when they were out of there, a millisecond later at most.
    held_up = any(-1e-5 <= entered - other <= 1e-3 + 1e-5 for other in others)
    assert shown.known_at >= at - 1e-6
    assert held_up or all(entered <= each.at + 1e-6 for each in shown.weighings)
    assert all(each.at <= shown.known_at for each in shown.weighings)
    match shown.why:
        case "believed":
            began = [each for each in shown.weighings if each.turn == Phase.ARRIVING]
            assert began[-1].at < at + 1e-5
            assert held_up or began[-1].at > at - 1e-5
            assert all(each.inside >= shown.manner.enter_at - 1e-6 for each in shown.weighings)
        case "implied" | "sibling":
            assert shown.zone is not None
        case "left":
            against = [each for each in shown.weighings if each.turn == Phase.LEAVING]
            assert against[-1].inside <= shown.manner.leave_at + 1e-6
        case "silence":
            assert shown.heard_at is not None
            assert shown.heard_at < shown.known_at
