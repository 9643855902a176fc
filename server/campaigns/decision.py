"""What was decided for one campaign at one moment, as a value with its reasons: send or withhold (hold out comes later).

In: nothing; decide.py makes these. Out: rows of the records, and the outbox row of a send. Ids follow from the causes, so
that deciding again gives the same ids, and the records find it done.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

from server.campaigns.moment import SentOffer
from server.campaigns.offer import Offer, OfferText
from server.presence.visit import ZoneEvent

Verdict = Literal["send", "withhold"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Which gate or condition spoke, and what it said in a shop manager's words."""

    gate: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One campaign's answer to one moment. `reasons` is never empty; `decided_at` is aware UTC.

    `saw` is a small summary of what was looked at, of JSON values only: no positions, no names.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Send(Decision):
    """Speak. `offer_id` is the same whatever woke the campaign in this visit: a visit gives one offer of a campaign."""

    verdict: ClassVar[Verdict] = "send"

    offer_id: str
    offer: Offer
    text: OfferText
    expires_at: datetime

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
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Withhold(Decision):
    """Stay silent, for these reasons."""

    verdict: ClassVar[Verdict] = "withhold"
