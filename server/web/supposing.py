"""Why this shopper and this campaign: what was decided, from what was stored; and what it would take now, looked at without effect.

In: a shopper (by our id or the shop's own), a campaign, perhaps a time in the past. Out: the last decision until then with its reasons, and
without a time each gate and condition in the order in which it is asked, with what it says.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from server.campaigns.explaining import Look, told_again
from server.campaigns.gate_names import gate_name
from server.records.database import Database
from server.records.keys import Principal
from server.records.refusal import NotFound
from server.records.tables import DecisionRow
from server.supposing import USUAL_MANNERS, Manners, Supposed, why
from server.web.clock import Clock
from server.web.fields import OwnId, Time, Word
from server.web.guard import Guard, about
from server.web.shops import Sight, refuse_named_elsewhere

__all__ = ["USUAL_MANNERS", "Manners", "Spoken", "WhyReason", "add_supposing", "reason_in"]

Spoken = Literal["en", "it"]


class WhyAsked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    shopper: OwnId = Field(description="our id, or the shop's own name for them")
    campaign: Word
    at: Time | None = Field(
        None, description="what was decided last until then; without it, also what would be now"
    )
    language: Spoken = "en"


class WhyReason(BaseModel):
    gate: str = Field(description="which gate or condition spoke")
    name: str = Field(description="what people call it, in the language of the words")
    words: str


class LookShown(BaseModel):
    """One gate or condition: `passes` is null where it was not looked at, because one before it ends the matter."""

    gate: str
    name: str = Field(description="what people call it")
    passes: bool | None
    words: str | None = Field(description="what stands against it; null where nothing does")
    asks: dict[str, Any] | None = Field(
        description="the condition's own document; null for what every campaign must pass"
    )
    passes_at: datetime | None = Field(
        description="when it would pass by itself, where only the hour stands against it"
    )
    tally: str | None = Field(description="how far it has counted, where it counts: 2 of 3 offers this week")

    @classmethod
    def of(cls, look: Look, language: str) -> Self:
        return cls(
            gate=look.gate,
            name=gate_name(look.gate, language),
            passes=look.passes if look.looked else None,
            words=look.words(language),
            asks=dict(look.asks) if look.asks is not None else None,
            passes_at=look.passes_at,
            tally=look.tally.in_language(language) if look.tally else None,
        )


class Decided(BaseModel):
    """A decision as it was stored, with the version of the campaign that made it."""

    id: str
    verdict: str
    campaign_version: int
    event: str
    zone: str
    visit: str
    variant: str | None
    step: int = Field(description="which of the campaign's follow-ups it is about; 0 is the offer itself")
    due_at: datetime | None = Field(description="of a held decision: when everything is looked at again")
    held: str | None = Field(
        description="the held decision, or the waiting step, that this one followed from"
    )
    happened_at: datetime
    decided_at: datetime
    reasons: list[WhyReason]
    looks: list[LookShown] = Field(
        description="what each gate and condition of that version said then, in order; empty where the version is gone"
    )
    saw: dict[str, Any]

    @classmethod
    def of(cls, row: DecisionRow, looks: Sequence[Look], language: str) -> Self:
        return cls(
            id=row.id,
            verdict=row.verdict,
            campaign_version=row.campaign_version,
            event=row.event,
            zone=row.zone_id,
            visit=row.visit_id,
            variant=row.variant,
            step=row.step,
            due_at=row.due_at,
            held=row.held_id,
            happened_at=row.happened_at,
            decided_at=row.decided_at,
            reasons=[reason_in(kept, language) for kept in row.reasons],
            looks=[LookShown.of(look, language) for look in looks],
            saw=row.saw,
        )


class SupposedShown(BaseModel):
    """What would be decided if the shopper did now what the campaign waits for. `there`: they are in that zone now."""

    zone: str
    there: bool
    verdict: str | None = Field(description="null for a campaign that is not live: it decides nothing")
    reasons: list[WhyReason]
    looks: list[LookShown]
    saw: dict[str, Any]

    @classmethod
    def of(cls, now: Supposed, language: str) -> Self:
        made = now.decision
        reasons = made.reasons if made else ()
        return cls(
            zone=now.zone,
            there=now.there,
            verdict=made.verdict if made else None,
            reasons=[
                WhyReason(
                    gate=r.gate,
                    name=gate_name(r.gate, language),
                    words=told_again(r.gate, r.words, r.phrase, r.facts, language),
                )
                for r in reasons
            ],
            looks=[LookShown.of(look, language) for look in now.looks],
            saw=dict(made.saw) if made else {},
        )


class WhyShown(BaseModel):
    shopper: str
    campaign: str
    state: str
    version: int = Field(description="of the campaign as it is now")
    decided: Decided | None = Field(
        description="null: nothing was, no event of theirs woke the campaign until then"
    )
    now: SupposedShown | None = Field(description="null where a time was asked about, or see `nowhere`")
    nowhere: str | None = Field(description="why nothing could be supposed")


def add_supposing(
    router: APIRouter, database: Database, guard: Guard, manners: Manners, clock: Clock
) -> None:
    @router.get("/v1/decisions/why", responses={404: {"description": "There is no such shopper or campaign"}})
    async def explain(
        asked: Annotated[WhyAsked, Query()], caller: Annotated[Principal, guard.reader]
    ) -> WhyShown:
        """Why this shopper did or did not get this campaign, and what it would take now. Nothing is decided or sent."""
        async with database.reading() as connection:
            found = await why(
                connection, asked.shopper, asked.campaign, clock(), at=asked.at, manners=manners
            )
            sight = await Sight.of(connection, caller.shops)
            await refuse_named_elsewhere(connection, caller.shops, [("shopper", found.shopper)])
        about("shopper", found.shopper)
        language = asked.language
        decided = Decided.of(found.decided, found.looks(language), language) if found.decided else None
        now = SupposedShown.of(found.now, language) if found.now else None
        if not sight.shows_campaign(found.campaign.model_dump(mode="json")):
            raise NotFound(f"there is no campaign {asked.campaign} in your shops")
        shown = WhyShown(
            shopper=found.shopper,
            campaign=found.campaign.id,
            state=found.campaign.state,
            version=found.campaign.version,
            decided=decided if decided and sight.shows_zone(decided.zone) else None,
            now=now if now and sight.shows_zone(now.zone) else None,
            nowhere=found.nowhere.in_language(language) if found.nowhere else None,
        )
        return WhyShown.model_validate(sight.of_theirs(shown.model_dump()))


def reason_in(kept: dict[str, Any], language: str) -> WhyReason:
    """A kept reason in this language; those from before facts were kept have their words alone."""
    gate, words = kept["gate"], kept["words"]
    said = told_again(gate, words, kept.get("phrase", ""), kept.get("facts", {}), language)
    return WhyReason(gate=gate, name=gate_name(gate, language), words=said)
