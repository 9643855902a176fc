"""What stands over every page of administration: its parts, side by side."""

from typing import Final

from nicegui import ui

from server.web.console.desk import Desk
from server.web.console.languages import later

PARTS: Final = (
    ("/administration/staff", later("Staff")),
    ("/administration/keys", later("Keys")),
    ("/administration/webhooks", later("Webhooks")),
    ("/administration/dead-letters", later("Dead letters")),
    ("/administration/audit", later("Audit log")),
    ("/administration/settings", later("Settings")),
)


def parts(desk: Desk) -> None:
    """The way to the parts; the one that is open stands out."""
    path = desk.path.partition("?")[0]
    with ui.element("nav").classes("tabs").props(f'aria-label="{desk.say("Administration")}"'):
        for target, title in PARTS:
            link = ui.link(desk.say(title), target)
            if path == target or path.startswith(f"{target}/"):
                link.props("aria-current=page")


def nothing(icon: str, title: str, what_to_do: str) -> None:
    """An empty state."""
    with ui.element("div").classes("empty"):
        ui.icon(icon).props("aria-hidden=true")
        ui.label(title).classes("lead")
        ui.label(what_to_do)
