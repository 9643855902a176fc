"""Today's figures beside those of the same weekday a week ago, in words.

In: the lines of `/v1/reports/so-far`. Out: HTML of a row of figures.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape
from typing import Any, Final

from babel import dates

from server.web.console.desk import Desk
from server.web.console.languages import later

_NAMES: Final = {
    "visits": later("Visits today"),
    "sent": later("Offers sent"),
    "opened": later("Offers opened"),
    "redeemed": later("Offers redeemed"),
    "revenue": later("Revenue from offers"),
}

#: Of fewer than these a share says nothing: one more of two is no half more.
_FEW: Final = 10


def so_far(desk: Desk, lines: Sequence[Mapping[str, Any]]) -> str:
    """The figures; revenue only where there was some, by currency."""
    if not lines:
        return ""
    today = max(line["day"] for line in lines)
    day_before = min(line["day"] for line in lines)
    now = {(line["figure"], line["currency"]): line["value"] for line in lines if line["day"] == today}
    then = {(line["figure"], line["currency"]): line["value"] for line in lines if line["day"] != today}
    weekday = dates.format_date(date.fromisoformat(day_before), "EEEE", locale=desk.language)
    kinds = dict.fromkeys([*now, *then])
    return "".join(_figure(desk, kind, now.get(kind, 0), then.get(kind, 0), weekday) for kind in kinds)


def _figure(desk: Desk, kind: tuple[str, str | None], now: float, then: float, weekday: str) -> str:
    figure, currency = kind
    value = desk.money(now, currency) if currency else desk.number(now)
    before = desk.money(then, currency) if currency else desk.number(then)
    words, tone = beside(desk, now, then, before, weekday)
    return (
        f'<div class="figure"><div class="name">{escape(desk.say(_NAMES[figure]))}</div>'
        f'<div class="value">{escape(value)}</div><div class="small {tone}">{escape(words)}</div></div>'
    )


def beside(desk: Desk, now: float, then: float, before: str, weekday: str) -> tuple[str, str]:
    """What to say of a figure and how to colour it; `before` is how `then` is written."""
    if not then:
        return desk.say("none last {weekday} by now", weekday=weekday), "soft"
    if then < _FEW:
        return desk.say("{before} last {weekday} by now", before=before, weekday=weekday), "soft"
    share = abs(now - then) / then
    if round(share, 2) == 0:
        return desk.say("as many as last {weekday} by now", weekday=weekday), "soft"
    percent = desk.percent(share)
    if now > then:
        return desk.say("{percent} more than last {weekday} by now", percent=percent, weekday=weekday), "good"
    return desk.say("{percent} less than last {weekday} by now", percent=percent, weekday=weekday), "soft"
