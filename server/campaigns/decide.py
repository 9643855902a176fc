"""Do we speak? What happened to one shopper at one moment in, one decision out for each campaign that listens: one winner at most.

A campaign that several happenings of the moment wake looks at the one nearest to the goods. Of the campaigns without objections
the one of the highest priority wins, then of the most specific zone, then of the greatest value, then the first by id: no order of
arrival decides. Two devices of one shopper that tell of one moment are one moment.

The order in which a winner is found: gates, conditions, arbitration, texts (of all variants), and only then the draw of the hold-out,
so that the treated and the control group have passed the same (experiment.py).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from server.campaigns.campaign import Campaign
from server.campaigns.channels import open_to
from server.campaigns.compiled import NO_COUPONS, Compiled
from server.campaigns.coupon import Coupon
from server.campaigns.decision import Decision, Exposed, Hold, HoldOut, Reason, Send, Withhold
from server.campaigns.experiment import control_of, variant_of
from server.campaigns.gates import FIRST, ONE_MOMENT, THEN
from server.campaigns.issuing import Given
from server.campaigns.journey import as_step, without_its_offer
from server.campaigns.moment import Happening, Held, Moment, OfferFacts, SentOffer
from server.campaigns.offer import Offer, OfferText
from server.campaigns.wording import NotWritten, facts_of, written
from server.campaigns.words import AllOf, Phrases, say
from server.presence.visit import ZoneEvent
from server.zones.naming import derived_id

PHRASES: Phrases = {
    "en": {
        "sent": "nothing spoke against it",
        "won": "nothing spoke against it; it won over {others}",
        "lost": "lost to '{winner}' ({because})",
        "priority": "priority {more} over {less}",
        "specific": "same priority, its zone is more specific",
        "value": "same priority and zone, value {more} over {less}",
        "first": "same priority and zone, first by its id",
        "other_device": "the same moment, heard on another device of this shopper",
        "waits": "waits and looks again on {due}",
        "over_meanwhile": "it could only speak on {due}, and it waits {at_most} at most",
        "gone_meanwhile": "it could only speak on {due}, and the shopper has left",
        "control_campaign": "would have been sent; the shopper is in the control group of this campaign",
        "control_all": "would have been sent; the shopper is in the control group of all campaigns",
        "not_live": "waited since {since}, and the campaign is not live any more",
    },
    "it": {
        "sent": "nulla si opponeva",
        "won": "nulla si opponeva; ha vinto su {others}",
        "lost": "ha perso contro '{winner}' ({because})",
        "priority": "priorità {more} contro {less}",
        "specific": "stessa priorità, la sua zona è più specifica",
        "value": "stessa priorità e zona, valore {more} contro {less}",
        "first": "stessa priorità e zona, prima per il suo id",
        "other_device": "lo stesso momento, sentito su un altro dispositivo del cliente",
        "waits": "aspetta e riguarda tutto il {due}",
        "over_meanwhile": "potrebbe parlare solo il {due}, e aspetta al massimo {at_most}",
        "gone_meanwhile": "potrebbe parlare solo il {due}, e il cliente se n'è andato",
        "control_campaign": "sarebbe stata inviata; il cliente è nel gruppo di controllo di questa campagna",
        "control_all": "sarebbe stata inviata; il cliente è nel gruppo di controllo di tutte le campagne",
        "not_live": "ha atteso dalle {since}, e la campagna non è più attiva",
    },
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A campaign that was woken, the moment as it sees it, and what stands against it.

    `passes_at` is when (UTC) all that stands against it would let it pass, where that is only the hour.
    """

    campaign: Campaign
    moment: Moment
    reasons: tuple[Reason, ...]
    passes_at: datetime | None = None

    @property
    def rank(self) -> tuple[int, int, int, float, str, str]:
        """Sorts the winner first; of one campaign that two devices woke, the first device."""
        level, depth = self.moment.zone.specificity
        campaign = self.campaign
        return (-campaign.priority, -level, -depth, -campaign.value, campaign.id, self.moment.device.id)


def decide_in_turn(compiled: Compiled, moments: Iterable[Moment]) -> tuple[Decision, ...]:
    """The decisions of a whole batch, in the order of event time: each moment sees what its shopper got in those before.

    The moments bring the offers that were sent and issued before the batch; devices of one shopper in one batch count as one.
    """
    decisions: list[Decision] = []
    sent: dict[str, tuple[SentOffer, ...]] = {}
    given = Given()
    for together in _at_once(moments):
        shopper = together[0].shopper.id if together[0].shopper else ""
        made = decide(
            compiled, *(given.added_to(moment.with_sent(sent.get(shopper, ()))) for moment in together)
        )
        sent[shopper] = sent.get(shopper, ()) + tuple(
            each.as_sent() for each in made if isinstance(each, Exposed)
        )
        given.note(each for each in made if isinstance(each, Send))
        decisions += made
    return tuple(decisions)


@dataclass(frozen=True, slots=True)
class Draft:
    """The winner with the text of the variant that its shopper gets, or would get."""

    candidate: Candidate
    offer_id: str
    offer: Offer
    text: OfferText
    variant: str | None


def decide(compiled: Compiled, *moments: Moment) -> tuple[Decision, ...]:
    """One decision for each campaign that listens to what happened, the winner's or best placed first. Never raises.

    Several moments are what several devices of one shopper told of one.
    """
    woken = (each for moment in moments for each in _candidates(compiled, moment))
    answers: list[Decision] = []
    winner: Draft | None = None
    others: list[Candidate] = []
    for each in _once_each(sorted(woken, key=lambda candidate: candidate.rank)):
        if each.reasons:
            answers.append(_silent(each))
        elif winner is not None:
            others.append(each)
            answers.append(_withhold(each, (_lost(each, winner.candidate),)))
        elif isinstance(draft := _draft(each), Draft):
            winner, place = draft, len(answers)
        else:
            answers.append(_withhold(each, (draft,)))
    if winner is not None:
        answers.insert(place, _exposed(winner, others))
    return (*answers, *(gone for moment in moments for gone in _not_live(compiled, moment)))


def objections(campaign: Campaign, moment: Moment) -> tuple[Reason, ...]:
    """All that stands against a campaign at the moment it sees; empty if it may speak."""
    return _looked_at(campaign, moment).reasons


def offer_facts(campaign: Campaign, now: datetime, coupons: Mapping[str, Coupon] = NO_COUPONS) -> OfferFacts:
    """What conditions may know of the offer that the campaign would give now; of variants the dearest and the first to end."""
    costs = [offer.cost for offer in campaign.offers if offer.cost is not None]
    ends = [(offer.ends(now), _coupon_ends(offer, coupons, now)) for offer in campaign.offers]
    return OfferFacts(
        min(message for message, _ in ends),
        min(coupon or message for message, coupon in ends) if any(coupon for _, coupon in ends) else None,
        cost=max(costs) if len(costs) == len(campaign.offers) else None,
    )


def _coupon_ends(offer: Offer, coupons: Mapping[str, Coupon], now: datetime) -> datetime | None:
    """Until when a code that is claimed now can be used; None without a coupon, and for one that has no end."""
    coupon = coupons.get(offer.coupon) if offer.coupon else None
    return coupon.holds_until(now) if coupon else None


def _at_once(moments: Iterable[Moment]) -> list[list[Moment]]:
    """The moments that are decided together, in the order of event time: those that several devices of one shopper tell of."""
    together: list[list[Moment]] = []
    last: dict[str, list[Moment]] = {}
    for moment in sorted(moments, key=lambda each: (each.event.at, each.device.id)):
        shopper = moment.shopper.id if moment.shopper else ""
        before = last.get(shopper)
        if shopper and before and _is_one_moment(before, moment):
            before.append(moment)
            continue
        last[shopper] = [moment]
        together.append(last[shopper])
    return together


def _is_one_moment(before: Sequence[Moment], moment: Moment) -> bool:
    """Whether a moment is what another device told before. What was held and is due for one shopper is one moment as well."""
    first = before[0]
    if first.held or moment.held:
        return bool(first.held and moment.held)
    return (
        moment.device.id not in {each.device.id for each in before}
        and first.zone.shop == moment.zone.shop
        and moment.event.at - first.event.at <= ONE_MOMENT
        and not {each.event.kind for each in first.happenings}.isdisjoint(
            each.event.kind for each in moment.happenings
        )
    )


def _candidates(compiled: Compiled, moment: Moment) -> list[Candidate]:
    if moment.held:
        waiting = [(compiled.campaigns.get(held.campaign), held) for held in moment.held]
        return [_again(compiled, campaign, held, moment) for campaign, held in waiting if campaign]
    woken: dict[str, tuple[Campaign, Happening]] = {}
    for happening in sorted(moment.happenings, key=_nearness):  # the nearest comes last and stays
        event = happening.event
        for campaign in compiled.listening(event.kind, event.zone, event.dwelled_s):
            woken[campaign.id] = (campaign, happening)
    return [
        _looked_at(campaign, _seen(compiled, campaign, moment, happening))
        for campaign, happening in woken.values()
    ]


def _again(compiled: Compiled, campaign: Campaign, held: Held, moment: Moment) -> Candidate:
    """A campaign that waited, or a step of its journey, with what stands against it now."""
    if held.step:
        campaign, moment = as_step(campaign, held.step), without_its_offer(moment, held)
    seen = _seen(compiled, campaign, moment, moment.happenings[0])
    return _looked_at(campaign, replace(seen, held=(held,)))


def _seen(compiled: Compiled, campaign: Campaign, moment: Moment, happening: Happening) -> Moment:
    offer = offer_facts(campaign, moment.now, compiled.coupons)
    return moment.seen_by(campaign.id, happening, group=campaign.group, offer=offer)


def _looked_at(campaign: Campaign, moment: Moment) -> Candidate:
    """A campaign with all that stands against it at the moment it sees."""
    first = [Reason.of(gate.kind, words) for gate in FIRST if (words := gate.objection(campaign, moment))]
    if first:
        return Candidate(campaign, moment, tuple(first))
    reasons: list[Reason] = []
    passes: list[datetime | None] = []
    for gate in THEN:
        if words := gate.objection(campaign, moment):
            reasons.append(Reason.of(gate.kind, words))
            passes.append(gate.holds_until(campaign, moment))
    for condition in campaign.conditions:
        if words := condition.objection(moment):
            reasons.append(Reason.of(condition.kind, words))
            passes.append(condition.holds_until(moment))
    known = [at for at in passes if at is not None]
    only_the_hour = known and len(known) == len(passes)
    return Candidate(campaign, moment, tuple(reasons), max(known) if only_the_hour else None)


def _nearness(happening: Happening) -> tuple[bool, tuple[int, int], str, str, str, float]:
    """News before history, then the most specific zone; the rest only makes it the same every time."""
    event = happening.event
    return (not event.late, happening.zone.specificity, event.zone, event.kind, event.visit, event.dwelled_s)


def _once_each(candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    """Of a campaign that could speak on two devices the first may, the other knows why not."""
    speaking: set[str] = set()
    for each in candidates:
        if each.reasons or each.campaign.id not in speaking:
            yield each
        else:
            yield replace(each, reasons=(Reason.of("other_device", say(PHRASES, "other_device")),))
        if not each.reasons:
            speaking.add(each.campaign.id)


def _draft(candidate: Candidate) -> Draft | Reason:
    """The text that the shopper would read; or why it cannot be written, of any variant: the groups must pass the same."""
    campaign, moment = candidate.campaign, candidate.moment
    shopper = moment.shopper
    chosen = variant_of(campaign, shopper.id) if shopper else None
    offer_id = _offer_id(candidate)
    texts: list[OfferText] = []
    for offer in campaign.offers:
        facts = facts_of(moment, offer_id, offer, offer.ends(moment.now))
        text = written(offer, facts, shopper.language if shopper else None, moment.zone.language)
        if isinstance(text, NotWritten):
            return Reason.of("text", text.reason)
        texts.append(text)
    place = campaign.variants.index(chosen) if chosen else 0
    variant = chosen.id if chosen else None
    return Draft(candidate, offer_id, campaign.offers[place], texts[place], variant)


def _offer_id(candidate: Candidate) -> str:
    """A visit gives one offer of a campaign, and an offer one of each of its follow-ups."""
    held = candidate.moment.held[0] if candidate.moment.held else None
    if held and held.step:
        return derived_id("of", held.decision)
    return derived_id("of", candidate.moment.event.visit, candidate.campaign.id)


def _exposed(draft: Draft, others: Sequence[Candidate]) -> Exposed:
    """What the winner gets: to speak, or to be counted in the control group."""
    campaign, moment = draft.candidate.campaign, draft.candidate.moment
    names = AllOf([f"'{other.campaign.name}'" for other in others])
    won = say(PHRASES, "won", others=names) if others else say(PHRASES, "sent")
    exposure = {
        **_what_was_decided(draft.candidate),
        "offer_id": draft.offer_id,
        "variant": draft.variant,
        "group": campaign.group,
        "channels": open_to(campaign.channels, moment),
        "site": moment.zone.shop,
        "day": moment.local_time("shop").date().isoformat(),
        "one_a_visit": campaign.one_a_visit,
    }
    reasons = (Reason.of("arbitration", won),)
    is_step = bool(moment.held and moment.held[0].step)  # of a journey that only the treated began
    control = None
    if moment.shopper and not is_step:
        control = control_of(campaign, moment.shopper.id, moment.global_hold_out)
    if control:
        held_out = Reason.of("hold_out", say(PHRASES, f"control_{control}"))
        return HoldOut(**exposure, reasons=(*reasons, held_out), control=control)
    return Send(
        **exposure,
        reasons=reasons,
        offer=draft.offer,
        text=draft.text,
        expires_at=draft.offer.ends(moment.now),
        receipt_s=campaign.receipt_s,
        cost=0.0 if is_step else draft.offer.cost or 0.0,
    )


def _silent(candidate: Candidate) -> Hold | Withhold:
    """Withheld; or held, where only the hour stands against it and the campaign is willing to wait that long."""
    hold, due_at = candidate.campaign.hold, candidate.passes_at
    if hold is None or due_at is None:
        return _withhold(candidate, candidate.reasons)
    moment = candidate.moment
    due = due_at.astimezone(moment.zone.time_zone)
    since = moment.held[0].since if moment.held else moment.now
    if due_at > since + hold.at_most:
        late = say(PHRASES, "over_meanwhile", due=due, at_most=hold.at_most)
        return _withhold(candidate, (*candidate.reasons, Reason.of("hold", late)))
    # Who left is told within the freshness limit, or never.
    fresh_s = moment.freshness_limit_s - moment.age_s
    if moment.event.kind == "exited" and due_at > moment.now + timedelta(seconds=fresh_s):
        gone = say(PHRASES, "gone_meanwhile", due=due)
        return _withhold(candidate, (*candidate.reasons, Reason.of("hold", gone)))
    ends = [offer.ends_at for offer in candidate.campaign.offers if offer.ends_at]
    waits = Reason.of("hold", say(PHRASES, "waits", due=due))
    return Hold(
        **_what_was_decided(candidate),
        reasons=(*candidate.reasons, waits),
        since=since,
        due_at=min([due_at, *ends]),
    )


def _withhold(candidate: Candidate, reasons: tuple[Reason, ...]) -> Withhold:
    return Withhold(**_what_was_decided(candidate), reasons=reasons)


def _lost(loser: Candidate, winner: Candidate) -> Reason:
    ours, theirs = loser.campaign, winner.campaign
    if theirs.priority != ours.priority:
        because = say(PHRASES, "priority", more=theirs.priority, less=ours.priority)
    elif winner.moment.zone.specificity != loser.moment.zone.specificity:
        because = say(PHRASES, "specific")
    elif theirs.value != ours.value:
        because = say(PHRASES, "value", more=theirs.value, less=ours.value)
    else:
        because = say(PHRASES, "first")
    return Reason.of("arbitration", say(PHRASES, "lost", winner=theirs.name, because=because))


def _not_live(compiled: Compiled, moment: Moment) -> Iterator[Withhold]:
    """The held decisions of campaigns that were paused or ended meanwhile."""
    for held in moment.held:
        if held.campaign not in compiled.campaigns:
            seen = replace(moment, campaign=held.campaign, held=(held,))
            since = held.since.astimezone(moment.zone.time_zone).time().replace(second=0, microsecond=0)
            gone = Reason.of("not_live", say(PHRASES, "not_live", since=since))
            yield Withhold(**_of_moment(held.campaign, held.version, seen), reasons=(gone,))


def _what_was_decided(candidate: Candidate) -> dict[str, Any]:
    """What all decisions have in common."""
    return _of_moment(candidate.campaign.id, candidate.campaign.version, candidate.moment)


def _of_moment(campaign: str, version: int, moment: Moment) -> dict[str, Any]:
    held = moment.held[0].decision if moment.held else None
    return {
        "id": derived_id("dec", held) if held else _decision_id(campaign, moment.event),
        "campaign": campaign,
        "campaign_version": version,
        "shopper": moment.shopper.id if moment.shopper else None,
        "event": moment.event,
        "decided_at": moment.now,
        "saw": _saw(moment),
        "held": held,
        "step": moment.held[0].step if moment.held else 0,
    }


def _decision_id(campaign: str, event: ZoneEvent) -> str:
    threshold = (float(event.dwelled_s),) if event.kind == "dwelled" else ()
    return derived_id("dec", event.visit, campaign, event.kind, *threshold)


def _saw(moment: Moment) -> dict[str, Any]:
    """What was looked at, for whoever asks later why. No positions, no names."""
    shopper, zone = moment.shopper, moment.zone
    sent = shopper.sent if shopper else ()
    saw: dict[str, Any] = {
        "event": {
            "kind": moment.event.kind,
            "zone": zone.id,
            "at": _text(moment.event.at),
            "late": moment.event.late,
        },
        "age_s": round(moment.age_s, 1),
        "shop_time": moment.local_time("shop").strftime("%a %H:%M"),
        "open": zone.open,
        "shopper_known": shopper is not None,
        "consents": {purpose: given.holds for purpose, given in sorted(shopper.consents.items())}
        if shopper
        else {},
        "reachable": moment.device.has_address or bool(shopper and shopper.reachable),
        "sent_before": {"campaign": sum(each.campaign == moment.campaign for each in sent), "all": len(sent)},
    }
    if moment.held:
        saw["held_since"] = _text(moment.held[0].since)
    if moment.issued is not None and moment.campaign in moment.issued:
        issued = moment.issued[moment.campaign]
        saw["issued"] = {"total": issued.total, "today": issued.today, "today_here": issued.today_here}
    return saw


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
