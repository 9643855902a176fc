"""Do we speak? One moment in, one decision out for each campaign that listens: at most one send, every silence with its reasons.

A campaign that several happenings of the moment wake looks at the one nearest to the goods. Of the campaigns without objections
the one of the highest priority wins, then of the most specific zone, then the first by id: no order of arrival decides.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.campaigns.campaign import Campaign
from server.campaigns.compiled import Compiled
from server.campaigns.decision import Decision, Reason, Send, Withhold
from server.campaigns.gates import FIRST, THEN
from server.campaigns.moment import Happening, Moment, SentOffer
from server.campaigns.words import Phrases, say, spoken_list
from server.presence.visit import ZoneEvent
from server.zones.naming import derived_id

PHRASES: Phrases = {
    "en": {
        "sent": "nothing spoke against it",
        "won": "nothing spoke against it; it won over {others}",
        "lost": "lost to '{winner}' ({because})",
        "priority": "priority {more} over {less}",
        "specific": "same priority, its zone is more specific",
        "first": "same priority and zone, first by its id",
    }
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A campaign that was woken, the moment as it sees it, and what stands against it."""

    campaign: Campaign
    moment: Moment
    reasons: tuple[Reason, ...]

    @property
    def rank(self) -> tuple[int, int, int, str]:
        """Sorts the winner first."""
        level, depth = self.moment.zone.specificity
        return (-self.campaign.priority, -level, -depth, self.campaign.id)


def decide_in_turn(compiled: Compiled, moments: Iterable[Moment]) -> tuple[Decision, ...]:
    """The decisions of a whole batch, in the order of event time: each moment sees what its shopper got in those before.

    The moments bring the offers that were sent before the batch; two devices of one shopper in one batch count as one.
    """
    decisions: list[Decision] = []
    sent: dict[str, tuple[SentOffer, ...]] = {}
    for moment in sorted(moments, key=lambda each: (each.event.at, each.device.id)):
        shopper = moment.shopper.id if moment.shopper else ""
        made = decide(compiled, moment.with_sent(sent.get(shopper, ())))
        sent[shopper] = sent.get(shopper, ()) + tuple(
            each.as_sent() for each in made if isinstance(each, Send)
        )
        decisions += made
    return tuple(decisions)


def decide(compiled: Compiled, moment: Moment) -> tuple[Decision, ...]:
    """One decision for each campaign that listens to what happened, the winner's or best placed first. Never raises."""
    candidates = sorted(_candidates(compiled, moment), key=lambda each: each.rank)
    standing = [each for each in candidates if not each.reasons]
    return tuple(
        _withhold(each, each.reasons)
        if each.reasons
        else _send(each, standing[1:])
        if each is standing[0]
        else _withhold(each, (_lost(each, standing[0]),))
        for each in candidates
    )


def objections(campaign: Campaign, moment: Moment) -> tuple[Reason, ...]:
    """All that stands against a campaign at the moment it sees; empty if it may speak."""
    first = [Reason(gate.kind, words) for gate in FIRST if (words := gate.objection(campaign, moment))]
    if first:
        return tuple(first)
    then = [Reason(gate.kind, words) for gate in THEN if (words := gate.objection(campaign, moment))]
    own = [Reason(each.kind, words) for each in campaign.conditions if (words := each.objection(moment))]
    return (*then, *own)


def _candidates(compiled: Compiled, moment: Moment) -> list[Candidate]:
    woken: dict[str, tuple[Campaign, Happening]] = {}
    for happening in sorted(moment.happenings, key=_nearness):  # the nearest comes last and stays
        event = happening.event
        for campaign in compiled.listening(event.kind, event.zone, event.dwelled_s):
            woken[campaign.id] = (campaign, happening)
    seen = [(campaign, moment.seen_by(campaign.id, happening)) for campaign, happening in woken.values()]
    return [Candidate(campaign, sight, objections(campaign, sight)) for campaign, sight in seen]


def _nearness(happening: Happening) -> tuple[bool, tuple[int, int], str, str, str, float]:
    """News before history, then the most specific zone; the rest only makes it the same every time."""
    event = happening.event
    return (not event.late, happening.zone.specificity, event.zone, event.kind, event.visit, event.dwelled_s)


def _send(winner: Candidate, others: Sequence[Candidate]) -> Send:
    campaign, moment = winner.campaign, winner.moment
    names = spoken_list([f"'{other.campaign.name}'" for other in others])
    words = say(PHRASES, "won", others=names) if others else say(PHRASES, "sent")
    shopper_language = moment.shopper.language if moment.shopper else None
    return Send(
        **_what_was_decided(winner),
        reasons=(Reason("arbitration", words),),
        offer_id=derived_id("of", moment.event.visit, campaign.id),
        offer=campaign.offer,
        text=campaign.offer.text_for(shopper_language, moment.zone.language),
        expires_at=campaign.offer.ends(moment.now),
    )


def _withhold(candidate: Candidate, reasons: tuple[Reason, ...]) -> Withhold:
    return Withhold(**_what_was_decided(candidate), reasons=reasons)


def _lost(loser: Candidate, winner: Candidate) -> Reason:
    if winner.campaign.priority != loser.campaign.priority:
        because = say(PHRASES, "priority", more=winner.campaign.priority, less=loser.campaign.priority)
    elif winner.moment.zone.specificity != loser.moment.zone.specificity:
        because = say(PHRASES, "specific")
    else:
        because = say(PHRASES, "first")
    return Reason("arbitration", say(PHRASES, "lost", winner=winner.campaign.name, because=because))


def _what_was_decided(candidate: Candidate) -> dict[str, Any]:
    """What sending and withholding have in common."""
    campaign, moment = candidate.campaign, candidate.moment
    return {
        "id": _decision_id(campaign, moment.event),
        "campaign": campaign.id,
        "campaign_version": campaign.version,
        "shopper": moment.shopper.id if moment.shopper else None,
        "event": moment.event,
        "decided_at": moment.now,
        "saw": _saw(moment),
    }


def _decision_id(campaign: Campaign, event: ZoneEvent) -> str:
    threshold = (float(event.dwelled_s),) if event.kind == "dwelled" else ()
    return derived_id("dec", event.visit, campaign.id, event.kind, *threshold)


def _saw(moment: Moment) -> dict[str, Any]:
    """What was looked at, for whoever asks later why. No positions, no names."""
    shopper, zone = moment.shopper, moment.zone
    sent = shopper.sent if shopper else ()
    return {
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
        "consents": {purpose: given.granted for purpose, given in sorted(shopper.consents.items())}
        if shopper
        else {},
        "reachable": moment.device.has_address or bool(shopper and shopper.reachable),
        "sent_before": {"campaign": sum(each.campaign == moment.campaign for each in sent), "all": len(sent)},
    }


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
