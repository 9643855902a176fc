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


def test_a_group_of_campaigns_shares_one_silence():
    cooldown = Cooldown(wait="24h", scope="group")
    bags = sent(campaign="bags", group="spring")
    moment = a_moment(shopper=a_shopper(sent=(bags,)))
    in_spring, in_autumn = (
        moment.seen_by("shoes", moment.happenings[0], group=group) for group in ("spring", "autumn")
    )
    assert (
        cooldown.objection(in_spring) == "the last offer of the group 'spring' was 1 h ago, 1 day must pass"
    )
    assert cooldown.objection(in_autumn) is None


def test_a_campaign_in_no_group_cannot_share_its_silence():
    assert Cooldown(wait="24h", scope="group").objection(a_moment()) == (
        "this campaign is in no group whose last offer could be looked up"
    )
