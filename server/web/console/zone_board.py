"""Where a zone lies: drawn on the map or a floor plan, or said by anchors; looked at by the API after each change.

In: a draft, the other zones, plans and anchors. Out: the draft, changed; `told` is called after each change. What the API finds wrong is shown
in words and at the corner that it is about; nothing is kept here.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nicegui import ui

from server.web.console.api import Fault, Refused
from server.web.console.desk import Desk
from server.web.console.shop_map import Feature, ZoneBoard
from server.web.console.zone_draft import Draft, corner_of, corners_read, corners_written
from server.web.console.zone_words import PLACES, wrong

Row = Mapping[str, Any]


@dataclass
class Premises:
    """All that a zone may name: the other zones, floor plans, anchors."""

    features: Sequence[Feature]
    plans: Sequence[Row]
    anchors: Sequence[Row]

    def beside(self, draft: Draft) -> list[Feature]:
        """The other zones that can be seen where this one is drawn."""
        own = draft.properties.get("id")
        others = [each for each in self.features if each["properties"]["id"] != own or draft.is_new]
        return on_plan(others, draft.plan) if draft.place == "plan" else others


async def premises(desk: Desk) -> Premises:
    return Premises(
        (await desk.api.get("/v1/zones"))["features"],
        await desk.api.all("/v1/floor-plans", "floor_plans"),
        await desk.api.all("/v1/anchors", "anchors"),
    )


def on_plan(features: Sequence[Feature], plan: str | None) -> list[Feature]:
    """The zones that are drawn on a plan, with their shapes there as geometries."""
    return [
        {**each, "geometry": each["properties"]["plan"]["shape"]}
        for each in features
        if (each["properties"].get("plan") or {}).get("id") == plan
    ]


async def pictured(desk: Desk, plan: Row) -> dict[str, Any]:
    """A plan with its picture, where it has one: as a data URL, in which nothing can run and which asks nobody."""
    try:
        answer = await desk.api.raw(f"/v1/floor-plans/{plan['id']}/picture")
    except Refused:
        return dict(plan)
    coded = base64.b64encode(answer.content).decode()
    return {**plan, "picture": f"data:{answer.headers['content-type']};base64,{coded}"}


@dataclass
class Workplace:
    """See the module's text."""

    desk: Desk
    draft: Draft
    around: Premises
    told: Callable[[], None]
    board: ZoneBoard | None = None
    looks: int = 0
    _room: ui.element = field(init=False)
    _verdict: ui.element = field(init=False)

    async def draw(self) -> None:
        say = self.desk.say
        options = {place: say(text) for place, text in PLACES.items() if place != "plan" or self.around.plans}
        ui.select(options, label=say("Where it lies"), value=self.draft.place, on_change=self._moved).classes(
            "wide"
        )
        self._room = ui.element("div").classes("stack")
        self._verdict = ui.element("div").classes("stack").props("role=status data-verdict")
        await self._arrange()

    async def _moved(self, event: Any) -> None:
        draft = self.draft
        draft.place, draft.geometry, draft.radius, draft.other = event.value, None, None, None
        if draft.place == "plan" and draft.plan is None:
            draft.plan = self.around.plans[0]["id"]
        await self._arrange()
        await self.look()

    async def _arrange(self) -> None:
        self._room.clear()
        self.board = None
        draft = self.draft
        with self._room:
            if draft.place == "plan":
                await self._on_a_plan()
            elif draft.place == "map":
                self._drawing(None)
            elif draft.place == "anchors":
                self._by_anchors()
            elif draft.place == "disc":
                self._around_one()
            else:
                ui.label(
                    self.desk.say("Whoever is in one of the zones that lie in it is in this one.")
                ).classes("soft")

    # -- drawn

    async def _on_a_plan(self) -> None:
        plans = {plan["id"]: plan for plan in self.around.plans}

        async def other(event: Any) -> None:
            self.draft.plan, self.draft.geometry = event.value, None
            await self._arrange()

        names = {plan["id"]: plan["name"] for plan in self.around.plans}
        ui.select(names, label=self.desk.say("Floor plan"), value=self.draft.plan, on_change=other)
        plan = plans.get(self.draft.plan or "")
        if plan is None:
            return
        self._drawing(await pictured(self.desk, plan))
        if self.board is not None:
            self.board.hang(
                [
                    {"id": each["id"], "name": each["name"], "x": each["x_m"], "y": each["y_m"]}
                    for each in self.around.anchors
                    if each["plan"] == plan["id"] and each["x_m"] is not None
                ]
            )

    def _drawing(self, plan: Row | None) -> None:
        draft = self.draft
        self.board = ZoneBoard(
            self.desk,
            self.around.beside(draft),
            draft.geometry,
            draft.radius,
            tool="polygon" if draft.is_new else None,
            plan=plan,
        )
        self.board.classes("tall").on("drawn", self._drawn)
        self._numbers(flat=plan is not None)

    async def _drawn(self, event: Any) -> None:
        self.draft.geometry, self.draft.radius = event.args["geometry"], event.args["radius"]
        self.draft.other = event.args["other"]
        self._show_numbers()
        self.told()
        await self.look()

    def _numbers(self, *, flat: bool) -> None:
        """The same shape as numbers, for who has no mouse or has measured."""
        say = self.desk.say
        with ui.expansion(say("Type the numbers")).classes("numbers"), ui.element("div").classes("stack"):
            ui.label(
                say("A corner a line: x, y in metres from the lower left corner of the plan.")
                if flat
                else say("A corner a line: latitude, longitude.")
            ).classes("soft small")
            self._corners = ui.textarea(say("Corners")).props("outlined autogrow").classes("mono")
            ui.button(say("Draw these corners"), on_click=self._take_corners).props("outline")
            if not flat:
                with ui.element("div").classes("row-of"):
                    self._lat = ui.number(say("Latitude of the middle"), format="%.7g").props("outlined")
                    self._lon = ui.number(say("Longitude of the middle"), format="%.7g").props("outlined")
                    self._radius = ui.number(say("Radius in metres"), min=1).props("outlined")
                ui.button(say("Draw this circle"), on_click=self._take_circle).props("outline")
        self._show_numbers()

    def _show_numbers(self) -> None:
        draft = self.draft
        self._corners.value = corners_written(draft.geometry, flat=draft.place == "plan")
        if draft.place == "map" and draft.geometry and draft.geometry["type"] == "Point":
            self._lon.value, self._lat.value = draft.geometry["coordinates"]
            self._radius.value = draft.radius

    def _take_corners(self) -> None:
        say = self.desk.say
        try:
            typed = str(self._corners.value or "")
            geometry = corners_read(typed, self.draft.geometry, flat=self.draft.place == "plan")
        except ValueError as error:
            ui.notify(say("Line {line} has to be two numbers.", line=error), type="negative")
            return
        if len(geometry["coordinates"][0]) < 4:
            ui.notify(say("An outline has at least three corners."), type="negative")
        elif self.board is not None:
            self.board.take(geometry, None)

    def _take_circle(self) -> None:
        if None in (self._lat.value, self._lon.value, self._radius.value):
            ui.notify(self.desk.say("A circle needs its middle and its radius."), type="negative")
        elif self.board is not None:
            point = {"type": "Point", "coordinates": [self._lon.value, self._lat.value]}
            self.board.take(point, self._radius.value)

    # -- by radio

    def _by_anchors(self) -> None:
        if not self.around.anchors:
            self._no_anchors()
            return

        async def chosen(event: Any) -> None:
            self.draft.anchors = list(event.value)
            self.told()
            await self.look()

        ui.select(
            self._names(),
            label=self.desk.say("Anchors"),
            value=self.draft.anchors,
            multiple=True,
            on_change=chosen,
        ).props("use-chips").classes("wide")
        ui.label(
            self.desk.say("Somebody is in the zone while one of these hears them better than all others.")
        ).classes("soft small")

    def _around_one(self) -> None:
        if not self.around.anchors:
            self._no_anchors()
            return

        async def changed(_event: Any) -> None:
            self.draft.disc, self.draft.disc_radius = anchor.value, radius.value or 0
            self.told()
            await self.look()

        anchor = ui.select(
            self._names(), label=self.desk.say("Anchor"), value=self.draft.disc, on_change=changed
        ).classes("wide")
        radius = ui.number(
            self.desk.say("Radius in metres"), value=self.draft.disc_radius, min=0.3, on_change=changed
        )

    def _no_anchors(self) -> None:
        ui.label(self.desk.say("There are no anchors yet: enrol a gateway first.")).classes("soft")

    def _names(self) -> dict[str, str]:
        return {each["id"]: each["name"] for each in self.around.anchors}

    # -- looked at

    async def look(self) -> None:
        """Lets the API look at the draft as it is, and shows what it says."""
        self.looks += 1
        mine = self.looks
        if not self.draft.is_placed:
            self.show(None)
            return
        feature = self.draft.feature()
        path = f"/v1/zones/{feature['properties']['id']}"
        try:
            answer = await self.desk.api.put(path, feature, do="show")
        except Refused as refused:
            if mine == self.looks:
                self.show(refused)
        else:
            if mine == self.looks:
                self.show(None, answer["warnings"])

    def show(self, refused: Refused | None, warnings: Sequence[Row] = ()) -> None:
        """What is wrong, and what is odd; or nothing."""
        self._verdict.clear()
        faults = [] if refused is None else list(refused.faults)
        with self._verdict:
            for text in dict.fromkeys(wrong(self.desk, fault) for fault in faults):
                self._line("error", "bad", text)
            if refused is not None and not faults:
                self._line("error", "bad", refused.detail)
            for each in warnings:
                self._line("warning", "warn", wrong(self.desk, _fault(each)))
        if self.board is not None:
            corners = [corner for fault in faults if (corner := corner_of(fault.place)) is not None]
            self.board.blame(corners)

    def _line(self, icon: str, look: str, text: str) -> None:
        with ui.element("p").classes(f"row-of {look}"):
            ui.icon(icon).props("aria-hidden=true")
            ui.label(text)


def _fault(told: Row) -> Fault:
    return Fault(told["place"], told["reason"])
