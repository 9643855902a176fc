"""All campaigns at a glance: their state, where they speak, what they say, how they went lately; and what can be done with each.

In: a desk. Out: the page.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from nicegui import ui

from server.web.console.campaign_editor import ask
from server.web.console.campaign_rules import WAKES
from server.web.console.campaign_state import STATES, state_tag
from server.web.console.desk import Desk
from server.web.console.fields import icon_button, quoted

_COUNTED: Final = ("sent", "opened", "redeemed")


async def draw_list(desk: Desk) -> None:
    """The page; it says what to do first where there is nothing yet."""
    campaigns, zones, funnel = await asyncio.gather(
        desk.api.all("/v1/campaigns", "campaigns"),
        desk.api.all("/v1/zones", "features"),
        desk.api.get("/v1/reports/funnel"),
    )
    if not campaigns:
        _nothing_yet(desk, has_zones=bool(zones))
        return
    names = {each["properties"]["id"]: each["properties"]["name"] for each in zones}
    _List(desk, campaigns, names, _went(funnel["lines"])).draw()


def _nothing_yet(desk: Desk, *, has_zones: bool) -> None:
    may = desk.may("owner", "marketer")
    with ui.element("div").classes("empty"):
        ui.icon("campaign").props("aria-hidden=true")
        ui.label(desk.say("There is no campaign yet.")).classes("lead")
        if not has_zones:
            ui.label(desk.say("First make a zone: the place where shoppers are spoken to.")).classes("soft")
            ui.link(desk.say("Make a zone"), "/zones").classes("act")
        elif may:
            ui.label(desk.say("Say what shoppers read when they come into one of your zones.")).classes(
                "soft"
            )
            ui.link(desk.say("New campaign"), "/campaigns/new").classes("act")
        else:
            ui.label(desk.say("An owner or a marketer can write one.")).classes("soft")


def _went(lines: Sequence[Mapping[str, Any]]) -> dict[str, Counter[str]]:
    """What became of each campaign's offers in the days of the report."""
    went: dict[str, Counter[str]] = defaultdict(Counter)
    for line in lines:
        went[line["campaign"]].update({name: line[name] for name in _COUNTED})
    return went


class _List:
    def __init__(
        self,
        desk: Desk,
        campaigns: list[dict[str, Any]],
        zones: Mapping[str, str],
        went: Mapping[str, Counter[str]],
    ) -> None:
        self.desk = desk
        self.campaigns = campaigns
        self.zones = zones
        self.went = went
        self.state: str | None = None
        self.sought = ""

    def draw(self) -> None:
        desk = self.desk
        with ui.element("div").classes("row-of"):
            self._filters = (
                ui.element("div")
                .classes("row-of")
                .props(f"role=group aria-label={quoted(desk.say('State'))}")
            )
            search = ui.input(placeholder=desk.say("Search"), on_change=lambda event: self._seek(event.value))
            search.props(f"outlined dense clearable debounce=200 aria-label={quoted(desk.say('Search'))}")
            ui.element("div").classes("gap")
            ui.link(desk.say("Calendar"), "/campaigns/calendar").classes("quiet link-button")
            ui.link(desk.say("Coupons"), "/campaigns/coupons").classes("quiet link-button")
            if desk.may("owner", "marketer"):
                ui.link(desk.say("New campaign"), "/campaigns/new").classes("act")
        self._place = ui.element("div").classes("campaigns")
        self._fill()

    def _seek(self, value: str | None) -> None:
        self.sought = (value or "").lower()
        self._fill()

    def _choose(self, state: str | None) -> None:
        self.state = state
        self._fill()

    def _fill(self) -> None:
        self._filters.clear()
        counts = Counter(each["state"] for each in self.campaigns)
        with self._filters:
            self._filter(None, self.desk.say("All states"), len(self.campaigns))
            for state, (name, _, _) in STATES.items():
                if counts[state]:
                    self._filter(state, self.desk.say(name), counts[state])
        shown = [each for each in self.campaigns if self._fits(each)]
        order = list(STATES)
        shown.sort(
            key=lambda each: (
                order.index(each["state"]) if each["state"] != "live" else -1,
                each["name"].lower(),
            )
        )
        self._place.clear()
        with self._place:
            for each in shown:
                self._row(each)
            if not shown:
                ui.label(self.desk.say("No campaign fits.")).classes("soft")

    def _filter(self, state: str | None, name: str, count: int) -> None:
        button = ui.button(f"{name} {self.desk.number(count)}", on_click=lambda: self._choose(state))
        pressed = state == self.state
        button.props(
            f"no-caps dense {'unelevated' if pressed else 'outline'} aria-pressed={str(pressed).lower()}"
        )
        button.classes("pill")

    def _fits(self, campaign: Mapping[str, Any]) -> bool:
        texts = [
            campaign["id"],
            campaign["name"],
            *campaign["offer"]["title"].values(),
            *campaign["offer"]["body"].values(),
        ]
        return self.state in (None, campaign["state"]) and any(self.sought in text.lower() for text in texts)

    def _row(self, campaign: dict[str, Any]) -> None:
        desk = self.desk
        offer = campaign["offer"]
        title = offer["title"].get(desk.language) or offer["title"][offer["default_language"]]
        body = offer["body"].get(desk.language) or offer["body"][offer["default_language"]]
        with ui.element("article").classes("card campaign"):
            with ui.element("div").classes("stack tight what"):
                with ui.element("div").classes("row-of"):
                    ui.link(campaign["name"], f"/campaigns/{campaign['id']}").classes("strong")
                    state_tag(desk, campaign["state"])
                ui.label(self._where(campaign)).classes("small soft")
                ui.label(f"“{title}” {body}").classes("says")
            self._figures(campaign)
            if desk.may("owner", "marketer"):
                with ui.element("div").classes("row-of acts"):
                    self._acts(campaign)

    def _where(self, campaign: Mapping[str, Any]) -> str:
        trigger = campaign["trigger"]
        where = trigger["where"]
        if where.get("zones"):
            place = ", ".join(self.zones.get(zone, zone) for zone in where["zones"])
        elif where.get("site"):
            place = self.zones.get(where["site"], where["site"])
        else:
            place = self.desk.say("all zones of “{group}”", group=where["group"])
        return f"{self.desk.say(WAKES[trigger['on']])} · {place}"

    def _figures(self, campaign: Mapping[str, Any]) -> None:
        desk, went = self.desk, self.went.get(campaign["id"], Counter())
        said = {"sent": desk.say("sent"), "opened": desk.say("opened"), "redeemed": desk.say("used")}
        with (
            ui.element("div")
            .classes("went")
            .props(f"role=group aria-label={quoted(desk.say('In the last 28 days'))}")
        ):
            for name in _COUNTED:
                with ui.element("div").classes("stack tight"):
                    ui.label(desk.number(went[name])).classes("count")
                    ui.label(said[name]).classes("small soft")

    def _acts(self, campaign: dict[str, Any]) -> None:
        desk, state = self.desk, campaign["state"]
        if state == "live":
            icon_button("pause", desk.say("Pause"), lambda: self._turn(campaign, "paused"))
        if state in {"paused", "draft", "scheduled"}:
            icon_button("play_arrow", desk.say("Go live"), lambda: self._go_live(campaign))
        button = ui.button(icon="more_vert").props(f"flat round dense aria-label={quoted(desk.say('More'))}")
        with button, ui.menu():
            ui.menu_item(desk.say("Make a copy"), lambda: self._clone(campaign))
            if state in {"live", "paused", "scheduled"}:
                ui.menu_item(desk.say("End it"), lambda: self._end(campaign))
            if state == "draft":
                ui.menu_item(desk.say("Delete"), lambda: self._delete(campaign))

    async def _turn(self, campaign: dict[str, Any], state: str) -> None:
        desk = self.desk
        async with desk.trying(desk.say(STATES[state][2])):
            # What somebody else changed meanwhile stays: only the state is ours.
            now = await desk.api.get(f"/v1/campaigns/{campaign['id']}")
            await desk.api.put(f"/v1/campaigns/{campaign['id']}", {**now, "state": state})
            campaign.update(now, state=state)
        self._fill()  # last: it takes away the button that this runs in

    def _go_live(self, campaign: dict[str, Any]) -> None:
        desk = self.desk
        self._ask(
            desk.say("Go live with “{name}”?", name=campaign["name"]),
            desk.say("From now on it speaks to shoppers."),
            desk.say("Go live"),
            lambda: self._turn(campaign, "live"),
        )

    def _end(self, campaign: dict[str, Any]) -> None:
        desk = self.desk
        self._ask(
            desk.say("End “{name}” for good?", name=campaign["name"]),
            desk.say("What has ended cannot be started again: to stop it for a while, pause it."),
            desk.say("End it"),
            lambda: self._turn(campaign, "ended"),
        )

    def _delete(self, campaign: dict[str, Any]) -> None:
        desk = self.desk

        async def delete() -> None:
            async with desk.trying(desk.say("Deleted.")):
                await desk.api.delete(f"/v1/campaigns/{campaign['id']}")
                self.campaigns.remove(campaign)
            self._fill()

        self._ask(
            desk.say("Delete “{name}”?", name=campaign["name"]),
            desk.say("The draft has never spoken to anybody. It cannot be brought back."),
            desk.say("Delete"),
            delete,
        )

    async def _clone(self, campaign: dict[str, Any]) -> None:
        async with self.desk.trying():
            made = await self.desk.api.post(f"/v1/campaigns/{campaign['id']}/clone", {})
            ui.navigate.to(f"/campaigns/{made['id']}")

    def _ask(self, title: str, line: str, yes: str, act: Callable[[], Awaitable[Any]]) -> None:
        ask(self.desk, title, [line], yes, act)
