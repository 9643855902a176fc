"""What would it take? Every gate and condition of one campaign in the order in which it is asked, with what it says at a moment.

In: a campaign and a moment, real or supposed. Out: a look for each, also of those that let it pass. And reasons that were kept, said again
in another language. Pure; nothing is decided here: decide.py does that, and this must say the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.campaigns import gates, journey, wording
from server.campaigns.campaign import Campaign
from server.campaigns.compiled import NO_COUPONS
from server.campaigns.conditions import CONDITIONS
from server.campaigns.coupon import Coupon
from server.campaigns.decide import PHRASES as DECIDED
from server.campaigns.decide import offer_facts
from server.campaigns.decision import Reason
from server.campaigns.moment import Moment
from server.campaigns.words import Phrases, Sentence, retold


@dataclass(frozen=True, slots=True)
class Look:
    """What one gate or condition says. `objection` is None where it lets the campaign pass.

    `asks` is the condition's document, empty for a gate. `looked`: without consent, for a stranger or for history nothing else is looked
    at. `passes_at`: when (UTC) it would let the campaign pass by itself, where only the hour stands against it.
    """

    gate: str
    objection: str | None = None
    asks: Mapping[str, Any] | None = None
    looked: bool = True
    passes_at: datetime | None = None

    @property
    def passes(self) -> bool:
        return self.looked and self.objection is None

    def words(self, language: str) -> str | None:
        """The objection in this language."""
        said = self.objection
        return said.in_language(language) if isinstance(said, Sentence) else said


def looks(campaign: Campaign, moment: Moment, coupons: Mapping[str, Coupon] = NO_COUPONS) -> tuple[Look, ...]:
    """All that the campaign must pass at this moment, in order. `coupons` are those that can be claimed with its offers."""
    moment = moment.seen_by(
        campaign.id,
        moment.happenings[0],
        group=campaign.group,
        offer=offer_facts(campaign, moment.now, coupons),
    )
    first = [Look(gate.kind, gate.objection(campaign, moment)) for gate in gates.FIRST]
    go_on = all(look.passes for look in first)
    return (
        *first,
        *(_at_gate(gate, campaign, moment, looked=go_on) for gate in gates.THEN),
        *(_at_condition(campaign, place, moment, looked=go_on) for place in range(len(campaign.conditions))),
    )


def said_in(reason: Reason, language: str) -> str:
    """A reason that was just given, in this language."""
    return told_again(reason.gate, reason.words, reason.phrase, reason.facts, language)


def told_again(gate: str, words: str, phrase: str, facts: Mapping[str, Any], language: str) -> str:
    """A kept reason in this language; in its own words where its sentence is not in our tables any more."""
    for phrases in _tables_of(gate):
        # Two tables may have a phrase of one name: the one whose facts fit is meant.
        if phrase in phrases.get(language, {}) and (said := retold(phrases, phrase, facts, language)):
            return said
    return words


def _at_gate(gate: gates.Gate, campaign: Campaign, moment: Moment, *, looked: bool) -> Look:
    if not looked:
        return Look(gate.kind, looked=False)
    words = gate.objection(campaign, moment)
    return Look(gate.kind, words, passes_at=gate.holds_until(campaign, moment) if words else None)


def _at_condition(campaign: Campaign, place: int, moment: Moment, *, looked: bool) -> Look:
    condition = campaign.conditions[place]
    asks = condition.model_dump(mode="json", exclude_defaults=True)
    if not looked:
        return Look(condition.kind, asks=asks, looked=False)
    words = condition.objection(moment)
    return Look(condition.kind, words, asks, passes_at=condition.holds_until(moment) if words else None)


def _tables_of(gate: str) -> tuple[Phrases, ...]:
    own = (CONDITIONS[gate].phrases,) if gate in CONDITIONS else ()
    if gate == "journey":
        own = (journey.PHRASES,)
    return (*own, gates.PHRASES, journey.PHRASES, DECIDED, wording.PHRASES)
