"""A map of the shop: zones over tiles, or over the shop's own lines, or over nothing. Leaflet, as NiceGUI ships it.

In: GeoJSON features as `/v1/zones` shows them. Out: an element; `on("zone", ...)` tells which zone was chosen.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nicegui.elements.leaflet as shipped
from nicegui.element import Element

from server.web.console.desk import Desk

_LEAFLET = Path(shipped.__file__).parent / "dist"

Feature = Mapping[str, Any]


class ShopMap(Element, component="static/shop_map.js"):
    """See the module's text. `features` are zones; `selected` the id of one that stands out."""

    def __init__(self, desk: Desk, features: Sequence[Feature], *, selected: str | None = None) -> None:
        super().__init__()
        self.add_resource(_LEAFLET)
        look = desk.map_look
        self._props["features"] = list(features)
        self._props["tiles"] = look.tiles
        self._props["attribution"] = look.attribution
        self._props["ground"] = look.ground
        self._props["selected"] = selected
        self._props["counts"] = {}
        self.classes("shop-map").props(f'role=application aria-label="{desk.say("Map of the zones")}"')

    def show(self, features: Sequence[Feature]) -> None:
        """Other zones than before."""
        self._props["features"] = list(features)

    def count(self, counts: Mapping[str, int]) -> None:
        """Colours zones by how many people are in them, by their ids."""
        self._props["counts"] = dict(counts)

    def select(self, zone: str | None) -> None:
        """Lets one zone stand out, and brings it into view."""
        self._props["selected"] = zone
