"""Where a device is believed to be now, zone by zone: arriving, inside or leaving, how sure, and what would change that.

In: a device, a language. Out: for staff, what records know of its stays that are not over. No position: nobody keeps one.
"""

from datetime import datetime
from typing import Annotated, Final, Literal, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from server.presence.explain import Speech, Standing, standing
from server.presence.visit import Phase
from server.records import shops, stays, zones
from server.records.database import Database
from server.records.evidence import time_zone_of
from server.records.keys import Principal
from server.records.tables import StayRow
from server.web.clock import Clock
from server.web.evidence import Spoken, speech_in
from server.web.fields import Id
from server.web.guard import Guard
from server.zones.zone import Manner

_STATES: Final[dict[Phase, Literal["arriving", "inside", "leaving"]]] = {
    Phase.ARRIVING: "arriving",
    Phase.INSIDE: "inside",
    Phase.LEAVING: "leaving",
}


class StayShown(BaseModel):
    zone: str
    state: Literal["arriving", "inside", "leaving"]
    since: datetime = Field(description="when this state began; inside: when the zone was entered")
    inside: float = Field(
        description="the probability of being in the zone, as it was when last written down"
    )
    heard_at: datetime = Field(
        description="the newest word that spoke for it, as it was when last written down"
    )
    words: str = Field(description="what would change it")

    @classmethod
    def of(cls, row: StayRow, manner: Manner, now: float, speech: Speech) -> Self:
        phase = Phase(row.phase)
        # Who is inside has been since they entered, whatever was doubted in between.
        since = row.entered_at if phase == Phase.INSIDE else row.since_at
        stay = Standing(row.zone_id, phase, since.timestamp(), row.inside)
        return cls(
            zone=row.zone_id,
            state=_STATES[phase],
            since=since,
            inside=row.inside,
            heard_at=row.heard_at,
            words=standing(stay, now, manner, speech),
        )


class PresenceShown(BaseModel):
    device: str
    stays: list[StayShown]


def add_presence(router: APIRouter, database: Database, guard: Guard, clock: Clock) -> None:
    """`/v1/devices/{device}/presence`."""

    @router.get("/v1/devices/{device}/presence", responses={404: {}})
    async def get_presence(
        device: Id, caller: Annotated[Principal, guard.reader], language: Spoken = "en"
    ) -> PresenceShown:
        """The zones that a device is in, comes to or leaves, and what it would take to change that."""
        async with database.reading() as connection:
            rows = await stays.of_device(connection, device)
            known = {zone.id: zone for zone in await zones.some(connection, [row.zone_id for row in rows])}
            elsewhere = await shops.elsewhere(connection, "zone", known, caller.shops)
            known = {zone: each for zone, each in known.items() if zone not in elsewhere}
            clocks = {zone: await time_zone_of(connection, zone) for zone in known}
        now = clock().timestamp()
        names = {zone.id: zone.name for zone in known.values()}
        shown = [
            StayShown.of(row, known[row.zone_id].manner, now, speech_in(language, clocks[row.zone_id], names))
            for row in rows
            if row.zone_id in known
        ]
        return PresenceShown(device=device, stays=shown)
