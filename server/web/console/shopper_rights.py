"""What a shopper may ask of the shop: a copy of all that is kept, and to be forgotten; and who looked at them, for owners.

In: a shopper, their name for people. Out: buttons that ask before they do; the lines of the audit log.
"""

import json
from html import escape
from typing import Final

from nicegui import ui

from server.web.console.desk import Desk
from server.web.console.languages import later

#: Who may copy and erase, as the API has it.
KEEPERS: Final = frozenset({"owner", "manager"})

#: Lines of the audit log that are shown.
_LINES: Final = 50
_REFUSED: Final = 400

_DOORS: Final = {
    "GET /v1/shoppers": later("found them"),
    "GET /v1/shoppers/{shopper}": later("looked at the profile"),
    "GET /v1/shoppers/{shopper}/consents": later("looked at the consents"),
    "GET /v1/shoppers/{shopper}/touchpoints": later("looked at the timeline"),
    "GET /v1/shoppers/{shopper}/export": later("made a copy"),
    "GET /v1/decisions/why": later("asked why"),
    "GET /v1/decisions/{decision}": later("looked at a decision"),
    "GET /v1/decisions": later("looked at decisions"),
    "GET /v1/visits": later("looked at visits"),
    "GET /v1/visits/{visit}/evidence": later("looked at a visit"),
    "GET /v1/visits/{visit}/evidence.svg": later("looked at a visit"),
    "GET /v1/audit": later("looked at this list"),
    "POST /v1/shoppers": later("changed the profile"),
    "PUT /v1/shoppers/{shopper}/consents": later("took an answer"),
    "POST /v1/shoppers/{shopper}/devices": later("handed out a device"),
}


def rights(desk: Desk, shopper: str, name: str) -> None:
    with ui.element("section").classes("card"):
        ui.html(f"<h2>{escape(desk.say('What they may ask of you'))}</h2>", sanitize=False)
        if not desk.may(*KEEPERS):
            ui.label(desk.say("Owners and managers give a copy of all that is kept, and erase.")).classes(
                "soft"
            )
            return

        async def copy() -> None:
            async with desk.trying(
                desk.say("The copy is in your downloads. It holds all that is kept: give it to nobody else.")
            ):
                kept = await desk.api.get(f"/v1/shoppers/{shopper}/export")
                ui.download.content(
                    json.dumps(kept, ensure_ascii=False, indent=2).encode(),
                    f"{shopper}.json",
                    "application/json",
                )

        ui.label(desk.say("A copy of all that is kept about them, as a file (JSON)."))
        ui.button(desk.say("Save a copy"), icon="download", on_click=copy).props("outline").classes("start")
        ui.label(
            desk.say("To be forgotten: everything that says who they are is deleted, on this server at once.")
        )
        ui.button(
            desk.say("Erase …"),
            icon="delete_forever",
            color="negative",
            on_click=lambda: _ask_to_erase(desk, shopper, name),
        ).props("outline").classes("start")


def _ask_to_erase(desk: Desk, shopper: str, name: str) -> None:
    """Asks twice: by the button, and by a word that has to be typed."""
    wanted = desk.say("ERASE")
    title = desk.say("Erase {name} for good?", name=name)
    with ui.dialog() as dialog, ui.element("div").classes("ask"):
        dialog.props["aria-label"] = title
        ui.html(f"<h2>{escape(title)}</h2>", sanitize=False)
        ui.label(
            desk.say(
                "Gone are: the profile, devices and addresses, consents, visits, offers, codes and replies. It cannot be undone."
            )
        )
        ui.label(
            desk.say(
                "What stays are counts without names, so that your reports add up; and the line in the audit log that you erased somebody."
            )
        )
        ui.label(desk.say("Backups are yours to clear.")).classes("soft small")
        typed = ui.input(desk.say("Type {word} to go on", word=wanted)).props(
            "outlined autocomplete=off autofocus"
        )
        with ui.element("div").classes("row-of"):

            async def erase() -> None:
                async with desk.trying():
                    await desk.api.delete(f"/v1/shoppers/{shopper}")
                    dialog.close()
                    ui.navigate.to("/shoppers?erased=1")

            ui.button(desk.say("Keep them"), on_click=dialog.close).props("outline")
            ui.element("div").classes("gap")
            sure = ui.button(desk.say("Erase for good"), color="negative", on_click=erase)
            sure.set_enabled(False)
            typed.on_value_change(lambda event: sure.set_enabled((event.value or "").strip() == wanted))
    dialog.on("hide", dialog.delete)
    dialog.open()


async def looked(desk: Desk, shopper: str, clock: str | None) -> None:
    """Who looked at this shopper, and did what: for owners."""
    if not desk.may("owner"):
        return
    with ui.element("section").classes("card"):
        ui.html(f"<h2>{escape(desk.say('Who looked at them'))}</h2>", sanitize=False)
        lines = (await desk.api.get("/v1/audit", shopper=shopper, limit=_LINES))["lines"]
        if not lines:
            ui.label(desk.say("Nobody before you.")).classes("soft")
            return
        rows = "".join(
            f"<tr><td>{escape(desk.when(line['at'], clock))}</td><td>{escape(line['name'] or line['who'] or '')}</td>"
            f"<td>{escape(_act(desk, line['verb'], line['outcome']))}</td></tr>"
            for line in lines
        )
        head = "".join(
            f'<th scope="col">{escape(desk.say(each))}</th>'
            for each in (later("When"), later("Who"), later("Did what"))
        )
        ui.html(
            f'<div class="scrolls" tabindex="0"><table class="plain"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>',
            sanitize=False,
        )


def _act(desk: Desk, verb: str, outcome: int) -> str:
    """A door in words; what was refused says so."""
    told = desk.say(_DOORS[verb]) if verb in _DOORS else verb
    return told if outcome < _REFUSED else desk.say("{act} (refused)", act=told)
