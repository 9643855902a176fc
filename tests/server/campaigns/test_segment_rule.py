import pytest
from pydantic import ValidationError

from server.campaigns import ZonePast
from server.campaigns.conditions.cooldown import Cooldown
from server.campaigns.conditions.segment import Segment
from server.campaigns.segment_rule import SegmentRule, with_segments
from tests.server.campaigns.makers import NOON, a_moment, a_shopper

REGULARS = SegmentRule.model_validate(
    {
        "conditions": [
            {"kind": "segment", "has_tags": ["loyalty"]},
            {"kind": "was_in_zone", "zone": "z_store", "at_least": 3},
        ]
    }
)
ANN = a_shopper(tags=frozenset({"loyalty"}), past={"z_store": ZonePast(3, NOON, NOON)})


def test_who_has_all_that_is_asked_for_belongs():
    assert REGULARS.holds(ANN, NOON)
    assert REGULARS.lacks(ANN, NOON) == ()


def test_who_does_not_belong_is_told_all_that_they_lack():
    stranger = a_shopper(past={})
    assert not REGULARS.holds(stranger, NOON)
    assert REGULARS.lacks(stranger, NOON) == (
        "the shopper does not have the tag 'loyalty'",
        "earlier visits to 'z_store': 0, at least 3 are asked for",
    )


def test_a_segment_says_what_must_be_read_for_it():
    assert REGULARS.needs == {"past"}


def test_a_campaign_asks_what_its_named_segment_asks():
    cooldown = Cooldown(wait="1d")
    conditions = with_segments((Segment(name="regulars"), cooldown), {"regulars": REGULARS})
    assert conditions == (*REGULARS.conditions, cooldown)
    assert all(each.objection(a_moment(shopper=ANN)) is None for each in conditions)


def test_a_segment_that_nobody_knows_lets_nobody_in():
    [unknown] = with_segments((Segment(name="gone"),), {"regulars": REGULARS})
    assert unknown.objection(a_moment(shopper=ANN)) == "there is no segment 'gone'"


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ({"kind": "cooldown", "wait": "1d"}, "cooldown"),
        ({"kind": "segment", "name": "others"}, "cannot name another segment"),
        ({"kind": "first_visit"}, "no 'here'"),
        ({"kind": "lapsed", "away": "30d"}, "a zone must be named"),
    ],
)
def test_what_cannot_be_counted_is_no_part_of_a_segment(condition, reason):
    with pytest.raises(ValidationError, match=reason):
        SegmentRule.model_validate({"conditions": [condition]})


def test_a_segment_of_nothing_is_refused():
    with pytest.raises(ValidationError, match="at least 1"):
        SegmentRule(conditions=())


def test_a_segment_reads_back_as_it_was_written():
    assert SegmentRule.model_validate(REGULARS.model_dump(mode="json")) == REGULARS
