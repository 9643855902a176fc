"""Dry runs over HTTP: who would have got what of a draft in the last days, before it goes live.

In: a campaign that is kept, and how many days. Out: counts by verdict and by reason, and the first offers. Nothing is sent.
"""

import asyncio
from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from server.campaigns.decision import Send
from server.campaigns.dry_run import Rehearsed
from server.campaigns.explaining import said_in
from server.campaigns.gate_names import gate_name
from server.campaigns.reading import read_campaign
from server.records import campaigns
from server.records.database import Database
from server.rehearsing import dry_run
from server.web.clock import Clock, utc_now
from server.web.fields import CampaignPath, Given
from server.web.guard import Guard


class DryRunGiven(Given):
    days: int = Field(7, ge=1, le=31)
    show: int = Field(100, ge=0, le=1000, description="how many of the offers are listed")
    language: Literal["en", "it"] = Field("en", description="of the reasons")


class WouldSend(BaseModel):
    shopper: str | None
    at: datetime
    zone: str
    variant: str | None
    title: str

    @classmethod
    def of(cls, send: Send) -> "WouldSend":
        return cls(
            shopper=send.shopper,
            at=send.decided_at,
            zone=send.event.zone,
            variant=send.variant,
            title=send.text.title,
        )


class WithheldWhy(BaseModel):
    """How often a gate or condition spoke, with one of its sentences."""

    gate: str
    name: str = Field(description="the gate's, as people call it")
    times: int
    example: str


class DryRun(BaseModel):
    """`verdicts` counts decisions; one that was held counts again when it was looked at again."""

    visits: int
    verdicts: dict[str, int]
    shoppers: int = Field(description="how many would have got at least one offer")
    spent: float
    by_day: dict[str, int] = Field(description="offers by the shop's day")
    withheld: list[WithheldWhy]
    offers: list[WouldSend]

    @classmethod
    def of(cls, done: Rehearsed, language: str) -> "DryRun":
        return cls(
            visits=done.visits,
            verdicts=dict(done.verdicts),
            shoppers=done.shoppers,
            spent=round(done.spent, 2),
            by_day=dict(sorted(done.by_day.items())),
            withheld=[
                WithheldWhy(
                    gate=gate,
                    name=gate_name(gate, language),
                    times=times,
                    example=said_in(done.examples[gate], language),
                )
                for gate, times in done.reasons.most_common()
            ],
            offers=[WouldSend.of(send) for send in done.sends],
        )


def dry_run_routes(
    database: Database, guard: Guard, clock: Clock = utc_now, global_hold_out: float = 0.0
) -> APIRouter:
    router = APIRouter(tags=["campaigns"])
    turn = asyncio.Lock()  # it takes a processor for seconds: one at a time leaves the other to the path

    @router.post("/v1/campaigns/{campaign}/dry-run", responses={404: {}}, dependencies=[guard.marketer])
    async def rehearse(campaign: CampaignPath, body: DryRunGiven) -> DryRun:
        """Plays the visits of the last days through a campaign, with its caps simulated. Nothing is sent."""
        async with database.reading() as connection:
            kept = read_campaign((await campaigns.find(connection, campaign)).campaign)
        async with turn:
            done = await dry_run(
                database,
                kept,
                clock(),
                body.days,
                global_hold_out=global_hold_out,
                most_shown=body.show,
            )
        return DryRun.of(done, body.language)

    return router
