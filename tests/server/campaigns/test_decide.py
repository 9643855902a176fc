import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.campaigns import (
    Daytime,
    Decision,
    DeviceFacts,
    Exposed,
    Held,
    Issued,
    Moment,
    Reason,
    Send,
    Spent,
    compile_campaigns,
    decide,
    decide_in_turn,
)
from server.campaigns.decide import PHRASES
from server.campaigns.experiment import stable_share
from server.campaigns.words import retold
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
    assert words(found["capped"]) == ["1 of 1 offer of this campaign already sent in the last 7 days"]
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


def test_of_equal_priority_and_zone_the_more_valuable_wins():
    found = decided([a_campaign("a", value=2.5), a_campaign("b", value=10)])
    assert words(found["a"]) == ["lost to 'The b' (same priority and zone, value 10 over 2.5)"]
    assert found["b"].verdict == "send"


def test_a_reason_can_be_told_in_italian_later():
    found = decided([a_campaign("low", priority=3), a_campaign("high", priority=5)])
    (reason,) = found["low"].reasons
    assert (
        retold(PHRASES, reason.phrase, reason.facts, "it")
        == "ha perso contro 'The high' (priorità 5 contro 3)"
    )


def test_two_devices_that_enter_together_get_one_winner_together():
    compiled = compile_campaigns(
        [a_campaign("shoes"), a_campaign("shelf", trigger=listens(zones=["z_shelf"]))], ZONES
    )
    phone = a_moment(a_happening(SHOES))
    fob = a_moment(
        a_happening(SHELF, at=NOON + timedelta(seconds=4), device="d_fob", visit="v_fob"),
        device=DeviceFacts("d_fob", "fob"),
    )
    for batch in ([phone, fob], [fob, phone]):
        made = {each.campaign: each for each in decide_in_turn(compiled, batch)}
        assert (made["shelf"].verdict, made["shoes"].verdict) == ("send", "withhold")
        assert words(made["shoes"]) == ["lost to 'The shelf' (same priority, its zone is more specific)"]


def test_the_second_phone_of_a_stay_gives_no_second_winner_even_when_it_is_heard_much_later():
    compiled = compile_campaigns([a_campaign("shoes", priority=5), a_campaign("socks")], ZONES)
    first = decide_in_turn(compiled, [a_moment()])
    won = first[0].as_sent()
    later = NOON + timedelta(minutes=20)
    second = a_moment(
        a_happening(at=later, device="d_second", visit="v_second"),
        now=later,
        device=DeviceFacts("d_second"),
        shopper=a_shopper(sent=(won,)),
    )
    made = {each.campaign: each for each in decide_in_turn(compiled, [second])}
    assert [reason.gate for reason in made["shoes"].reasons] == ["other_device"]
    assert [reason.gate for reason in made["socks"].reasons] == ["arbitration"]
    assert "lost to 'shoes'" in words(made["socks"])[0]


def test_the_second_phone_may_tell_of_another_moment_of_the_same_stay():
    linger = a_campaign("linger", trigger=listens("dwelled", after_s=300, zones=["z_shoes"]))
    compiled = compile_campaigns([a_campaign("shoes"), linger], ZONES)
    won = decide_in_turn(compiled, [a_moment()])[0].as_sent()
    later = NOON + timedelta(minutes=5)
    happening = a_happening(
        kind="dwelled", at=later, dwelled_s=300.0, device="d_second", visit="v_second", entered_at=NOON
    )
    second = a_moment(happening, now=later, device=DeviceFacts("d_second"), shopper=a_shopper(sent=(won,)))
    assert [each.verdict for each in decide_in_turn(compiled, [second])] == ["send"]


HALF = {"hold_out": 0.5}
CONTROL = next(f"sh_{n}" for n in range(99) if stable_share(f"sh_{n}", "hold-out of shoes") < 0.5)
TREATED = next(f"sh_{n}" for n in range(99) if stable_share(f"sh_{n}", "hold-out of shoes") >= 0.5)


def test_the_control_group_is_counted_where_the_others_are_sent_to():
    held = decided([a_campaign(**HALF), a_campaign("socks")], shopper=a_shopper(id=CONTROL))
    sent_to = decided([a_campaign(**HALF), a_campaign("socks")], shopper=a_shopper(id=TREATED))
    assert (held["shoes"].verdict, sent_to["shoes"].verdict) == ("hold_out", "send")
    assert held["shoes"].offer_id == sent_to["shoes"].offer_id
    assert (
        words(held["shoes"])[1]
        == "would have been sent; the shopper is in the control group of this campaign"
    )
    # The runner-up does not step in: the groups would differ in two messages.
    assert held["socks"].verdict == sent_to["socks"].verdict == "withhold"


def test_who_could_not_be_sent_anything_is_in_no_group():
    silent = a_shopper(id=CONTROL, reach=frozenset())
    found = decided([a_campaign(**HALF)], shopper=silent, device=DeviceFacts("d_phone"))
    assert found["shoes"].verdict == "withhold"


def test_a_hold_out_counts_against_caps_as_if_it_had_been_sent():
    cap = {"kind": "frequency_cap", "at_most": 1, "window": "7d"}
    compiled = compile_campaigns([a_campaign("shoes", cap, **HALF)], ZONES)
    for who, verdict in ((CONTROL, "hold_out"), (TREATED, "send")):
        shopper = a_shopper(id=who)
        first = a_moment(shopper=shopper)
        again = a_moment(a_happening(at=NOON + MINUTE, visit="v_2"), now=NOON + MINUTE, shopper=shopper)
        made = decide_in_turn(compiled, [first, again])
        assert [each.verdict for each in made] == [verdict, "withhold"]


def test_the_global_control_group_hears_nothing_at_all():
    assert decided([a_campaign()], global_hold_out=1.0)["shoes"].verdict == "hold_out"


def test_a_shopper_reads_the_variant_that_is_theirs():
    other = {"title": {"it": "Altro"}, "body": {"it": "Meno 10 %"}}
    campaign = a_campaign(variants=[{"id": "ours"}, {"id": "other", "offer": other}])
    read = {}
    for number in range(20):
        send = decided([campaign], shopper=a_shopper(id=f"sh_{number}"))["shoes"]
        read[send.variant] = send.text.title
    assert read == {"ours": "Scarpe", "other": "Altro"}


def test_a_text_that_cannot_be_written_in_one_variant_silences_all_and_the_next_best_speaks():
    broken = {"title": {"it": "Ciao {{ shopper.first_name }}"}, "body": {"it": "Ecco"}}
    campaign = a_campaign(priority=9, variants=[{"id": "ours"}, {"id": "other", "offer": broken}])
    for number in range(8):
        found = decided([campaign, a_campaign("socks")], shopper=a_shopper(id=f"sh_{number}"))
        assert [reason.gate for reason in found["shoes"].reasons] == ["text"]
        assert words(found["socks"]) == ["nothing spoke against it"]


QUIET = {"kind": "quiet_hours", "start": "13:00", "end": "15:00"}  # 14:00 in Milan
PATIENT = {"hold": {"at_most": "2h"}}


def test_a_campaign_that_may_wait_is_held_until_the_hour_is_right():
    held = decided([a_campaign("shoes", QUIET, **PATIENT)])["shoes"]
    assert (held.verdict, held.due_at) == ("hold", NOON + timedelta(hours=1))
    assert words(held)[-1] == "waits and looks again on 10 June 2026 at 15:00"


def test_the_shoppers_own_quiet_hours_hold_too_and_the_later_of_both_counts():
    shopper = a_shopper(quiet_hours=Daytime(start="13:00", end="15:30"))
    held = decided([a_campaign("shoes", QUIET, **PATIENT)], shopper=shopper)["shoes"]
    assert held.due_at == NOON + timedelta(minutes=90)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"hold": {"at_most": "59m"}},
        {**PATIENT, "conditions": [QUIET, {"kind": "segment", "has_tags": ["nobody has this"]}]},
    ],
)
def test_a_campaign_that_may_not_wait_so_long_or_has_more_against_it_is_silent(changes):
    assert decided([a_campaign(**{"conditions": [QUIET]} | changes)])["shoes"].verdict == "withhold"


def test_who_left_is_not_waited_for():
    campaign = a_campaign("shoes", QUIET, trigger=listens("exited", zones=["z_shoes"]), **PATIENT)
    found = decided([campaign], a_happening(kind="exited", dwelled_s=60.0))["shoes"]
    assert (found.verdict, [reason.gate for reason in found.reasons]) == ("withhold", ["quiet_hours", "hold"])


def test_nobody_waits_beyond_the_end_of_the_offer():
    offer = {"title": {"it": "a"}, "body": {"it": "b"}, "ends_at": "2026-06-10T12:20:00Z"}
    held = decided([a_campaign("shoes", QUIET, offer=offer, **PATIENT)])["shoes"]
    assert held.due_at == NOON + timedelta(minutes=20)


def looked_at_again(campaign, held: Decision, **changes) -> Decision:
    facts = {"here": {"z_shoes": NOON}} | changes
    happening = replace(a_happening(), waited_s=3600.0)
    if "open" in facts:
        happening = replace(happening, zone=zone_facts(open=facts.pop("open")))
    moment = a_moment(
        happening,
        now=NOON + timedelta(hours=1),
        shopper=a_shopper(**facts),
        device=DeviceFacts("d_phone"),
        held=(Held(held.id, "shoes", 1, NOON),),
    )
    (decision,) = decide_in_turn(compile_campaigns(campaign, ZONES), [moment])
    return decision


def test_what_was_held_is_sent_when_everything_still_holds():
    campaign = a_campaign("shoes", QUIET, **PATIENT)
    held = decided([campaign])["shoes"]
    sent_later = looked_at_again([campaign], held)
    assert (sent_later.verdict, sent_later.held) == ("send", held.id)
    assert sent_later.id != held.id


@pytest.mark.parametrize(
    ("changes", "gate"),
    [
        ({"here": {}}, "still_there"),
        ({"open": False}, "still_open"),
        ({"consents": {}}, "consent"),
        ({"reach": frozenset()}, "reachable"),
    ],
)
def test_what_was_held_is_silent_when_something_changed_meanwhile(changes, gate):
    campaign = a_campaign("shoes", QUIET, **PATIENT)
    again = looked_at_again([campaign], decided([campaign])["shoes"], **changes)
    assert (again.verdict, again.reasons[0].gate) == ("withhold", gate)


def test_what_was_held_by_a_campaign_that_ended_is_told_so():
    campaign = a_campaign("shoes", QUIET, **PATIENT)
    again = looked_at_again([], decided([campaign])["shoes"])
    assert words(again) == ["waited since 14:00, and the campaign is not live any more"]


def test_one_a_visit_means_one_in_the_whole_shop():
    once = {"one_a_visit": True}
    compiled = compile_campaigns(
        [a_campaign("shoes", **once), a_campaign("bags", trigger=listens(zones=["z_bags"]), **once)], ZONES
    )
    shopper = a_shopper(here={"z_store": NOON - MINUTE})
    into_bags = a_moment(a_happening(BAGS, at=NOON + 5 * MINUTE), now=NOON + 5 * MINUTE, shopper=shopper)
    made = decide_in_turn(compiled, [a_moment(shopper=shopper), into_bags])
    assert [each.verdict for each in made] == ["send", "withhold"]
    assert words(made[1]) == [
        "'shoes' has spoken in this visit to the shop, at 14:00, and one of these a visit is enough"
    ]
    next_time = replace(
        into_bags, shopper=a_shopper(here={"z_store": NOON + MINUTE}, sent=(made[0].as_sent(),))
    )
    assert [each.verdict for each in decide_in_turn(compiled, [next_time])] == ["send"]


def test_a_stock_of_one_holds_within_a_batch():
    compiled = compile_campaigns([a_campaign("shoes", {"kind": "stock", "total": 3})], ZONES)
    batch = [
        a_moment(
            a_happening(visit=f"v_{who}"),
            shopper=a_shopper(id=who),
            device=DeviceFacts(f"d_{who}", has_address=True),
            issued={"shoes": Issued(total=2)},
            budget_spent={},
        )
        for who in ("sh_ann", "sh_bea", "sh_cio")
    ]
    made = decide_in_turn(compiled, batch)
    assert [each.verdict for each in made] == ["send", "withhold", "withhold"]


def test_a_budget_is_spent_by_what_offers_cost_within_a_batch_too():
    offer = {"title": {"it": "a"}, "body": {"it": "b"}, "cost": 4.0}
    campaign = a_campaign("shoes", {"kind": "budget", "total": 10}, offer=offer)
    batch = [
        a_moment(
            a_happening(visit=f"v_{who}"),
            shopper=a_shopper(id=who),
            device=DeviceFacts(f"d_{who}", has_address=True),
            issued={},
            budget_spent={"shoes": Spent(total=2.0)},
        )
        for who in ("sh_ann", "sh_bea", "sh_cio")
    ]
    made = decide_in_turn(compile_campaigns([campaign], ZONES), batch)
    assert [each.verdict for each in made] == ["send", "send", "withhold"]


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
    passed = {"arbitration", "hold_out"}
    standing = [each for each in made if all(reason.gate in passed for reason in each.reasons)]
    speaking = [each for each in made if isinstance(each, Exposed)]
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
