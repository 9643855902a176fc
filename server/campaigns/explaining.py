"""What would it take? Every gate and condition of one campaign in the order in which it is asked, with what it says at a moment.

In: a campaign and a moment, real or supposed. Out: a look for each, also of those that let it pass. And reasons that were kept, said again
in another language. Pure; nothing is decided here: decide.py does that, and this must say the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from server.campaigns import gates, journey, wording
from server.campaigns.campaign import Campaign
from server.campaigns.channels import PURPOSES
from server.campaigns.compiled import NO_COUPONS
from server.campaigns.condition import Condition
from server.campaigns.conditions import CONDITIONS
from server.campaigns.conditions.consent import Consent
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
    at. `passes_at`: when (UTC) it would let the campaign pass by itself, where only the hour stands against it. `tally`: how far it has
    counted, where it counts.
    """

    gate: str
    objection: str | None = None
    asks: Mapping[str, Any] | None = None
    looked: bool = True
    passes_at: datetime | None = None
    tally: Sentence | None = None

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


def looks_of(campaign: Campaign, reasons: Sequence[Mapping[str, Any]], language: str) -> tuple[Look, ...]:
    """The same for a decision that was kept: what each gate and condition said then, from its reasons, since all that objects is kept.

    `campaign` is the version that decided. What came after all gates (who is in the control group, a text that cannot be written) comes last.
    """
    left = [kept for kept in reasons if kept.get("phrase") not in _SPOKE]
    first = {
        gate.kind: [kept for kept in left if kept["gate"] == gate.kind and _is_of_the_gates(campaign, kept)]
        for gate in gates.FIRST
    }
    looked = not any(first.values()) and not any(kept["gate"] == "not_live" for kept in left)
    found = [_kept_look(kind, kept, language) for kind, kept in first.items()]
    for gate in gates.THEN:
        theirs = [kept for kept in left if kept["gate"] == gate.kind and _is_of_the_gates(campaign, kept)]
        found.append(_kept_look(gate.kind, theirs, language, looked=looked))
    objected = _by_condition(campaign, left)
    for place, condition in enumerate(campaign.conditions):
        theirs = [objected[place]] if place in objected else []
        asks = condition.model_dump(mode="json", exclude_defaults=True)
        found.append(_kept_look(condition.kind, theirs, language, asks=asks, looked=looked))
    known = {look.gate for look in found}
    return (
        *found,
        *(_kept_look(kept["gate"], [kept], language) for kept in left if kept["gate"] not in known),
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


#: What a decision to speak says: no objection.
_SPOKE: Final = frozenset({"sent", "won"})


def _is_of_the_gates(campaign: Campaign, kept: Mapping[str, Any]) -> bool:
    """Whether a gate that all campaigns must pass gave this reason, and not the campaign's own condition of that name.

    Gates ask for location and for the channels; who asks for another consent is a condition.
    """
    if not any(gate.kind == kept["gate"] for gate in (*gates.FIRST, *gates.THEN)):
        return False
    if kept["gate"] != "consent":
        own = CONDITIONS[kept["gate"]].phrases["en"] if kept["gate"] in CONDITIONS else {}
        return kept["gate"] == "sensitive_place" or kept.get("phrase", "") not in own
    asked = {"location", *(PURPOSES[channel] for channel in campaign.channels)}
    others = {each.purpose for each in campaign.conditions if isinstance(each, Consent)} - asked
    said = str(kept.get("facts", {}))
    return not any(Consent.phrases["en"][purpose] in said for purpose in others)


def _by_condition(campaign: Campaign, reasons: Sequence[Mapping[str, Any]]) -> dict[int, Mapping[str, Any]]:
    """Which reason is whose: of two conditions of one kind, that of whose document the most stands in the reason."""
    given: dict[int, Mapping[str, Any]] = {}
    for kept in reasons:
        if _is_of_the_gates(campaign, kept) and any(
            gate.kind == kept["gate"] for gate in (*gates.FIRST, *gates.THEN)
        ):
            continue
        fitting = [
            (_agreement(condition, kept), -place)
            for place, condition in enumerate(campaign.conditions)
            if condition.kind == kept["gate"] and place not in given
        ]
        if fitting:
            given[-max(fitting)[1]] = kept
    return given


def _agreement(condition: Condition, kept: Mapping[str, Any]) -> int:
    """In how many of its facts a reason says what stands in the condition's document."""
    asks = condition.model_dump(mode="json")
    return sum(str(asks[name]) in str(value) for name, value in kept.get("facts", {}).items() if name in asks)


def _kept_look(
    gate: str,
    reasons: Sequence[Mapping[str, Any]],
    language: str,
    *,
    asks: Mapping[str, Any] | None = None,
    looked: bool = True,
) -> Look:
    said = [
        told_again(gate, kept["words"], kept.get("phrase", ""), kept.get("facts", {}), language)
        for kept in reasons
    ]
    return Look(gate, "; ".join(said) or None, asks, looked=looked or bool(said))


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
    passes_at = condition.holds_until(moment) if words else None
    return Look(condition.kind, words, asks, passes_at=passes_at, tally=condition.tally(moment))


def _tables_of(gate: str) -> tuple[Phrases, ...]:
    own = (CONDITIONS[gate].phrases,) if gate in CONDITIONS else ()
    if gate == "journey":
        own = (journey.PHRASES,)
    return (*own, gates.PHRASES, journey.PHRASES, DECIDED, wording.PHRASES)
