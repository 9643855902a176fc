"""All places, compiled: a batch of evidence in, probabilities of zones out.

In: frozen zones, anchors, floor plans and their surveys, and the dwell times that campaigns listen for. Out: an `Atlas` of arrays indexed by
a zone's number (its row here). A zone that is closed, or lies in a closed one, is not in the atlas: nobody is in it. One that has
opening hours is there, and nobody is in it outside them (`openings`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from server.zones.family import families
from server.zones.fences import Fences, compile_fences
from server.zones.floorplan import compile_radio_maps
from server.zones.openings import Openings
from server.zones.radiomap import RadioMap
from server.zones.shape import Floats, Indexes, circle_outline
from server.zones.survey import Survey
from server.zones.zone import LEVELS, Anchor, Circle, FloorPlan, Geofence, Zone, lineage


@dataclass(frozen=True, slots=True)
class Atlas:
    """See the module's text. `ancestors[i]` runs from the parent of zone i to its site."""

    zones: tuple[Zone, ...]
    index: Mapping[str, int]
    ancestors: tuple[tuple[int, ...], ...]
    lineage: Indexes  # (zones, most ancestors): the same, filled up with -1
    rank: NDArray[np.int8]  # 0 site, 1 zone, 2 shelf
    family: Indexes  # zones of one family exclude each other; -1 for none
    enter_at: Floats
    leave_at: Floats
    enter_after_s: Floats
    leave_after_s: Floats
    dwells_s: Floats  # (zones, most dwells): ascending, filled up with infinity
    both_senses: NDArray[np.bool_]  # zones of which fixes and radio tell
    fences: Fences
    openings: Openings
    radio_maps: tuple[RadioMap, ...]
    closed: frozenset[str]  # what is known and not in here
    anchor_place: Mapping[str, int]  # anchor -> number of its radio map * most_anchors + its row there
    most_anchors: int


def compile_atlas(
    zones: Iterable[Zone],
    anchors: Iterable[Anchor] = (),
    plans: Iterable[FloorPlan] = (),
    dwells_s: Mapping[str, Sequence[float]] | None = None,
    surveys: Mapping[str, Survey] | None = None,
) -> Atlas:
    """Compiles what is open. Nesting must have been checked (nesting.check_nesting); an unknown parent counts as none."""
    given = tuple(zones)
    open_zones = _open(given)
    index = {zone.id: i for i, zone in enumerate(open_zones)}
    known = {zone.id: zone for zone in open_zones}
    ancestors = tuple(tuple(index[outer.id] for outer in lineage(zone, known)[1:]) for zone in open_zones)
    known_anchors = {anchor.id: anchor for anchor in anchors}
    radio_maps = compile_radio_maps(
        [zone.place for zone in open_zones],
        ancestors,
        known_anchors,
        {plan.id: plan for plan in plans},
        surveys,
    )
    most_anchors = max((len(radio_map.anchors) for radio_map in radio_maps), default=1)
    heard_in = [zone for radio_map in radio_maps for zone in radio_map.zones]
    fences = compile_fences(_on_the_map(open_zones, ancestors))
    return Atlas(
        zones=open_zones,
        index=index,
        ancestors=ancestors,
        lineage=_filled_up(ancestors),
        family=families([zone.place for zone in open_zones], ancestors, known_anchors),
        rank=np.array([LEVELS.index(zone.level) for zone in open_zones], np.int8),
        **_manners(open_zones),
        dwells_s=_dwells(index, dwells_s or {}),
        both_senses=(fences.of_zone >= 0) & np.isin(np.arange(len(open_zones)), heard_in),
        fences=fences,
        openings=Openings(
            [[each.hours for each in lineage(zone, known) if each.hours is not None] for zone in open_zones]
        ),
        radio_maps=radio_maps,
        closed=frozenset(zone.id for zone in given) - index.keys(),
        most_anchors=most_anchors,
        anchor_place=_anchor_places(radio_maps, most_anchors),
    )


def _manners(zones: Sequence[Zone]) -> dict[str, Floats]:
    """How sure and how quick each zone is, by the atlas's names for it."""
    numbers = ("enter_at", "leave_at", "enter_after_s", "leave_after_s")
    return {name: np.array([getattr(zone.manner, name) for zone in zones], np.float64) for name in numbers}


def _dwells(index: Mapping[str, int], asked: Mapping[str, Sequence[float]]) -> Floats:
    most = max((len(times) for times in asked.values()), default=0)
    dwells = np.full((len(index), most + 1), np.inf)
    for name, times in asked.items():
        if name in index:
            dwells[index[name], : len(times)] = sorted(times)
    return dwells


def _anchor_places(radio_maps: Sequence[RadioMap], most_anchors: int) -> dict[str, int]:
    return {
        anchor: number * most_anchors + row
        for number, radio_map in enumerate(radio_maps)
        for row, anchor in enumerate(radio_map.anchors)
    }


def _open(zones: Iterable[Zone]) -> tuple[Zone, ...]:
    """Parents before children, each level in the order of ids; nothing that is closed or lies in something closed."""
    given = {zone.id: zone for zone in zones}
    kept = (zone for zone in given.values() if not any(each.closed for each in lineage(zone, given)))
    return tuple(sorted(kept, key=lambda zone: (LEVELS.index(zone.level), zone.id)))


def _filled_up(ancestors: Sequence[Sequence[int]]) -> Indexes:
    most = max((len(chain) for chain in ancestors), default=0)
    filled = np.full((len(ancestors), most), -1, np.intp)
    for zone, chain in enumerate(ancestors):
        filled[zone, : len(chain)] = chain
    return filled


def _on_the_map(zones: Sequence[Zone], ancestors: Sequence[Sequence[int]]) -> list[Geofence | Circle | None]:
    """Each zone's shape on the map; one without any place of its own is made of its descendants' shapes."""
    shapes: list[Geofence | Circle | None] = [
        zone.place if isinstance(zone.place, Geofence | Circle) else None for zone in zones
    ]
    parts: dict[int, list[shapely.Geometry]] = {}
    for i, shape in enumerate(shapes):
        if shape is not None:
            for outer in ancestors[i]:
                if zones[outer].place is None:
                    parts.setdefault(outer, []).append(_outline(shape))
    for outer, pieces in parts.items():
        joined = shapely.union_all(pieces)
        if isinstance(joined, shapely.Polygon | shapely.MultiPolygon):
            shapes[outer] = Geofence(joined)
    return shapes


def _outline(shape: Geofence | Circle) -> shapely.Geometry:
    return (
        shape.geometry
        if isinstance(shape, Geofence)
        else circle_outline(shape.lat, shape.lon, shape.radius_m)
    )
