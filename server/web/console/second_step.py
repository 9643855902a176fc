"""The second step of one's own log-in, on the account page: set up with an app, recovery codes, taken off.

In: a desk and what `/v1/session` says. Out: a card; every change asks for the password again, as the API wants it.
"""

from typing import Any

from nicegui import ui

from server.web.console.desk import Desk
from server.web.console.dialogs import copying, heading


def second_step(desk: Desk, session: dict[str, Any]) -> None:
    say = desk.say
    with ui.element("section").classes("card"):
        heading(say("Second step"))
        if not session["two_factor"]:
            ui.label(
                say(
                    "Besides your password, a code from an app on your phone. Who learns your password still cannot come in."
                )
            )
            with ui.element("div").classes("row-of"):
                ui.button(say("Set it up"), icon="phonelink_lock", on_click=lambda: _begin(desk))
            return
        with ui.element("div").classes("row-of"):
            ui.label(say("On")).classes("tag good")
            left = session["recovery_codes"]
            ui.label(
                desk.say_many("{count} recovery code left", "{count} recovery codes left", left)
            ).classes("tag warn" if left < 3 else "tag")
        ui.label(say("Each log-in asks for a code from your app."))
        with ui.element("div").classes("row-of"):
            ui.button(say("New recovery codes"), on_click=lambda: _renew(desk)).props("outline")
            ui.button(say("Take it off"), on_click=lambda: _take_off(desk)).props("outline color=negative")


async def _begin(desk: Desk) -> None:
    password = await _password(desk, desk.say("Set it up"))
    if password is None:
        return
    async with desk.trying():
        begun = await desk.api.post("/v1/session/two-factor", {"password": password})
        codes = await _confirm(desk, begun)
        if codes:
            await _show_codes(desk, codes)
        ui.navigate.to("/account")


async def _confirm(desk: Desk, begun: dict[str, Any]) -> list[str] | None:
    """Shows the picture and waits for the first code; None where the reader gave up."""
    say = desk.say
    with ui.dialog().props("persistent") as dialog, ui.element("div").classes("card dialog"):
        ui.label(say("Scan this with your app")).classes("lead")
        ui.label(
            say(
                "Any authenticator app does: Google Authenticator, Microsoft Authenticator, Aegis, your password manager."
            )
        ).classes("soft")
        ui.element("img").classes("qr").props(f'src="{begun["qr"]}" alt="{say("QR code for your app")}"')
        with ui.expansion(say("No camera? Type this into the app")).classes("full"):
            ui.label(begun["secret"]).classes("secret mono").props("tabindex=0")
        code = ui.input(say("The code that the app shows now")).props(
            "outlined autofocus inputmode=numeric autocomplete=one-time-code maxlength=10"
        )

        async def confirm() -> None:
            async with desk.trying():
                made = await desk.api.post(
                    "/v1/session/two-factor/confirmation", {"code": str(code.value or "")}
                )
                dialog.submit(made["recovery_codes"])

        code.on("keydown.enter", confirm)
        with ui.element("div").classes("row-of"):
            ui.button(say("Turn it on"), on_click=confirm)
            ui.button(say("Cancel"), on_click=lambda: dialog.submit(None)).props("flat")
    codes = await dialog
    dialog.delete()
    return codes or None


async def _renew(desk: Desk) -> None:
    password = await _password(desk, desk.say("New recovery codes"))
    if password is None:
        return
    async with desk.trying():
        made = await desk.api.post("/v1/session/two-factor/recovery-codes", {"password": password})
        await _show_codes(desk, made["recovery_codes"])
        ui.navigate.to("/account")


async def _take_off(desk: Desk) -> None:
    password = await _password(desk, desk.say("Take it off"))
    if password is None:
        return
    async with desk.trying():
        await desk.api.put("/v1/session/two-factor", {"on": False, "password": password})
        ui.navigate.to("/account")


async def _show_codes(desk: Desk, codes: list[str]) -> None:
    say = desk.say
    with ui.dialog().props("persistent") as dialog, ui.element("div").classes("card dialog"):
        ui.label(say("Your recovery codes")).classes("lead")
        ui.label(
            say(
                "Each opens one log-in when you have no phone. Print them or keep them with your passwords: they are shown this once."
            )
        )
        with ui.element("ol").classes("codes mono"):
            for code in codes:
                with ui.element("li"):
                    ui.label(code)
        with ui.element("div").classes("row-of"):
            copying(desk, "\n".join(codes))
            ui.button(say("I have it"), on_click=lambda: dialog.submit(True)).props("unelevated")
    await dialog
    dialog.delete()


async def _password(desk: Desk, act: str) -> str | None:
    """Asks for the password again; None where the reader gave up."""
    with ui.dialog() as dialog, ui.element("div").classes("card dialog"):
        ui.label(desk.say("Your password, again")).classes("lead")
        ui.label(desk.say("So that nobody does this at a screen that you left open.")).classes("soft")
        field = ui.input(desk.say("Password"), password=True).props(
            "outlined autofocus autocomplete=current-password"
        )
        field.on("keydown.enter", lambda: dialog.submit(field.value))
        with ui.element("div").classes("row-of"):
            ui.button(act, on_click=lambda: dialog.submit(field.value))
            ui.button(desk.say("Cancel"), on_click=lambda: dialog.submit(None)).props("flat")
    answered = await dialog
    dialog.delete()
    return str(answered) if answered else None
