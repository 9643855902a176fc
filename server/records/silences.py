"""Silences, counted: how often each campaign spoke, and which gates kept it silent. It shows a mis-set campaign at a glance.

In: days by the clocks of the shops, perhaps a campaign. Out: lines of counts. Nobody is named in them. What retention has deleted is not
counted any more. Verbs take an open connection and never commit.
"""

from collections import Counter
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.reports import Days, by_clock, clocks_of_zones, during
from server.records.shops import Shops, only
from server.records.tables import Table

_decisions = Table.metadata.tables["decisions"]


class Silence(NamedTuple):
    """What a campaign's decisions were: their verdict, and the gate that spoke; without a gate all of that verdict."""

    campaign: str
    verdict: str
    gate: str | None


async def silences(
    connection: AsyncConnection, days: Days, *, campaign: str | None = None, shops: Shops = None
) -> dict[Silence, int]:
    """How many decisions there were, by campaign and verdict; and of those that did not send how many by gate, the most first.

    A decision that several gates withheld counts at each of them, and once in all.
    """
    found: Counter[Silence] = Counter()
    columns = _decisions.c
    keys = (columns.campaign_id, columns.verdict)
    each = reasons_of(connection)
    gate = gate_in(connection, each)
    for stretch, there in by_clock(await clocks_of_zones(connection), days, columns.zone_id):
        where = [*during(columns.decided_at, stretch), *there, *only(columns.zone_id, shops)]
        if campaign is not None:
            where.append(columns.campaign_id == campaign)
        all_of_them = sa.select(*keys, sa.func.count().label("decisions")).where(*where).group_by(*keys)
        for row in await connection.execute(all_of_them):
            found[Silence(row.campaign_id, row.verdict, None)] += row.decisions
        by_gate = (
            sa.select(*keys, gate.label("gate"), sa.func.count(columns.id.distinct()).label("decisions"))
            .select_from(_decisions.join(each, sa.true()))
            .where(*where, columns.verdict != "send")
            .group_by(*keys, gate)
        )
        for row in await connection.execute(by_gate):
            found[Silence(row.campaign_id, row.verdict, row.gate)] += row.decisions
    return dict(
        sorted(
            found.items(), key=lambda item: (item[0].campaign, item[0].verdict, -item[1], item[0].gate or "")
        )
    )


def reasons_of(connection: AsyncConnection) -> sa.TableValuedAlias:
    """The reasons of a decision, a row each."""
    function = "json_each" if connection.dialect.name == "sqlite" else "json_array_elements"
    unfolded: sa.TableValuedAlias = getattr(sa.func, function)(_decisions.c.reasons).table_valued(
        sa.column("value", sa.JSON()), joins_implicitly=True
    )
    return unfolded


def gate_in(connection: AsyncConnection, reason: sa.TableValuedAlias) -> sa.ColumnElement[Any]:
    """Which gate gave a reason."""
    value = reason.c.value
    if connection.dialect.name == "sqlite":
        return sa.func.json_extract(value, "$.gate", type_=sa.String())
    return sa.func.json_extract_path_text(value, "gate", type_=sa.String())
