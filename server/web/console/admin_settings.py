"""The settings of the server, to be read: what is set, what is usual, and where to change it. Secrets are never shown.

In: a desk. Out: a card for each section.
"""

from html import escape
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
    set_here = {
        each["name"]: [setting for setting in each["settings"] if not setting["usual"]] for each in sections
    }
    with ui.element("section").classes("card"):
        heading(say("Set here"))
        if not any(set_here.values()):
            ui.label(say("Everything is as usual.")).classes("soft")
        for name, changed in set_here.items():
            if changed:
                ui.html(f"<h3>{escape(name)}</h3>", sanitize=False)
                _table(desk, changed)
    with ui.element("section").classes("card"):
        heading(say("As usual"))
        for each in sections:
            usual = [setting for setting in each["settings"] if setting["usual"]]
            if usual:
                with ui.expansion(f"{each['name']} ({desk.number(len(usual))})"):
                    _table(desk, usual)


def _table(desk: Desk, rows: list[dict[str, Any]]) -> None:
    say = desk.say
    with ui.element("div").classes("scrolls"), ui.element("table").classes("plain folds"):
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
