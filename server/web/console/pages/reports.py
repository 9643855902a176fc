"""Reports: what happened, counted, over days that the reader chooses, each beside the same number of days before."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from nicegui import ui

from server.web import console
from server.web.console import report_effects, report_tales
from server.web.console.desk import Desk
from server.web.console.languages import later
from server.web.console.page import Page
from server.web.console.report_cards import Card, Report
from server.web.console.report_days import CHOICES, USUAL, Days, days_of
from server.web.console.report_room import Asked, Room, colours

_STYLE: Final = Path(console.__file__).parent / "static" / "reports.css"

_NO_VISITS: Final = later(
    "Nobody came in on these days. Choose more days, or look whether gateways and phones are heard."
)
_NO_OFFERS: Final = later(
    "No offer was decided on these days. A campaign that is live speaks by itself when somebody comes."
)

_REPORTS: Final = (
    Report(
        "visits",
        later("Visits"),
        later("Day by day: who came for the first time, who came again."),
        _NO_VISITS,
        report_tales.visits,
        Asked.at_zone,
    ),
    Report(
        "footfall",
        later("Footfall"),
        later("How many come in, by weekday and hour of the shop's clock."),
        _NO_VISITS,
        report_tales.footfall,
        Asked.at_zone,
    ),
    Report(
        "stays",
        later("How long they stay"),
        later("Visits that are over, by their length."),
        _NO_VISITS,
        report_tales.stays,
        Asked.at_zone,
    ),
    Report(
        "flow",
        later("From zone to zone"),
        later("Where people go next within one stay."),
        later(
            "Nobody went from one zone to another on these days. It takes two zones or more within a shop."
        ),
        report_tales.flow,
        Asked.at_zone,
    ),
    Report(
        "funnel",
        later("From offer to till"),
        later("How far the offers of these days came."),
        _NO_OFFERS,
        report_effects.funnel,
        Asked.of_campaign,
    ),
    Report(
        "lift",
        later("What campaigns change"),
        later(
            "Who was spoken to against who was held out, over everything that is kept, whatever days are chosen."
        ),
        later(
            "Nothing to compare yet. Give a campaign a hold-out: a share of shoppers whom it leaves in peace."
        ),
        report_effects.lift,
        lambda asked: {"campaign": asked.campaign},
    ),
    Report(
        "revenue",
        later("Revenue"),
        later("Orders that are put down to offers, refunds off."),
        later(
            "No order was put down to an offer on these days. The till tells of orders; see the API's /v1/purchases."
        ),
        report_effects.revenue,
        Asked.of_campaign,
    ),
)


async def show(desk: Desk) -> None:
    ui.add_css(_STYLE)
    features = [each["properties"] for each in (await desk.api.get("/v1/zones"))["features"]]
    campaigns = await desk.api.all("/v1/campaigns", "campaigns")
    names = {each["id"]: str(each["name"]) for each in campaigns}
    held_out = frozenset(each["id"] for each in campaigns if each.get("hold_out"))
    zones = {each["id"]: each for each in features}
    if not zones:
        _first_a_zone(desk)
        return
    chosen = _Chosen(desk, _today(zones.values()), zones, names)
    chosen.draw()
    place = ui.element("div").classes("reports")

    async def begin() -> None:
        """Once the browser is there: it says which colours it has."""
        room = Room(desk, zones, names, held_out, await colours())
        with place:
            chosen.cards = [Card(room, report) for report in _REPORTS]
        chosen.show_all()

    ui.timer(0.01, begin, once=True)


class _Chosen:
    """The days, zone and campaign that are asked for; what is chosen stands in the address, to be kept and passed on."""

    def __init__(
        self, desk: Desk, today: date, zones: dict[str, dict[str, Any]], campaigns: dict[str, str]
    ) -> None:
        self._desk, self._today, self._zones, self._campaigns = desk, today, zones, campaigns
        asked = desk.asked
        self.choice = asked.get("days", USUAL) if asked.get("days", USUAL) in CHOICES else USUAL
        self.first, self.last = asked.get("first"), asked.get("last")
        self.zone = asked.get("zone") if asked.get("zone") in zones else None
        self.campaign = asked.get("campaign") if asked.get("campaign") in campaigns else None
        self.compare = asked.get("compare", "1") != "0"
        self.cards: list[Card] = []

    def draw(self) -> None:
        say = self._desk.say
        with ui.element("div").classes("report-asked"):
            choices = {name: say(text) for name, text in CHOICES.items()}
            days = ui.toggle(choices, value=self.choice)
            days.props(f'no-caps role=group aria-label="{say("Days")}"')
            with ui.element("div").classes("days") as own:
                span = self._days()
                for name, label, day in (
                    ("first", say("First day"), span.first),
                    ("last", say("Last day"), span.last),
                ):
                    field = ui.input(label, value=day.isoformat())
                    field.props("type=date outlined dense stack-label")
                    field.on_value_change(lambda event, name=name: self._set(name, event.value))
            own.set_visibility(self.choice == "own")
            days.on_value_change(lambda event: own.set_visibility(event.value == "own"))
            days.on_value_change(lambda event: self._set("choice", event.value))
            zones = {"": say("All shops"), **{zone: str(each["name"]) for zone, each in self._in_order()}}
            campaigns = {"": say("All campaigns"), **self._campaigns}
            for name, label, known in (
                ("zone", say("Shop or zone"), zones),
                ("campaign", say("Campaign"), campaigns),
            ):
                chosen = ui.select(known, label=label, value=getattr(self, name) or "").props(
                    "outlined dense"
                )
                chosen.on_value_change(lambda event, name=name: self._set(name, event.value or None))
            compare = ui.switch(say("Compare with the days before"), value=self.compare)
            compare.on_value_change(lambda event: self._set("compare", event.value))
        self._span = ui.label("").classes("soft")

    def _set(self, name: str, value: Any) -> None:
        """No bindings: they would be looked at twice a second for as long as somebody has the page open."""
        setattr(self, name, value)
        self.show_all()

    def show_all(self) -> None:
        """Each report counts by itself: what is quick is there at once."""
        days, desk = self._days(), self._desk
        span = desk.say("{first} to {last}", first=desk.day(days.first), last=desk.day(days.last))
        if self.compare:
            before = days.before
            span += " · " + desk.say(
                "compared with {first} to {last}", first=desk.day(before.first), last=desk.day(before.last)
            )
        self._span.set_text(span)
        ui.navigate.history.replace(f"/reports?{self._address()}")
        asked = Asked(days, self.zone, self.campaign, self.compare)
        for card in self.cards:
            ui.timer(0, lambda card=card: card.show(asked), once=True)

    def _address(self) -> str:
        own = {"first": self.first, "last": self.last} if self.choice == "own" else {}
        said = {"days": self.choice, **own, "zone": self.zone, "campaign": self.campaign}
        return urlencode(
            {name: value for name, value in said.items() if value} | {"compare": int(self.compare)}
        )

    def _days(self) -> Days:
        return days_of(self.choice, self._today, self.first, self.last)

    def _in_order(self) -> list[tuple[str, dict[str, Any]]]:
        """Shops first, then what lies in them."""
        levels = ("site", "zone", "shelf")
        return sorted(
            self._zones.items(),
            key=lambda each: (levels.index(str(each[1]["level"])), str(each[1]["name"]).lower()),
        )


def _today(zones: Iterable[dict[str, Any]]) -> date:
    """By the clock of the first shop that has one."""
    clocks = [each.get("time_zone") for each in zones]
    clock = next((each for each in clocks if each), None)
    return datetime.now(ZoneInfo(clock) if clock else UTC).date()


def _first_a_zone(desk: Desk) -> None:
    with ui.element("div").classes("empty"):
        ui.icon("insights").props("aria-hidden=true")
        ui.label(desk.say("There is nothing to count yet.")).classes("lead")
        ui.label(desk.say("Draw your shop first: visits are counted in zones."))
        ui.link(desk.say("Draw a zone"), "/zones").classes("act")


PAGES = (Page("/reports", later("Reports"), show, menu=70, icon="insights"),)
