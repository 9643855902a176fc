"""Shoppers, one by one: who they are to the shop, what they agreed to, what passed, and what they may ask. Each look is written down."""

from urllib.parse import quote

from nicegui import ui

from server.web.console.api import Refused
from server.web.console.desk import Desk, told
from server.web.console.languages import later
from server.web.console.page import Page
from server.web.console.shop_names import shop_names
from server.web.console.shopper_caps import caps
from server.web.console.shopper_profile import consents, devices, profile
from server.web.console.shopper_rights import looked, rights
from server.web.console.shopper_search import (
    HOSTS,
    found,
    logged,
    name_of,
    nobody,
    on_enter,
    search_field,
)
from server.web.console.shopper_timeline import timeline


async def show(desk: Desk) -> None:
    if desk.asked.get("erased"):
        with ui.element("div").classes("card").props("role=status"):
            ui.label(desk.say("Erased. Nothing says any more who it was; counts stay.")).classes("lead")
    _search(desk)
    with ui.element("div").classes("empty"):
        ui.icon("group").props("aria-hidden=true")
        ui.label(desk.say("Shoppers are looked up one by one, when they ask you to.")).classes("lead")
        ui.label(desk.say("There is no list of everybody here. For numbers of many see the reports."))
        ui.link(desk.say("Reports"), "/reports").classes("underlined")


def _search(desk: Desk) -> None:
    with ui.element("section").classes("card"):
        with ui.element("div").classes("row-of form-row"):
            sought = search_field(desk)

            async def look() -> None:
                async with desk.trying():
                    if not (sought.value or "").strip():
                        sought.run_method("focus")
                        return
                    shopper = await found(desk, sought.value)
                    empty.set_visibility(shopper is None)
                    if shopper is not None:
                        ui.navigate.to(f"/shoppers/{quote(shopper['shopper'])}")

            ui.button(desk.say("Find"), icon="search", on_click=look).classes("tall")
            on_enter(sought, look)
        logged(desk)
    with ui.element("div") as empty:
        nobody(desk)
    empty.set_visibility(False)


async def show_one(desk: Desk) -> None:
    shopper = quote(desk.asked["shopper"], safe="")
    try:
        known = await desk.api.get(f"/v1/shoppers/{shopper}")
        answers = (await desk.api.get(f"/v1/shoppers/{shopper}/consents"))["answers"]
        names = await shop_names(desk)
    except Refused as refused:
        with ui.element("div").classes("empty").props("role=alert"):
            ui.icon("person_off").props("aria-hidden=true")
            ui.label(told(refused)).classes("lead")
            ui.link(desk.say("Find somebody else"), "/shoppers").classes("act")
        return
    clock = names.clock()
    name = name_of(known)
    with ui.element("div").classes("row-of"):
        ui.icon("account_circle").classes("face soft").props("aria-hidden=true")
        with ui.element("div").classes("stack tight"):
            ui.label(name).classes("lead strong")
            logged(desk)
        ui.element("div").classes("gap")
        ui.link(desk.say("Find somebody else"), "/shoppers").classes("link-button underlined")
        ui.link(desk.say("Why did they get nothing?"), f"/why?shopper={shopper}").classes(
            "link-button underlined"
        )
    with ui.element("div").classes("wide-and-narrow"):
        with ui.element("div").classes("stack wide-gap"):
            await timeline(desk, names, shopper)
            caps(desk, names, shopper)
            await looked(desk, shopper, clock)
        with ui.element("div").classes("stack wide-gap"):
            profile(desk, known, clock)
            consents(desk, answers, clock)
            devices(desk, known["devices"], clock)
            rights(desk, shopper, name)


PAGES = (
    Page("/shoppers", later("Shoppers"), show, roles=HOSTS, menu=50, icon="group"),
    Page("/shoppers/{shopper}", later("Shopper"), show_one, roles=HOSTS),
)
