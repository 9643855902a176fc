"""What happened, counted: the funnel of offers, visits, their lengths, ways between zones, footfall, who came to the till, and money.

In: the days asked for (both included, by the clock of each shop), and what else to look for. Out: lines of counts, in order. Nobody is
named in them. Read from the views, but for ways. What retention has deleted is not counted any more.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.campaigns.lift import Group
from server.records.local_time import DAY_S, HOUR_S, Stretch, day_of, stretches, weekday_of
from server.records.shops import Shops, only
from server.records.tables import Table, UtcTime
from server.zones.zone import LEVELS

_zones = Table.metadata.tables["zones"]
_kept_visits = Table.metadata.tables["visits"]

_STAGES: Final = ("decided", "held_out", "sent", "shown", "opened", "claimed", "redeemed")

#: Which type the columns of the views have that are asked for here; all others are whole numbers.
_TYPES: Final[Mapping[str, sa.types.TypeEngine[Any]]] = {
    **dict.fromkeys(
        ("campaign_id", "variant", "day", "zone_id", "site_id", "currency", "credited_by"), sa.String()
    ),
    **dict.fromkeys(("at", "entered_at"), UtcTime()),
    **dict.fromkeys(("stayed_s", "came_after_s"), sa.Float()),
}


def _view(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(each, _TYPES.get(each, sa.BigInteger())) for each in columns))


_offers = _view(
    "report_offers", "zone_id", "campaign_id", "campaign_version", "variant", "step", "day", "at", *_STAGES
)
_visits = _view("report_visits", "zone_id", "entered_at", "entered_s", "stayed_s", "first_here")
_purchases = _view(
    "report_purchases",
    *("campaign_id", "campaign_version", "variant", "site_id", "currency", "credited_by"),
    *("amount_milli", "refunded_milli", "at", "bought_s"),
)
_exposed = _view("report_exposed", "campaign_id", "variant", "day", "at", "treated", "came_after_s")
_reached = _view("report_reached", "day", "at", "treated", "came_after_s")

#: A day by a shop's clock lies within this of the same day in UTC, wherever the shop is. Times are indexed, days are not.
_MARGIN: Final = timedelta(days=1)

#: Where one kind of stay ends and the next begins, in seconds: from who passes through to who spends the afternoon.
STAY_BOUNDS_S: Final = (60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200)

#: The ways that most took: more than that nobody draws or reads.
MOST_WAYS: Final = 1_000


class Days(NamedTuple):
    """From `first` to `last`, both included, by the clock of each shop."""

    first: date
    last: date


class FunnelLine(NamedTuple):
    """Of the offers of one kind that were decided on one day: how many came how far. `held_out` are not among `decided`."""

    campaign: str
    version: int
    variant: str | None
    step: int
    day: date
    decided: int
    held_out: int
    sent: int
    shown: int
    opened: int
    claimed: int
    redeemed: int


class PlaceDay(NamedTuple):
    zone: str
    day: date


@dataclass(slots=True)
class VisitCounts:
    """`over` have ended, and stayed `stayed_s` altogether, the longest of them `longest_s`. Nobody knows whose the others are."""

    visits: int = 0
    new: int = 0
    returning: int = 0
    over: int = 0
    stayed_s: float = 0.0
    longest_s: float = 0.0


class PlaceHour(NamedTuple):
    """Monday is 1 and Sunday 7; hours are 0 to 23."""

    zone: str
    weekday: int
    hour: int


class StayLength(NamedTuple):
    """Stays of at least `from_s` and less than `until_s` seconds; None: the longest of all."""

    zone: str
    from_s: int
    until_s: int | None


class Way(NamedTuple):
    """From one zone to the next."""

    left: str
    entered: str


class Sold(NamedTuple):
    campaign: str
    version: int | None
    variant: str | None
    day: date
    currency: str | None


@dataclass(slots=True)
class Takings:
    """Thousandths of the currency. `redeemed`: the orders that are credited because the offer was used in them."""

    orders: int = 0
    redeemed: int = 0
    paid_milli: int = 0
    refunded_milli: int = 0


class Compared(NamedTuple):
    """Shoppers by group; `too_early` were exposed so lately that they may still come, `too_early_control` of them in the control group."""

    treated: Group
    control: Group
    too_early: int
    too_early_control: int


async def funnel(
    connection: AsyncConnection, days: Days, *, campaign: str | None = None, shops: Shops = None
) -> list[FunnelLine]:
    """How far offers came, by campaign, version, variant, follow-up and the day of the decision."""
    keys = [_offers.c[name] for name in ("campaign_id", "campaign_version", "variant", "step", "day")]
    asked = (
        sa.select(*keys, *(sa.func.sum(_offers.c[stage]).label(stage) for stage in _STAGES))
        .where(
            *_decided_on(_offers, days),
            *_only(_offers.c.campaign_id, campaign),
            *only(_offers.c.zone_id, shops),
        )
        .group_by(*keys)
    )
    lines = [
        FunnelLine(
            row.campaign_id,
            row.campaign_version,
            row.variant,
            row.step,
            date.fromisoformat(row.day),
            *(int(getattr(row, stage)) for stage in _STAGES),
        )
        for row in await connection.execute(asked)
    ]
    return sorted(
        lines, key=lambda line: (line.day, line.campaign, line.version, line.variant or "", line.step)
    )


async def visits(
    connection: AsyncConnection, days: Days, *, zone: str | None = None, shops: Shops = None
) -> dict[PlaceDay, VisitCounts]:
    """Visits by zone and the day on which they began."""
    found: dict[PlaceDay, VisitCounts] = defaultdict(VisitCounts)
    for stretch, there in by_clock(await clocks_of_zones(connection), days, _visits.c.zone_id):
        number = (_visits.c.entered_s + stretch.ahead_s) // DAY_S
        asked = (
            sa.select(
                _visits.c.zone_id,
                number.label("number"),
                sa.func.count().label("visits"),
                sa.func.sum(_visits.c.first_here).label("new"),
                sa.func.count(_visits.c.first_here).label("known"),
                sa.func.count(_visits.c.stayed_s).label("over"),
                sa.func.sum(_visits.c.stayed_s).label("stayed_s"),
                sa.func.max(_visits.c.stayed_s).label("longest_s"),
            )
            .where(
                *during(_visits.c.entered_at, stretch),
                *there,
                *_only(_visits.c.zone_id, zone),
                *only(_visits.c.zone_id, shops),
            )
            .group_by(_visits.c.zone_id, number)
        )
        for row in await connection.execute(asked):
            counts = found[PlaceDay(row.zone_id, day_of(int(row.number)))]
            counts.visits += row.visits
            counts.new += int(row.new or 0)
            counts.returning += row.known - int(row.new or 0)
            counts.over += row.over
            counts.stayed_s += row.stayed_s or 0.0
            counts.longest_s = max(counts.longest_s, row.longest_s or 0.0)
    return dict(sorted(found.items(), key=lambda item: (item[0].day, item[0].zone)))


async def footfall(
    connection: AsyncConnection, days: Days, *, zone: str | None = None, shops: Shops = None
) -> dict[PlaceHour, int]:
    """How many entered, by zone, weekday and hour."""
    found: Counter[PlaceHour] = Counter()
    for stretch, there in by_clock(await clocks_of_zones(connection), days, _visits.c.zone_id):
        hours = (_visits.c.entered_s + stretch.ahead_s) // HOUR_S
        hour_of_week = hours % (24 * 7)  # the same arithmetic for every week since 1970
        asked = (
            sa.select(_visits.c.zone_id, hour_of_week.label("hour_of_week"), sa.func.count().label("entered"))
            .where(
                *during(_visits.c.entered_at, stretch),
                *there,
                *_only(_visits.c.zone_id, zone),
                *only(_visits.c.zone_id, shops),
            )
            .group_by(_visits.c.zone_id, hour_of_week)
        )
        for row in await connection.execute(asked):
            day, hour = divmod(int(row.hour_of_week), 24)
            found[PlaceHour(row.zone_id, weekday_of(day), hour)] += row.entered
    return dict(sorted(found.items()))


async def stays(
    connection: AsyncConnection, days: Days, *, zone: str | None = None, shops: Shops = None
) -> dict[StayLength, int]:
    """How many visits of these days that are over were how long, by zone; no line where there were none."""
    found: Counter[StayLength] = Counter()
    stayed = _visits.c.stayed_s
    length = sa.case(
        *((stayed < until, number) for number, until in enumerate(STAY_BOUNDS_S)), else_=len(STAY_BOUNDS_S)
    )
    for stretch, there in by_clock(await clocks_of_zones(connection), days, _visits.c.zone_id):
        asked = (
            sa.select(_visits.c.zone_id, length.label("length"), sa.func.count().label("visits"))
            .where(
                *during(_visits.c.entered_at, stretch),
                *there,
                *_only(_visits.c.zone_id, zone),
                *only(_visits.c.zone_id, shops),
                stayed.is_not(None),
            )
            .group_by(_visits.c.zone_id, length)
        )
        for row in await connection.execute(asked):
            begin, end = (0, *STAY_BOUNDS_S)[row.length], (*STAY_BOUNDS_S, None)[row.length]
            found[StayLength(row.zone_id, begin, end)] += row.visits
    return dict(sorted(found.items(), key=lambda item: item[0][:2]))


async def ways(
    connection: AsyncConnection, days: Days, *, zone: str | None = None, shops: Shops = None
) -> dict[Way, int]:
    """How often somebody went from one zone to the next beside it within one stay, the commonest ways first, MOST_WAYS at most.

    One stay is one visit to what both zones lie in: who comes back tomorrow begins anew. `zone` is one of the two, or what they lie in.
    """
    found: Counter[Way] = Counter()
    for stretch, there in by_clock(await clocks_of_zones(connection), days, _kept_visits.c.zone_id):
        steps = _steps(stretch, [*there, *only(_kept_visits.c.zone_id, shops)])
        around = _kept_visits.alias("around")
        in_one_stay = sa.exists().where(
            around.c.device_id == steps.c.device_id,
            around.c.zone_id == steps.c.parent_id,
            around.c.entered_at <= steps.c.then_at,
            around.c.entered_at <= sa.func.coalesce(steps.c.exited_at, steps.c.then_at),
            sa.or_(around.c.exited_at.is_(None), around.c.exited_at >= steps.c.then_at),
        )
        asked = (
            sa.select(steps.c.zone_id, steps.c.then, sa.func.count().label("went"))
            .where(steps.c.then != steps.c.zone_id, in_one_stay)
            .group_by(steps.c.zone_id, steps.c.then)
        )
        if zone is not None:
            asked = asked.where(
                sa.or_(steps.c.zone_id == zone, steps.c.then == zone, steps.c.parent_id == zone)
            )
        for row in await connection.execute(asked):
            found[Way(row.zone_id, row.then)] += row.went
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MOST_WAYS])


def _steps(stretch: Stretch, there: list[sa.ColumnElement[bool]]) -> sa.Subquery:
    """Visits to zones that lie in another, each with the same device's next visit within that other zone."""
    visit = _kept_visits.c
    in_turn: dict[str, Any] = {
        "partition_by": (visit.device_id, _zones.c.parent_id),
        "order_by": (visit.entered_at, visit.id),
    }
    return (
        sa.select(
            visit.zone_id,
            visit.device_id,
            visit.exited_at,
            _zones.c.parent_id,
            sa.func.lead(visit.zone_id).over(**in_turn).label("then"),
            sa.func.lead(visit.entered_at, type_=UtcTime()).over(**in_turn).label("then_at"),
        )
        .join(_zones, _zones.c.id == visit.zone_id)
        .where(*during(visit.entered_at, stretch), *there, _zones.c.parent_id.is_not(None))
        .subquery()
    )


async def revenue(
    connection: AsyncConnection, days: Days, *, campaign: str | None = None, shops: Shops = None
) -> dict[Sold, Takings]:
    """Credited orders by campaign, version, variant, currency and the day of the purchase by the shop's clock."""
    found: dict[Sold, Takings] = defaultdict(Takings)
    keys = [_purchases.c[name] for name in ("campaign_id", "campaign_version", "variant", "currency")]
    for stretch, there in by_clock(await clocks_of_zones(connection), days, _purchases.c.site_id):
        number = (_purchases.c.bought_s + stretch.ahead_s) // DAY_S
        redeemed = sa.case((_purchases.c.credited_by == "redemption", 1), else_=0)
        asked = (
            sa.select(
                *keys,
                number.label("number"),
                sa.func.count().label("orders"),
                sa.func.sum(redeemed).label("redeemed"),
                sa.func.sum(_purchases.c.amount_milli).label("paid"),
                sa.func.sum(_purchases.c.refunded_milli).label("refunded"),
            )
            .where(
                *during(_purchases.c.at, stretch),
                *there,
                *_only(_purchases.c.campaign_id, campaign),
                *only(_purchases.c.site_id, shops),
            )
            .group_by(*keys, number)
        )
        for row in await connection.execute(asked):
            sold = Sold(
                row.campaign_id, row.campaign_version, row.variant, day_of(int(row.number)), row.currency
            )
            takings = found[sold]
            takings.orders += row.orders
            takings.redeemed += int(row.redeemed)
            takings.paid_milli += int(row.paid)
            takings.refunded_milli += int(row.refunded)
    return dict(sorted(found.items(), key=lambda item: (item[0].day, *(str(each or "") for each in item[0]))))


async def compared(
    connection: AsyncConnection,
    campaign: str,
    within: timedelta,
    now: datetime,
    *,
    days: Days | None = None,
    variant: str | None = None,
) -> Compared:
    """Of the shoppers whose first exposure to a campaign was on these days, how many came to a till `within` it, by group."""
    one = [_exposed.c.campaign_id == campaign, *_only(_exposed.c.variant, variant)]
    return await _compared(connection, _exposed, one, within, now, days)


async def compared_for_all(
    connection: AsyncConnection, within: timedelta, now: datetime, *, days: Days | None = None
) -> Compared:
    """The same for all campaigns together: whom campaigns speak to, against those whom none does (the global hold-out).

    Who is in the control group of one campaign alone is spoken to by the others, and so among the treated.
    """
    return await _compared(connection, _reached, [], within, now, days)


async def _compared(
    connection: AsyncConnection,
    view: sa.TableClause,
    which: list[sa.ColumnElement[bool]],
    within: timedelta,
    now: datetime,
    days: Days | None,
) -> Compared:
    """Only those count whose time is over: whoever was exposed an hour ago has had no week to come."""
    came = sa.case((view.c.came_after_s < within.total_seconds(), 1), else_=0)
    is_over = view.c.at <= sa.bindparam("over", now - within, type_=UtcTime())
    over = sa.case((is_over, 1), else_=0)
    asked = (
        sa.select(
            view.c.treated,
            over.label("is_over"),
            sa.func.count().label("exposed"),
            sa.func.sum(came).label("came"),
        )
        .where(*which, *(_decided_on(view, days) if days else ()))
        .group_by(view.c.treated, over)
    )
    rows = list(await connection.execute(asked))
    groups = {row.treated: Group(row.exposed, int(row.came)) for row in rows if row.is_over}
    return Compared(
        treated=groups.get(1, Group(0, 0)),
        control=groups.get(0, Group(0, 0)),
        too_early=sum(row.exposed for row in rows if not row.is_over),
        too_early_control=sum(row.exposed for row in rows if not row.is_over and not row.treated),
    )


def _only(column: sa.ColumnElement[Any], wanted: str | None) -> list[sa.ColumnElement[bool]]:
    return [] if wanted is None else [column == wanted]


def during(column: sa.ColumnElement[Any], stretch: Stretch) -> list[sa.ColumnElement[bool]]:
    """That a time lies in a stretch of a clock."""
    return [column >= stretch.since, column < stretch.until]


def _decided_on(view: sa.TableClause, days: Days) -> list[sa.ColumnElement[bool]]:
    """The view's own day is that of the shop's clock."""
    begin = datetime.combine(days.first, time(), UTC) - _MARGIN
    end = datetime.combine(days.last, time(), UTC) + 2 * _MARGIN
    return [
        view.c.day >= days.first.isoformat(),
        view.c.day <= days.last.isoformat(),
        view.c.at >= begin,
        view.c.at < end,
    ]


async def clocks_of_zones(connection: AsyncConnection) -> dict[str, str]:
    """The time zone of each zone: its own, or that of what it lies in, or UTC."""
    own = _zones.c.feature["properties", "time_zone"].as_string().label("own")
    rows = {row.id: row for row in await connection.execute(sa.select(_zones.c.id, _zones.c.parent_id, own))}

    def clock(zone: str | None) -> str:
        for _ in LEVELS:
            if zone is None or zone not in rows:
                break
            if rows[zone].own:
                return str(rows[zone].own)
            zone = rows[zone].parent_id
        return "UTC"

    return {zone: clock(zone) for zone in rows}


def by_clock(
    clocks: Mapping[str, str], days: Days, zone: sa.ColumnElement[Any]
) -> Iterator[tuple[Stretch, list[sa.ColumnElement[bool]]]]:
    """Each stretch of each clock, with the conditions that `zone` goes by it.

    The clock of most zones also takes what lies in none that we know: a zone that was removed, an order of no shop.
    """
    usual = Counter(clocks.values()).most_common(1)[0][0] if clocks else "UTC"
    others: dict[str, list[str]] = defaultdict(list)
    for each, name in clocks.items():
        if name != usual:
            others[name].append(each)
    elsewhere = [each for zones in others.values() for each in zones]
    here = [sa.or_(zone.is_(None), zone.not_in(elsewhere))] if elsewhere else []
    for stretch in stretches(ZoneInfo(usual), days.first, days.last):
        yield stretch, here
    for name, zones in others.items():
        for stretch in stretches(ZoneInfo(name), days.first, days.last):
            yield stretch, [zone.in_(zones)]
