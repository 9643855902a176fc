"""Changes under people's feet: zones that are drawn, moved, closed, deleted, and hours that end while somebody stands there."""

from datetime import UTC, datetime

import pytest

from server.presence.explain import Speech, Subject, closed
from server.presence.memory import changed, endings, renumber, weighed_anew
from server.zones.atlas import compile_atlas
from server.zones.hours import read_hours
from server.zones.zone import AnchorSet, Circle
from tests.makers import (
    LAT,
    LON,
    METRES_PER_DEGREE_LAT,
    NOON_S,
    QUICK,
    Walkthrough,
    a_department,
    a_shop,
    an_anchor,
    fix,
    heard,
)

ROME = "Europe/Rome"
CORNER = Circle(LAT, LON, 40.0)
NEXT_STREET = Circle(LAT + 300 / METRES_PER_DEGREE_LAT, LON, 40.0)


def rearranged(shop: Walkthrough, seconds: float, *zones) -> None:
    """Staff changed the zones: what the main job does of it, in its order."""
    shop.wait_until(seconds)
    after = compile_atlas(zones, shop.anchors)
    at = NOON_S + seconds
    shop.keep(endings(shop.tracks, shop.atlas, after, at, shop.patience))
    shop.tracks = renumber(shop.tracks, shop.atlas, after, shop.patience)
    before, shop.atlas = shop.atlas, after
    shop.keep(weighed_anew(shop.tracks, after, changed(before, after), at, shop.patience))


def test_a_zone_drawn_round_somebody_is_entered_then_without_another_ping():
    shop = Walkthrough(a_shop(NEXT_STREET))
    shop.take(fix(0))
    rearranged(shop, 100, a_shop(NEXT_STREET), a_shop(CORNER, id="corner"))
    shop.wait_until(200)
    assert shop.told() == [("entered", 100.0)]
    assert shop.events[0].zone == "corner"


def test_a_zone_drawn_elsewhere_is_entered_by_nobody():
    shop = Walkthrough(a_shop(CORNER))
    shop.take(fix(0))
    rearranged(shop, 100, a_shop(CORNER), a_shop(NEXT_STREET, id="next"))
    shop.wait_until(200)
    assert shop.told() == [("entered", 0.0)]


def test_a_zone_drawn_where_somebody_was_hours_ago_is_entered_by_nobody():
    shop = Walkthrough(a_shop(NEXT_STREET))
    shop.take(fix(0))
    rearranged(shop, 7_200, a_shop(NEXT_STREET), a_shop(CORNER, id="corner"))
    shop.wait_until(8_000)
    assert shop.told() == []


def test_who_stood_in_a_new_zone_and_says_no_more_has_left_it_by_silence():
    shop = Walkthrough(a_shop(NEXT_STREET))
    shop.take(fix(0))
    rearranged(shop, 100, a_shop(NEXT_STREET), a_shop(CORNER, id="corner"))
    shop.wait_until(1_799)
    assert shop.told() == [("entered", 100.0)]
    shop.wait_until(1_801)
    assert shop.told() == [("entered", 100.0), ("exited", 100.0)]


def test_a_zone_that_is_moved_away_is_left_and_one_that_is_moved_here_is_entered():
    shop = Walkthrough(a_shop(CORNER), a_shop(NEXT_STREET, id="other"))
    shop.take(fix(0))
    rearranged(shop, 100, a_shop(NEXT_STREET), a_shop(CORNER, id="other"))
    shop.wait_until(200)
    assert shop.told("shop") == [("entered", 0.0), ("exited", 100.0)]
    assert shop.told("other") == [("entered", 100.0)]


def test_who_is_outside_since_a_zone_was_moved_is_told_of_the_move():
    shop = Walkthrough(a_shop(CORNER))
    shop.take(fix(0))
    rearranged(shop, 100, a_shop(NEXT_STREET))
    shop.wait_until(200)
    (left,) = (event for event in shop.events if event.kind == "exited")
    words = closed(left.evidence, left.at.timestamp(), Subject("shop"), Speech()).was[0]
    assert words.startswith(
        "Outside “shop” from 12:01:40 UTC: the zone was moved, drawn anew or set otherwise"
    )


def test_a_zone_that_is_moved_a_little_keeps_who_is_in_it():
    shop = Walkthrough(a_shop(CORNER))
    shop.take(fix(0))
    rearranged(shop, 100, a_shop(Circle(LAT + 5 / METRES_PER_DEGREE_LAT, LON, 40.0)))
    shop.wait_until(200)
    assert shop.told() == [("entered", 0.0)]


def test_a_shop_made_of_its_departments_is_entered_when_one_is_drawn_round_somebody():
    shop = Walkthrough(a_shop(None), a_department("far", NEXT_STREET))
    shop.take(fix(0))
    rearranged(shop, 100, a_shop(None), a_department("far", NEXT_STREET), a_department("here", CORNER))
    shop.wait_until(200)
    assert [(event.zone, event.kind) for event in shop.events] == [("shop", "entered"), ("here", "entered")]


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "deleted"])
def test_a_zone_that_is_gone_is_left_at_that_time_and_entered_again_when_it_is_back(closed):
    shop = Walkthrough(a_shop(CORNER))
    shop.take(fix(0))
    rearranged(shop, 100, *([a_shop(CORNER, closed=True)] if closed else []))
    shop.take(fix(110))
    shop.wait_until(150)
    rearranged(shop, 200, a_shop(CORNER))
    shop.wait_until(300)
    assert shop.told() == [("entered", 0.0), ("exited", 100.0), ("entered", 200.0)]
    (left,) = (event.evidence for event in shop.events if event.kind == "exited")
    assert left.why == ("zone_closed" if closed else "zone_gone")


def test_a_change_that_is_told_twice_happens_once():
    shop = Walkthrough(a_shop(CORNER), a_shop(NEXT_STREET, id="other"))
    shop.take(fix(0))
    for seconds in (100, 101, 150):
        rearranged(shop, seconds, a_shop(NEXT_STREET), a_shop(CORNER, id="other"))
    shop.wait_until(200)
    assert shop.told("shop") == [("entered", 0.0), ("exited", 100.0)]
    assert shop.told("other") == [("entered", 100.0)]


def test_a_campaign_that_changes_moves_nobody():
    shop = Walkthrough(a_shop(CORNER, manner=QUICK))
    assert (
        changed(
            shop.atlas, compile_atlas([a_shop(CORNER, manner=QUICK, name="Other")], dwells_s={"shop": [5]})
        )
        == []
    )


def test_a_fix_through_the_roof_does_not_enter_a_new_department_of_gateways():
    anchors = [an_anchor("a"), an_anchor("b")]
    known = (a_shop(None), a_department("shoes", AnchorSet(("a",)), manner=QUICK))
    shop = Walkthrough(*known, anchors=anchors)
    for second in range(10):
        shop.take(heard(second, "a", -60.0, "phone"), heard(second, "b", -82.0, "phone"), fix(second))
    rearranged(shop, 11, *known, a_department("bags", AnchorSet(("b",)), manner=QUICK))
    shop.wait_until(12)
    assert [(e.zone, e.kind) for e in shop.events] == [("shop", "entered"), ("shoes", "entered")]


def open_on(days: dict[str, list[str]], place=CORNER, **changes):
    """A shop in Milan with opening hours. At noon UTC in June its clock shows 14:00."""
    return a_shop(place, time_zone=ROME, hours=read_hours(days, "hours", ROME), **changes)


def test_who_is_inside_at_closing_time_has_left_then_and_nobody_enters_a_shop_that_is_shut():
    shop = Walkthrough(
        open_on({"mon-fri": ["09:00-14:30"]}, manner=QUICK), a_department("shoes", CORNER, manner=QUICK)
    )
    shop.take(fix(1_000, device="ann"))
    shop.wait_until(1_790)
    shop.take(fix(1_795, device="ann"))
    shop.wait_until(1_799.9)
    assert shop.told("shop") == [("entered", 1_000.0)]
    shop.take(fix(1_805, device="ann"), fix(1_810, device="bob"))
    shop.wait_until(1_900)
    assert shop.told("shop") == [("entered", 1_000.0), ("exited", 1_800.0)]
    assert shop.told("shoes") == [("entered", 1_000.0), ("exited", 1_800.0)]
    assert {event.evidence.why for event in shop.events[2:]} == {"closing_time", "implied"}


def test_who_arrives_as_the_shop_closes_leaves_no_trace():
    shop = Walkthrough(open_on({"mon-fri": ["09:00-14:30"]}))
    shop.take(fix(1_798))
    shop.wait_until(1_900)
    assert shop.told() == []


def test_evidence_that_comes_after_closing_time_still_tells_of_before():
    shop = Walkthrough(open_on({"mon-fri": ["09:00-14:30"]}, manner=QUICK))
    shop.wait_until(3_000)
    shop.take(fix(1_700), fix(1_750), fix(1_850), fix(2_900))
    shop.wait_until(3_001)
    assert shop.told() == [("entered", 1_700.0), ("exited", 1_800.0)]


def opened(shop: Walkthrough, at: float) -> None:
    """The clock reaches an opening: what the main job does of it."""
    openings = shop.atlas.openings
    assert openings.opens_after(at - 3_600) == at
    shop.keep(weighed_anew(shop.tracks, shop.atlas, openings.opening_at(at), at, shop.patience))


def test_who_stands_there_when_the_shop_opens_enters_then():
    shop = Walkthrough(open_on({"mon-fri": ["09:00-13:30", "14:30-19:00"]}, manner=QUICK))
    shop.take(fix(1_500, device="ann"), fix(1_700, north_m=200, device="bob"))
    shop.wait_until(1_799)
    assert shop.told() == []
    opened(shop, NOON_S + 1_800)
    opened(shop, NOON_S + 1_800)
    shop.wait_until(1_900)
    assert shop.told() == [("entered", 1_800.0)]
    assert shop.events[0].device == "ann"


def test_a_department_is_shut_when_its_shop_is_whatever_its_own_hours():
    inner = a_department(
        "cinema",
        CORNER,
        manner=QUICK,
        time_zone=ROME,
        hours=read_hours({"mon-sun": ["00:00-24:00"]}, "hours", ROME),
    )
    shop = Walkthrough(open_on({"mon-fri": ["09:00-14:30"]}, place=None), inner)
    shop.take(fix(1_700))
    shop.take(fix(1_900))
    shop.wait_until(2_000)
    assert shop.told("cinema") == [("entered", 1_700.0), ("exited", 1_800.0)]


def test_hours_that_staff_shorten_are_closing_time_now():
    shop = Walkthrough(open_on({"mon-fri": ["09:00-19:00"]}))
    shop.take(fix(0))
    rearranged(shop, 100, open_on({"mon-fri": ["09:00-13:00"]}))
    shop.take(fix(120))
    shop.wait_until(200)
    assert shop.told() == [("entered", 0.0), ("exited", 100.0)]
    rearranged(shop, 300, open_on({"mon-fri": ["09:00-19:00"]}))
    shop.wait_until(400)
    assert shop.told()[2:] == [("entered", 300.0)]


@pytest.mark.parametrize(
    ("night", "closing"),
    [
        # The clock goes from 02:00 to 03:00 on 29 March: the shop that closes at 02:30 closes at the jump.
        (datetime(2026, 3, 28, 22, 0, tzinfo=UTC), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        # It shows 02:30 twice on 25 October, and people close when they first see it.
        (datetime(2026, 10, 24, 22, 0, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (datetime(2026, 6, 20, 22, 0, tzinfo=UTC), datetime(2026, 6, 21, 0, 30, tzinfo=UTC)),
    ],
    ids=["spring", "autumn", "summer"],
)
def test_a_bar_that_closes_at_half_past_two_does_so_on_the_nights_when_the_clock_changes(night, closing):
    bar = Walkthrough(open_on({"mon-sun": ["18:00-02:30"]}, manner=QUICK))
    began = night.timestamp() - NOON_S
    bar.take(fix(began))
    bar.wait_until(began + 6 * 3_600)
    assert bar.events[-1].kind == "exited"
    # Its phone said nothing for the whole patience with phones: silence ends it at its last word, or closing time does.
    late = Walkthrough(open_on({"mon-sun": ["18:00-02:30"]}, manner=QUICK))
    for minute in range(0, 300, 10):
        late.take(fix(began + 60 * minute))
    late.wait_until(began + 6 * 3_600)
    assert [event.kind for event in late.events] == ["entered", "exited"]
    assert late.events[-1].at == closing
    assert bar.events[-1].at <= closing


def test_a_fob_that_lies_in_a_shop_that_is_shut_is_nowhere_until_it_opens():
    anchors = [an_anchor("a"), an_anchor("b")]
    shop = Walkthrough(
        open_on({"mon-fri": ["09:00-14:01", "14:02-19:00"]}, place=None, manner=QUICK),
        a_department("shoes", AnchorSet(("a",)), manner=QUICK),
        anchors=anchors,
    )
    for second in range(0, 180, 3):
        shop.take(heard(second, "a", -60.0), heard(second, "b", -82.0))
        shop.wait_until(second + 1)
    assert shop.told("shop")[:2] == [("entered", 0.0), ("exited", 60.0)]
    assert [event.at for event in shop.events if event.kind == "entered"][2].timestamp() - NOON_S == 120.0
    assert len(shop.told("shop")) == len(shop.told("shoes")) == 3
