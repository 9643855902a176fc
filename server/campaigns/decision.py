"""What was decided for one campaign at one moment, as a value with its reasons: send, withhold, hold, or hold out.

In: nothing; decide.py makes these. Out: rows of the records, and the outbox row of a send. Ids follow from the causes, so
that deciding again gives the same ids, and the records find it done.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal

from server.campaigns.experiment import Control
from server.campaigns.moment import SentOffer
from server.campaigns.offer import Offer, OfferText
from server.campaigns.words import Sentence
from server.presence.visit import ZoneEvent

Verdict = Literal["send", "withhold", "hold", "hold_out"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Which gate or condition spoke, and what it said in a shop manager's words.

    `phrase` and `facts` (JSON values) are what the words were made of, so that they can be said in another language later.
    """

    gate: str
    words: str
    phrase: str = field(default="", compare=False)
    facts: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, gate: str, said: str) -> "Reason":
        """The reason that a gate gives with this sentence."""
        if isinstance(said, Sentence):
            return cls(gate, str(said), said.phrase, said.facts)
        return cls(gate, said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One campaign's answer to one moment. `reasons` is never empty; `decided_at` is aware UTC.

    `saw` is a small summary of what was looked at, of JSON values only: no positions, no names. `variant` is the one that the
    shopper gets or would have got, None for a campaign without variants. `held` is the id of the decision that this one follows
    from, where that one was held. `step` is which of the campaign's follow-ups it is about, 0 for the offer itself.
    """

    verdict: ClassVar[Verdict]

    id: str
    campaign: str
    campaign_version: int
    shopper: str | None
    event: ZoneEvent
    decided_at: datetime
    reasons: tuple[Reason, ...]
    saw: Mapping[str, Any]
    variant: str | None = None
    held: str | None = None
    step: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed(Decision):
    """The campaign won the moment and nothing stood against it: what the treated and the control group have in common.

    `offer_id` is the same whatever woke the campaign in this visit: a visit gives one offer of a campaign. `channels` are those that
    the shopper allows and can be reached by, in the campaign's order; never empty. `cost` is what it costs the shop, 0 where nothing is given. `site` (the zone itself where it is in none) and
    `day` (ISO, by the shop's clock) are where and when it counts as issued.
    """

    offer_id: str
    group: str | None
    channels: tuple[str, ...]
    site: str
    day: str
    one_a_visit: bool
    cost: float = 0.0

    def as_sent(self) -> SentOffer:
        """How later decisions see this offer."""
        return SentOffer(
            campaign=self.campaign,
            at=self.decided_at,
            visit=self.event.visit,
            zone=self.event.zone,
            device=self.event.device,
            entered_at=self.event.entered_at,
            exited_at=self.event.at if self.event.kind == "exited" else None,
            group=self.group,
            channel=self.channels[0],
            site=self.site,
            on=on(self.event),
            happened_at=self.event.at,
            one_a_visit=self.one_a_visit,
            held_out=self.verdict == "hold_out",
            step=self.step,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Send(Exposed):
    """Speak. `receipt_s`: how long, in seconds, one channel waits to be answered before the next; None: as the house has it."""

    verdict: ClassVar[Verdict] = "send"

    offer: Offer
    text: OfferText
    expires_at: datetime
    receipt_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOut(Exposed):
    """Would have spoken, and stays silent because the shopper is in the control group: of the campaign, or of all."""

    verdict: ClassVar[Verdict] = "hold_out"

    control: Control


@dataclass(frozen=True, slots=True, kw_only=True)
class Withhold(Decision):
    """Stay silent, for these reasons."""

    verdict: ClassVar[Verdict] = "withhold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(Decision):
    """Wait, and look at everything again at `due_at` (aware UTC): only the hour stands against it. `since` it waits already."""

    verdict: ClassVar[Verdict] = "hold"

    since: datetime
    due_at: datetime


def on(event: ZoneEvent) -> str:
    """What woke a campaign, as a text: `entered`, `exited`, `dwelled 300`."""
    return f"dwelled {event.dwelled_s:g}" if event.kind == "dwelled" else event.kind
