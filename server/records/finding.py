"""Whose is this? One shopper by something that they told us or hold in their hands. All of it or nothing: no part of a name finds anybody.

In: a loyalty number, our id, a device's id or beacon, a tester's id or code, an address. Out: the one shopper whose it is. Each look is by an
index. Verbs take an open connection and never commit.
"""

from collections.abc import Iterator
from typing import Final, get_args

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records import shoppers
from server.records.devices import AddressKind
from server.records.refusal import NotFound
from server.records.tables import ShopperRow, Table
from server.records.testers import hashed

_shoppers, _devices, _addresses, _testers = (
    Table.metadata.tables[name] for name in ("shoppers", "devices", "addresses", "testers")
)

#: Named, so that the index over kind and value is of use.
_KINDS: Final = get_args(AddressKind)
#: A chat may be called by somebody else's e-mail address: who gets the e-mail comes first.
_BY_KIND: Final = sa.case({kind: place for place, kind in enumerate(_KINDS)}, value=_addresses.c.kind)


async def find(connection: AsyncConnection, sought: str) -> ShopperRow:
    """The shopper whose this is; where it is two shoppers', the first by the order of `_ways`. Raises NotFound."""
    for way in _ways(sought):
        shopper = await connection.scalar(way.limit(1))
        if shopper is not None:
            return await shoppers.find(connection, str(shopper))
    raise NotFound("nobody is known by this")


def _ways(sought: str) -> Iterator[sa.Select[tuple[str]]]:
    """The shop's own name comes first, as everywhere. An e-mail address is also looked for in small letters: people write it as they like."""
    yield sa.select(_shoppers.c.id).where(_shoppers.c.own_id == sought)
    yield sa.select(_shoppers.c.id).where(_shoppers.c.id == sought)
    yield sa.select(_devices.c.shopper_id).where(_devices.c.id == sought)
    yield sa.select(_devices.c.shopper_id).where(_devices.c.beacon == sought.lower())
    yield sa.select(_testers.c.shopper_id).where(_testers.c.id == sought)
    yield sa.select(_testers.c.shopper_id).where(_testers.c.code_hash == hashed(sought))
    written = {sought, sought.lower()} if "@" in sought else {sought, sought.replace(" ", "")}
    yield (
        sa.select(_addresses.c.shopper_id)
        .where(_addresses.c.kind.in_(_KINDS), _addresses.c.value.in_(sorted(written)))
        .order_by(_addresses.c.dead_at.is_not(None), _BY_KIND, _addresses.c.value)
    )
