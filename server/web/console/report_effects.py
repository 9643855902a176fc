"""The reports of campaigns, from the API's lines to what is drawn: funnel, lift, revenue. In: lines of /v1/reports. Out: `Told`, or None."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from html import escape
from typing import Any, Final

from server.web.console import report_charts as charts
from server.web.console.api import Refused
from server.web.console.languages import later
from server.web.console.report_room import Asked, Figure, Numbers, Room, Told
from server.web.console.report_tales import lines, short_day

_STAGES: Final = {
    "decided": later("Decided to speak"),
    "sent": later("Offers sent"),
    "shown": later("Seen on the phone"),
    "opened": later("Offers opened"),
    "claimed": later("Codes taken"),
    "redeemed": later("Used at the till"),
}

#: Each asks the database once; who has more campaigns chooses one.
_MOST_COMPARED: Final = 12

#: The narrowest scale of the intervals, in shoppers of 100: less would make chance look large.
_LEAST_SCALE: Final = 5.0


async def funnel(room: Room, asked: Asked) -> Told | None:
    """How far offers came."""
    now = await _stages(room, asked)
    if not now["decided"] and not now["held_out"]:
        return None
    before = await _stages(room, replace(asked, days=asked.days.before)) if asked.compare else Counter()
    desk, say = room.desk, room.desk.say
    names = {stage: say(text) for stage, text in _STAGES.items()}

    def share(stage: str) -> str:
        return desk.percent(now[stage] / now["sent"]) if now["sent"] else ""

    words = say(
        "Of {sent} offers that were sent {opened} were opened and {redeemed} used at the till.",
        sent=desk.number(now["sent"]),
        opened=desk.number(now["opened"]),
        redeemed=desk.number(now["redeemed"]),
    )
    rows = [[names[stage], desk.number(now[stage]), share(stage)] for stage in _STAGES]
    columns = [say("How far they came"), say("Offers"), say("Of those sent")]
    if asked.compare:
        columns.append(say("Days before"))
        for row, stage in zip(rows, _STAGES, strict=True):
            row.append(desk.number(before[stage]))
    rows.append([say("Held out to compare"), desk.number(now["held_out"])])
    if asked.compare:
        rows[-1] += ["", desk.number(before["held_out"])]
    figures = [
        Figure(
            names["sent"],
            desk.number(now["sent"]),
            room.change(now["sent"], before["sent"]) if asked.compare else "",
        ),
        Figure(names["opened"], desk.number(now["opened"]), _of_sent(room, share("opened"))),
        Figure(names["redeemed"], desk.number(now["redeemed"]), _of_sent(room, share("redeemed"))),
    ]
    chart = charts.ladder(room.colours, list(names.values()), [now[stage] for stage in _STAGES], words)
    return Told(words, Numbers(columns, rows), figures, chart, 240)


async def lift(room: Room, asked: Asked) -> Told | None:
    """What campaigns did to who came to the till: each with its interval, over all that is kept."""
    holding_first = sorted(room.campaigns, key=lambda each: each not in room.held_out)
    wanted: list[str | None] = [asked.campaign] if asked.campaign else [None, *holding_first[:_MOST_COMPARED]]
    found = [line for line in await asyncio.gather(*(_lift(room, each) for each in wanted)) if line]
    told = [line for line in found if asked.campaign or line["control"] or line["campaign"] in room.held_out]
    if not told:
        return None
    desk, say = room.desk, room.desk.say
    all_together = say("All campaigns together")
    columns = [
        *(say("Campaign"), say("In words"), say("Spoken to"), say("Of the spoken to came")),
        *(say("Held out"), say("Of the held out came"), say("More of 100"), say("At least"), say("At most")),
    ]
    rows, pictures = [], []
    bounds = (
        abs(line[name]) for line in told for name in ("low_of_100", "high_of_100") if line[name] is not None
    )
    most = max([_LEAST_SCALE, *bounds])
    for line in told:
        name = room.campaign(line["campaign"]) if line["campaign"] else all_together
        middle, low, high = (line[each] for each in ("more_of_100", "low_of_100", "high_of_100"))
        counts = [desk.number(line[each]) for each in ("treated", "treated_came", "control", "control_came")]
        differ = ["" if each is None else desk.number(each, 1) for each in (middle, low, high)]
        rows.append([name, line["words"], *counts, *differ])
        drawn = "" if middle is None else charts.interval(low, middle, high, most, escape(line["words"]))
        pictures.append(_told(name, line["words"], drawn))
    scale = say("none more") if most else ""
    edge = desk.number(most, 1)
    legend = (
        f'<p class="small soft scale"><span>-{edge}</span><span>{escape(scale)}</span><span>+{edge} '
        f"{escape(say('of 100'))}</span></p>"
        if any("svg" in each for each in pictures)
        else ""
    )
    return Told(f"{rows[0][0]}: {rows[0][1]}", Numbers(columns, rows, 2), picture="".join(pictures) + legend)


async def revenue(room: Room, asked: Asked) -> Told | None:
    """What was bought because of campaigns, refunds off: by currency in figures, by campaign in the table."""
    now = await lines(room, "revenue", asked.of_campaign())
    if not now:
        return None
    earlier = replace(asked, days=asked.days.before)
    before = await lines(room, "revenue", earlier.of_campaign()) if asked.compare else []
    desk, say = room.desk, room.desk.say
    net, past = _net(now), _net(before)
    figures = [
        Figure(
            say("Net"),
            _money(room, amount, currency),
            room.change(amount, past[currency]) if asked.compare else "",
        )
        for currency, amount in net.items()
    ]
    orders = sum(line["orders"] for line in now)
    redeemed = sum(line["redeemed"] for line in now)
    figures.append(
        Figure(
            say("Orders"),
            desk.number(orders),
            say("{count} with the offer used", count=desk.number(redeemed)),
        )
    )
    by_campaign: defaultdict[tuple[str, str | None], Counter[str]] = defaultdict(Counter)
    for line in now:
        for name in ("orders", "redeemed", "paid", "refunded", "net"):
            by_campaign[line["campaign"], line["currency"]][name] += line[name]
    order = sorted(by_campaign, key=lambda each: -by_campaign[each]["net"])
    rows = [
        [
            room.campaign(campaign),
            *(desk.number(by_campaign[campaign, currency][name]) for name in ("orders", "redeemed")),
            *(
                _money(room, by_campaign[campaign, currency][name], currency)
                for name in ("paid", "refunded", "net")
            ),
        ]
        for campaign, currency in order
    ]
    columns = [
        *(say("Campaign"), say("Orders"), say("Offer used"), say("Paid"), say("Refunded"), say("Net")),
    ]
    words = f"{figures[0].name}: {figures[0].value}"
    usual = next(iter(net))
    return Told(words, Numbers(columns, rows), figures, _by_day(room, asked, now, usual, words), 240)


def _by_day(room: Room, asked: Asked, now: Any, currency: str | None, words: str) -> dict[str, Any]:
    by_day: Counter[date] = Counter()
    for line in now:
        if line["currency"] == currency:
            by_day[date.fromisoformat(line["day"])] += line["net"]
    days = asked.days.each()
    name = room.desk.say("Net") + (f" ({currency})" if currency else "")
    return charts.bars(
        room.colours,
        [short_day(room, day) for day in days],
        [(name, [round(by_day[day], 2) for day in days])],
        words,
    )


async def _stages(room: Room, asked: Asked) -> Counter[str]:
    total: Counter[str] = Counter()
    for line in await lines(room, "funnel", asked.of_campaign()):
        for stage in (*_STAGES, "held_out"):
            total[stage] += line[stage]
    return total


async def _lift(room: Room, campaign: str | None) -> Mapping[str, Any] | None:
    """None for a campaign that is gone meanwhile."""
    try:
        (line,) = await lines(room, "lift", {"campaign": campaign, "language": room.desk.language})
    except Refused as refused:
        if refused.status == 404:
            return None
        raise
    return line


def _told(name: str, words: str, drawn: str) -> str:
    return (
        f'<div class="lift"><div><strong>{escape(name)}</strong><br>{escape(words)}</div>'
        f"{drawn or '<span></span>'}</div>"
    )


def _of_sent(room: Room, share: str) -> str:
    return room.desk.say("{share} of those sent", share=share) if share else ""


def _net(found: Any) -> Counter[str | None]:
    """The currency of most orders first."""
    orders: Counter[str | None] = Counter()
    net: Counter[str | None] = Counter()
    for line in found:
        orders[line["currency"]] += line["orders"]
        net[line["currency"]] += line["net"]
    return Counter({currency: net[currency] for currency, _ in orders.most_common()})


def _money(room: Room, amount: float, currency: str | None) -> str:
    return room.desk.money(amount, currency) if currency else room.desk.number(amount, 2)
