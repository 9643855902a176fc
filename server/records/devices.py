"""Devices, the end that walks, by what they are known: their own token, a fixed beacon id, or a rotating one.

In: what a phone or the till says of a device, and where a push can reach it. Out: rows; `Identity` is what the doors must
know of each (directory.py).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, get_args

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.database import insert_into
from server.records.naming import fresh_id
from server.records.refusal import Taken
from server.records.rows import by_id
from server.records.tables import AddressRow, DeviceRow, Table
from server.zones.naming import derived_id

Kind = Literal["phone", "fob"]
#: The channel's name, or that and a detail: `fcm_fid` and `fcm_token` are two ways of the channel `fcm`.
AddressKind = Literal["fcm_fid", "fcm_token", "webpush", "email", "sms", "chat"]

_devices = Table.metadata.tables["devices"]
_anchors = Table.metadata.tables["anchors"]
_addresses = Table.metadata.tables["addresses"]


@dataclass(frozen=True, slots=True)
class Rotating:
    """A beacon id that changes every 2^exponent seconds (Eddystone-EID). `epoch`: when the beacon's clock was 0."""

    key: bytes
    exponent: int
    epoch: datetime


class Identity(NamedTuple):
    """By what a device may be heard. All but the ids may be None: a phone that only reports itself has none."""

    device: str
    shopper: str
    beacon: str | None
    eid_key: bytes | None
    eid_exponent: int | None
    eid_epoch: datetime | None


async def register_device(
    connection: AsyncConnection,
    shopper: str,
    kind: Kind,
    now: datetime,
    *,
    device: str | None = None,
    name: str | None = None,
    beacon: str | None = None,
    rotating: Rotating | None = None,
) -> DeviceRow:
    """A new device of a shopper, with the id `device` where that was made before (by `fresh_id("d")`).

    Raises Taken where something else is known by its beacon id or key already.
    """
    row = DeviceRow(
        id=device or fresh_id("d"),
        shopper_id=shopper,
        kind=kind,
        name=name,
        beacon=beacon,
        eid_key=rotating.key if rotating else None,
        eid_exponent=rotating.exponent if rotating else None,
        eid_epoch=rotating.epoch if rotating else None,
        created_at=now,
    )
    if rotating is not None and await _exists(connection, _devices.c.eid_key == rotating.key):
        raise Taken("another device has this EID key already")
    if beacon is not None and await _exists(connection, _anchors.c.beacon == beacon):
        raise Taken(f"an anchor of the shop is known as {beacon}")
    made = await connection.execute(
        insert_into(connection, _devices)
        .values(**row.model_dump())
        .on_conflict_do_nothing(index_elements=["beacon"])
    )
    if not made.rowcount:
        raise Taken(f"another device is known as {beacon}")
    return row


async def find(connection: AsyncConnection, device: str) -> DeviceRow:
    """Raises NotFound."""
    return await by_id(connection, DeviceRow, device, "device")


async def of_shopper(connection: AsyncConnection, shopper: str) -> list[DeviceRow]:
    rows = await connection.execute(
        sa.select(_devices)
        .where(_devices.c.shopper_id == shopper)
        .order_by(_devices.c.created_at, _devices.c.id)
    )
    return [DeviceRow(**row) for row in rows.mappings()]


async def put_address(
    connection: AsyncConnection, device: DeviceRow, kind: AddressKind, value: str, now: datetime
) -> None:
    """Where a channel reaches this device from now on: one place a channel, or one offer would show twice.

    An address belongs to one device: that of an app installed anew moves to the device that says it last, and one that was
    dead lives again when its phone says so.
    """
    of_the_channel = [other for other in get_args(AddressKind) if _channel(other) == _channel(kind)]
    mine = sa.and_(
        _addresses.c.device_id == device.id,
        _addresses.c.dead_at.is_(None),
        _addresses.c.kind.in_(of_the_channel),
    )
    same = sa.and_(_addresses.c.kind == kind, _addresses.c.value == value)
    await connection.execute(
        sa.update(_addresses)
        .where(mine, sa.not_(same))
        .values(dead_at=now, dead_why="the phone has a newer address")
    )
    row = AddressRow(
        id=derived_id("ad", kind, value),
        shopper_id=device.shopper_id,
        device_id=device.id,
        kind=kind,
        value=value,
        created_at=now,
    )
    await connection.execute(
        insert_into(connection, _addresses)
        .values(**row.model_dump())
        .on_conflict_do_update(
            index_elements=["kind", "value"],
            set_={"shopper_id": device.shopper_id, "device_id": device.id, "dead_at": None, "dead_why": None},
        )
    )


def _channel(kind: str) -> str:
    return kind.partition("_")[0]


async def addresses_of(connection: AsyncConnection, device: str) -> list[AddressRow]:
    """Where pushes reach this device, dead addresses too, the newest last."""
    rows = await connection.execute(
        sa.select(_addresses)
        .where(_addresses.c.device_id == device)
        .order_by(_addresses.c.created_at, _addresses.c.id)
    )
    return [AddressRow(**row) for row in rows.mappings()]


async def _exists(connection: AsyncConnection, which: sa.ColumnElement[bool]) -> bool:
    return bool((await connection.execute(sa.select(sa.exists().where(which)))).scalar())
