"""Finding one shopper by something of theirs: a loyalty number, an address, a device, a tester's code. Nobody is found by a part of it.

In: what somebody typed. Out: the shopper as `/v1/shoppers` shows them. The API writes down who looked at whom.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from nicegui import ui

from server.web.console.desk import Desk

#: Who may look at shoppers one by one, as the API has it.
HOSTS: Final = frozenset({"owner", "manager", "marketer"})
#: Who may look at decisions: whoever looks, but for cashiers.
READERS: Final = HOSTS | {"analyst"}

Shopper = Mapping[str, Any]

#: What shops call a name, among the attributes that they give: nobody else knows it.
_NAMES: Final = ("first_name", "name", "nome", "full_name")


async def found(desk: Desk, sought: str) -> Shopper | None:
    """Raises Refused."""
    if not sought.strip():
        return None
    shoppers: list[Shopper] = (await desk.api.get("/v1/shoppers", find=sought.strip()))["shoppers"]
    return shoppers[0] if shoppers else None


def name_of(shopper: Shopper) -> str:
    """What the shop calls them; else their id with us."""
    attributes = shopper.get("attributes") or {}
    name = next((attributes[each] for each in _NAMES if attributes.get(each)), None)
    return str(name or shopper.get("own_id") or shopper["shopper"])


def search_field(desk: Desk, value: str = "") -> ui.input:
    """Where it is typed, with what may be typed."""
    with ui.element("div").classes("wide stack tight"):
        field = ui.input(desk.say("Whose?"), value=value).props("outlined autocomplete=off")
        ui.label(
            desk.say("Loyalty number, e-mail, phone number, device, or code of a tester. All of it.")
        ).classes("small soft")
    return field


def logged(desk: Desk) -> None:
    """What whoever looks has to know."""
    with ui.element("p").classes("small soft row-of"):
        ui.icon("visibility").props("aria-hidden=true")
        ui.label(desk.say("Your look is written down in the audit log."))


def nobody(desk: Desk) -> None:
    with ui.element("div").classes("empty").props("role=status"):
        ui.icon("person_search").props("aria-hidden=true")
        ui.label(desk.say("Nobody is known by this.")).classes("lead")
        ui.label(
            desk.say(
                "A part of a number or an address finds nobody: type all of it, or ask for the loyalty card."
            )
        )


def on_enter(field: ui.input, act: Callable[[], Awaitable[None]]) -> None:
    field.on("keydown.enter", act)
