"""A floor plan to be tapped: walls, anchors, places that were walked to, and where somebody says they are. SVG over an empty picture.

In: a plan, its anchors. Out: an element; each tap is told in metres of the plan. Nothing is fetched, and a finger does as well as a mouse.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from nicegui import ui
from nicegui.events import MouseEventArguments

from server.web.console.desk import Desk

#: Picture points a metre: whole points are centimetres.
_POINTS: Final = 100

_LONGEST_NAME: Final = 18

Tapped = Callable[[float, float], Awaitable[None] | None]


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere on the plan; `kind` picks how it is drawn: done, poor, now."""

    x_m: float
    y_m: float
    kind: str


class Floor:
    """See the module's text."""

    def __init__(
        self,
        desk: Desk,
        plan: Mapping[str, Any],
        anchors: Sequence[Mapping[str, Any]],
        tapped: Tapped,
        zones: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self._width, self._height = float(plan["width_m"]), float(plan["height_m"])
        self._size = max(self._width, self._height)
        here = [each for each in zones if (each.get("plan") or {}).get("id") == plan["id"]]
        placed = [each for each in anchors if each["plan"] == plan["id"] and each["x_m"] is not None]
        self._under = "".join(
            [
                *(self._zone(each) for each in here),
                self._walls(plan["walls"]),
                *(self._anchor(each) for each in placed),
            ]
        )
        self._tapped = tapped
        self._picture = ui.interactive_image(
            size=(self._width * _POINTS, self._height * _POINTS),
            content=self._under,
            on_mouse=self._on_tap,
            events=["click"],
            sanitize=False,
        ).classes("survey-floor")
        # As high as the window lets it be, and never out of shape: a tap must be where it is seen.
        self._picture.style(f"max-width: calc(70vh * {self._width / self._height:.4f})")
        label = desk.say("Floor plan: tap where you stand")
        self._picture.props(f'role=img aria-label="{escape(label, quote=True)}"')

    def show(self, places: Sequence[Place]) -> None:
        """Draws these places, and no others."""
        drawn = "".join(
            f'<circle class="{each.kind}" cx="{each.x_m * _POINTS:.0f}" cy="{self._y(each.y_m):.0f}" '
            f'r="{self._size * _POINTS / 60:.0f}"/>'
            for each in places
        )
        self._picture.set_content(self._under + drawn)

    def holds(self, x_m: float, y_m: float) -> bool:
        return 0 <= x_m <= self._width and 0 <= y_m <= self._height

    async def _on_tap(self, event: MouseEventArguments) -> None:
        x_m, y_m = event.image_x / _POINTS, self._height - event.image_y / _POINTS
        if self.holds(x_m, y_m):
            waiting = self._tapped(round(x_m, 2), round(y_m, 2))
            if waiting is not None:
                await waiting

    def _y(self, y_m: float) -> float:
        """Plans have y upwards."""
        return (self._height - y_m) * _POINTS

    def _walls(self, walls: Sequence[Sequence[Sequence[float]]]) -> str:
        lines = (" ".join(f"{x * _POINTS:.0f},{self._y(y):.0f}" for x, y in wall) for wall in walls)
        width = self._size * _POINTS / 200
        return "".join(
            f'<polyline class="wall" points="{line}" stroke-width="{width:.0f}"/>' for line in lines
        )

    def _zone(self, zone: Mapping[str, Any]) -> str:
        """Its outline and, near its upper edge, its name."""
        shape = zone["plan"]["shape"]
        polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
        lines = (
            " L".join(f"{x * _POINTS:.0f} {self._y(y):.0f}" for x, y in ring)
            for polygon in polygons
            for ring in polygon
        )
        outer = polygons[0][0]
        left, top = min(x for x, _ in outer) * _POINTS, self._y(max(y for _, y in outer))
        size = self._size * _POINTS / 44
        return (
            f'<path class="zone" fill-rule="evenodd" d="{" ".join(f"M{line}Z" for line in lines)}"/>'
            f'<text class="zone-name" x="{left + size / 2:.0f}" y="{top + 1.5 * size:.0f}" style="{_sized(size)}">'
            f"{escape(str(zone['name']))}</text>"
        )

    def _anchor(self, anchor: Mapping[str, Any]) -> str:
        """A square, with its name beneath; what is longer than a third of the plan is cut."""
        x, y = anchor["x_m"] * _POINTS, self._y(anchor["y_m"])
        side, size = self._size * _POINTS / 45, self._size * _POINTS / 52
        name = str(anchor["name"])
        shown = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
        margin = 0.45 * len(shown) * size  # with room for the larger letters of small screens
        middle = min(max(x, margin), self._width * _POINTS - margin)
        return (
            f'<rect class="ear" x="{x - side / 2:.0f}" y="{y - side / 2:.0f}" width="{side:.0f}" height="{side:.0f}" '
            f'rx="{side / 5:.0f}"/><text x="{middle:.0f}" y="{y + side / 2 + 1.2 * size:.0f}" style="{_sized(size)}" '
            f'text-anchor="middle">{escape(shown)}</text>'
        )


def _sized(size: float) -> str:
    """Letters that grow on small screens, where the plan shrinks (gateways.css)."""
    return f"font-size: calc({size:.0f}px * var(--grow, 1))"
