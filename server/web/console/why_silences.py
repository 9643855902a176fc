"""Silences by reason: how often each campaign spoke, and what kept it silent; a campaign that is set wrongly is seen at a glance.

In: days, perhaps a campaign and a gate. Out: bars; then the latest decisions behind a bar, each with its sentence and a way to its why.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from html import escape
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from nicegui import ui

from server.web.console.desk import Desk
from server.web.console.shop_names import ShopNames
from server.web.console.why_answer import capital, why_link
from server.web.console.why_words import VERDICT_TAGS, VERDICTS, because, word

#: So many decisions somebody looks through before they choose other days.
_MOST: Final = 50
#: Bars of a campaign: what is rarer is told in the table.
_BARS: Final = 6
#: A campaign that speaks to fewer than one of ten whom it looks at may be meant so, and is worth a look.
_MOSTLY_SILENT: Final = 0.1
#: Fewer decisions say nothing of how a campaign is set.
_ENOUGH: Final = 10
_WEEK: Final = 7


@dataclass(slots=True)
class Told:
    """One campaign's decisions: how many of each verdict, and how many at each gate (by id, with its name)."""

    verdicts: dict[str, int] = field(default_factory=dict)
    gates: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    @property
    def all(self) -> int:
        return sum(self.verdicts.values())

    @property
    def sent(self) -> int:
        return self.verdicts.get("send", 0)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, in the address of the page."""

    first: str
    last: str
    campaign: str | None = None
    gate: str | None = None

    @classmethod
    def of(cls, asked: Mapping[str, str], clock: str | None) -> "Asked":
        today = datetime.now(ZoneInfo(clock or "UTC")).date()
        last = _day(asked.get("last_day"), today)
        first = min(_day(asked.get("first_day"), last - timedelta(days=_WEEK - 1)), last)
        return cls(
            first.isoformat(), last.isoformat(), asked.get("campaign") or None, asked.get("gate") or None
        )

    def link(self, **changed: str | None) -> str:
        wanted = {
            "tab": "silences",
            "first_day": self.first,
            "last_day": self.last,
            "campaign": self.campaign,
            "gate": self.gate,
            **changed,
        }
        return f"/why?{urlencode({name: value for name, value in wanted.items() if value})}"


def _day(given: str | None, usual: date) -> date:
    try:
        read = date.fromisoformat(given or "")
    except ValueError:
        return usual
    return read if 2000 <= read.year < 2200 else usual


async def silences(desk: Desk, names: ShopNames) -> None:
    """Raises Refused."""
    asked = Asked.of(desk.asked, names.clock())
    days = {"first_day": asked.first, "last_day": asked.last}
    _choose_days(desk, asked)
    lines = (await desk.api.get("/v1/reports/silences", **days, language=desk.language))["lines"]
    told = campaigns_of(lines)
    if not told:
        with ui.element("div").classes("empty"):
            ui.icon("hourglass_empty").props("aria-hidden=true")
            ui.label(desk.say("Nothing was decided on these days.")).classes("lead")
            ui.label(desk.say("A live campaign decides when somebody comes into one of its zones."))
        return
    if asked.campaign:
        await _decisions(desk, names, asked)
    with ui.element("div").classes("stack wide-gap"):
        for campaign, counted in sorted(told.items(), key=lambda each: (each[1].sent > 0, -each[1].all)):
            _campaign(desk, names, asked, campaign, counted)
    _save(desk, days)


def campaigns_of(lines: Sequence[Mapping[str, Any]]) -> dict[str, Told]:
    """The report's lines by campaign."""
    told: dict[str, Told] = defaultdict(Told)
    for line in lines:
        one = told[line["campaign"]]
        if line["gate"] is None:
            one.verdicts[line["verdict"]] = line["decisions"]
        elif (
            line["verdict"] != "hold_out" or line["gate"] == "hold_out"
        ):  # a control group lost no arbitration
            one.gates[line["gate"], line["name"]] += line["decisions"]
    return dict(told)


def _choose_days(desk: Desk, asked: Asked) -> None:
    """A plain form, which needs nothing but the browser."""
    kept = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value, quote=True)}">'
        for name, value in (("tab", "silences"), ("campaign", asked.campaign), ("gate", asked.gate))
        if value
    )
    ui.html(
        f"""<form method="get" action="/why" class="row-of days">{kept}
        <label class="field">{escape(desk.say("From day"))}
          <input class="native" type="date" name="first_day" value="{asked.first}" required></label>
        <label class="field">{escape(desk.say("To day"))}
          <input class="native" type="date" name="last_day" value="{asked.last}" required></label>
        <button class="act" type="submit">{escape(desk.say("Show"))}</button></form>""",
        sanitize=False,
    )


def _campaign(desk: Desk, names: ShopNames, asked: Asked, campaign: str, told: Told) -> None:
    with ui.element("section").classes("card"):
        with ui.element("div").classes("row-of"):
            ui.html(f"<h2>{escape(names.campaign(campaign))}</h2>", sanitize=False)
            _judged(desk, told)
            ui.element("div").classes("gap")
            share = desk.say(
                "{sent} sent of {all} decisions", sent=desk.number(told.sent), all=desk.number(told.all)
            )
            ui.label(share).classes("soft")
        rows = [(word(desk, VERDICTS, "send"), told.sent, "good", asked.link(campaign=campaign, gate=None))]
        gates = sorted(told.gates.items(), key=lambda each: -each[1])
        rows += [
            (capital(name), count, "bad", asked.link(campaign=campaign, gate=gate))
            for (gate, name), count in gates[:_BARS]
        ]
        ui.html(
            f'<div class="bars">{"".join(_bar(desk, *row, told.all) for row in rows)}</div>', sanitize=False
        )


def _judged(desk: Desk, told: Told) -> None:
    silent = told.verdicts.get("withhold", 0)
    if told.sent == 0 and silent >= _ENOUGH:
        ui.label(desk.say("Never spoke")).classes("tag bad")
    elif told.all >= _ENOUGH and told.sent < _MOSTLY_SILENT * told.all:
        ui.label(desk.say("Mostly silent")).classes("tag warn")


def _bar(desk: Desk, name: str, count: int, look: str, link: str, most: int) -> str:
    share = 100 * count / max(most, 1)
    return (
        f'<a class="bar-row bar-link" href="{escape(link, quote=True)}"><span>{escape(name)}</span>'
        f'<span class="bar-space"><span class="bar {look if count else "none"}" style="display:block;width:{share:.1f}%"></span></span>'
        f'<span class="bar-count">{escape(desk.number(count))}</span></a>'
    )


async def _decisions(desk: Desk, names: ShopNames, asked: Asked) -> None:
    """The latest behind one bar."""
    since, until = _bounds(asked, names.clock())
    found = await desk.api.get(
        "/v1/decisions",
        campaign=asked.campaign,
        gate=asked.gate,
        verdict=None if asked.gate else "send",
        since=since,
        until=until,
        limit=_MOST,
        language=desk.language,
    )
    decisions = found["decisions"]
    with ui.element("section").classes("card").props("id=latest"):
        with ui.element("div").classes("row-of"):
            title = desk.say("The latest of {campaign}", campaign=names.campaign(asked.campaign))
            ui.html(f"<h2>{escape(title)}</h2>", sanitize=False)
            ui.element("div").classes("gap")
            ui.link(desk.say("All campaigns again"), asked.link(campaign=None, gate=None)).classes(
                "link-button underlined"
            )
        if not decisions:
            ui.label(desk.say("None on these days.")).classes("soft")
            return
        rows = "".join(_row(desk, names, each) for each in decisions)
        ui.html(f'<ul class="lines">{rows}</ul>', sanitize=False)
        if found["next"]:
            ui.label(
                desk.say("These are the latest {count}. Choose fewer days to see others.", count=_MOST)
            ).classes("soft small")


def _bounds(asked: Asked, clock: str | None) -> tuple[str, str]:
    zone = ZoneInfo(clock or "UTC")
    first = datetime.combine(date.fromisoformat(asked.first), datetime.min.time(), zone)
    after = datetime.combine(date.fromisoformat(asked.last) + timedelta(days=1), datetime.min.time(), zone)
    return first.astimezone(UTC).isoformat(), after.astimezone(UTC).isoformat()


def _row(desk: Desk, names: ShopNames, each: Mapping[str, Any]) -> str:
    at = desk.when(each["decided_at"], names.clock(each["zone"]), seconds=True)
    verdict = each["verdict"]
    link = ""
    if each["shopper"]:
        href = escape(why_link(each["shopper"], each["campaign"], each["decided_at"]), quote=True)
        said = escape(desk.say("Why?"))
        told = escape(desk.say("Why? {at}", at=at), quote=True)
        link = f'<a class="link-button underlined" href="{href}" aria-label="{told}">{said}</a>'
    return (
        f'<li><span class="soft">{escape(at)} · {escape(names.zone(each["zone"]))}</span> '
        f'<span class="tag {VERDICT_TAGS.get(verdict, "")}">{escape(word(desk, VERDICTS, verdict))}</span>'
        f'<span class="said">{escape(capital(because(each["reasons"])))}</span>{link}</li>'
    )


def _save(desk: Desk, days: Mapping[str, str]) -> None:
    async def save() -> None:
        async with desk.trying():
            file = await desk.api.raw("/v1/reports/silences", **days, language=desk.language, format="csv")
            ui.download.content(
                file.content, f"silences-{days['first_day']}-{days['last_day']}.csv", "text/csv"
            )

    ui.button(desk.say("Save as CSV"), icon="download", on_click=save).props("outline").classes("start")
