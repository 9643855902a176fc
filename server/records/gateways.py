"""The gateways that are kept: store machines that hear for one anchor each, what they last said, what they are to hear.

In: heartbeats. Out: gateways, what presence needs to know of them, and the list of ids that are ours (a gateway forgets all others on
the spot). How each is, in words, is gateway_health.py. Verbs take an open connection and never commit.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.presence.ears import Word
from server.records import keys
from server.records.refusal import NotFound, Taken
from server.records.rows import by_id, page
from server.records.shops import Shops, anchors_of, only
from server.records.tables import GatewayRow, Table

_gateways = Table.metadata.tables["gateways"]
_anchors = Table.metadata.tables["anchors"]
_devices = Table.metadata.tables["devices"]


@dataclass(frozen=True, slots=True)
class Words:
    """By anchor what its gateway said since it was last asked, and the anchors of all gateways that ever spoke."""

    new: dict[str, Word]
    anchors: frozenset[str]
    newest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Ours:
    """What gateways keep of all that they hear, each sorted: lower-case UUIDs, `<company hex4>:<16 bytes hex>`, namespaces."""

    ibeacon_uuids: tuple[str, ...] = ()
    altbeacon_ids: tuple[str, ...] = ()
    eddystone_namespaces: tuple[str, ...] = ()
    eddystone_eid: bool = False


async def listed(
    connection: AsyncConnection, *, shops: Shops = None, after: str = "", limit: int = 100
) -> list[GatewayRow]:
    """Gateways by id, from behind `after`."""
    return await page(connection, GatewayRow, after, limit, *only(_gateways.c.anchor_id, shops, anchors_of))


async def find(connection: AsyncConnection, gateway: str) -> GatewayRow:
    """One gateway by its id. Raises NotFound."""
    return await by_id(connection, GatewayRow, gateway, "gateway")


async def add(connection: AsyncConnection, gateway: str, name: str, anchor: str, now: datetime) -> GatewayRow:
    """A new gateway that hears for an anchor. Raises NotFound for an unknown anchor, Taken where id or anchor has a gateway."""
    if await connection.scalar(sa.select(_gateways.c.id).where(_gateways.c.id == gateway)):
        raise Taken(f"there is a gateway {gateway} already")
    if not await connection.scalar(sa.select(_anchors.c.id).where(_anchors.c.id == anchor)):
        raise NotFound(f"there is no anchor {anchor}")
    other = await connection.scalar(sa.select(_gateways.c.id).where(_gateways.c.anchor_id == anchor))
    if other:
        raise Taken(f"gateway {other} hears for anchor {anchor} already: remove it first")
    row = GatewayRow(id=gateway, name=name, anchor_id=anchor, created_at=now)
    await connection.execute(sa.insert(_gateways).values(**row.model_dump()))
    return row


async def rename(connection: AsyncConnection, gateway: str, name: str) -> GatewayRow:
    """Gives a gateway another name. Raises NotFound."""
    await connection.execute(sa.update(_gateways).where(_gateways.c.id == gateway).values(name=name))
    return await find(connection, gateway)


async def remove(connection: AsyncConnection, gateway: str, now: datetime) -> None:
    """Forgets a gateway and ends its tokens; its anchor stays, for the machine that takes its place. Raises NotFound."""
    await find(connection, gateway)
    await keys.revoke_of(connection, gateway, now)
    await connection.execute(sa.delete(_gateways).where(_gateways.c.id == gateway))


async def heard_from(
    connection: AsyncConnection, gateway: str, heartbeat: dict[str, Any], now: datetime
) -> None:
    """Keeps what a gateway says of itself; only the newest is kept. Raises NotFound."""
    kept = await connection.execute(
        sa.update(_gateways).where(_gateways.c.id == gateway).values(heartbeat=heartbeat, heartbeat_at=now)
    )
    if not kept.rowcount:
        raise NotFound(f"there is no gateway {gateway}")


async def heartbeats(connection: AsyncConnection) -> dict[str, datetime | None]:
    """When each gateway was last heard from; None for one that never was."""
    found = await connection.execute(sa.select(_gateways.c.id, _gateways.c.heartbeat_at))
    return {row.id: row.heartbeat_at for row in found}


async def words(connection: AsyncConnection, after: datetime | None) -> Words:
    """What gateways said of themselves after a time (None: ever); of each only its newest word is kept."""
    found = await connection.execute(
        sa.select(_gateways.c.anchor_id, _gateways.c.heartbeat_at).where(
            _gateways.c.heartbeat_at.is_not(None)
        )
    )
    spoke = {row.anchor_id: row.heartbeat_at for row in found}
    newest = max(spoke.values(), default=after)
    if not spoke or (after is not None and newest is not None and newest <= after):
        return Words({}, frozenset(spoke), newest)
    asked = sa.select(_gateways.c.anchor_id, _gateways.c.heartbeat, _gateways.c.heartbeat_at)
    asked = asked.where(_gateways.c.heartbeat_at.is_not(None))
    rows = await connection.execute(asked if after is None else asked.where(_gateways.c.heartbeat_at > after))
    new = {row.anchor_id: _word(row.heartbeat, row.heartbeat_at.timestamp()) for row in rows if row.heartbeat}
    return Words(new, frozenset(spoke), newest)


async def ours(connection: AsyncConnection) -> Ours:
    """What gateways are to keep: what devices and fixed beacons send, and rotating ids where any device has a key for them."""
    beacons = [
        *await connection.scalars(sa.select(_devices.c.beacon).where(_devices.c.beacon.is_not(None))),
        *await connection.scalars(sa.select(_anchors.c.beacon).where(_anchors.c.beacon.is_not(None))),
    ]
    rotating = await connection.scalar(
        sa.select(_devices.c.id).where(_devices.c.eid_key.is_not(None)).limit(1)
    )
    return allow_list(beacons, rotating=rotating is not None)


def allow_list(beacons: Iterable[str], *, rotating: bool = False) -> Ours:
    """The list for these id texts: what they have in common, so that it stays short whatever the number of devices."""
    found: dict[str, set[str]] = {
        "ibeacon": set(),
        "altbeacon": set(),
        "eddystone-uid": set(),
        "eddystone-eid": set(),
    }
    for beacon in beacons:
        kind, _, rest = beacon.partition(":")
        first, _, second = rest.partition(":")
        if kind in found:
            # An AltBeacon's 20 bytes begin with 16 that an organisation chooses for itself (AltBeacon specification 1.0).
            found[kind].add(f"{first}:{second[:32]}" if kind == "altbeacon" else first)
    return Ours(
        tuple(sorted(found["ibeacon"])),
        tuple(sorted(found["altbeacon"])),
        tuple(sorted(found["eddystone-uid"])),
        rotating or bool(found["eddystone-eid"]),
    )


def _word(said: dict[str, Any], at: float) -> Word:
    """A heartbeat as presence needs it; its times are turned to our clock, since it was sent when it came."""
    ahead = at - said.get("sent_at", at)
    last_heard, oldest = said.get("last_heard_at"), said.get("spool_oldest_at")
    return Word(
        said_at=at,
        run=said.get("started_at", 0.0),
        started_at=said.get("started_at", at) + ahead,
        hears=said.get("radio") in ("hearing", "silent"),
        restarts=said.get("restarts", 0),
        dropped=said.get("dropped", 0),
        heard_per_s=said.get("heard_per_s", 0.0),
        last_heard_at=None if last_heard is None else last_heard + ahead,
        waits_since=None if oldest is None else oldest + ahead,
    )
