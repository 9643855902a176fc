"""Small dialogs of administration: something is asked before it is done, and a secret is shown this once.

In: a desk and words. Out: an answer; or nothing, once the reader has closed what they saw.
"""

import json
from html import escape

from nicegui import ui

from server.web.console.desk import Desk


def heading(text: str) -> None:
    ui.html(f"<h2>{escape(text)}</h2>", sanitize=False)


async def sure(desk: Desk, title: str, why: str, act: str, *, grave: bool = True) -> bool:
    """Asks before something is done; `why` says what it means."""
    with ui.dialog() as dialog, ui.element("div").classes("card dialog").props("role=alertdialog"):
        ui.label(title).classes("lead")
        ui.label(why)
        with ui.element("div").classes("row-of"):
            colour = "negative" if grave else "primary"
            ui.button(act, on_click=lambda: dialog.submit(True)).props(f"unelevated color={colour}")
            ui.button(desk.say("Cancel"), on_click=lambda: dialog.submit(False)).props("flat autofocus")
    answered = await dialog
    dialog.delete()
    return bool(answered)


async def shown_once(desk: Desk, title: str, why: str, secret: str) -> None:
    """Shows what nobody can see again, to be copied. It is closed by its button alone."""
    with ui.dialog().props("persistent") as dialog, ui.element("div").classes("card dialog"):
        ui.label(title).classes("lead")
        ui.label(why)
        ui.label(secret).classes("secret mono").props("tabindex=0")
        with ui.element("div").classes("row-of"):
            copying(desk, secret)
            ui.button(desk.say("I have it"), on_click=lambda: dialog.submit(True)).props("unelevated")
    await dialog
    dialog.delete()


def copying(desk: Desk, text: str) -> None:
    """A button that copies in the browser itself: there a click may write to the clipboard."""
    button = ui.button(desk.say("Copy"), icon="content_copy").props("outline")
    button.on(
        "click",
        js_handler=f"() => navigator.clipboard && navigator.clipboard.writeText({json.dumps(text)})",
    )
    button.on("click", lambda: ui.notify(desk.say("Copied."), type="positive"))
