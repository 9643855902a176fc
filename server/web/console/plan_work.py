"""One floor plan while somebody works on it: its picture, its scale, the anchors that hang on it.

In: a plan as `/v1/floor-plans` shows it, and what lies on it. Out: the plan and its anchors, changed through the API as soon as something is done:
a picture that was chosen, two points whose distance was said, an anchor that was dragged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from nicegui import ui
from nicegui.events import UploadEventArguments

from server.web.console.desk import Desk
from server.web.console.file_choice import file_choice
from server.web.console.shop_map import ShopMap
from server.web.console.zone_board import Premises, on_plan, pictured

#: Two points nearer than this on the plan tell nothing of its scale.
_LEAST_APART_M: Final = 0.1


@dataclass
class PlanWork:
    """See the module's text."""

    desk: Desk
    plan: dict[str, Any]
    around: Premises
    _map: ShopMap = field(init=False)
    _anchors: ui.element = field(init=False)

    @property
    def _path(self) -> str:
        return f"/v1/floor-plans/{self.plan['id']}"

    async def draw_map(self, *, arranges: bool) -> None:
        shown = await pictured(self.desk, self.plan)
        self._map = ShopMap(self.desk, on_plan(self.around.features, self.plan["id"]), plan=shown)
        self._map.classes("tall")
        self._map.on("zone", lambda event: ui.navigate.to(f"/zones/{event.args}"))
        self._hang(arranges=arranges)
        if arranges:
            self._map.on("anchor", self._dragged)
            self._map.on("measured", self._measured)

    # -- the picture below, and the scale

    def draw_picture(self) -> None:
        say = self.desk.say
        ui.html(f"<h2>{say('Picture and scale')}</h2>", sanitize=False)
        ui.label(say("A drawing or photo of the floor as PNG or SVG, cut at the outer walls.")).classes(
            "soft small"
        )
        file_choice(
            say("Choose a picture"),
            ".png,.svg,image/png,image/svg+xml",
            self._uploaded,
            say("It has to be a PNG or SVG of at most 2 MiB."),
        )
        ui.label(
            say(
                "Then click two points whose distance you know, such as the ends of the shop front: the plan grows or shrinks to it."
            )
        ).classes("soft small")
        with ui.element("div").classes("row-of"):
            ui.button(
                say("Set the scale by two points"), icon="straighten", on_click=self._map.measure
            ).props("outline")
            ui.button(say("Take the picture away"), on_click=self._remove_picture).props("flat")

    async def _uploaded(self, event: UploadEventArguments) -> None:
        async with self.desk.trying(self.desk.say("The picture lies under the plan.")):
            content = await event.file.read()
            taken = await self.desk.api.send("PUT", f"{self._path}/picture", content, event.file.content_type)
            bare = not self.plan["walls"] and not on_plan(self.around.features, self.plan["id"])
            if bare:  # nothing lies on it that would be off: the plan takes the picture's form
                height = self.plan["width_m"] * taken["height_px"] / taken["width_px"]
                await self._change(height_m=round(height, 2))
            self._map.lay(await pictured(self.desk, self.plan))

    async def _remove_picture(self) -> None:
        async with self.desk.trying(self.desk.say("The picture is gone.")):
            await self.desk.api.delete(f"{self._path}/picture")
            self._map.lay(self.plan)

    async def _measured(self, event: Any) -> None:
        say, drawn = self.desk.say, float(event.args)
        if drawn < _LEAST_APART_M:
            ui.notify(say("The two points are too near to each other: try again."), type="negative")
            return
        with ui.dialog() as dialog, ui.card().classes("card"):
            ui.label(say("How far are the two points apart?")).classes("lead")
            metres = ui.number(say("Metres"), value=round(drawn, 2), min=0.1).props("outlined autofocus")
            ui.label(say("Walls grow with the plan; zones and anchors stay where their metres say.")).classes(
                "soft small"
            )
            with ui.element("div").classes("row-of"):
                ui.button(say("Set the scale"), on_click=lambda: dialog.submit(metres.value)).props(
                    "unelevated"
                )
                ui.button(say("Leave it"), on_click=lambda: dialog.submit(None)).props("flat")
        if (said := await dialog) and said > 0:
            await self._scale(said / drawn)

    async def _scale(self, factor: float) -> None:
        plan = self.plan
        async with self.desk.trying(self.desk.say("The scale is set.")):
            await self._change(
                width_m=round(plan["width_m"] * factor, 2),
                height_m=round(plan["height_m"] * factor, 2),
                walls=[
                    [[round(x * factor, 3), round(y * factor, 3)] for x, y in wall] for wall in plan["walls"]
                ],
            )
            self._map.lay(await pictured(self.desk, plan))

    async def change(self, **fields: Any) -> None:
        """What was typed of the plan itself."""
        async with self.desk.trying(self.desk.say("Saved.")):
            await self._change(**fields)
            self._map.lay(await pictured(self.desk, self.plan))

    async def _change(self, **fields: Any) -> None:
        wanted = {**self.plan, **fields}
        body = {name: wanted[name] for name in ("name", "site", "width_m", "height_m", "walls")}
        told = await self.desk.api.put(self._path, body)
        self.plan.update(body)
        for warning in told["warnings"]:
            ui.notify(f"{warning['place']}: {warning['reason']}", type="warning", multi_line=True)

    # -- anchors

    def draw_anchors(self) -> None:
        say = self.desk.say
        ui.html(f"<h2>{say('Anchors')}</h2>", sanitize=False)
        ui.label(
            say("Drag each to where it hangs, or choose it and use the arrow keys. It is kept at once.")
        ).classes("soft small")
        self._anchors = ui.element("div").classes("stack")
        self._list()

    def _list(self) -> None:
        say = self.desk.say
        self._anchors.clear()
        with self._anchors:
            if not self.around.anchors:
                ui.label(say("There are no anchors yet: enrol a gateway first.")).classes("soft")
            for anchor in self.around.anchors:
                here = anchor["plan"] == self.plan["id"] and anchor["x_m"] is not None
                if anchor["plan"] is not None and not here:
                    continue
                with ui.element("div").classes("row-of"):
                    ui.icon("sensors").props("aria-hidden=true")
                    ui.label(anchor["name"])
                    ui.element("span").classes("gap")
                    if here:
                        number = self.desk.number
                        ui.label(f"{number(anchor['x_m'], 1)}, {number(anchor['y_m'], 1)} m").classes(
                            "soft small"
                        )
                        continue
                    ui.button(
                        say("Hang it here"), on_click=lambda anchor=anchor: self._hang_new(anchor)
                    ).props("flat dense")

    async def _hang_new(self, anchor: Mapping[str, Any]) -> None:
        await self._place(anchor["id"], self.plan["width_m"] / 2, self.plan["height_m"] / 2)

    async def _dragged(self, event: Any) -> None:
        await self._place(event.args["id"], event.args["x"], event.args["y"])

    async def _place(self, own_id: str, x_m: float, y_m: float) -> None:
        anchor = next(each for each in self.around.anchors if each["id"] == own_id)
        body = {name: value for name, value in anchor.items() if name != "id"}
        body |= {"plan": self.plan["id"], "x_m": round(x_m, 2), "y_m": round(y_m, 2)}
        async with self.desk.trying(self.desk.say("{anchor} hangs there now.", anchor=anchor["name"])):
            await self.desk.api.put(f"/v1/anchors/{own_id}", body)
            self.around.anchors = [
                {**each, **body} if each["id"] == own_id else each for each in self.around.anchors
            ]
        self._hang(arranges=True)
        self._list()

    def _hang(self, *, arranges: bool) -> None:
        self._map.hang(
            [
                {
                    "id": each["id"],
                    "name": each["name"],
                    "x": each["x_m"],
                    "y": each["y_m"],
                    "moves": arranges,
                }
                for each in self.around.anchors
                if each["plan"] == self.plan["id"] and each["x_m"] is not None
            ]
        )
