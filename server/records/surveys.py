"""The site surveys that are kept: each version of each floor plan, of which at most one is in use.

In: a survey as a value of the zones room, who made it of what, and its figures. Out: the same. A survey begins as a draft and is
never changed. `use` puts one in the place of another, which retires and is kept; `revert` goes back to the version before that
was in use, or to none. Verbs take an open connection and never commit; after `use` and `revert` the catalogue's zones
have changed, as with the floor plan itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias, cast

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.naming import fresh_id
from server.records.refusal import NotFound, Taken
from server.records.shops import Shops, only, plans_of
from server.records.tables import SurveyRow, Table
from server.zones.survey import Spot, Strength, Survey

_surveys = Table.metadata.tables["surveys"]
_plans = Table.metadata.tables["floor_plans"]

State: TypeAlias = Literal["draft", "in use", "retired"]

#: So many are named where a beginning is that of several.
_FEW = 5

#: A large floor has a thousand spots and a hundred anchors: lists do without them.
_WITHOUT_SPOTS = [column for column in _surveys.columns if column.name != "spots"]


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a survey but for its spots."""

    id: str
    plan: str
    version: int
    made_at: datetime
    made_by: str
    source: str
    state: State
    used_at: datetime | None
    figures: Mapping[str, Any]


async def listed(
    connection: AsyncConnection,
    *,
    plan: str | None = None,
    shops: Shops = None,
    after: str = "",
    limit: int = 100,
) -> list[Kept]:
    """Surveys by id, from behind `after`; of one plan, or of all."""
    asked = sa.select(*_WITHOUT_SPOTS).where(_surveys.c.id > after).order_by(_surveys.c.id).limit(limit)
    asked = asked.where(*only(_surveys.c.plan_id, shops, plans_of))
    if plan is not None:
        asked = asked.where(_surveys.c.plan_id == plan)
    return [_kept(row) for row in await connection.execute(asked)]


async def find(connection: AsyncConnection, survey: str) -> Kept:
    """One survey by its id. Raises NotFound."""
    asked = sa.select(*_WITHOUT_SPOTS).where(_surveys.c.id == survey)
    row = (await connection.execute(asked)).one_or_none()
    if row is None:
        raise NotFound(f"there is no survey {survey}")
    return _kept(row)


async def named(connection: AsyncConnection, word: str) -> str:
    """The id that a person means: the whole of it, or how it begins, with or without `sv_`, where one alone begins so.

    Where none does it is the word itself, which names no survey. Raises Taken where several do.
    """
    begins = _surveys.c.id.startswith
    asked = sa.select(_surveys.c.id).where(
        sa.or_(begins(word, autoescape=True), begins(f"sv_{word}", autoescape=True))
    )
    found: list[str] = list(await connection.scalars(asked.order_by(_surveys.c.id).limit(_FEW)))
    if word in found or not found or not word:
        return word
    if len(found) > 1:
        raise Taken(f"more than one survey begins with {word}: {', '.join(found)}")
    return found[0]


async def read(connection: AsyncConnection, survey: str) -> Survey:
    """What one survey learned, spot by spot. Raises NotFound."""
    row = (
        await connection.execute(
            sa.select(_surveys.c.plan_id, _surveys.c.spots).where(_surveys.c.id == survey)
        )
    ).one_or_none()
    if row is None:
        raise NotFound(f"there is no survey {survey}")
    return _read(row.plan_id, row.spots)


async def in_use(connection: AsyncConnection) -> dict[str, Survey]:
    """The surveys that count, by the ids of their plans: to be compiled."""
    rows = await connection.execute(
        sa.select(_surveys.c.plan_id, _surveys.c.spots).where(_surveys.c.state == "in use")
    )
    return {row.plan_id: _read(row.plan_id, row.spots) for row in rows}


async def used_on(connection: AsyncConnection, plan: str) -> tuple[Kept, Survey] | None:
    """The survey of a plan that counts; None where distances do."""
    found = await connection.execute(
        sa.select(_surveys).where(_surveys.c.plan_id == plan, _surveys.c.state == "in use")
    )
    row = found.one_or_none()
    return None if row is None else (_kept(row), _read(plan, row.spots))


async def add(
    connection: AsyncConnection,
    survey: Survey,
    figures: Mapping[str, Any],
    *,
    made_by: str,
    source: str,
    now: datetime,
) -> Kept:
    """Keeps a survey as the next version of its plan, as a draft. Raises NotFound where there is no such plan."""
    await _lock_plan(connection, survey.plan)
    newest = await connection.scalar(
        sa.select(sa.func.max(_surveys.c.version)).where(_surveys.c.plan_id == survey.plan)
    )
    row = SurveyRow(
        id=fresh_id("sv"),
        plan_id=survey.plan,
        version=(newest or 0) + 1,
        made_at=now,
        made_by=made_by,
        source=source,
        state="draft",
        spots=[_written(spot) for spot in survey.spots],
        figures=dict(figures),
    )
    await connection.execute(sa.insert(_surveys).values(**row.model_dump()))
    return await find(connection, row.id)


async def use(connection: AsyncConnection, survey: str, now: datetime) -> Kept:
    """Puts a survey to use in the place of any other of its plan. Raises NotFound."""
    plan = (await find(connection, survey)).plan
    await _lock_plan(connection, plan)
    if (await find(connection, survey)).state != "in use":
        await _retire(connection, plan)
        await _put_to_use(connection, survey, now)
    return await find(connection, survey)


async def revert(connection: AsyncConnection, plan: str, now: datetime) -> Kept | None:
    """Goes back to the version before that was in use, and gives it; None where there is none and plain path loss counts again.

    Raises NotFound where no survey of the plan is in use.
    """
    await _lock_plan(connection, plan)
    current = await connection.scalar(
        sa.select(_surveys.c.version).where(_surveys.c.plan_id == plan, _surveys.c.state == "in use")
    )
    if current is None:
        raise NotFound(f"no survey of floor plan {plan} is in use")
    await _retire(connection, plan)
    before = await connection.scalar(
        sa.select(_surveys.c.id)
        .where(_surveys.c.plan_id == plan, _surveys.c.version < current, _surveys.c.used_at.is_not(None))
        .order_by(_surveys.c.version.desc())
        .limit(1)
    )
    if before is None:
        return None
    await _put_to_use(connection, before, now)
    return await find(connection, before)


async def _lock_plan(connection: AsyncConnection, plan: str) -> None:
    """Who else would change the plan's surveys waits for the end of the transaction (SQLite has one writer anyway)."""
    found = await connection.scalar(sa.select(_plans.c.id).where(_plans.c.id == plan).with_for_update())
    if found is None:
        raise NotFound(f"there is no floor plan {plan}")


async def _retire(connection: AsyncConnection, plan: str) -> None:
    await connection.execute(
        sa.update(_surveys)
        .where(_surveys.c.plan_id == plan, _surveys.c.state == "in use")
        .values(state="retired")
    )


async def _put_to_use(connection: AsyncConnection, survey: str, now: datetime) -> None:
    await connection.execute(
        sa.update(_surveys).where(_surveys.c.id == survey).values(state="in use", used_at=now)
    )


def _kept(row: sa.Row[Any]) -> Kept:
    return Kept(
        id=row.id,
        plan=row.plan_id,
        version=row.version,
        made_at=row.made_at,
        made_by=row.made_by,
        source=row.source,
        state=cast("State", row.state),
        used_at=row.used_at,
        figures=row.figures,
    )


def _written(spot: Spot) -> dict[str, Any]:
    """A spot as JSON, to the centimetre and the hundredth of a dB: more is noise, and a large floor has a hundred thousand."""
    return {
        "x_m": round(spot.x_m, 2),
        "y_m": round(spot.y_m, 2),
        "seconds": spot.seconds,
        "heard": {
            anchor: [round(strength.mean_dbm, 2), round(strength.sd_db, 2), strength.packets]
            for anchor, strength in spot.heard.items()
        },
    }


def _read(plan: str, spots: list[dict[str, Any]]) -> Survey:
    return Survey(
        plan,
        tuple(
            Spot(
                spot["x_m"],
                spot["y_m"],
                spot["seconds"],
                {anchor: Strength(*strength) for anchor, strength in spot["heard"].items()},
            )
            for spot in spots
        ),
    )
