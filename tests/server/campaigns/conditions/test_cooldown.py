from datetime import timedelta

from server.campaigns.conditions.cooldown import Cooldown
from tests.server.campaigns.makers import a_moment, a_shopper, as_seen_by, sent

HOUR = timedelta(hours=1)


def asked(cooldown: Cooldown, *offers) -> str | None:
    return cooldown.objection(as_seen_by("shoes", a_moment(shopper=a_shopper(sent=offers))))


def test_who_never_got_an_offer_need_not_wait():
    assert asked(Cooldown(wait="24h")) is None


def test_the_last_offer_counts_wherever_it_stands_in_the_list():
    objection = asked(Cooldown(wait="24h"), sent(30 * HOUR), sent(3 * HOUR), sent(40 * HOUR))
    assert objection == "the last offer of this campaign was 3 h ago, 1 day must pass"


def test_other_campaigns_cool_down_only_where_all_are_meant():
    assert asked(Cooldown(wait="24h"), sent(campaign="bags")) is None
    objection = asked(Cooldown(wait="24h", scope="all"), sent(campaign="bags"))
    assert objection == "the last offer of any campaign was 1 h ago, 1 day must pass"


def test_the_wait_is_over_when_it_has_passed():
    cooldown = Cooldown(wait="24h")
    assert asked(cooldown, sent(24 * HOUR - timedelta(seconds=1)))
    assert asked(cooldown, sent(24 * HOUR)) is None
