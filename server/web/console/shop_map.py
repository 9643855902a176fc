"""A map of the shop: zones over tiles, over the shop's own lines, or over one of its floor plans. Leaflet, as NiceGUI ships it.

In: GeoJSON features as `/v1/zones` shows them. Out: an element; `on("zone", ...)` tells which zone was chosen. `ZoneBoard` is a map that
one zone is drawn on.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import nicegui.elements.leaflet as shipped
from nicegui.element import Element

from server.web.console.desk import Desk
from server.web.console.languages import later

_LEAFLET = Path(shipped.__file__).parent / "dist"

Feature = Mapping[str, Any]

#: What the tools of a board are called and what its line of help says, by what static/shop_map.js calls them.
_WORDS: Final = {
    "tools": later("Drawing tools"),
    "polygon": later("Outline"),
    "circle": later("Circle"),
    "hole": later("Hole"),
    "split": later("Split"),
    "removeCorner": later("Remove corner"),
    "undo": later("Undo"),
    "redo": later("Redo"),
    "fit": later("Whole zone"),
    "corner": later("Corner {number} of {count}"),
    "midpoint": later("New corner here"),
    "whole": later("Move the whole zone"),
    "radius": later("Change the radius"),
    "few": later("An outline has at least three corners: click on."),
    "outside": later("A hole begins within the outline. Nothing was changed."),
    "uncut": later("The line has to cross the outline twice, where there is no hole. Nothing was changed."),
    "hintStart": later("Choose Outline or Circle to draw the zone, or type its numbers below."),
    "hintFirst": later("Click where the first corner is. Esc cancels."),
    "hintNext": later("Click the next corner. Ctrl+Z takes the last one back."),
    "hintClose": later("Click the next corner; click the first one, double-click or press Enter to close."),
    "hintCenter": later("Press at the middle, drag to the edge, let go."),
    "hintRadius": later("Click where the circle's edge is."),
    "hintSplit": later("Click on one side of the zone, then on the other: the line between cuts it in two."),
    "hintCircle": later("Radius {radius}. Drag the edge to change it, the cross to move the zone."),
    "hintShape": later(
        "{corners} corners, {size} m². Drag corners; small dots make new ones; the cross moves all."
    ),
    "hintCorner": later("Drag the corner, or move it with the arrow keys. Delete removes it."),
}


class ShopMap(Element, component="static/shop_map.js", esm={"soglia-map": "static"}):
    """See the module's text. `features` are zones; `selected` the id of one that stands out.

    `plan` is a floor plan as `/v1/floor-plans` shows it, with a `picture` (a URL) where there is one: then features are in its metres.
    """

    def __init__(
        self,
        desk: Desk,
        features: Sequence[Feature],
        *,
        selected: str | None = None,
        plan: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.add_resource(_LEAFLET)
        look = desk.map_look
        self._props["features"] = list(features)
        self._props["tiles"] = look.tiles
        self._props["attribution"] = look.attribution
        self._props["ground"] = look.ground if plan is None else None
        self._props["selected"] = selected
        self._props["counts"] = {}
        self._props["plan"] = _plan_props(plan)
        self._props["words"] = {}
        self.classes("shop-map").props(f'role=application aria-label="{desk.say("Map of the zones")}"')

    def show(self, features: Sequence[Feature]) -> None:
        """Other zones than before."""
        self._props["features"] = list(features)

    def count(self, counts: Mapping[str, int]) -> None:
        """Colours zones by how many people are in them, by their ids."""
        with self._props.suspend_updates():  # else zones and ground would go over the line again with them
            self._props["counts"] = dict(counts)
        self.run_method("count", dict(counts))

    def select(self, zone: str | None) -> None:
        """Lets one zone stand out, and brings it into view."""
        self._props["selected"] = zone

    def lay(self, plan: Mapping[str, Any]) -> None:
        """Another plan below than before, of a map that had one from the beginning."""
        self._props["plan"] = _plan_props(plan)

    def hang(self, anchors: Sequence[Mapping[str, Any]]) -> None:
        """Anchors on a plan: `id`, `name`, `x`, `y`; those that `moves` can be dragged ("anchor" tells where to), `chosen` ones stand out."""
        self._props["anchors"] = [dict(anchor) for anchor in anchors]

    def measure(self) -> None:
        """Lets the reader click two points of a plan; "measured" tells how far they are apart, in the plan's metres."""
        self.run_method("measure")


class ZoneBoard(ShopMap):
    """A map to draw one zone on. "drawn" tells of each change: `geometry`, `radius`, and what a split cut off (`other`)."""

    def __init__(
        self,
        desk: Desk,
        features: Sequence[Feature],
        geometry: Mapping[str, Any] | None,
        radius: float | None,
        *,
        tool: str | None = None,
        plan: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(desk, features, plan=plan)
        self._props["drawing"] = {"geometry": geometry, "radius": radius, "tool": tool}
        self._props["words"] = {name: desk.say(text) for name, text in _WORDS.items()}

    def take(self, geometry: Mapping[str, Any] | None, radius: float | None) -> None:
        """A shape that was typed: drawn, and undone like any other change."""
        self.run_method("take", geometry, radius)

    def blame(self, places: Sequence[Sequence[int]]) -> None:
        """Corners that something is wrong with, as (ring, corner) or (part, ring, corner)."""
        self.run_method("blame", [list(place) for place in places])


def _plan_props(plan: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if plan is None:
        return None
    return {
        "width": plan["width_m"],
        "height": plan["height_m"],
        "walls": plan["walls"],
        "picture": plan.get("picture"),
    }
