"""A floor plan with its walls and zones, coloured by how many people are in them. Drawn as SVG: no picture has to be fetched.

In: a plan as `/v1/floor-plans` shows it, the zones that lie on it, anchors. Out: an element whose counts may change; only then the zones
are drawn anew, the walls never.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from nicegui import ui

from server.web.console.desk import Desk

#: What a zone made of anchors is drawn as: about how near one stands to be heard best (metres).
_NEAR_M: Final = 2.0
_LONGEST_NAME: Final = 22


class FloorView:
    """See the module's text."""

    def __init__(
        self,
        desk: Desk,
        plan: Mapping[str, Any],
        features: Sequence[Mapping[str, Any]],
        anchors: Sequence[Mapping[str, Any]],
    ) -> None:
        self._plan = plan
        self._shapes = [
            (feature["properties"], shape)
            for feature in features
            if (shape := _outline(feature["properties"], plan, anchors)) is not None
        ]
        self._shapes.sort(key=lambda each: each[0]["level"] == "shelf")  # what is small lies on top
        with ui.element("div").classes("floor-view"):
            ui.html(_walls(plan), sanitize=False)
            self._zones = ui.html(self._drawn({}), sanitize=False)
            self._zones.props(
                f'role=img aria-label="{escape(desk.say("Floor plan: {plan}", plan=plan["name"]))}"'
            )

    @property
    def is_empty(self) -> bool:
        """Whether no zone lies on the plan."""
        return not self._shapes

    def count(self, counts: Mapping[str, int]) -> None:
        """Colours the zones by how many people are in them."""
        self._zones.set_content(self._drawn(counts))

    def _drawn(self, counts: Mapping[str, int]) -> str:
        most = max(1, *(counts.get(zone["id"], 0) for zone, _ in self._shapes), 1)
        size = max(self._plan["width_m"], self._plan["height_m"]) / 42
        shapes, names = [], []
        for zone, (shape, x, y) in self._shapes:
            people = counts.get(zone["id"], 0)
            filled = f"fill:var(--accent);fill-opacity:{0.15 + 0.45 * people / most:.2f}" if people else ""
            shapes.append(f'<g class="zone" style="{filled}">{shape}</g>')
            name = zone["name"] if len(zone["name"]) <= _LONGEST_NAME else f"{zone['name'][:_LONGEST_NAME]}…"
            label = f"{escape(name)} · {people}" if people else escape(name)
            names.append(
                f'<text x="{x:.2f}" y="{-y:.2f}" style="font-size:calc({size:.2f}px * var(--grow, 1))">{label}</text>'
            )
        return f"{_opened(self._plan)}{''.join(shapes)}{''.join(names)}</svg>"


def _opened(plan: Mapping[str, Any]) -> str:
    """Metres with y upwards, as plans have it: drawn downwards, so that letters stand upright."""
    width, height = plan["width_m"], plan["height_m"]
    margin = max(width, height) / 60
    box = f"{-margin:.2f} {-height - margin:.2f} {width + 2 * margin:.2f} {height + 2 * margin:.2f}"
    return f'<svg viewBox="{box}" xmlns="http://www.w3.org/2000/svg">'


def _walls(plan: Mapping[str, Any]) -> str:
    width, height = plan["width_m"], plan["height_m"]
    lines = "".join(f'<polyline points="{_points(wall)}"/>' for wall in plan["walls"])
    floor = f'<rect class="floor" x="0" y="{-height}" width="{width}" height="{height}"/>'
    return f'{_opened(plan)}{floor}<g class="walls">{lines}</g></svg>'


def _points(line: Sequence[Sequence[float]]) -> str:
    return " ".join(f"{x:.2f},{-y:.2f}" for x, y in line)


def _outline(
    zone: Mapping[str, Any], plan: Mapping[str, Any], anchors: Sequence[Mapping[str, Any]]
) -> tuple[str, float, float] | None:
    """A zone on this plan as SVG, and where its name stands; None for one that lies elsewhere."""
    on_plan = zone.get("plan")
    if on_plan and on_plan["id"] == plan["id"]:
        return _polygons(on_plan["shape"])
    here = {each["id"]: each for each in anchors if each["plan"] == plan["id"] and each["x_m"] is not None}
    disc = zone.get("disc")
    if disc and disc["anchor"] in here:
        return _circle(here[disc["anchor"]], disc["radius"])
    near = [here[anchor] for anchor in zone.get("anchors") or () if anchor in here]
    if near:
        circles = [_circle(anchor, _NEAR_M) for anchor in near]
        return "".join(shape for shape, _, _ in circles), circles[0][1], circles[0][2]
    return None


def _circle(anchor: Mapping[str, Any], radius: float) -> tuple[str, float, float]:
    x, y = anchor["x_m"], anchor["y_m"]
    return f'<circle cx="{x}" cy="{-y}" r="{radius}"/>', x, y


def _polygons(shape: Mapping[str, Any]) -> tuple[str, float, float]:
    polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    rings = [ring for polygon in polygons for ring in polygon]
    path = " ".join(f"M{_points(ring).replace(' ', ' L')}Z" for ring in rings)
    outer = polygons[0][0]
    x = (min(point[0] for point in outer) + max(point[0] for point in outer)) / 2
    y = (min(point[1] for point in outer) + max(point[1] for point in outer)) / 2
    return f'<path d="{path}" fill-rule="evenodd"/>', x, y
