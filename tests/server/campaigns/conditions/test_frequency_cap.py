from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from server.campaigns.conditions.frequency_cap import FrequencyCap
from tests.server.campaigns.makers import a_moment, a_shopper, as_seen_by, sent

DAY = timedelta(days=1)


def asked(cap: FrequencyCap, *offers) -> str | None:
    return cap.objection(as_seen_by("shoes", a_moment(shopper=a_shopper(sent=offers))))


def test_the_last_offer_of_the_cap_may_still_go_out():
    assert asked(FrequencyCap(at_most=2, window="7d"), sent(DAY)) is None


def test_a_full_cap_says_how_full_it_is():
    objection = asked(FrequencyCap(at_most=2, window="7d"), sent(DAY), sent(2 * DAY))
    assert objection == "2 of 2 offers of this campaign already sent in the last 7 days"


def test_other_campaigns_do_not_fill_a_campaigns_own_cap():
    assert asked(FrequencyCap(at_most=1, window="7d"), sent(campaign="bags")) is None


def test_a_cap_over_all_campaigns_counts_them_all():
    cap = FrequencyCap(at_most=2, window="7d", scope="all")
    assert (
        asked(cap, sent(campaign="bags"), sent())
        == "2 of 2 offers of all campaigns already sent in the last 7 days"
    )


def test_a_reinstalled_phone_is_still_the_same_shopper():
    assert asked(FrequencyCap(at_most=1, window="7d"), sent(device="d_old_phone"))


def test_an_offer_leaves_the_window_when_it_is_as_old_as_the_window():
    cap = FrequencyCap(at_most=1, window="1d")
    assert asked(cap, sent(DAY - timedelta(seconds=1)))
    assert asked(cap, sent(DAY)) is None


def test_an_offer_from_a_clock_ahead_of_ours_counts():
    assert asked(FrequencyCap(at_most=1, window="1d"), sent(timedelta(seconds=-2)))


def test_a_cap_of_nothing_is_refused():
    with pytest.raises(ValidationError, match="at_most"):
        FrequencyCap(at_most=0, window="1d")


def test_a_cap_over_a_group_counts_its_campaigns_and_no_others():
    cap = FrequencyCap(at_most=2, calendar="week", scope="group")
    offers = (sent(campaign="bags", group="spring"), sent(group="spring"), sent(campaign="belts"))
    moment = a_moment(shopper=a_shopper(sent=offers))
    objection = cap.objection(moment.seen_by("shoes", moment.happenings[0], group="spring"))
    assert objection == "2 of 2 offers of the group 'spring' already sent this week"
    assert (
        objection.in_language("it")
        == "già inviate 2 offerte su 2 di tutto il gruppo 'spring' questa settimana"
    )
    assert cap.objection(moment) == "this campaign is in no group whose offers could be counted"


def test_a_cap_may_begin_anew_by_the_shoppers_own_clock():
    """Last night in Milan, 22:30 by the shop's clock; in Kathmandu, where the shopper lives, it was today."""
    last_night = sent(timedelta(hours=15, minutes=30))
    shopper = a_shopper(time_zone=ZoneInfo("Asia/Kathmandu"), sent=(last_night,))
    moment = as_seen_by("shoes", a_moment(shopper=shopper))
    assert FrequencyCap(at_most=1, calendar="day").objection(moment) is None
    assert FrequencyCap(at_most=1, calendar="day", clock="shopper").objection(moment)


@pytest.mark.parametrize("fields", [{}, {"window": "7d", "calendar": "week"}])
def test_a_cap_counts_in_one_way(fields):
    with pytest.raises(ValidationError, match="give a window"):
        FrequencyCap(at_most=1, **fields)


def test_one_offer_is_told_as_one_and_several_as_several():
    one = asked(FrequencyCap(at_most=1, window="7d"), sent(DAY))
    assert one == "1 of 1 offer of this campaign already sent in the last 7 days"
    assert one.in_language("it") == "già inviata 1 offerta su 1 di questa campagna nell'arco di 7 giorni"
    three = asked(FrequencyCap(at_most=1, window="7d"), sent(), sent(DAY), sent(2 * DAY))
    assert three.in_language("it") == "già inviate 3 offerte su 1 di questa campagna nell'arco di 7 giorni"
