import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.campaigns import (
    Decision,
    DeviceFacts,
    Moment,
    Reason,
    Send,
    compile_campaigns,
    decide,
    decide_in_turn,
)
from tests.server.campaigns.makers import (
    BAGS,
    NOON,
    SHELF,
    SHOES,
    STORE,
    ZONES,
    a_campaign,
    a_happening,
    a_moment,
    a_shopper,
    listens,
    sent,
    zone_facts,
)
from tests.server.campaigns.strategies import calm, campaigns, moments

MINUTE = timedelta(minutes=1)


def decided(some, *happenings, **changes) -> dict[str, Decision]:
    made = decide(compile_campaigns(some, ZONES), a_moment(*happenings, **changes))
    return {decision.campaign: decision for decision in made}


def words(decision: Decision) -> list[str]:
    return [reason.words for reason in decision.reasons]


def test_whoever_enters_the_shoe_department_is_offered_shoes_in_their_language():
    send = decided([a_campaign()], shopper=a_shopper(language="en-GB"))["shoes"]
    assert isinstance(send, Send)
    assert (send.text.title, send.text.language) == ("Shoes", "en")
    assert send.expires_at == NOON + timedelta(hours=2)
    assert send.reasons == (Reason("arbitration", "nothing spoke against it"),)


def test_the_shops_language_serves_a_shopper_whose_own_is_not_known():
    happening = replace(a_happening(), zone=zone_facts(language="en"))
    assert decided([a_campaign()], happening, shopper=a_shopper(language=None))["shoes"].text.language == "en"


def test_nobody_listens_and_nothing_is_decided():
    assert decided([a_campaign()], a_happening(BAGS)) == {}


@pytest.mark.parametrize(("kind", "stay_s"), [("entered", 0.0), ("dwelled", 300.0), ("exited", 1234.5)])
def test_coming_staying_and_leaving_can_each_be_the_moment(kind, stay_s):
    after = {"after_s": 300} if kind == "dwelled" else {}
    campaign = a_campaign(trigger=listens(kind, zones=["z_shoes"], **after))
    (decision,) = decided([campaign], a_happening(kind=kind, dwelled_s=stay_s)).values()
    assert decision.verdict == "send"


def test_a_held_back_campaign_says_why_and_the_next_best_speaks():
    cap = {"kind": "frequency_cap", "at_most": 1, "window": "7d"}
    some = [a_campaign("capped", cap, priority=9), a_campaign("shoes")]
    found = decided(some, shopper=a_shopper(sent=(sent(campaign="capped"),)))
    assert words(found["capped"]) == ["1 of 1 offers of this campaign already sent in the last 7 days"]
    assert words(found["shoes"]) == ["nothing spoke against it"]
    assert found["shoes"].verdict == "send"


def test_the_higher_priority_wins_and_the_loser_knows_to_whom():
    found = decided([a_campaign("low", priority=3), a_campaign("high", priority=5)])
    assert words(found["low"]) == ["lost to 'The high' (priority 5 over 3)"]
    assert words(found["high"]) == ["nothing spoke against it; it won over 'The low'"]


def test_at_the_same_priority_the_shelf_beats_the_department_and_that_the_shop():
    some = [
        a_campaign("a-shop", trigger=listens(zones=["z_store"])),
        a_campaign("b-department", trigger=listens(zones=["z_shoes"])),
        a_campaign("c-shelf", trigger=listens(zones=["z_shelf"])),
    ]
    found = decided(some, a_happening(STORE), a_happening(SHOES), a_happening(SHELF))
    assert [name for name, decision in found.items() if decision.verdict == "send"] == ["c-shelf"]
    assert words(found["a-shop"]) == ["lost to 'The c-shelf' (same priority, its zone is more specific)"]


def test_a_tie_is_broken_by_id_so_that_it_is_always_the_same():
    found = decided([a_campaign("b"), a_campaign("a")])
    assert words(found["b"]) == ["lost to 'The a' (same priority and zone, first by its id)"]


def test_a_campaign_of_the_whole_site_answers_once_for_the_zone_nearest_to_the_goods():
    campaign = a_campaign(trigger=listens(site="z_store"))
    (decision,) = decided([campaign], a_happening(STORE), a_happening(SHELF), a_happening(SHOES)).values()
    assert decision.event.zone == "z_shelf"


def test_news_of_the_shop_speaks_where_the_shelf_is_only_history():
    campaign = a_campaign(trigger=listens(site="z_store"))
    (decision,) = decided([campaign], a_happening(STORE), a_happening(SHELF, late=True)).values()
    assert (decision.event.zone, decision.verdict) == ("z_store", "send")


def test_ids_follow_from_what_happened_and_not_from_when_we_decide():
    campaign = a_campaign(version=2)
    first = decided([campaign])["shoes"]
    again = decided([campaign], a_happening(), now=NOON + MINUTE, shopper=a_shopper(sent=(first.as_sent(),)))[
        "shoes"
    ]
    assert (first.verdict, again.verdict) == ("send", "withhold")
    assert first.id == again.id
    assert first.campaign_version == 2


def test_two_dwells_of_one_visit_are_two_decisions_and_could_give_one_offer():
    short, long = (
        a_campaign(trigger=listens("dwelled", after_s=after, zones=["z_shoes"])) for after in (60, 300)
    )
    first = decided([short], a_happening(kind="dwelled", dwelled_s=60.0))["shoes"]
    second = decided([long], a_happening(kind="dwelled", dwelled_s=300.0))["shoes"]
    assert first.id != second.id
    assert first.offer_id == second.offer_id


def test_a_decision_keeps_what_it_saw_without_a_name():
    shopper = a_shopper(
        attributes={"surname": "Rossi"}, tags=frozenset({"vip"}), sent=(sent(), sent(campaign="bags"))
    )
    decision = decided([a_campaign()], shopper=shopper)["shoes"]
    assert decision.saw == {
        "event": {"kind": "entered", "zone": "z_shoes", "at": "2026-06-10T12:00:00Z", "late": False},
        "age_s": 0.0,
        "shop_time": "Wed 14:00",
        "open": True,
        "shopper_known": True,
        "consents": {"location": True, "push": True},
        "reachable": True,
        "sent_before": {"campaign": 1, "all": 2},
    }


def test_two_devices_of_one_shopper_in_one_batch_get_one_offer():
    phone = a_moment(a_happening())
    fob = a_moment(a_happening(device="d_fob", visit="v_fob"), device=DeviceFacts("d_fob", "fob"))
    made = decide_in_turn(compile_campaigns([a_campaign()], ZONES), [phone, fob])
    assert [(each.event.device, each.verdict) for each in made] == [
        ("d_fob", "send"),
        ("d_phone", "withhold"),
    ]
    assert [reason.gate for reason in made[1].reasons] == ["other_device"]


def test_a_cap_over_all_campaigns_holds_within_one_batch_too():
    once_a_day = {"kind": "frequency_cap", "at_most": 1, "window": "24h", "scope": "all"}
    bags = a_campaign("bags", once_a_day, trigger=listens(zones=["z_bags"]))
    compiled = compile_campaigns([a_campaign("shoes", once_a_day), bags], ZONES)
    into_bags = a_moment(a_happening(BAGS, at=NOON + MINUTE), now=NOON + MINUTE)
    made = decide_in_turn(compiled, [into_bags, a_moment(now=NOON + MINUTE, shopper=a_shopper())])
    assert [each.verdict for each in made] == ["send", "withhold"]


def test_what_one_shopper_got_does_not_silence_another_nor_a_stranger():
    others = [a_moment(shopper=a_shopper(id=who), device=DeviceFacts(who)) for who in ("sh_ann", "sh_bea")]
    strangers = [Moment(NOON, (a_happening(visit=visit),), DeviceFacts(visit)) for visit in ("v_1", "v_2")]
    made = decide_in_turn(compile_campaigns([a_campaign()], ZONES), [*others, *strangers])
    assert sorted(each.verdict for each in made) == ["send", "send", "withhold", "withhold"]


@given(campaigns(), moments())
def test_every_campaign_that_listens_gets_one_answer_with_words_and_at_most_one_speaks(some, moment):
    compiled = compile_campaigns(some, ZONES)
    woken = {
        campaign.id
        for each in moment.happenings
        for campaign in compiled.listening(each.event.kind, each.event.zone, each.event.dwelled_s)
    }
    made = decide(compiled, moment)
    assert sorted(each.campaign for each in made) == sorted(woken)
    assert sum(each.verdict == "send" for each in made) <= 1
    assert all(
        each.reasons and all(reason.words.strip() and reason.gate for reason in each.reasons) for each in made
    )
    assert json.loads(json.dumps([each.saw for each in made])) == [each.saw for each in made]
    assert len({each.id for each in made}) == len(made)


@given(campaigns(), moments(), st.randoms(use_true_random=False))
def test_no_order_of_arrival_changes_what_is_decided(some, moment, chance):
    shuffled, order = list(some), list(range(len(moment.happenings)))
    chance.shuffle(shuffled)
    chance.shuffle(order)
    for seen in (moment, calm(moment)):
        other = replace(seen, happenings=tuple(seen.happenings[place] for place in order))
        assert decide(compile_campaigns(some, ZONES), seen) == decide(
            compile_campaigns(shuffled, ZONES), other
        )


@given(campaigns(), moments())
def test_where_nothing_stands_against_some_campaign_exactly_one_speaks_and_none_beats_it(some, moment):
    made = decide(compile_campaigns(some, ZONES), calm(moment))
    standing = [each for each in made if all(reason.gate == "arbitration" for reason in each.reasons)]
    speaking = [each for each in made if isinstance(each, Send)]
    assert len(speaking) == bool(standing)
    priority = {campaign.id: campaign.priority for campaign in some}
    assert all(priority[each.campaign] <= priority[speaking[0].campaign] for each in standing)


@given(campaigns(), st.lists(moments(), max_size=4))
def test_a_visit_never_gives_two_offers_of_a_campaign_within_a_batch(some, batch):
    made = decide_in_turn(compile_campaigns(some, ZONES), map(calm, batch))
    offers = [(each.shopper, each.event.visit, each.campaign) for each in made if isinstance(each, Send)]
    assert len(offers) == len(set(offers))


@given(campaigns(), moments())
def test_a_stranger_and_a_shopper_who_did_not_agree_get_nothing(some, moment):
    compiled = compile_campaigns(some, ZONES)
    unasked = replace(moment.shopper, consents={}) if moment.shopper else None
    for silent in (replace(moment, shopper=None), replace(moment, shopper=unasked)):
        assert all(each.verdict == "withhold" for each in decide(compiled, silent))
