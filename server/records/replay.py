"""What supposing and rehearsing look at: facts of shoppers as they stand, what was given, visits of the last days. Read only.

In: an open connection for reading. Out: values of the campaigns room. Nothing is locked and nothing is written: these are not decisions.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.campaigns import DeviceFacts, Issued, ShopperFacts
from server.campaigns.dry_run import Cast, PastVisit
from server.campaigns.moment import Spent
from server.records.database import in_parts
from server.records.facts import Asked, Facts, Owner
from server.records.tables import Table

_visits, _devices = Table.metadata.tables["visits"], Table.metadata.tables["devices"]
_issues, _exposures = Table.metadata.tables["issues"], Table.metadata.tables["exposures"]
_addresses = Table.metadata.tables["addresses"]


@dataclass(frozen=True, slots=True)
class OpenVisit:
    """A visit of a shopper that lasts."""

    visit: str
    device: str
    zone: str
    entered_at: datetime


async def open_visits(connection: AsyncConnection, shopper: str) -> list[OpenVisit]:
    """Where a shopper is now, the newest first."""
    columns = (_visits.c.id, _visits.c.device_id, _visits.c.zone_id, _visits.c.entered_at)
    found = await connection.execute(
        sa.select(*columns)
        .where(_visits.c.shopper_id == shopper, _visits.c.exited_at.is_(None))
        .order_by(_visits.c.entered_at.desc(), _visits.c.id)
    )
    return [OpenVisit(row.id, row.device_id, row.zone_id, row.entered_at) for row in found]


async def owner(
    connection: AsyncConnection, shopper: str, asked: Asked, device: str | None = None
) -> Owner | None:
    """A shopper as decisions would see them, by this device or by the phone that they would be reached on; None without any device."""
    of_shopper = sa.select(_devices.c.id, _devices.c.kind).where(_devices.c.shopper_id == shopper)
    rows = (await connection.execute(of_shopper.order_by(_devices.c.kind.desc(), _devices.c.id))).all()
    kinds: dict[str, str] = {row.id: row.kind for row in rows}
    if not kinds:
        return None
    living = sa.select(_addresses.c.device_id).where(
        _addresses.c.shopper_id == shopper, _addresses.c.dead_at.is_(None), _addresses.c.kind.like("fcm%")
    )
    reached = set(await connection.scalars(living))
    chosen = device if device in kinds else next((each for each in kinds if each in reached), str(rows[0].id))
    facts = await connection.run_sync(lambda plain: Facts(plain).shoppers_among([shopper], asked))
    return Owner(DeviceFacts(chosen, kinds[chosen], chosen in reached), facts[shopper])


async def given(
    connection: AsyncConnection, campaigns: Collection[str], day: str, site: str
) -> tuple[dict[str, Issued], dict[str, Spent]]:
    """What these campaigns have given and spent: ever, on this day, on this day at this site; without taking their counters."""
    issued, spent = {}, {}
    for campaign in sorted(campaigns):
        rows = (await connection.execute(sa.select(_issues).where(_issues.c.campaign_id == campaign))).all()
        counted = {(row.day, row.site_id): (row.given, row.spent) for row in rows}
        if not counted:
            counted = await _exposed(connection, campaign)
        ever, today, here = (counted.get(where, (0, 0.0)) for where in (("", ""), (day, ""), (day, site)))
        issued[campaign] = Issued(ever[0], today[0], here[0])
        spent[campaign] = Spent(ever[1], today[1])
    return issued, spent


async def _exposed(connection: AsyncConnection, campaign: str) -> dict[tuple[str, str], tuple[int, float]]:
    """As the counters would be, of a campaign that nobody counted yet."""
    columns = (_exposures.c.day, _exposures.c.site_id)
    asked = sa.select(*columns, sa.func.count().label("given"), sa.func.sum(_exposures.c.cost).label("spent"))
    treated = (_exposures.c.control.is_(None), _exposures.c.step == 0, _exposures.c.campaign_id == campaign)
    counted: dict[tuple[str, str], tuple[int, float]] = {}
    for row in await connection.execute(asked.where(*treated).group_by(*columns)):
        for where in (("", ""), (row.day, ""), (row.day, row.site_id)):
            before = counted.get(where, (0, 0.0))
            counted[where] = (before[0] + row.given, before[1] + row.spent)
    return counted


async def past_visits(
    connection: AsyncConnection, since: datetime | None, until: datetime
) -> list[PastVisit]:
    """Visits that began from `since` on (None: all that are kept) and before `until`, in the order of their beginnings."""
    columns = (
        _visits.c.id,
        _visits.c.shopper_id,
        _visits.c.device_id,
        _visits.c.zone_id,
        _visits.c.entered_at,
        _visits.c.exited_at,
        _visits.c.late,
    )
    asked = sa.select(*columns).where(_visits.c.entered_at < until)
    if since is not None:
        asked = asked.where(_visits.c.entered_at >= since)
    found = await connection.execute(asked.order_by(_visits.c.entered_at, _visits.c.id))
    return [PastVisit(*row) for row in found]


async def cast(
    connection: AsyncConnection, shoppers: Collection[str], asked: Asked, global_hold_out: float
) -> Cast:
    """These shoppers as they are known now, with what they got and redeemed since `asked.since`; and all of their devices."""
    known: dict[str, ShopperFacts] = {}
    for some in in_parts(shoppers):
        known |= await connection.run_sync(
            lambda plain, some=some: Facts(plain).shoppers_among(some, asked)  # type: ignore[misc]
        )
    living = sa.select(_addresses.c.device_id).where(
        _addresses.c.dead_at.is_(None), _addresses.c.kind.like("fcm%")
    )
    reached = set(await connection.scalars(living))
    rows = await connection.execute(sa.select(_devices.c.id, _devices.c.kind, _devices.c.shopper_id))
    devices = {
        row.id: DeviceFacts(row.id, row.kind, row.id in reached) for row in rows if row.shopper_id in known
    }
    return Cast(known, devices, global_hold_out)
