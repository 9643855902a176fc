"""Zones as they lie in each other: a tree of links.

In: features as `/v1/zones` shows them. Out: nested lists, each zone under the one that it lies in.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui

from server.web.console.desk import Desk
from server.web.console.zone_words import LEVEL_ICONS, PLACES, place_of

Feature = Mapping[str, Any]


def nested(features: Sequence[Feature]) -> list[tuple[Feature, int]]:
    """Each zone with how deep it lies, a zone's own behind it; one whose parent is not known lies outermost."""
    known = {each["properties"]["id"] for each in features}
    inner: dict[str | None, list[Feature]] = {}
    for each in sorted(features, key=lambda each: each["properties"]["name"].casefold()):
        parent = each["properties"].get("parent")
        inner.setdefault(parent if parent in known else None, []).append(each)
    ordered: list[tuple[Feature, int]] = []

    def walk(parent: str | None, depth: int) -> None:
        for each in inner.get(parent, ()):
            ordered.append((each, depth))
            walk(each["properties"]["id"], depth + 1)

    walk(None, 0)
    return ordered


def tree(desk: Desk, features: Sequence[Feature]) -> None:
    """Draws it."""
    with ui.element("ul").classes("zone-tree").props(f'aria-label="{desk.say("Zones")}"'):
        for feature, depth in nested(features):
            zone = feature["properties"]
            with (
                ui.element("li").style(f"padding-left: {depth * 22}px"),
                ui.link(target=f"/zones/{zone['id']}").classes("zone-link"),
            ):
                ui.icon(LEVEL_ICONS[zone["level"]]).props("aria-hidden=true")
                with ui.element("span").classes("stack tight"):
                    ui.label(zone["name"])
                    ui.label(desk.say(PLACES[place_of(feature)])).classes("soft small")
                ui.element("span").classes("gap")
                _tags(desk, zone)


def _tags(desk: Desk, zone: Mapping[str, Any]) -> None:
    if zone.get("closed"):
        ui.label(desk.say("closed")).classes("tag warn")
    if zone.get("sensitive"):
        ui.label(desk.say("sensitive")).classes("tag")
    if zone.get("forget_on_exit"):
        ui.label(desk.say("forgets")).classes("tag")
