"""What a floor tells of radio: from anchors, floor plans and surveys to radio maps, one for each group of anchors.

Three levels of knowledge, the best that is there is used. A survey of a plan: strengths between its spots are learned, with what is left
unknown. Anchors with positions on a plan: a grid of cells with path loss and walls. Anchors of which only the zones are
known: one cell an anchor ("near it"). Pure: compiled from frozen zones, anchors, plans and surveys.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import ceil, log10, sqrt
from typing import Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from server.zones.kriging import EXPONENT, REFERENCE_DBM, Measured, Paths, expected, surveyed
from server.zones.on_plan import outline
from server.zones.radiomap import RadioMap, radio_map
from server.zones.shape import Floats
from server.zones.sight import Segments, crossings, segments
from server.zones.survey import Survey
from server.zones.zone import Anchor, AnchorSet, Disc, FloorPlan, Place

#: A grid has at most about this many cells. Belief costs their number; with 400 no score was better, with 100 some were worse.
MOST_CELLS = 160
#: Cells smaller than this say nothing: positions are believed to a metre or two.
SMALLEST_CELL_M = 0.5
#: What is learned from a survey costs the cube of its spots: more than this are joined with their neighbours.
MOST_SPOTS = 400
#: By so much the squares of joined spots grow until that holds.
WIDER: Final = 1.1

#: What an anchor hears of a device near itself, near another anchor of the same zone, and elsewhere in the site, where
#: no positions are known (tetam means at 1-3 m, 3-8 m, 8-20 m), and how much places of one kind differ.
NEAR_DBM, SAME_ZONE_DBM, ELSEWHERE_DBM = -64.0, -71.0, -78.0
NEARNESS_DB: Final = 6.0

#: Fobs and phones differ by several dB from one another, and so does what hangs in a shop from what was measured in an
#: office; a survey was made with a fob like the others.
OFFSET_DB, SURVEYED_OFFSET_DB = 8.0, 4.0
#: Devices are carried about so high above the floor; anchors hang where they hang.
CARRIED_M, HUNG_M = 1.2, 2.0
#: Lines met within this are the two faces of one wall, also where it is looked through at a slant.
THICKEST_M: Final = 0.5


def compile_radio_maps(
    places: Sequence[Place],
    within: Sequence[Sequence[int]],
    anchors: Mapping[str, Anchor],
    plans: Mapping[str, FloorPlan],
    surveys: Mapping[str, Survey] | None = None,
) -> tuple[RadioMap, ...]:
    """All radio maps of an atlas. `within[i]` are the indexes of the zones that contain zone i (its ancestors).

    Anchors with a position on a plan belong to that plan's map; all others that a zone names to one map for each site.
    """
    maps = []
    for (kind, name), group in sorted(_groups(places, anchors, plans).items()):
        group.sort(key=lambda anchor: anchor.id)
        survey = surveys.get(name) if surveys is not None else None
        ground = _Grid(plans[name], group, survey) if kind == "plan" else _Spots(group, places)
        shares = {i: share for i, place in enumerate(places) if (share := ground.share(place)) is not None}
        if shares:
            maps.append(_radio_map(group, ground, shares, within))
    return tuple(maps)


def _groups(
    places: Sequence[Place], anchors: Mapping[str, Anchor], plans: Mapping[str, FloorPlan]
) -> dict[tuple[str, str], list[Anchor]]:
    """The anchors that hear the same people: ("plan", its id) or ("site", its id)."""
    named = {place.anchor for place in places if isinstance(place, Disc)}
    named.update(*(place.anchors for place in places if isinstance(place, AnchorSet)))
    groups: defaultdict[tuple[str, str], list[Anchor]] = defaultdict(list)
    for anchor in anchors.values():
        if anchor.plan is not None and anchor.plan in plans and anchor.x_m is not None:
            groups["plan", anchor.plan].append(anchor)
        elif anchor.id in named:  # any other tells of no zone, and a map grows by its anchors
            groups["site", anchor.site or ""].append(anchor)
    return groups


def _radio_map(
    anchors: Sequence[Anchor],
    ground: "_Grid | _Spots",
    shares: dict[int, NDArray[np.float64]],
    within: Sequence[Sequence[int]],
) -> RadioMap:
    # Who is at the shelf is in the shop: a zone has at least the cells of the zones in it. A site has all of them.
    member = {i: share.copy() for i, share in shares.items()}
    for i, share in shares.items():
        for outer in within[i]:
            member[outer] = np.maximum(member.get(outer, 0.0), share)
    tops = {within[i][-1] for i in shares if within[i]}
    for top in tops:
        member[top] = np.ones_like(member[top])
    zones = tuple(sorted(member))
    inside = np.column_stack([member[i] for i in zones])
    mean_dbm, sd_db = ground.expected_dbm()
    names = tuple(anchor.id for anchor in anchors)
    return radio_map(names, zones, inside, mean_dbm, sd_db, ground.offset_db)


class _Grid:
    """Cells of a floor plan on which the anchors have positions."""

    def __init__(self, plan: FloorPlan, anchors: Sequence[Anchor], survey: Survey | None) -> None:
        self.plan = plan
        self.spots = _joined(survey, plan) if survey is not None else []
        self.offset_db = SURVEYED_OFFSET_DB if self.spots else OFFSET_DB
        self.anchors = anchors
        columns, rows = _grid(plan)
        self.half = half_x, half_y = plan.width_m / columns / 2, plan.height_m / rows / 2
        x, y = _cells(plan)
        self.cells = shapely.box(x - half_x, y - half_y, x + half_x, y + half_y)
        self.at = np.array([[a.x_m or 0.0, a.y_m or 0.0] for a in anchors])
        self.placed = {anchor.id: shapely.Point(at) for anchor, at in zip(anchors, self.at, strict=True)}

    def share(self, place: Place) -> NDArray[np.float64] | None:
        """The share of each cell that belongs to a place; None where the place is not of this plan."""
        shape = outline(place, self.plan, self.placed)
        if shape is None:
            return None
        shapely.prepare(shape)
        area = np.where(shapely.covers(shape, self.cells), shapely.area(self.cells), 0.0)
        rim = np.flatnonzero((area == 0.0) & shapely.intersects(shape, self.cells))
        area[rim] = shapely.area(shapely.intersection(self.cells[rim], shape))
        return np.asarray(area / (4 * self.half[0] * self.half[1]), np.float64)

    def expected_dbm(self) -> tuple[Floats, Floats]:
        """Mean (dBm) and sd (dB), each (anchors, cells)."""
        spots = tuple((x_m, y_m, tuple(heard.items())) for x_m, y_m, heard in self.spots)
        return told(self.plan, tuple(self.anchors), spots)


#: A spot as it is compared: where (m), and what each anchor heard there (mean dBm).
_Known: TypeAlias = tuple[float, float, tuple[tuple[str, float], ...]]


@lru_cache(maxsize=32)
def told(plan: FloorPlan, anchors: tuple[Anchor, ...], spots: tuple[_Known, ...]) -> tuple[Floats, Floats]:
    """Mean (dBm) and sd (dB), each (anchors, cells): only read, since it takes seconds and zones change more often than floors."""
    walls = segments(plan.walls)
    cells = np.column_stack(_cells(plan))
    each = []
    for anchor in anchors:
        reference = _reference(anchor)
        paths = _paths(anchor, cells, walls)
        heard = [(x, y, mean) for x, y, spot in spots for name, mean in spot if name == anchor.id]
        if heard:
            at = np.array([(x, y) for x, y, _ in heard])
            mean_dbm = np.array([mean for _, _, mean in heard])
            measured = Measured(at, _paths(anchor, at, walls), mean_dbm)
            each.append(surveyed(cells, paths, reference, measured))
        else:
            each.append(expected(paths, reference))
    return np.array([mean for mean, _ in each]), np.array([sd for _, sd in each])


def _grid(plan: FloorPlan) -> tuple[int, int]:
    """How many columns and rows of cells a plan has."""
    longest = max(plan.width_m, plan.height_m)  # of a plan that is all length, area says nothing
    size = max(SMALLEST_CELL_M, sqrt(plan.width_m * plan.height_m / MOST_CELLS), longest / MOST_CELLS)
    return ceil(plan.width_m / size), ceil(plan.height_m / size)


def _cells(plan: FloorPlan) -> tuple[Floats, Floats]:
    """The middles of the cells, x and y in metres."""
    columns, rows = _grid(plan)
    x = (np.arange(columns) + 0.5) * plan.width_m / columns
    y = (np.arange(rows) + 0.5) * plan.height_m / rows
    across, along = np.meshgrid(x, y)
    return across.ravel(), along.ravel()


def _paths(anchor: Anchor, points: Floats, walls: Segments) -> Paths:
    """From an anchor to points of the floor."""
    hung = np.array([anchor.x_m or 0.0, anchor.y_m or 0.0])
    rise = (anchor.z_m if anchor.z_m is not None else HUNG_M) - CARRIED_M
    along = np.hypot(*(points - hung).T)
    point, share = crossings(hung, points, walls)
    between = _walls_met(point, share * along[point], len(points))
    return Paths(np.maximum(np.sqrt(along**2 + rise**2), 0.5), between)


def _walls_met(point: NDArray[np.intp], away_m: Floats, points: int) -> Floats:
    """How many walls stand before each point, of crossings at so many metres from the anchor: two faces are one wall."""
    order = np.argsort(point * (away_m.max(initial=0.0) + 1.0) + away_m)  # by point, then by metres
    point, away_m = point[order], away_m[order]
    another = np.append(True, (point[1:] != point[:-1]) | (np.diff(away_m) > THICKEST_M))[: len(point)]
    return np.bincount(point[another], minlength=points).astype(np.float64)


def _joined(survey: Survey, plan: FloorPlan) -> list[tuple[float, float, dict[str, float]]]:
    """The spots of a survey (x, y, mean of each anchor), those of one square joined where they are too many."""
    joined = []
    for members in _squares(np.array([(spot.x_m, spot.y_m) for spot in survey.spots]), plan):
        spots = [survey.spots[i] for i in members]
        heard = {}
        for name in sorted({name for spot in spots for name in spot.heard}):
            strengths = [spot.heard[name] for spot in spots if name in spot.heard]
            packets = [strength.packets for strength in strengths]
            heard[name] = float(np.average([each.mean_dbm for each in strengths], weights=packets))
        x_m, y_m = (float(np.mean([getattr(spot, axis) for spot in spots])) for axis in ("x_m", "y_m"))
        joined.append((x_m, y_m, heard))
    return joined


def _squares(at: Floats, plan: FloorPlan) -> list[list[int]]:
    """Which spots (rows of x, y) are taken as one: each by itself, or those of a square where there are more than MOST_SPOTS.

    The squares are wider where the spots do not keep to the plan: it may have been made smaller since, or be all length.
    """
    if len(at) <= MOST_SPOTS:
        return [[i] for i in range(len(at))]
    side = max(sqrt(plan.width_m * plan.height_m / MOST_SPOTS), SMALLEST_CELL_M)
    while len(np.unique(at // side, axis=0)) > MOST_SPOTS:
        side *= WIDER
    squares: defaultdict[tuple[float, ...], list[int]] = defaultdict(list)
    for i, square in enumerate((at // side).tolist()):
        squares[tuple(square)].append(i)
    return list(squares.values())


def _reference(anchor: Anchor) -> float:
    """What it hears at one metre, dBm."""
    known = anchor.reference_dbm_at_1m
    return (known if known is not None else REFERENCE_DBM) - anchor.bias_db


class _Spots:
    """One cell an anchor, "near it", and one more close up where a disc is drawn round it: all one knows without positions."""

    offset_db = OFFSET_DB

    def __init__(self, anchors: Sequence[Anchor], places: Sequence[Place]) -> None:
        self.anchors = anchors
        discs = {place.anchor: place.radius_m for place in places if isinstance(place, Disc)}
        self.spots: list[tuple[str, float | None]] = [(anchor.id, None) for anchor in anchors]
        self.spots += [(anchor.id, discs[anchor.id]) for anchor in anchors if anchor.id in discs]
        self.teams = [set(place.anchors) for place in places if isinstance(place, AnchorSet)]

    def share(self, place: Place) -> NDArray[np.float64] | None:
        match place:
            case Disc(anchor, _):
                share = [float(spot == anchor and close is not None) for spot, close in self.spots]
            case AnchorSet(names):
                share = [float(spot in names) for spot, _ in self.spots]
            case _:
                return None
        return np.array(share) if any(share) else None

    def expected_dbm(self) -> tuple[Floats, Floats]:
        """Mean (dBm) and sd (dB), each (anchors, spots)."""
        mean = np.array([[self._expected(anchor, *spot) for spot in self.spots] for anchor in self.anchors])
        return mean, np.full(mean.shape, NEARNESS_DB)

    def _expected(self, anchor: Anchor, spot: str, close_m: float | None) -> float:
        if anchor.id == spot:
            if close_m is None:
                return NEAR_DBM - anchor.bias_db
            # Someone within the disc is most often about two thirds of its radius away (mean distance in a disc).
            return _reference(anchor) - 10 * EXPONENT * log10(max(close_m * 2 / 3, 0.5))
        together = any(anchor.id in team and spot in team for team in self.teams)
        return (SAME_ZONE_DBM if together else ELSEWHERE_DBM) - anchor.bias_db
