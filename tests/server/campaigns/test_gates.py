"""What every campaign must pass, whatever its own conditions say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.campaigns import Daytime, DeviceFacts, Happening, Moment, objections
from tests.server.campaigns.makers import (
    AGREED,
    BAGS,
    NOON,
    a_campaign,
    a_happening,
    a_moment,
    a_shopper,
    an_event,
    as_seen_by,
    sent,
    zone_facts,
)

MINUTE = timedelta(minutes=1)
NEVER = [{"kind": "segment", "has_tags": ["nobody has this"]}]


def reasons(moment: Moment, campaign=None) -> list[tuple[str, str]]:
    campaign = campaign or a_campaign()
    return [(reason.gate, reason.words) for reason in objections(campaign, as_seen_by(campaign.id, moment))]


def test_on_a_calm_noon_nothing_stands_against_an_offer():
    assert reasons(a_moment()) == []


def test_a_stranger_is_an_objection_and_no_error():
    stranger = Moment(NOON, (a_happening(),), DeviceFacts("d_fob", "fob"))
    assert reasons(stranger, a_campaign("shoes", *NEVER)) == [
        ("shopper_known", "we do not know whose device this is")
    ]


@pytest.mark.parametrize("purpose", ["location", "push"])
def test_without_consent_nothing_else_is_looked_at(purpose):
    consents = {name: given for name, given in AGREED.items() if name != purpose}
    moment = a_moment(shopper=a_shopper(consents=consents, reach=frozenset()))
    assert [gate for gate, _ in reasons(moment, a_campaign("shoes", *NEVER))] == ["consent"]


def test_who_agreed_to_nothing_is_told_so_of_each_purpose():
    assert reasons(a_moment(shopper=a_shopper(consents={}))) == [
        ("consent", "the shopper has not agreed to the use of location"),
        ("consent", "the shopper has not agreed to push messages"),
    ]


def test_late_evidence_makes_history_and_no_messages():
    fourteen_minutes_ago = a_happening(at=NOON - 14 * MINUTE)
    assert reasons(a_moment(fourteen_minutes_ago)) == [
        ("freshness", "heard 14 min ago, and after 2 min it is history")
    ]


def test_news_is_fresh_up_to_the_limit_and_not_a_second_longer():
    assert reasons(a_moment(a_happening(at=NOON - 2 * MINUTE))) == []
    assert reasons(a_moment(a_happening(at=NOON - 2 * MINUTE - timedelta(seconds=1))))


def test_evidence_out_of_its_order_is_history_even_when_it_is_young():
    happening = a_happening(late=True)
    assert reasons(a_moment(happening)) == [
        ("freshness", "heard late, after newer news of this device: it is history")
    ]


def test_an_exit_that_presence_had_to_wait_for_is_fresh():
    left = an_event(kind="exited", at=NOON - 5 * MINUTE)
    assert reasons(a_moment(Happening(left, zone_facts(), waited_s=270.0))) == []
    assert reasons(a_moment(Happening(left, zone_facts())))


def test_a_phone_whose_clock_runs_ahead_is_heard():
    assert reasons(a_moment(a_happening(at=NOON + MINUTE))) == []


def test_an_offer_that_is_over_is_not_given():
    offer = {"title": {"it": "a"}, "body": {"it": "b"}, "ends_at": "2026-06-10T12:00:00Z"}
    assert reasons(a_moment(), a_campaign(offer=offer)) == [
        ("offer_life", "the offer ended on 10 June 2026 at 14:00")
    ]


def test_a_fob_speaks_through_its_shoppers_phone():
    fob = DeviceFacts("d_fob", "fob")
    assert reasons(a_moment(device=fob)) == []
    unreachable = a_moment(device=fob, shopper=a_shopper(reach=frozenset()))
    assert reasons(unreachable) == [("reachable", "the shopper has no device that can receive messages")]


def test_the_shoppers_own_quiet_hours_hold_for_every_campaign():
    quiet = a_shopper(quiet_hours=Daytime(start="13:00", end="15:30"))
    assert reasons(a_moment(shopper=quiet)) == [
        ("shopper_quiet_hours", "the shopper's quiet hours until 15:30")
    ]
    assert reasons(a_moment(shopper=replace(quiet, time_zone=UTC))) == []


def test_a_shopper_whose_clock_is_not_known_sleeps_by_the_shops():
    night = datetime(2026, 6, 10, 22, 0, tzinfo=UTC)
    sleeper = a_shopper(time_zone=None, quiet_hours=Daytime(start="23:00", end="07:00"))
    assert reasons(a_moment(now=night, shopper=sleeper))


def test_a_visit_gives_one_offer_of_a_campaign():
    before = sent(10 * MINUTE, visit="v_z_shoes")
    moment = a_moment(shopper=a_shopper(sent=(before,)))
    assert reasons(moment) == [("once_a_visit", "already given in this visit, at 13:50")]
    assert reasons(moment, a_campaign("bags")) == []


ENTERED = NOON - timedelta(hours=1)


@pytest.mark.parametrize(
    ("stay", "one_stay"),
    [
        ({"entered_at": ENTERED, "exited_at": None}, True),
        ({"entered_at": ENTERED, "exited_at": NOON + MINUTE}, True),
        ({"entered_at": ENTERED, "exited_at": NOON}, True),
        ({"entered_at": ENTERED, "exited_at": NOON - MINUTE}, False),
        ({"entered_at": NOON + MINUTE, "exited_at": None}, False),
        ({"entered_at": ENTERED, "exited_at": None, "zone": BAGS.id}, False),
        ({"entered_at": ENTERED, "exited_at": None, "device": "d_phone"}, False),
        ({"entered_at": ENTERED, "exited_at": None, "campaign": "bags"}, False),
    ],
)
def test_a_phone_and_a_fob_in_one_pocket_are_one_stay(stay, one_stay):
    offer = sent(**({"device": "d_fob", "visit": "v_of_the_fob"} | stay))
    found = reasons(a_moment(shopper=a_shopper(sent=(offer,))))
    told = [("other_device", "already given for the same stay, heard on another device of this shopper")]
    assert found == (told if one_stay else [])


def test_all_that_stands_against_an_offer_is_told_and_not_only_the_first():
    shopper = a_shopper(reach=frozenset(), quiet_hours=Daytime(start="00:00", end="24:00"))
    moment = a_moment(shopper=shopper, device=DeviceFacts("d_fob"))
    gates = [gate for gate, _ in reasons(moment, a_campaign("shoes", *NEVER))]
    assert gates == ["reachable", "shopper_quiet_hours", "segment"]


def test_from_a_sensitive_place_nothing_is_sent():
    happening = replace(a_happening(), zone=zone_facts(sensitive=True))
    assert [gate for gate, _ in reasons(a_moment(happening))] == ["sensitive_place"]


BY_MAIL_OR_PUSH = {"channels": ["email", "fcm"]}


def test_one_channel_that_the_shopper_allows_is_enough():
    assert reasons(a_moment(), a_campaign(**BY_MAIL_OR_PUSH)) == []


def test_a_campaign_without_push_needs_no_consent_to_push():
    located = {"location": AGREED["location"]}
    shopper = a_shopper(consents=located, reach=frozenset({"inbox", "email"}))
    assert reasons(a_moment(shopper=shopper), a_campaign(channels=["inbox"])) == []
    assert reasons(a_moment(shopper=shopper), a_campaign(channels=["email"])) == [
        ("consent", "the shopper has not agreed to e-mail")
    ]


def test_who_allows_no_channel_of_a_campaign_is_told_all_of_them():
    shopper = a_shopper(consents={"location": AGREED["location"]})
    assert reasons(a_moment(shopper=shopper), a_campaign(**BY_MAIL_OR_PUSH)) == [
        ("consent", "the shopper has agreed to none of e-mail and push messages")
    ]


def test_an_address_for_a_channel_that_is_not_allowed_does_not_help():
    shopper = a_shopper(reach=frozenset({"email"}))
    moment = a_moment(shopper=shopper, device=DeviceFacts("d_fob", "fob"))
    assert reasons(moment, a_campaign(**BY_MAIL_OR_PUSH)) == [
        ("reachable", "the shopper has no address for fcm")
    ]
