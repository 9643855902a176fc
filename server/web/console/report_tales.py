"""The reports of places, from the API's lines to what is drawn: footfall, visits, stays, ways. In: lines of /v1/reports. Out: `Told`, or None.

None where nothing happened in these days.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from babel import dates

from server.web.console import report_charts as charts
from server.web.console.languages import later
from server.web.console.report_room import Asked, Figure, Numbers, Room, Told

Lines = Sequence[Mapping[str, Any]]

#: More ways than that cross each other beyond reading; the table has the rest.
_MOST_STREAMS: Final = 24

_LENGTHS: Final = {
    (0, 60): later("under 1 min"),
    (60, 120): later("1 to 2 min"),
    (120, 300): later("2 to 5 min"),
    (300, 600): later("5 to 10 min"),
    (600, 1200): later("10 to 20 min"),
    (1200, 1800): later("20 to 30 min"),
    (1800, 3600): later("30 to 60 min"),
    (3600, 7200): later("1 to 2 h"),
    (7200, None): later("2 h and more"),
}


async def lines(room: Room, report: str, asked: Mapping[str, Any]) -> Lines:
    found: Lines = (await room.desk.api.get(f"/v1/reports/{report}", **asked))["lines"]
    return found


async def footfall(room: Room, asked: Asked) -> Told | None:
    """How many entered in each hour of the week, on an average one of these days."""
    say, number = room.desk.say, room.desk.number
    mean: defaultdict[tuple[int, int], float] = defaultdict(float)
    entered: Counter[tuple[int, int]] = Counter()
    for line in await lines(room, "footfall", asked.at_zone()):
        if room.counts(line["zone"], asked):
            mean[line["weekday"], line["hour"]] += line["mean_entered"]
            entered[line["weekday"], line["hour"]] += line["entered"]
    if not entered:
        return None
    weekdays = _weekdays(room)
    first, last = min(hour for _, hour in mean), max(hour for _, hour in mean)
    first, last = (min(first, 9), max(last, 19))  # a shop's day at least: one cell alone is no map
    hours = range(first, last + 1)
    cells = [
        (column, row, round(mean.get((row + 1, hour), 0.0), 2))
        for row in range(7)
        for column, hour in enumerate(hours)
    ]
    busiest = max(mean, key=lambda at: mean[at])
    words = say(
        "Busiest on {day} from {hour}: {count} come in then on average.",
        day=weekdays[busiest[0] - 1],
        hour=f"{busiest[1]}:00",
        count=number(mean[busiest], 1),
    )
    rows = [
        [weekdays[day - 1], f"{hour}:00", number(entered[day, hour]), number(mean[day, hour], 2)]
        for day, hour in sorted(mean)
    ]
    columns = [say("Weekday"), say("Hour"), say("Came in"), say("On an average day")]
    short = [each[:3] for each in weekdays]
    chart = charts.heat_map(room.colours, [str(hour) for hour in hours], short, cells, words)
    return Told(words, Numbers(columns, rows, 2), chart=chart, height=310)


async def visits(room: Room, asked: Asked) -> Told | None:
    """Visits by day: by whom for the first time, by whom again; and how long they were."""
    now = _by_day(room, asked, await lines(room, "visits", asked.at_zone()))
    earlier = replace(asked, days=asked.days.before)
    before = _by_day(room, asked, await lines(room, "visits", earlier.at_zone())) if asked.compare else {}
    if not now:
        return None
    desk, say = room.desk, room.desk.say
    days = asked.days.each()
    total, past = _sum(now.values()), _sum(before.values())
    known = [_numbers_of(now.get(day.isoformat())) for day in days]
    series = [
        (say("First time"), [each["new"] for each in known]),
        (say("Returning"), [each["returning"] for each in known]),
    ]
    nobodys = [each["visits"] - each["new"] - each["returning"] for each in known]
    if any(nobodys):
        series.append((say("Not known who"), nobodys))
    line = None
    if asked.compare and before:
        then = [_numbers_of(before.get(day.isoformat()))["visits"] for day in earlier.days.each()]
        line = (say("Days before"), then)
    words = desk.say_many("{count} visit", "{count} visits", round(total["visits"]))
    rows = [
        [
            desk.day(day),
            *(desk.number(each[name]) for name in ("visits", "new", "returning")),
            _stay(room, each),
        ]
        for day, each in zip(days, known, strict=True)
        if each["visits"]
    ]
    columns = [say("Day"), say("Visits"), say("First time"), say("Returning"), say("Mean stay")]
    return Told(
        words,
        Numbers(columns, rows),
        _figures(room, asked, total, past),
        charts.bars(room.colours, [short_day(room, day) for day in days], series, words, line=line),
        300,
    )


async def stays(room: Room, asked: Asked) -> Told | None:
    """How many visits were how long."""
    found: Counter[tuple[int, int | None]] = Counter()
    for line in await lines(room, "stays", asked.at_zone()):
        if room.counts(line["zone"], asked):
            found[line["from_s"], line["until_s"]] += line["visits"]
    if not found:
        return None
    desk, say = room.desk, room.desk.say
    known = {**dict.fromkeys(_LENGTHS, 0), **found}
    names = {length: say(_LENGTHS[length]) if length in _LENGTHS else str(length[0]) for length in known}
    total = sum(found.values())
    commonest = max(found, key=lambda length: found[length])
    words = say(
        "Most stay {length}: {share} of {count} visits that are over.",
        length=names[commonest],
        share=desk.percent(found[commonest] / total),
        count=desk.number(total),
    )
    order = sorted(known, key=lambda length: length[0])
    rows = [[names[each], desk.number(known[each]), desk.percent(known[each] / total)] for each in order]
    chart = charts.bars(
        room.colours,
        [names[each] for each in order],
        [(say("Visits"), [known[each] for each in order])],
        words,
    )
    return Told(words, Numbers([say("Stay"), say("Visits"), say("Share")], rows), chart=chart, height=270)


async def flow(room: Room, asked: Asked) -> Told | None:
    """Where people went from which zone, within one stay."""
    ways = [
        (room.zone(line["zone"]), room.zone(line["next_zone"]), int(line["went"]))
        for line in await lines(room, "flow", asked.at_zone())
    ]
    if not ways:
        return None
    desk, say = room.desk, room.desk.say
    begin, end, went = ways[0]
    words = say(
        "The commonest way leads from {begin} to {end}: {count} times.",
        begin=begin,
        end=end,
        count=desk.number(went),
    )
    columns = [say("From zone"), say("Next zone"), say("Times")]
    rows = [[a, b, desk.number(times)] for a, b, times in ways]
    drawn = ways[:_MOST_STREAMS]
    sides = max(len({way[0] for way in drawn}), len({way[1] for way in drawn}))
    chart = charts.streams(room.colours, drawn, words)
    return Told(words, Numbers(columns, rows, 2), chart=chart, height=max(220, 56 * sides))


def _by_day(room: Room, asked: Asked, found: Lines) -> dict[str, dict[str, float]]:
    by_day: defaultdict[str, dict[str, float]] = defaultdict(lambda: _numbers_of(None))
    for line in found:
        if room.counts(line["zone"], asked):
            day = by_day[line["day"]]
            for name in ("visits", "new", "returning", "over"):
                day[name] += line[name]
            day["stayed_s"] += (line["mean_stay_s"] or 0.0) * line["over"]
    return dict(by_day)


def _numbers_of(day: Mapping[str, float] | None) -> dict[str, float]:
    nothing = dict.fromkeys(("visits", "new", "returning", "over", "stayed_s"), 0.0)
    return nothing if day is None else {**nothing, **day}


def _sum(days: Any) -> dict[str, float]:
    total = _numbers_of(None)
    for day in days:
        for name, value in day.items():
            total[name] += value
    return total


def _stay(room: Room, day: Mapping[str, float]) -> str:
    return room.desk.lasting(day["stayed_s"] / day["over"]) if day["over"] else ""


def _figures(room: Room, asked: Asked, total: Mapping[str, float], past: Mapping[str, float]) -> list[Figure]:
    desk, say = room.desk, room.desk.say

    def changed(now: float, before: float) -> str:
        return room.change(now, before) if asked.compare else ""

    stay, earlier = (each["stayed_s"] / each["over"] if each["over"] else 0.0 for each in (total, past))
    known = total["new"] + total["returning"]
    share = say("{share} of known visits", share=desk.percent(total["new"] / known)) if known else ""
    return [
        Figure(say("Visits"), desk.number(total["visits"]), changed(total["visits"], past["visits"])),
        Figure(say("First time"), desk.number(total["new"]), share),
        Figure(
            say("Returning"), desk.number(total["returning"]), changed(total["returning"], past["returning"])
        ),
        Figure(say("Mean stay"), _stay(room, total), changed(stay, earlier) if stay else ""),
    ]


def _weekdays(room: Room) -> list[str]:
    names = dates.get_day_names("wide", context="stand-alone", locale=room.desk.language)
    return [str(names[day]) for day in range(7)]


def short_day(room: Room, day: Any) -> str:
    return str(dates.format_date(day, "d MMM", locale=room.desk.language))
