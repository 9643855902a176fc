"""The settings of the server, to be read: what is set, what is usual, and where to change it. Secrets are never shown.

In: a desk. Out: a card for each section.
"""

from typing import Any

from nicegui import ui

from server.web.console.desk import Desk
from server.web.console.dialogs import heading
from server.web.console.plain_table import cell, head


async def settings(desk: Desk) -> None:
    say = desk.say
    sections = (await desk.api.get("/v1/settings"))["sections"]
    with ui.element("section").classes("card"):
        ui.label(
            say("Settings are kept in the server's own file, config/server.toml, or in its environment.")
        )
        ui.label(
            say(
                "To change one, change it there and restart the server; `soglia doctor` says whether all is well."
            )
        ).classes("soft")
    for section in sections:
        changed = [each for each in section["settings"] if not each["usual"]]
        with ui.element("section").classes("card"):
            heading(section["name"])
            if changed:
                _table(desk, changed)
            usual = [each for each in section["settings"] if each["usual"]]
            if usual:
                with ui.expansion(desk.say_many("{count} as usual", "{count} as usual", len(usual))):
                    _table(desk, usual)


def _table(desk: Desk, rows: list[dict[str, Any]]) -> None:
    say = desk.say
    with ui.element("div").classes("scrolls"), ui.element("table").classes("plain"):
        head(say("Setting"), say("Is"), say("What it does"))
        with ui.element("tbody"):
            for each in rows:
                with ui.element("tr"):
                    cell(each["key"], "mono")
                    if each["secret"]:
                        with ui.element("td"):
                            ui.label(say("set, and secret") if each["value"] else say("not set")).classes(
                                "tag"
                            )
                    else:
                        cell(each["value"] or say("not set"), "mono")
                    cell(each["why"] or "", "soft")
