"""Why: why somebody got nothing, or got what they got; and which campaigns stay silent, by reason."""

from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from nicegui import ui

from server.web.console.api import Refused
from server.web.console.desk import Desk, told
from server.web.console.languages import later
from server.web.console.page import Page
from server.web.console.shop_names import ShopNames, shop_names
from server.web.console.shopper_search import (
    HOSTS,
    READERS,
    found,
    logged,
    name_of,
    nobody,
    on_enter,
    search_field,
)
from server.web.console.why_answer import answer, why_link
from server.web.console.why_silences import silences


async def show(desk: Desk) -> None:
    one = desk.asked.get("tab") != "silences"
    _tabs(desk, one=one)
    try:
        names = await shop_names(desk)
        await (_one(desk, names) if one else silences(desk, names))
    except Refused as refused:
        with ui.element("div").classes("empty").props("role=alert"):
            ui.icon("help_center").props("aria-hidden=true")
            ui.label(told(refused)).classes("lead")


def _tabs(desk: Desk, *, one: bool) -> None:
    with ui.element("nav").classes("row-of tabs-of").props(f'aria-label="{desk.say("Why")}"'):
        for text, path, here in (
            (later("One shopper"), "/why", one),
            (later("Silences by reason"), "/why?tab=silences", not one),
        ):
            link = ui.link(desk.say(text), path).classes("switch")
            if here:
                link.props("aria-current=page")


async def _one(desk: Desk, names: ShopNames) -> None:
    shopper, campaign = desk.asked.get("shopper"), desk.asked.get("campaign")
    name = desk.say("This shopper")
    own = ""
    if shopper and desk.may(*HOSTS):
        known = await desk.api.get(f"/v1/shoppers/{quote(shopper, safe='')}")
        name, own = name_of(known), known["own_id"] or shopper
    if desk.may(*HOSTS):
        _ask(desk, names, own)
        if not shopper and names.campaigns:
            _first(desk)
    elif not shopper:
        with ui.element("div").classes("empty"):
            ui.icon("lock").props("aria-hidden=true")
            ui.label(desk.say("Analysts count shoppers and do not see who they are.")).classes("lead")
            ui.link(desk.say("See silences by reason"), "/why?tab=silences").classes("act")
    if shopper and campaign:
        await answer(desk, names, name, shopper, campaign, desk.asked.get("at"))


def _first(desk: Desk) -> None:
    """What is to be had here, before anybody is asked about."""
    with ui.element("div").classes("empty"):
        ui.icon("help_center").props("aria-hidden=true")
        ui.label(desk.say("Somebody asks why they got nothing?")).classes("lead")
        ui.label(
            desk.say(
                "Type their loyalty number and choose the campaign: you read why, in one sentence, and what it would take."
            )
        )
        ui.link(desk.say("See silences by reason"), "/why?tab=silences").classes("underlined")


def _ask(desk: Desk, names: ShopNames, own: str) -> None:
    """Whose why, of which campaign, and perhaps until when."""
    clock = names.clock()
    with ui.element("section").classes("card"):
        if not names.campaigns:
            ui.label(desk.say("There is no campaign yet that anybody could have got.")).classes("lead")
            return
        with ui.element("div").classes("row-of form-row"):
            sought = search_field(desk, own)
            choices = {each: names.campaign(each) for each in names.campaigns}
            chosen = desk.asked.get("campaign")
            campaign = (
                ui.select(
                    choices,
                    label=desk.say("Which campaign?"),
                    value=chosen if chosen in choices else next(iter(choices)),
                )
                .props("outlined")
                .classes("medium")
            )
            until = (
                ui.input(desk.say("Until when? (now)"), value=_local(desk.asked.get("at"), clock))
                .props("outlined type=datetime-local stack-label")
                .classes("narrow-time")
            )

            async def ask() -> None:
                async with desk.trying():
                    if not (sought.value or "").strip():
                        sought.run_method("focus")
                        return
                    shopper = await found(desk, sought.value)
                    empty.set_visibility(shopper is None)
                    if shopper is not None:
                        at = _utc(until.value, clock)
                        ui.navigate.to(why_link(shopper["shopper"], campaign.value, at))

            ui.button(desk.say("Ask why"), on_click=ask, icon="help_center").classes("tall")
            on_enter(sought, ask)
        logged(desk)
    with ui.element("div") as empty:
        nobody(desk)
    empty.set_visibility(False)


def _local(at: str | None, clock: str | None) -> str:
    try:
        return (
            datetime.fromisoformat(at or "").astimezone(ZoneInfo(clock or "UTC")).strftime("%Y-%m-%dT%H:%M")
        )
    except (ValueError, OverflowError):
        return ""


def _utc(local: str | None, clock: str | None) -> str | None:
    try:
        return datetime.fromisoformat(local or "").replace(tzinfo=ZoneInfo(clock or "UTC")).isoformat()
    except ValueError:
        return None


PAGES = (Page("/why", later("Why"), show, roles=READERS, menu=40, icon="help_center"),)
