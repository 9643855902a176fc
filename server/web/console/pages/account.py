"""One's own account: who one is here."""

from nicegui import ui

from server.web.console.desk import Desk
from server.web.console.languages import later
from server.web.console.page import EVERYBODY, Page


async def show(desk: Desk) -> None:
    with ui.element("section").classes("card"):
        ui.label(desk.who.name).classes("lead")
        ui.label(desk.who.email)
        ui.label(desk.say("Role: {role}", role=desk.who.role))


PAGES = (Page("/account", later("Your account"), show, roles=EVERYBODY),)
