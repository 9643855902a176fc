"""Zones: all of them on the map and as a tree; one of them to draw and describe; a new one."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from nicegui import ui

from server.web.console.api import Refused
from server.web.console.desk import Desk
from server.web.console.languages import later
from server.web.console.page import Page
from server.web.console.shop_map import Feature, ShopMap
from server.web.console.zone_board import Premises, Workplace, on_plan, pictured, premises
from server.web.console.zone_draft import Draft, free_id
from server.web.console.zone_fields import ZoneFields
from server.web.console.zone_files import files
from server.web.console.zone_tree import tree

_ARRANGERS = ("owner", "manager")

#: What was done on the page before, said on the one that it led to.
_DONE = {
    "saved": later("Saved."),
    "deleted": later("Deleted."),
    "imported": later("The zones are as the file has them."),
}


def _say_what_was_done(desk: Desk) -> None:
    if (done := _DONE.get(desk.asked.get("done", ""))) is not None:
        ui.notify(desk.say(done), type="positive")


async def show(desk: Desk) -> None:
    _say_what_was_done(desk)
    around = await premises(desk)
    arranges = desk.may(*_ARRANGERS)
    with ui.element("div").classes("row-of"):
        if arranges:
            ui.link(desk.say("New zone"), "/zones/new/zone").classes("act")
        await files(desk, around.features)
    if not around.features:
        _nothing_yet(desk, arranges=arranges)
        return
    drawn = [each for each in around.features if each["geometry"]]
    with ui.element("div").classes("wide-and-narrow"):
        with ui.element("div").classes("stack"):
            if drawn:
                on_map = ShopMap(desk, drawn).classes("tall")
                on_map.on("zone", lambda event: ui.navigate.to(f"/zones/{event.args}"))
            _plans(desk, around, arranges=arranges)
        with ui.element("section").classes("card"):
            ui.html(
                f"<h2>{desk.say_many('{count} zone', '{count} zones', len(around.features))}</h2>",
                sanitize=False,
            )
            tree(desk, around.features)


def _nothing_yet(desk: Desk, *, arranges: bool) -> None:
    with ui.element("div").classes("empty"):
        ui.icon("fence").props("aria-hidden=true")
        ui.label(desk.say("There are no zones yet.")).classes("lead")
        ui.label(
            desk.say(
                "Begin with the shop itself: draw its outline on the map. Departments and shelves come into it."
            )
        )
        if arranges:
            ui.link(desk.say("Draw the shop"), "/zones/new/zone?level=site").classes("act")


def _plans(desk: Desk, around: Premises, *, arranges: bool) -> None:
    with ui.element("section").classes("card"):
        with ui.element("div").classes("row-of"):
            ui.html(f"<h2>{desk.say('Floor plans')}</h2>", sanitize=False)
            ui.element("span").classes("gap")
            if arranges:
                ui.link(desk.say("New floor plan"), "/zones/new/plan").classes("quiet as-link")
        if not around.plans:
            ui.label(
                desk.say(
                    "With a floor plan, departments are drawn in metres and gateways tell who stands where."
                )
            ).classes("soft")
        for plan in around.plans:
            count = len(on_plan(around.features, plan["id"]))
            with ui.link(target=f"/zones/plans/{plan['id']}").classes("zone-link"):
                ui.icon("grid_on").props("aria-hidden=true")
                ui.label(plan["name"])
                ui.element("span").classes("gap")
                ui.label(
                    desk.say(
                        "{width} m by {height} m",
                        width=desk.number(plan["width_m"], 1),
                        height=desk.number(plan["height_m"], 1),
                    )
                ).classes("soft small")
                ui.label(desk.say_many("{count} zone", "{count} zones", count)).classes("tag")


# -- one zone


async def show_zone(desk: Desk) -> None:
    _say_what_was_done(desk)
    around = await premises(desk)
    wanted = desk.asked["zone"]
    feature = next((each for each in around.features if each["properties"]["id"] == wanted), None)
    if feature is None:
        with ui.element("div").classes("empty"):
            ui.label(desk.say("There is no zone {zone}.", zone=wanted)).classes("lead")
            ui.link(desk.say("All zones"), "/zones").classes("act")
        return
    if desk.may(*_ARRANGERS):
        await _work_on(desk, Draft.of(feature), around)
    else:
        await _look_at(desk, feature, around)


async def show_new(desk: Desk) -> None:
    around = await premises(desk)
    plan = desk.asked.get("plan")
    known = plan in {each["id"] for each in around.plans}
    draft = Draft.blank("plan" if known else "map", plan if known else None)
    level = desk.asked.get("level")
    if level == "site" or not around.features:
        draft.properties |= {"level": "site", "time_zone": "Europe/Rome"}
    else:
        draft.properties["parent"] = next(
            (each["site"] for each in around.plans if known and each["id"] == plan), None
        )
        if draft.properties["parent"] is None:  # a pavement keeps the time of the shop beside it
            given = [each["properties"].get("time_zone") for each in around.features]
            draft.properties["time_zone"] = next((each for each in given if each), None)
    await _work_on(desk, draft, around)


async def _look_at(desk: Desk, feature: Feature, around: Premises) -> None:
    """The zone for who may not change it."""
    draft = Draft.of(feature)
    ui.label(feature["properties"]["name"]).classes("lead")
    if draft.place == "plan":
        plan = next(each for each in around.plans if each["id"] == draft.plan)
        drawn = on_plan(around.features, draft.plan)
        ShopMap(desk, drawn, selected=feature["properties"]["id"], plan=await pictured(desk, plan)).classes(
            "tall"
        )
    elif draft.place == "map":
        ShopMap(desk, around.features, selected=feature["properties"]["id"]).classes("tall")
    ui.label(desk.say("Owners and store managers may change zones.")).classes("soft")


async def _work_on(desk: Desk, draft: Draft, around: Premises) -> None:
    """Map to the left, form to the right; below what is done with both."""

    def told() -> None:
        cut.set_visibility(draft.other is not None)
        unsaved.set_visibility(True)

    def saved() -> None:
        unsaved.set_visibility(False)
        title.text = draft.properties["name"]

    def named(event: Any) -> None:
        draft.other_name = event.value or ""

    place = Workplace(desk, draft, around, told)
    with ui.element("div").classes("row-of zone-acts"):
        ui.link(desk.say("All zones"), "/zones")
        title = ui.label(draft.properties["name"] or desk.say("New zone")).classes("lead")
        unsaved = ui.label(desk.say("not saved yet")).classes("tag warn")
        unsaved.set_visibility(False)
        ui.element("span").classes("gap")
        if not draft.is_new:
            ui.button(desk.say("Delete"), icon="delete", on_click=lambda: _ask_to_delete(desk, draft)).props(
                "flat color=negative"
            )
        ui.button(desk.say("Save"), on_click=lambda: _save(desk, draft, around, place, saved)).props(
            "unelevated"
        )
    with ui.element("div").classes("wide-and-narrow"):
        area = ui.element("section").classes("card")
        with ui.element("div").classes("stack roomy"):
            with ui.element("section").classes("card") as cut:
                ui.label(
                    desk.say("The other half becomes a zone of its own, like this one in all else.")
                ).classes("small")
                ui.input(desk.say("Name of the other half"), on_change=named).props("outlined")
            cut.set_visibility(False)
            ZoneFields(desk, draft, around.features, told).draw()
    with area:
        await place.draw()


async def _save(
    desk: Desk, draft: Draft, around: Premises, place: Workplace, saved: Callable[[], None]
) -> None:
    given = draft.properties
    lacking = _lacking(desk, draft)
    if lacking:
        ui.notify(lacking, type="negative")
        return
    taken = [each["properties"]["id"] for each in around.features]
    if draft.is_new and not given["id"]:
        given["id"] = free_id(given["name"], [*taken, "nearby"])
    features = [draft.feature()]
    features += draft.cut_off([*taken, given["id"], "nearby"])
    stays = not draft.is_new and draft.other is None
    async with desk.trying(desk.say("Saved.") if stays else None):
        try:
            await _kept(desk, draft, features)
        except Refused as refused:
            place.show(refused)
            if draft.is_new:
                given["id"] = ""
            raise
        if stays:
            saved()
        else:
            ui.navigate.to(f"/zones/{given['id']}?done=saved")


async def _kept(desk: Desk, draft: Draft, features: Sequence[Any]) -> None:
    body = {"type": "FeatureCollection", "features": features}
    keep: Callable[..., Awaitable[Any]] = desk.api.post if draft.is_new else desk.api.put
    await keep("/v1/zones", body)


def _lacking(desk: Desk, draft: Draft) -> str | None:
    """What has to be said before anything can be kept."""
    if not draft.properties["name"].strip():
        return desk.say("Give the zone a name first.")
    if not draft.is_placed:
        return desk.say("Say where the zone lies first: draw it.")
    if draft.other is not None and not draft.other_name.strip():
        return desk.say("Give the other half a name first.")
    return None


async def _ask_to_delete(desk: Desk, draft: Draft) -> None:
    name = draft.properties["name"]
    with ui.dialog() as dialog, ui.card().classes("card"):
        ui.label(desk.say("Delete {name}?", name=name)).classes("lead")
        ui.label(desk.say("Whoever is in it leaves it. Visits so far stay in the reports."))
        with ui.element("div").classes("row-of"):
            ui.button(desk.say("Delete"), on_click=lambda: dialog.submit(True)).props(
                "unelevated color=negative"
            )
            ui.button(desk.say("Keep it"), on_click=lambda: dialog.submit(False)).props("flat")
    if await dialog:
        async with desk.trying():
            await desk.api.delete(f"/v1/zones/{draft.properties['id']}")
            ui.navigate.to("/zones?done=deleted")


PAGES = (
    Page("/zones", later("Zones"), show, menu=20, icon="fence"),
    Page("/zones/{zone}", later("Zone"), show_zone),
    Page("/zones/new/zone", later("New zone"), show_new, frozenset(_ARRANGERS)),
)
