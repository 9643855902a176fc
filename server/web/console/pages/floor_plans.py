"""Floor plans: one of them with its picture, scale, zones and anchors; a new one."""

from nicegui import ui

from server.web.console.desk import Desk
from server.web.console.languages import later
from server.web.console.page import Page
from server.web.console.plan_work import PlanWork
from server.web.console.zone_board import Premises, premises
from server.web.console.zone_draft import free_id

_ARRANGERS = ("owner", "manager")

#: What a plan is until somebody has set its scale: a shop of middling size.
_USUAL_M = (20.0, 15.0)


async def show(desk: Desk) -> None:
    around = await premises(desk)
    wanted = desk.asked["plan"]
    plan = next((dict(each) for each in around.plans if each["id"] == wanted), None)
    if plan is None:
        with ui.element("div").classes("empty"):
            ui.label(desk.say("There is no floor plan {plan}.", plan=wanted)).classes("lead")
            ui.link(desk.say("All zones"), "/zones").classes("act")
        return
    arranges = desk.may(*_ARRANGERS)
    work = PlanWork(desk, plan, around)
    with ui.element("div").classes("row-of zone-acts"):
        ui.link(desk.say("All zones"), "/zones")
        ui.label(plan["name"]).classes("lead")
        ui.element("span").classes("gap")
        if arranges:
            ui.button(desk.say("Delete"), icon="delete", on_click=lambda: _ask_to_delete(desk, plan)).props(
                "flat color=negative"
            )
            ui.link(desk.say("Draw a zone on it"), f"/zones/new/zone?plan={plan['id']}").classes("act")
    with ui.element("div").classes("wide-and-narrow"):
        with ui.element("div").classes("stack"):
            await work.draw_map(arranges=arranges)
        if arranges:
            with ui.element("div").classes("stack roomy"):
                with ui.element("section").classes("card"):
                    _form(desk, plan, around, work)
                with ui.element("section").classes("card"):
                    work.draw_picture()
                with ui.element("section").classes("card"):
                    work.draw_anchors()


def _form(desk: Desk, plan: dict[str, object], around: Premises, work: PlanWork | None) -> None:
    """Name, site and size. Without `work` it is a new one, and kept by its own button."""
    say = desk.say
    name = ui.input(say("Name"), value=str(plan["name"])).props("outlined maxlength=200")
    sites = {None: say("No shop yet")} | {
        each["properties"]["id"]: each["properties"]["name"]
        for each in around.features
        if each["properties"]["level"] == "site"
    }
    site = ui.select(sites, label=say("Of which shop"), value=plan["site"]).props("outlined")
    with ui.element("div").classes("row-of"):
        width = ui.number(say("Width in metres"), value=float(str(plan["width_m"])), min=0.5).props(
            "outlined"
        )
        height = ui.number(say("Depth in metres"), value=float(str(plan["height_m"])), min=0.5).props(
            "outlined"
        )

    async def keep() -> None:
        fields = {
            "name": name.value,
            "site": site.value,
            "width_m": width.value,
            "height_m": height.value,
        }
        if work is not None:
            await work.change(**fields)
            return
        own_id = free_id(name.value or "", [each["id"] for each in around.plans])
        async with desk.trying():
            await desk.api.put(f"/v1/floor-plans/{own_id}", {**fields, "walls": []})
            ui.navigate.to(f"/zones/plans/{own_id}")

    ui.button(say("Save"), on_click=keep).props("unelevated")


async def show_new(desk: Desk) -> None:
    around = await premises(desk)
    site = next(
        (each["properties"]["id"] for each in around.features if each["properties"]["level"] == "site"), None
    )
    plan = {"name": "", "site": site, "width_m": _USUAL_M[0], "height_m": _USUAL_M[1]}
    with ui.element("section").classes("card choice"):
        ui.label(
            desk.say("Guess the size for now: its picture and its scale come next, and set it right.")
        ).classes("soft")
        _form(desk, plan, around, None)


async def _ask_to_delete(desk: Desk, plan: dict[str, object]) -> None:
    with ui.dialog() as dialog, ui.card().classes("card"):
        ui.label(desk.say("Delete {name}?", name=plan["name"])).classes("lead")
        ui.label(desk.say("Its picture and its surveys go with it."))
        with ui.element("div").classes("row-of"):
            ui.button(desk.say("Delete"), on_click=lambda: dialog.submit(True)).props(
                "unelevated color=negative"
            )
            ui.button(desk.say("Keep it"), on_click=lambda: dialog.submit(False)).props("flat")
    if await dialog:
        async with desk.trying():
            await desk.api.delete(f"/v1/floor-plans/{plan['id']}")
            ui.navigate.to("/zones?done=deleted")


PAGES = (
    Page("/zones/plans/{plan}", later("Floor plan"), show),
    Page("/zones/new/plan", later("New floor plan"), show_new, frozenset(_ARRANGERS)),
)
