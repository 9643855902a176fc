"""What stands on the page *Now*, and how it keeps up with the shop.

In: a desk; zones, floor plans and anchors as the API shows them. Out: the page's parts, drawn anew at most once a second, and only those of
which something has changed. News only ring a bell: they are put aside as they come (no work each), and looked at when the second is over.
One listener a page, which ends with it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from html import escape
from typing import Any, Final, cast

from nicegui import Client, background_tasks, ui

from server.web.console.api import Refused
from server.web.console.desk import Desk
from server.web.console.floor_view import FloorView
from server.web.console.happenings import CHOICES, MOST, Happenings, Names, Wanted
from server.web.console.shop_map import ShopMap
from server.web.console.so_far import so_far

#: Nobody reads faster.
EACH_S: Final = 1.0
#: Gateways, the day's figures and names: what changes in minutes.
LOOK_EACH_S: Final = 30.0
#: A chain has hundreds of zones: those with most people are shown.
MOST_ZONES: Final = 24

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_MOVES: Final = frozenset({"entered", "exited"})


class NowView:
    """See the module's text."""

    def __init__(
        self,
        desk: Desk,
        features: Sequence[Mapping[str, Any]],
        plans: Sequence[Mapping[str, Any]],
        anchors: Sequence[Mapping[str, Any]],
    ) -> None:
        self._desk = desk
        self._features = features
        self._names = Names()
        self._names.learn_zones(features)
        self._happenings = Happenings(desk.language)
        self._counts: dict[str, int] = {}
        self._wanted: Wanted = "all"
        self._has_news, self._moved_at = False, _LONG_AGO
        self._counted_at = _LONG_AGO
        self._looked_at = 0.0
        self._listener: asyncio.Task[None] | None = None
        self._draw_parts(features, plans, anchors)

    # -- what stands where

    def _draw_parts(
        self,
        features: Sequence[Mapping[str, Any]],
        plans: Sequence[Mapping[str, Any]],
        anchors: Sequence[Mapping[str, Any]],
    ) -> None:
        desk = self._desk
        self._figures = ui.html("", sanitize=False).classes("figures")
        with ui.element("div").classes("wide-and-narrow now"):
            with ui.element("div").classes("stack roomy"):
                self._map = ShopMap(desk, features) if any(each["geometry"] for each in features) else None
                self._floors = [self._floor(plan, features, anchors) for plan in plans]
                self._gateways = ui.html("", sanitize=False)
            with ui.element("div").classes("stack roomy"):
                with ui.element("section").classes("card").props(f'aria-label="{desk.say("People now")}"'):
                    ui.html(f"<h2>{desk.say('People now')}</h2>", sanitize=False)
                    self._people = ui.html("", sanitize=False)
                self._draw_stream()

    def _floor(
        self,
        plan: Mapping[str, Any],
        features: Sequence[Mapping[str, Any]],
        anchors: Sequence[Mapping[str, Any]],
    ) -> FloorView:
        with ui.element("section").classes("card"):
            ui.html(f"<h2>{escape(plan['name'])}</h2>", sanitize=False)
            return FloorView(self._desk, plan, features, anchors)

    def _draw_stream(self) -> None:
        desk = self._desk
        with ui.element("section").classes("card").props(f'aria-label="{desk.say("What happens")}"'):
            with ui.element("div").classes("row-of"):
                ui.html(f"<h2>{desk.say('What happens')}</h2>", sanitize=False)
                ui.element("div").classes("gap")
                self._paused = ui.switch(desk.say("Hold still"))
            choices = {wanted: desk.say(text) for wanted, text in CHOICES.items()}
            ui.toggle(choices, value="all", on_change=self._choose).props("no-caps unelevated").classes(
                "filter"
            )
            self._stream = ui.html("", sanitize=False).classes("happenings")
            self._stream.props(
                f'tabindex=0 role=region aria-label="{desk.say("What happens, the newest first")}"'
            )

    # -- keeping up

    def follow(self, client: Client) -> None:
        """Listens from when a browser has joined until it has gone for good: a page that nobody opened costs nothing."""
        timer = ui.timer(EACH_S, self._draw, active=False)

        def begin() -> None:
            if self._listener is None:
                self._listener = background_tasks.create(self._listen(), name="now: news")
                timer.active = True

        def end() -> None:
            timer.cancel()
            if self._listener is not None:
                self._listener.cancel()

        client.on_connect(begin)
        client.on_delete(end)

    async def _listen(self) -> None:
        async with self._desk.listen() as news:
            with suppress(Refused):
                await self._begin()
            async for each in news:
                if each["zone"] in self._names.zones and self._happenings.hear(each):
                    self._has_news = True
                    if each.get("kind") in _MOVES:
                        self._moved_at = datetime.now(UTC)

    async def _begin(self) -> None:
        """What was before. Asked for once more when the news are heard, so that nothing falls between."""
        asked = {"language": self._desk.language, "limit": MOST}
        lines = (await self._desk.api.get("/v1/reports/lately", **asked))["lines"]
        self._happenings.begin(line for line in lines if line["zone"] in self._names.zones)
        self._has_news, self._moved_at = True, datetime.now(UTC)

    async def open(self) -> None:
        """All as it is when the page is asked for. Raises Refused."""
        await self._look()
        await self._begin()
        await self._tell()

    async def _draw(self) -> None:
        try:
            now = asyncio.get_running_loop().time()
            if now - self._looked_at > LOOK_EACH_S:
                await self._look()
            elif self._counted_at <= self._moved_at:
                await self._count()
            if self._has_news and not self._paused.value:
                await self._tell()
        except Refused as refused:  # a house that is busy is asked again
            if refused.status == 401 and self._listener is not None:
                self._listener.cancel()  # whose session has ended hears nothing more
                ui.navigate.to(f"/login?next={self._desk.path}")

    async def _look(self) -> None:
        """Zones, people, gateways, the day's figures. Raises Refused."""
        self._looked_at = asyncio.get_running_loop().time()
        desk = self._desk
        features = (await desk.api.get("/v1/zones"))["features"]
        if features != self._features:
            self._features = features
            self._names.learn_zones(features)
            if self._map is not None:
                self._map.show(features)
        await self._count()
        self._gateways.set_content(_gateways(desk, await _all_gateways(desk)))
        self._figures.set_content(so_far(desk, (await desk.api.get("/v1/reports/so-far"))["lines"]))

    async def _count(self) -> None:
        lines = (await self._desk.api.get("/v1/reports/present"))["lines"]
        # An answer may be a second old: until one is younger than the last move it is asked for again.
        self._counted_at = datetime.fromisoformat(lines[0]["as_of"]) if lines else datetime.now(UTC)
        counts = {line["zone"]: line["people"] for line in lines}
        if counts == self._counts:
            return
        self._counts = counts
        inside = {zone: people for zone, people in counts.items() if people}
        self._people.set_content(_people(self._desk, lines))
        if self._map is not None:
            self._map.count(inside)
        for floor in self._floors:
            floor.count(inside)

    async def _name_campaigns(self) -> None:
        """Of those that speak; one that was removed keeps its id for a name."""
        names = self._names.campaigns
        for line in self._happenings.newest(self._wanted):
            if line.campaign is not None and line.campaign not in names:
                names[line.campaign] = await _name_of(self._desk, line.campaign)

    # -- the stream

    async def _choose(self, event: Any) -> None:
        self._wanted = cast("Wanted", event.value)
        await self._tell()

    async def _tell(self) -> None:
        self._has_news = False
        await self._name_campaigns()
        lines = self._happenings.newest(self._wanted)
        said = "".join(self._names.line(self._desk, line) for line in lines)
        nothing = (
            f'<p class="soft">{escape(self._desk.say("Nothing yet. What happens is told here at once."))}</p>'
        )
        self._stream.set_content(f"<ol>{said}</ol>" if said else nothing)


async def _name_of(desk: Desk, campaign: str) -> str:
    try:
        return str((await desk.api.get(f"/v1/campaigns/{campaign}"))["name"])
    except Refused:
        return campaign


async def _all_gateways(desk: Desk) -> list[Any]:
    return await desk.api.all("/v1/gateways", "gateways", language=desk.language)


def _people(desk: Desk, lines: Sequence[Mapping[str, Any]]) -> str:
    """Zones as a table, those with most people first."""
    ranked = sorted(lines, key=lambda line: (-line["people"], line["name"].casefold()))
    most = max(1, *(line["people"] for line in ranked), 1)
    rows = "".join(
        f'<tr><th scope="row">{escape(line["name"])}<div class="bar" aria-hidden="true">'
        f'<i style="width:{100 * line["people"] / most:.0f}%"></i></div></th>'
        f'<td class="number">{desk.number(line["people"])}</td></tr>'
        for line in ranked[:MOST_ZONES]
    )
    more = len(ranked) - MOST_ZONES
    rest = desk.say_many("and {count} zone more", "and {count} zones more", more) if more > 0 else ""
    return (
        f'<table class="plain people"><tbody>{rows}</tbody></table><p class="soft small">{escape(rest)}</p>'
    )


def _gateways(desk: Desk, gateways: Sequence[Mapping[str, Any]]) -> str:
    """How many are well, and of the others why."""
    ill = [each for each in gateways if each["health"]["state"] != "well"]
    well = len(gateways) - len(ill)
    if not gateways:
        said, icon = desk.say("No gateway yet: phones alone tell where they are."), "soft"
    elif not ill:
        said, icon = desk.say_many("The gateway is well.", "All {count} gateways are well.", well), "good"
    else:
        said = desk.say(
            "{well} of {all} gateways are well.", well=desk.number(well), all=desk.number(len(gateways))
        )
        icon = "bad"
    lines = "".join(
        f"<li><b>{escape(each['name'])}</b>: {escape('; '.join(each['health']['words']))}</li>"
        for each in ill
    )
    listed = f'<ul class="ill">{lines}</ul>' if ill else ""
    return (
        f'<section class="card"><h2>{escape(desk.say("Gateways"))}</h2><p class="{icon}">{escape(said)}</p>{listed}'
        f'<a href="/gateways">{escape(desk.say("To the gateways"))}</a></section>'
    )
