"""Gateways and beacons: how each is, in words; setting one up; what nobody hears; the survey assistant."""

from pathlib import Path
from typing import Any, Final

from nicegui import ui

from server.web import console
from server.web.console import gateway_board as board
from server.web.console.api import Refused
from server.web.console.desk import Desk
from server.web.console.gateway_enrol import ask_for_gateway, show_token
from server.web.console.languages import later
from server.web.console.page import Page
from server.web.console.survey_page import Assistant

_STYLE: Final = Path(console.__file__).parent / "static" / "gateways.css"

#: Gateways speak every 15 seconds: who looks more often sees nothing newer.
_LOOK_AGAIN_S: Final = 5.0
_MAY_SET_UP: Final = ("owner", "manager")


async def show(desk: Desk) -> None:
    ui.add_css(_STYLE)
    say = desk.say
    with ui.element("div").classes("row-of"):
        summary = ui.element("div")
        ui.element("div").classes("gap")
        if desk.may(*_MAY_SET_UP):
            ui.link(say("Survey assistant"), "/gateways/survey").classes("quiet")
            adding = ui.button(say("Add a gateway"), icon="add")
    listed = ui.element("div")
    with ui.element("div").classes("columns"):
        with ui.element("section").classes("card"):
            ui.html(f"<h2>{say('Blind spots')}</h2>", sanitize=False)
            blind = ui.element("div").classes("stack")
        with ui.element("section").classes("card"):
            ui.html(f"<h2>{say('Fixed beacons')}</h2>", sanitize=False)
            beacons = ui.element("div").classes("stack")
    seen: dict[str, Any] = {}

    async def look() -> None:
        """Draws what changed, and leaves the rest under the reader's finger."""
        known = await board.look(desk)
        for name, place, now, draw in (
            ("summary", summary, [each["health"]["state"] for each in known.gateways], board.draw_summary),
            ("listed", listed, known.gateways, board.draw_gateways if known.gateways else _none_yet),
            ("blind", blind, known.blind, board.draw_blind_spots),
            ("beacons", beacons, known.anchors, board.draw_beacons),
        ):
            if seen.get(name) != now:
                seen[name] = now
                place.clear()
                with place:
                    draw(desk, known)

    async def look_again() -> None:
        async with desk.trying():
            await look()

    async def add() -> None:
        async with desk.trying():
            ask_for_gateway(desk, await board.look(desk), look_again)

    if desk.may(*_MAY_SET_UP):
        adding.on_click(add)
    await look()
    ui.timer(_LOOK_AGAIN_S, look_again, immediate=False)


async def show_one(desk: Desk) -> None:
    """One gateway: its facts, its name, a new token, and taking it out of service."""
    ui.add_css(_STYLE)
    path = f"/v1/gateways/{desk.asked['gateway']}"
    known = await board.look(desk)
    try:
        gateway = await desk.api.get(path, language=desk.language)
    except Refused as refused:
        if refused.status not in {404, 422}:
            raise
        _not_there(desk)
        return
    say = desk.say
    ui.link(say("All gateways"), "/gateways")
    with ui.element("div").classes("columns"):
        with ui.element("section").classes("card"):
            with ui.element("div").classes("row-of"):
                title = ui.label(gateway["name"]).classes("lead")
                board.state_tag(desk, gateway)
            for words in gateway["health"]["words"]:
                ui.label(f"{words[:1].upper()}{words[1:]}.")
            board.draw_facts(desk, known, gateway, whole=True)
        if desk.may(*_MAY_SET_UP):
            _draw_acts(desk, path, gateway, title)


def _draw_acts(desk: Desk, path: str, gateway: dict[str, Any], title: ui.label) -> None:
    say = desk.say

    async def rename() -> None:
        async with desk.trying(say("Saved.")):
            changed = await desk.api.put(path, {"name": name.value})
            title.set_text(changed["name"])

    async def renew() -> None:
        if await _sure(
            desk,
            say("End its token and give it a new one? It is not heard until it has the new one."),
            say("New token"),
        ):
            async with desk.trying():
                await show_token(desk, await desk.api.post(f"{path}/token"), _stay)

    async def remove() -> None:
        asked = say(
            "Remove {name}? Its token ends at once and it is heard no more. Its place stays, for the machine that follows.",
            name=title.text,
        )
        if await _sure(desk, asked, say("Remove the gateway")):
            async with desk.trying():
                await desk.api.delete(path)
                ui.navigate.to("/gateways")

    with ui.element("section").classes("card"):
        name = ui.input(say("Name"), value=gateway["name"]).props("outlined")
        with ui.element("div").classes("row-of"):
            ui.button(say("Rename"), on_click=rename)
        with ui.element("div").classes("row-of"):
            ui.button(say("New token"), icon="key", on_click=renew).props("outline")
            ui.button(say("Remove the gateway"), icon="delete", on_click=remove).props(
                "outline color=negative"
            )


async def _sure(desk: Desk, question: str, act: str) -> bool:
    with ui.dialog() as dialog, ui.element("div").classes("card gateway-dialog").props("role=alertdialog"):
        ui.label(question)
        with ui.element("div").classes("row-of"):
            ui.button(act, on_click=lambda: dialog.submit(True)).props("color=negative")
            ui.button(desk.say("Cancel"), on_click=lambda: dialog.submit(False)).props("flat autofocus")
    answer = await dialog
    return bool(answer)


async def _stay() -> None:
    """A new token changes nothing that is drawn."""


async def show_survey(desk: Desk) -> None:
    """The survey assistant, for one floor plan."""
    ui.add_css(_STYLE)
    known = await board.look(desk)
    zones = [each["properties"] for each in (await desk.api.get("/v1/zones"))["features"]]
    say = desk.say
    ui.link(say("All gateways"), "/gateways")
    if not known.plans:
        with ui.element("div").classes("empty"):
            ui.icon("map").props("aria-hidden=true")
            ui.label(say("There is no floor plan yet.")).classes("lead")
            ui.label(
                say(
                    "Draw the floor and place the gateways on it: then a walk teaches the server how the shop sounds."
                )
            )
            ui.link(say("Draw the shop"), "/zones").classes("act")
        return
    plans = {key: str(plan["name"]) for key, plan in known.plans.items()}
    wanted = desk.asked.get("plan")
    chosen = ui.select(plans, label=say("Floor plan"), value=wanted if wanted in plans else next(iter(plans)))
    chosen.props("outlined").set_visibility(len(plans) > 1)
    around = ui.element("div").classes("stack")

    async def begin() -> None:
        async with desk.trying():
            plan = known.plans[str(chosen.value)]
            await Assistant(desk, plan, list(known.anchors.values()), zones, around).begin()

    chosen.on_value_change(begin)
    await begin()


def _none_yet(desk: Desk, _known: board.Known) -> None:
    with ui.element("div").classes("empty"):
        ui.icon("router").props("aria-hidden=true")
        ui.label(desk.say("No gateway yet.")).classes("lead")
        ui.label(
            desk.say(
                "A gateway is a small Linux machine with Bluetooth. Add one, paste one line on it, and it is heard."
            )
        )


def _not_there(desk: Desk) -> None:
    with ui.element("div").classes("empty"):
        ui.icon("router").props("aria-hidden=true")
        ui.label(desk.say("There is no such gateway.")).classes("lead")
        ui.link(desk.say("All gateways"), "/gateways")


PAGES = (
    Page("/gateways", later("Gateways"), show, menu=60, icon="router"),
    Page("/gateways/survey", later("Survey assistant"), show_survey, roles=frozenset(_MAY_SET_UP)),
    Page("/gateways/{gateway}", later("Gateway"), show_one),
)
