"""Setting up a gateway: its name, where it hears, and then its token with the one line that starts its scanner.

In: a desk, what is known. Out: dialogs. A token is shown once: whoever closes it without having pasted it asks for a new one.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import segno
from nicegui import ui

from server.web.console.desk import Desk
from server.web.console.gateway_board import Known
from server.web.console.survey_floor import Floor, Place

Done = Callable[[], Awaitable[None]]

_NEW: Final = ""


def ask_for_gateway(desk: Desk, known: Known, done: Done) -> None:
    """Asks for a new gateway, sets it up, and shows its token."""
    say = desk.say
    where: dict[str, Any] = {"x_m": None, "y_m": None}
    with ui.dialog() as dialog, ui.element("div").classes("card gateway-dialog"):
        ui.html(f"<h2>{say('Add a gateway')}</h2>", sanitize=False)
        ui.label(
            say("A small Linux machine with Bluetooth that hears fobs for one place of the shop.")
        ).classes("soft")
        name = ui.input(say("Name, such as: door")).props("outlined autofocus")
        free = {_NEW: say("a new place"), **{each["id"]: str(each["name"]) for each in known.free}}
        anchor = ui.select(free, label=say("Hears for"), value=_NEW).props("outlined")
        anchor.set_visibility(len(free) > 1)
        plans = {
            _NEW: say("on no floor plan"),
            **{key: str(plan["name"]) for key, plan in known.plans.items()},
        }
        plan = ui.select(plans, label=say("Floor plan"), value=_NEW).props("outlined")
        plan.set_visibility(len(plans) > 1)
        floor = ui.element("div").classes("stack")

        def place() -> None:
            floor.clear()
            where.update(x_m=None, y_m=None)
            plan.set_visibility(len(plans) > 1 and anchor.value == _NEW)
            if plan.value and anchor.value == _NEW:
                with floor:
                    ui.label(say("Tap where it hangs.")).classes("soft")
                    _placing(desk, known, known.plans[plan.value], where)

        anchor.on_value_change(place)
        plan.on_value_change(place)

        async def add() -> None:
            async with desk.trying():
                issued = await desk.api.post(
                    "/v1/gateways", _body(name.value, anchor.value, plan.value, where)
                )
                dialog.close()
                await show_token(desk, issued, done)

        with ui.element("div").classes("row-of"):
            ui.button(say("Add"), on_click=add)
            ui.button(say("Cancel"), on_click=dialog.close).props("flat")
    dialog.open()


async def show_token(desk: Desk, issued: Mapping[str, Any], done: Done) -> None:
    """The token and how to start the scanner with it. `done` follows when it is closed."""
    say = desk.say
    origin = await ui.run_javascript("return location.origin", timeout=5.0)
    line = command(str(origin), issued["token"])
    with ui.dialog().props("persistent") as dialog, ui.element("div").classes("card gateway-dialog"):
        ui.html(f"<h2>{say('Start its scanner')}</h2>", sanitize=False)
        ui.label(
            say("Paste this line on the gateway. The token is shown this once; nobody can look it up later.")
        )
        with ui.element("div").classes("command"):
            ui.label(line).classes("mono").props("data-command")
            copy = ui.button(icon="content_copy").props(f'flat round aria-label="{say("Copy")}"')
            # In the browser itself: there a click may write to the clipboard.
            copy.on(
                "click",
                js_handler=f"() => navigator.clipboard && navigator.clipboard.writeText({json.dumps(line)})",
            )
        with ui.element("div").classes("row-of"):
            picture = segno.make(line, error="l", micro=False).svg_inline(
                omitsize=True, scale=4, border=3, dark="#000", light="#fff"
            )
            ui.html(picture, sanitize=False).classes("scanner-qr").props(
                f'role=img aria-label="{say("The same line as a QR")}"'
            )
            with ui.element("div").classes("stack"):
                ui.label(say("The same line as a QR")).classes("small soft")
                ui.label(say("For good: put the token into scanner.toml, and let systemd start it.")).classes(
                    "small soft"
                )

        async def close() -> None:
            dialog.close()
            await done()

        ui.button(say("I have it"), on_click=close)
    dialog.open()


def command(origin: str, token: str) -> str:
    """What starts a scanner, in one line."""
    return f"SOGLIA_SCANNER_SERVER__URL={origin} SOGLIA_SCANNER_SERVER__TOKEN={token} soglia-scanner run"


def _placing(desk: Desk, known: Known, plan: Mapping[str, Any], where: dict[str, Any]) -> None:
    def tapped(x_m: float, y_m: float) -> None:
        where.update(x_m=x_m, y_m=y_m)
        floor.show([Place(x_m, y_m, "now")])

    floor = Floor(desk, plan, list(known.anchors.values()), tapped)


def _body(name: str, anchor: str, plan: str, where: Mapping[str, Any]) -> dict[str, Any]:
    if anchor:
        return {"name": name, "anchor": anchor}
    new: dict[str, Any] = {"name": name}
    if plan:
        new.update(plan=plan, **({} if where["x_m"] is None else where))
    return {"name": name, "anchor": new}
