"""What names what: a zone its anchors and floor plan, an anchor its site, a campaign its zones, segments and coupons.

In: ids. Out: those that stand for nothing, or a refusal to remove what is still named. Verbs take an open connection.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.database import in_parts
from server.records.refusal import Taken
from server.records.tables import Table

#: How many ids a refusal tells of each kind: enough to act on, short enough to read.
TOLD = 10

Kind = Literal["zones", "anchors", "floor_plans", "segments", "coupons"]


async def unknown(connection: AsyncConnection, kind: Kind, ids: Iterable[str]) -> set[str]:
    """Those of these ids that stand for nothing that is kept."""
    asked = set(ids)
    kept = Table.metadata.tables[kind]
    known: set[str] = set()
    for some in in_parts(asked):
        known |= set(await connection.scalars(sa.select(kept.c.id).where(kept.c.id.in_(some))))
    return asked - known


def refuse_where_named(what: str, naming: Mapping[str, Sequence[str]]) -> None:
    """Raises Taken where anything names the thing, with the first ids of each kind."""
    named = [
        f"{kind}{'s' if len(ids) > 1 else ''} {', '.join(ids[:TOLD])}{' and more' if len(ids) > TOLD else ''}"
        for kind, ids in naming.items()
        if ids
    ]
    if named:
        raise Taken(f"{what} is still named by {' and by '.join(named)}: change or remove those first")
