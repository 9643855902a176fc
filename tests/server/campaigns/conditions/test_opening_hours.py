import pytest

from server.campaigns import Happening
from server.campaigns.conditions.opening_hours import OpeningHours
from tests.server.campaigns.makers import SHOES, a_moment, an_event, zone_facts


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
