from datetime import timedelta

import pytest

from server.campaigns import Happening
from server.campaigns.conditions.opening_hours import OpeningHours
from tests.server.campaigns.makers import NOON, SHOES, a_moment, an_event, zone_facts


@pytest.mark.parametrize(
    ("open", "objection"),
    [
        (True, None),
        (False, "'Scarpe' is closed now"),
        (None, "'Scarpe' has no opening hours, so we cannot know that it is open"),
    ],
)
def test_only_a_shop_that_is_known_to_be_open_speaks(open, objection):
    happening = Happening(an_event(), zone_facts(SHOES, open=open))
    assert OpeningHours().objection(a_moment(happening)) == objection


HOUR = timedelta(hours=1)


def at_the_shop(**facts):
    return a_moment(Happening(an_event(), zone_facts(SHOES, **facts)))


def test_who_is_invited_shall_not_stand_before_a_door_that_closes():
    in_time, too_late = (at_the_shop(closes_at=NOON + minutes * HOUR / 60) for minutes in (30, 29))
    assert OpeningHours(left="30m").objection(in_time) is None
    assert (
        OpeningHours(left="30m").objection(too_late) == "'Scarpe' closes in 29 min, and 30 min must be left"
    )


def test_a_shop_that_never_closes_is_open_for_long_enough():
    assert OpeningHours(left="8h").objection(at_the_shop()) is None


def test_a_closed_shop_holds_until_it_opens_if_it_ever_does():
    assert OpeningHours().holds_until(at_the_shop(open=False, opens_at=NOON + HOUR)) == NOON + HOUR
    assert OpeningHours().holds_until(at_the_shop(open=False)) is None
    assert OpeningHours().holds_until(at_the_shop(open=True, opens_at=NOON + HOUR)) is None
