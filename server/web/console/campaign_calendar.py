"""What runs when: the days of a month by campaigns, and where two would meet: the same zone in the same hours.

In: campaigns' documents and a month. Out: for each campaign its days; the collisions; the page that draws them. A campaign's days are
what its `starts_at`, its `ends_at` and its schedules leave; days are the shop's.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import combinations
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel import dates
from nicegui import ui

from server.web.console.campaign_state import state_tag
from server.web.console.desk import Desk
from server.web.console.fields import quoted

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES: Final = 24 * 60
Minutes = frozenset[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Runs:
    """A campaign's days of a month, each with the stretches (minutes of the day) in which it may speak."""

    campaign: Mapping[str, Any]
    zones: frozenset[str]
    days: Mapping[int, Minutes]


@dataclass(frozen=True, slots=True)
class Collision:
    """Two campaigns that may speak in the same zone at the same time, on the same event."""

    one: str
    other: str
    zones: frozenset[str]
    days: tuple[int, ...]


def runs(campaign: Mapping[str, Any], zones: frozenset[str], first: date, clock: ZoneInfo) -> Runs:
    """On which days of the month that begins with `first` it runs, as far as its document tells."""
    days = {}
    for number in range(1, monthrange(first.year, first.month)[1] + 1):
        day = first.replace(day=number)
        minutes = _of_day(campaign, day, clock)
        if minutes:
            days[number] = minutes
    return Runs(campaign, zones, days)


def collisions(listed: Sequence[Runs]) -> list[Collision]:
    """Who may meet whom. Which of them then speaks is arbitrated: the other is silent."""
    found = []
    for one, other in combinations(listed, 2):
        zones = one.zones & other.zones
        if not zones or one.campaign["trigger"]["on"] != other.campaign["trigger"]["on"]:
            continue
        days = tuple(day for day in one.days if day in other.days and _meet(one.days[day], other.days[day]))
        if days:
            found.append(Collision(one.campaign["id"], other.campaign["id"], zones, days))
    return found


def _meet(one: Minutes, other: Minutes) -> bool:
    return any(start < end_ and start_ < end for start, end in one for start_, end_ in other)


def _of_day(campaign: Mapping[str, Any], day: date, clock: ZoneInfo) -> Minutes:
    begins, over = (
        datetime.combine(day, time(), clock),
        datetime.combine(day + timedelta(days=1), time(), clock),
    )
    starts, ends = (campaign.get(name) for name in ("starts_at", "ends_at"))
    if (starts and datetime.fromisoformat(starts) >= over) or (
        ends and datetime.fromisoformat(ends) <= begins
    ):
        return frozenset()
    minutes: Minutes = frozenset({(0, _DAY_MINUTES)})
    for each in campaign.get("conditions", ()):
        if each.get("kind") == "schedule":
            minutes = _both(minutes, _scheduled(each, day))
    return minutes


def _scheduled(schedule: Mapping[str, Any], day: date) -> Minutes:
    first, last = schedule.get("first_day"), schedule.get("last_day")
    weekdays = schedule.get("weekdays")
    if (first and day.isoformat() < first) or (last and day.isoformat() > last):
        return frozenset()
    if weekdays and _WEEKDAYS[day.weekday()] not in weekdays:
        return frozenset()
    hours = schedule.get("hours")
    if not hours:
        return frozenset({(0, _DAY_MINUTES)})
    return frozenset(_stretch(each) for each in hours)


def _stretch(hours: Mapping[str, str]) -> tuple[int, int]:
    """Up to midnight: what runs on into the next morning belongs to this day all the same."""
    start, end = (int(at[:2]) * 60 + int(at[3:5]) for at in (hours["start"], hours["end"]))
    return (start, end) if end > start else (start, start + _DAY_MINUTES)


def _both(one: Minutes, other: Minutes) -> Minutes:
    met = {(max(a, c), min(b, d)) for a, b in one for c, d in other}
    return frozenset((start, end) for start, end in met if start < end)


def listens_to(where: Mapping[str, Any], zones: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The ids of the zones: those named, those of the group, the shop with all that lies in it."""
    known = [each["properties"] for each in zones]
    if where.get("zones"):
        return frozenset(where["zones"])
    if where.get("group"):
        return frozenset(each["id"] for each in known if where["group"] in each.get("groups", ()))
    within = {str(where.get("site"))}
    for _ in known:
        more = within | {each["id"] for each in known if each.get("parent") in within}
        if more == within:
            break
        within = more
    return frozenset(within)


# -- the page


async def draw_calendar(desk: Desk) -> None:
    """A month: campaigns by days."""
    zones = await desk.api.all("/v1/zones", "features")
    clock = ZoneInfo(next((z for each in zones if (z := each["properties"].get("time_zone"))), "UTC"))
    today = datetime.now(clock).date()
    first = _asked(desk.asked.get("month"), today)
    campaigns = [
        each
        for each in await desk.api.all("/v1/campaigns", "campaigns")
        if each["state"] != "ended" or (each.get("ends_at") or "") >= first.isoformat()
    ]
    listed = [runs(each, listens_to(each["trigger"]["where"], zones), first, clock) for each in campaigns]
    met = collisions([each for each in listed if each.campaign["state"] in {"live", "scheduled"}])
    _turning(desk, first)
    if not campaigns:
        with ui.element("div").classes("empty"):
            ui.label(desk.say("There is no campaign yet.")).classes("lead")
        return
    _grid(desk, listed, met, first, today)
    names = {each["properties"]["id"]: each["properties"]["name"] for each in zones}
    _told(desk, met, {each["id"]: each["name"] for each in campaigns}, names)


def _asked(month: str | None, today: date) -> date:
    try:
        return date.fromisoformat(f"{month}-01") if month else today.replace(day=1)
    except ValueError:
        return today.replace(day=1)


def _turning(desk: Desk, first: date) -> None:
    before = (first - timedelta(days=1)).strftime("%Y-%m")
    after = (first + timedelta(days=32)).strftime("%Y-%m")
    with ui.element("div").classes("row-of"):
        ui.link(desk.say("All campaigns"), "/campaigns").classes("small")
        ui.element("div").classes("gap")
        with ui.element("div").classes("turning"):
            _turn_to("←", desk.say("The month before"), before)
            ui.label(dates.format_date(first, "LLLL y", locale=desk.language)).classes("lead month")
            _turn_to("→", desk.say("The month after"), after)


def _turn_to(arrow: str, label: str, month: str) -> None:
    link = ui.link(arrow, f"/campaigns/calendar?month={month}").classes("quiet link-button")
    link.props(f"aria-label={quoted(label)}")


def _grid(desk: Desk, listed: Sequence[Runs], met: Sequence[Collision], first: date, today: date) -> None:
    last = monthrange(first.year, first.month)[1]
    clashes = {(name, day) for each in met for name in (each.one, each.other) for day in each.days}
    scrolls = ui.element("div").classes("scrolls card")
    scrolls.props(f"tabindex=0 role=region aria-label={quoted(desk.say('Calendar'))}")
    with scrolls, ui.element("table").classes("plain month-grid"):
        with ui.element("thead"), ui.element("tr"):
            with ui.element("th").props("scope=col"):
                ui.label(desk.say("Campaign"))
            for number in range(1, last + 1):
                day = first.replace(day=number)
                head = ui.element("th").props("scope=col").classes("today" if day == today else "")
                with head:
                    ui.label(dates.format_date(day, "EEEEE", locale=desk.language)).classes("small")
                    ui.label(str(number))
        with ui.element("tbody"):
            for each in listed:
                _line(desk, each, clashes, last)


def _line(desk: Desk, each: Runs, clashes: set[tuple[str, int]], last: int) -> None:
    name, state = each.campaign["id"], each.campaign["state"]
    with ui.element("tr"):
        with ui.element("th").props("scope=row"):
            ui.link(each.campaign["name"], f"/campaigns/{name}")
            state_tag(desk, state)
        for number in range(1, last + 1):
            cell = ui.element("td").classes("day")
            if number not in each.days:
                continue
            clash = (name, number) in clashes
            said = desk.say("meets another") if clash else desk.say("runs")
            with cell:
                mark = ui.element("div").classes(f"runs {state}" + (" clash" if clash else ""))
                mark.props(f"role=img aria-label={quoted(said)}")
                if clash:
                    with mark:
                        ui.label("!")


def _told(
    desk: Desk, met: Sequence[Collision], campaigns: Mapping[str, str], zones: Mapping[str, str]
) -> None:
    with ui.element("section").classes("card"):
        ui.html(f"<h2>{desk.say('Where two meet')}</h2>", sanitize=False)
        if not met:
            ui.label(
                desk.say("No two campaigns speak in the same zone at the same time this month.")
            ).classes("soft")
            return
        ui.label(
            desk.say(
                "Where two would speak at once, the one of the higher priority does; the other is silent."
            )
        ).classes("soft")
        with ui.element("ul").classes("reasons"):
            for each in met:
                with ui.element("li"):
                    ui.label(
                        desk.say_many(
                            "“{first}” and “{second}” in {zones}: {count} day",
                            "“{first}” and “{second}” in {zones}: {count} days",
                            len(each.days),
                            first=campaigns[each.one],
                            second=campaigns[each.other],
                            zones=", ".join(sorted(zones.get(zone, zone) for zone in each.zones)),
                        )
                    )
