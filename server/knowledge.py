"""All that staff have defined, compiled for the path: places and campaigns.

In: what records keep. Out: a frozen `Knowledge`, made anew when something changes. Pure but for `load`, which reads.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from server.campaigns import Compiled, Happening, ZoneFacts, compile_campaigns
from server.presence.visit import ZoneEvent
from server.records import anchors, campaigns, coupons, floor_plans, segments, surveys, zones
from server.records.database import Database
from server.zones.atlas import Atlas, compile_atlas
from server.zones.hours import OpeningHours
from server.zones.zone import Zone, lineage


@dataclass(frozen=True, slots=True)
class Hours:
    """The opening hours of a zone as they are in one minute. `holidays`: the dates that have other hours than their weekday."""

    minute: datetime | None = None
    open: bool | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    holidays: frozenset[date] = frozenset()


NO_HOURS = Hours()


@dataclass(frozen=True, slots=True)
class Places:
    """Zones as campaigns see them. `zones` has the closed ones too: history may still name them."""

    zones: dict[str, Zone]
    _hours: dict[str, "Hours"] = field(default_factory=dict, repr=False, compare=False)

    def happening(self, event: ZoneEvent, now: datetime) -> Happening:
        """The event with what its zone is at `now`, and how long presence had to wait to be sure of it."""
        zone = self.zones.get(event.zone) or Zone(
            event.zone, event.zone
        )  # gone since: nobody is there any more
        chain = lineage(zone, self.zones)
        with_hours = next((each for each in chain if each.hours is not None), None)
        manner = zone.manner
        waited = {"entered": manner.enter_after_s, "dwelled": 0.0, "exited": manner.leave_after_s}[event.kind]
        hours = self._hours_at(with_hours, now) if with_hours else NO_HOURS
        facts = ZoneFacts(
            id=zone.id,
            name=zone.name,
            level=zone.level,
            time_zone=_time_zone(chain),
            groups=frozenset(zone.groups),
            ancestors=tuple(each.id for each in reversed(chain[1:])),
            open=hours.open,
            opens_at=hours.opens_at,
            closes_at=hours.closes_at,
            holidays=hours.holidays,
            sensitive=any(each.sensitive for each in chain),
            shop_name=chain[-1].name or None,
        )
        return Happening(event, facts, waited)

    def clock_of(self, zone: str) -> tzinfo:
        """The clock of the shop that a zone is in; UTC where none is known."""
        known = self.zones.get(zone)
        return _time_zone(lineage(known, self.zones)) if known else UTC

    def _hours_at(self, zone: Zone, now: datetime) -> "Hours":
        """Reckoned once a minute: shops open and close on whole minutes, and it costs more than all the rest of a moment."""
        minute = now.replace(second=0, microsecond=0)
        kept = self._hours.get(zone.id)
        if kept is None or kept.minute != minute:
            kept = self._hours[zone.id] = _hours(zone.hours, minute)
        return kept


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Places and campaigns that belong together."""

    atlas: Atlas
    compiled: Compiled
    places: Places

    def listens(self, event: ZoneEvent) -> bool:
        """Whether any campaign wants to know."""
        return bool(self.compiled.listening(event.kind, event.zone, event.dwelled_s))

    def happening(self, event: ZoneEvent, now: datetime) -> Happening:
        """The event with what its zone is at `now`."""
        return self.places.happening(event, now)


async def load(database: Database) -> Knowledge:
    """Reads and compiles everything, from one consistent view."""
    async with database.reading() as connection:
        all_zones = await zones.load(connection)
        all_campaigns = await campaigns.load(connection)
        all_segments = await segments.load(connection)
        all_coupons = await coupons.load(connection, all_campaigns)
        all_anchors = await anchors.load(connection)
        all_plans = await floor_plans.load(connection)
        in_use = await surveys.in_use(connection)
    compiled = compile_campaigns(all_campaigns, all_zones, all_segments, all_coupons)
    # A plan with many anchors and walls takes seconds, in which the doors must go on.
    atlas = await asyncio.to_thread(
        compile_atlas, all_zones, all_anchors, all_plans, compiled.dwells, surveys=in_use
    )
    return Knowledge(atlas, compiled, Places({zone.id: zone for zone in all_zones}))


def _hours(hours: OpeningHours | None, minute: datetime) -> Hours:
    if hours is None:
        return NO_HOURS
    return Hours(
        minute,
        hours.is_open(minute),
        hours.opens_at(minute),
        hours.closes_at(minute),
        frozenset(day for day, _ in hours.exceptions),
    )


def _time_zone(chain: Sequence[Zone]) -> tzinfo:
    named = next((zone.time_zone for zone in chain if zone.time_zone), None)
    return ZoneInfo(named) if named else UTC
