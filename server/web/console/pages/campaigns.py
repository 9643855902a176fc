"""Campaigns: what is said where, when and to whom. Everybody may look; owners and marketers write."""

from server.web.console.campaign_calendar import draw_calendar
from server.web.console.campaign_editor import draw_editor
from server.web.console.campaign_list import draw_list
from server.web.console.coupon_list import draw_coupons
from server.web.console.desk import Desk
from server.web.console.languages import later
from server.web.console.page import Page


async def show_all(desk: Desk) -> None:
    await draw_list(desk)


async def show_new(desk: Desk) -> None:
    await draw_editor(desk, None)


async def show_one(desk: Desk) -> None:
    await draw_editor(desk, desk.asked["campaign"])


async def show_calendar(desk: Desk) -> None:
    await draw_calendar(desk)


async def show_coupons(desk: Desk) -> None:
    await draw_coupons(desk)


PAGES = (
    Page("/campaigns", later("Campaigns"), show_all, menu=30, icon="campaign"),
    Page("/campaigns/calendar", later("Calendar"), show_calendar),
    Page("/campaigns/coupons", later("Coupons"), show_coupons),
    Page("/campaigns/new", later("New campaign"), show_new, roles=frozenset({"owner", "marketer"})),
    Page("/campaigns/{campaign}", later("Campaign"), show_one),
)
