"""Now: who is where, what just happened. Counts only: no shopper's place is shown to staff."""

from nicegui import context, ui

from server.web.console.api import Refused
from server.web.console.desk import Desk
from server.web.console.languages import later
from server.web.console.now_view import NowView
from server.web.console.page import Page


async def show(desk: Desk) -> None:
    features = (await desk.api.get("/v1/zones"))["features"]
    if not features:
        _nothing_yet(desk)
        return
    plans = await desk.api.all("/v1/floor-plans", "floor_plans")
    anchors = await desk.api.all("/v1/anchors", "anchors") if plans else []
    view = NowView(desk, features, plans, anchors)
    try:
        await view.open()
    except Refused as refused:
        ui.label(refused.detail).classes("soft")
        return
    view.follow(context.client)


def _nothing_yet(desk: Desk) -> None:
    """A fresh shop: what to do first."""
    with ui.element("div").classes("empty"):
        ui.icon("storefront").props("aria-hidden=true")
        ui.label(desk.say("Nothing can happen yet: the shop has no zones.")).classes("lead")
        if desk.may("owner", "manager"):
            ui.label(
                desk.say(
                    "The first steps draw your shop and send a first offer to a phone, in a few minutes."
                )
            )
            ui.link(desk.say("Take the first steps"), "/start").classes("act")
            ui.link(desk.say("Or draw zones yourself"), "/zones")
        else:
            ui.label(desk.say("As soon as an owner or a manager has drawn the shop, you see it here."))


PAGES = (
    Page(
        "/",
        later("Now"),
        show,
        roles=frozenset({"owner", "manager", "marketer", "analyst"}),
        menu=10,
        icon="sensors",
    ),
)
