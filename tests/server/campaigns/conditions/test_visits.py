"""The conditions about earlier visits: first_visit, nth_visit, lapsed, was_in_zone, not_in_zone, stayed_long."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from server.campaigns import Condition, ZonePast
from server.campaigns.conditions.first_visit import FirstVisit
from server.campaigns.conditions.lapsed import Lapsed
from server.campaigns.conditions.not_in_zone import NotInZone
from server.campaigns.conditions.nth_visit import NthVisit
from server.campaigns.conditions.stayed_long import StayedLong
from server.campaigns.conditions.was_in_zone import WasInZone
from tests.server.campaigns.makers import NOON, SHOES, a_happening, a_moment, a_shopper, zone_facts

DAY = timedelta(days=1)


def visits(count: int, ago: timedelta = DAY, longest_s: float = 600.0, *, left: bool = True) -> ZonePast:
    """So many visits, the last of one hour, which ended so long ago."""
    ended_at = NOON - ago
    return ZonePast(
        count, ended_at - 100 * DAY, ended_at - timedelta(hours=1), ended_at if left else None, longest_s
    )


def asked(condition: Condition, **past: ZonePast) -> str | None:
    """What it says of who enters the shoe department of the store, having visited these zones before."""
    return condition.objection(a_moment(shopper=a_shopper(past=past)))


def test_a_first_visit_is_the_first_to_the_shop_whatever_the_zone():
    assert asked(FirstVisit()) is None
    assert asked(FirstVisit(), z_store=visits(4)) == "this is not the first visit to this shop but number 5"


def test_a_first_visit_may_be_the_first_to_this_very_zone():
    assert asked(FirstVisit(of="zone"), z_store=visits(4)) is None
    assert asked(FirstVisit(of="zone"), z_shoes=visits(1))


def test_a_zone_on_its_own_is_its_own_shop():
    alone = a_happening()
    alone = type(alone)(alone.event, zone_facts(SHOES, ancestors=()))
    moment = a_moment(alone, shopper=a_shopper(past={"z_shoes": visits(1)}))
    assert FirstVisit().objection(moment)


@pytest.mark.parametrize(
    ("counting", "speaks"),
    [("exactly", [5]), ("from", [5, 6, 7, 8, 9, 10]), ("every", [5, 10])],
)
def test_the_fifth_visit_from_the_fifth_on_and_every_fifth(counting, speaks):
    condition = NthVisit(n=5, counting=counting)
    spoke = [number for number in range(2, 11) if asked(condition, z_store=visits(number - 1)) is None]
    assert spoke == speaks


def test_who_comes_for_the_first_time_makes_visit_number_one():
    assert asked(NthVisit(n=1)) is None
    assert asked(NthVisit(n=3)) == "this is visit 1 to this shop, not number 3"


def test_who_was_away_for_long_has_lapsed_and_who_never_came_has_not():
    lapsed = Lapsed(away="30d")
    assert asked(lapsed, z_store=visits(3, 30 * DAY)) is None
    assert (
        asked(lapsed, z_store=visits(3, 29 * DAY))
        == "the last visit to this shop was 29 days ago, it takes 30 days"
    )
    assert asked(lapsed) == "the shopper was never in this shop before"


def test_a_visit_whose_end_is_not_known_counts_from_when_it_began():
    assert asked(Lapsed(away="24h"), z_store=visits(1, timedelta(hours=23), left=False)) is None


def test_was_in_another_zone_within_a_time():
    lately = WasInZone(zone="z_bags", within="7d")
    assert asked(lately, z_bags=visits(1, 7 * DAY)) is None
    assert (
        asked(lately, z_bags=visits(1, 8 * DAY))
        == "the last visit to 'z_bags' was 8 days ago, not within 7 days"
    )
    assert asked(lately, z_shoes=visits(9)) == "earlier visits to 'z_bags': 0, at least 1 is asked for"


def test_was_in_a_zone_at_least_so_often():
    regular = WasInZone(at_least=3)
    assert asked(regular, z_store=visits(3)) is None
    assert asked(regular, z_store=visits(2))


def test_was_never_in_a_zone_or_not_lately():
    assert asked(NotInZone(zone="z_bags")) is None
    assert asked(NotInZone(zone="z_bags"), z_bags=visits(1, 400 * DAY))
    assert asked(NotInZone(zone="z_bags", within="30d"), z_bags=visits(1, 31 * DAY)) is None
    assert asked(NotInZone(zone="z_bags", within="30d"), z_bags=visits(1, 29 * DAY)) == (
        "the shopper was in 'z_bags' 29 days ago, within 30 days"
    )


@pytest.mark.parametrize("past", [{}, {"z_bags": visits(1, 3 * DAY)}, {"z_bags": visits(1, 9 * DAY)}])
def test_was_in_a_zone_and_was_not_are_opposites(past):
    for within in (None, "7d"):
        was, was_not = WasInZone(zone="z_bags", within=within), NotInZone(zone="z_bags", within=within)
        assert (asked(was, **past) is None) != (asked(was_not, **past) is None)


def test_who_once_stayed_long_did_more_than_walk_through():
    assert asked(StayedLong(at_least="10m"), z_store=visits(2, longest_s=600)) is None
    assert asked(StayedLong(at_least="10m"), z_store=visits(2, longest_s=599)) == (
        "the longest earlier stay in this shop was 9 min, at least 10 min are asked for"
    )
    assert asked(StayedLong(at_least="10m")) == "the shopper was never in this shop before"


def test_reasons_are_told_in_italian_too():
    objection = Lapsed(away="30d").objection(a_moment(shopper=a_shopper(past={"z_store": visits(1)})))
    assert (
        objection.in_language("it")
        == "l'ultima visita in questo negozio risale a 1 giorno fa, l'assenza richiesta è di 30 giorni"
    )


@pytest.mark.parametrize("condition", [FirstVisit(), NthVisit(n=1), NotInZone(zone="z_bags")])
def test_a_past_that_nobody_looked_up_is_no_past_without_visits(condition):
    assert condition.objection(a_moment(shopper=a_shopper(past=None))) == (
        "it was not looked up where the shopper was before"
    )


def test_a_visit_number_nought_is_refused():
    with pytest.raises(ValidationError, match="n\n"):
        NthVisit(n=0)
