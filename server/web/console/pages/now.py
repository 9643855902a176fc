"""Now: who is where, what just happened. Counts only: no shopper's place is shown to staff."""

from nicegui import ui

from server.web.console.desk import Desk
from server.web.console.languages import later
from server.web.console.page import Page
from server.web.console.shop_map import ShopMap


async def show(desk: Desk) -> None:
    features = (await desk.api.get("/v1/zones"))["features"]
    ui.label(desk.say_many("{count} zone", "{count} zones", len(features)))
    ShopMap(desk, features)


PAGES = (Page("/", later("Now"), show, menu=10, icon="sensors"),)
