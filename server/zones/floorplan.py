"""What a radio tells of a place: maps of cells, one for each group of anchors.

A map says what each anchor would hear from each cell, how people move between cells, and which zones the cells make up.

Two levels of knowledge make the same kind of map, so that belief needs to know only one: anchors with positions on a
floor plan give a grid of cells with path loss and walls; anchors of which only the zones are known give one cell an
anchor ("near it"). A site survey will later put measured strengths in the place of the computed ones.
Pure: compiled from frozen zones, anchors and plans, then only read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log10, sqrt

import numpy as np
import shapely
from numpy.typing import NDArray

from server.zones.zone import Anchor, AnchorSet, Disc, FloorPlan, FloorShape, Place

Floats32 = NDArray[np.float32]

#: A grid has at most about this many cells: belief costs their number squared when people move.
MOST_CELLS = 400
#: Cells smaller than this say nothing: standing positions at one distance differ by 4.5 dB anyway.
SMALLEST_CELL_M = 1.0

#: Path loss measured over 81 standing positions in an open office: -62 dBm at 1 m, exponent 1.47 along the floor.
REFERENCE_DBM = -62.0
PATH_LOSS_EXPONENT = 1.8  # between that office (1.47) and free space (2); shops have shelves
WALL_DB = 4.0  # a partition of 10 cm, per crossing
#: Spread of a one-second mean about what the map expects: 4.5 dB between positions at equal distance and 3 dB within one
#: make 5.4; the rest is bodies and the way a device is held. It is also what keeps correlated packets from making us
#: sure too soon.
SPREAD_DB = 7.5

#: What an anchor hears of a device near itself, near another anchor of the same zone, and elsewhere in the site, where
#: no positions are known (tetam means at 1-3 m, 3-8 m, 8-20 m).
NEAR_DBM, SAME_ZONE_DBM, ELSEWHERE_DBM = -64.0, -71.0, -78.0
#: Out of the door everything is weaker than in the farthest corner: a wall and some metres more.
OUTSIDE_LOSS_DB = 8.0

WEAKEST_DBM, STRONGEST_DBM = -110, -20

#: People stand or walk: the share that walks in any moment, and how far they get in a second (per axis).
WALKING_SHARE = 0.3
WALK_M_PER_S = 0.8
#: How readily someone near any cell leaves the site or comes in, a second.
OUT_PER_S, IN_PER_S = 1 / 300, 1 / 15
#: Moves are prepared for 1, 2, 4 ... half seconds; longer silences are cut to the last (64 s: nearly anywhere by then).
STEP_S = 0.5
STEPS = 8


@dataclass(frozen=True, slots=True)
class RadioMap:
    """One group of anchors that hear the same people. The last cell is outside.

    `log_likelihood[anchor, rssi + 110, cell]`; `moves[k][from, to]` for 2**k half seconds; `member[cell, j]` is the
    share of the cell that belongs to zone `zones[j]`; `start` is the belief about someone first heard.
    """

    anchors: tuple[str, ...]
    zones: tuple[int, ...]
    log_likelihood: Floats32
    moves: tuple[Floats32, ...]
    member: Floats32
    start: Floats32

    @property
    def cells(self) -> int:
        return len(self.start)

    def evidence(self, anchors: NDArray[np.intp], rssi_dbm: NDArray[np.float64]) -> Floats32:
        """Log likelihood of each cell for each strength heard: (strengths, cells)."""
        strength = np.clip(np.rint(rssi_dbm), WEAKEST_DBM, STRONGEST_DBM).astype(np.intp) - WEAKEST_DBM
        return self.log_likelihood[anchors, strength]

    def moved(self, belief: Floats32, half_seconds: NDArray[np.intp]) -> Floats32:
        """Belief (rows, cells) after so many half seconds each without evidence."""
        steps = np.minimum(half_seconds, 2**STEPS - 1)
        for k, move in enumerate(self.moves):
            rows = np.flatnonzero(steps >> k & 1)
            if len(rows) == len(belief):
                belief = belief @ move
            elif len(rows):
                belief = belief.copy()
                belief[rows] = belief[rows] @ move
        return belief


def compile_radio_maps(
    places: Sequence[Place],
    within: Sequence[Sequence[int]],
    anchors: Mapping[str, Anchor],
    plans: Mapping[str, FloorPlan],
) -> tuple[RadioMap, ...]:
    """All radio maps of an atlas. `within[i]` are the indexes of the zones that contain zone i (its ancestors).

    Anchors with a position on a plan belong to that plan's map; all others that a zone names to one map for each site.
    """
    named = {place.anchor for place in places if isinstance(place, Disc)}
    named.update(*(place.anchors for place in places if isinstance(place, AnchorSet)))
    groups: dict[tuple[str, str], list[Anchor]] = {}
    for anchor in anchors.values():
        on_plan = anchor.plan is not None and anchor.plan in plans and anchor.x_m is not None
        if not on_plan and anchor.id not in named:
            continue  # it tells of no zone, and a map grows by the square of its anchors
        key = ("plan", anchor.plan or "") if on_plan else ("site", anchor.site or "")
        groups.setdefault(key, []).append(anchor)
    maps = []
    for (kind, name), group in sorted(groups.items()):
        group.sort(key=lambda anchor: anchor.id)
        ground = _Grid(plans[name], group) if kind == "plan" else _Spots(group, places)
        shares = {i: share for i, place in enumerate(places) if (share := ground.share(place)) is not None}
        if shares:
            maps.append(_radio_map(group, ground, shares, within))
    return tuple(maps)


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
    expected = ground.expected_dbm()
    weakest = expected.min(axis=1, keepdims=True) - OUTSIDE_LOSS_DB
    return RadioMap(
        anchors=tuple(anchor.id for anchor in anchors),
        zones=zones,
        log_likelihood=_log_likelihood(np.hstack([expected, weakest])),
        moves=_moves(ground.step()),
        member=np.vstack([inside, np.zeros((1, len(zones)))]).astype(np.float32),
        start=_start(expected.shape[1]),
    )


def _log_likelihood(expected_dbm: NDArray[np.float64]) -> Floats32:
    strengths = np.arange(WEAKEST_DBM, STRONGEST_DBM + 1, dtype=np.float64)
    off = (strengths[None, :, None] - expected_dbm[:, None, :]) / SPREAD_DB
    # Student's t with 4 degrees of freedom: one packet through a door or a body must not decide.
    return np.asarray(-2.5 * np.log1p(off**2 / 4.0), np.float32)


def _moves(step: NDArray[np.float64]) -> tuple[Floats32, ...]:
    moves = [step]
    for _ in range(STEPS - 1):
        moves.append(moves[-1] @ moves[-1])
    return tuple(move.astype(np.float32) for move in moves)


def _start(cells: int) -> Floats32:
    """First heard: as likely still outside as anywhere inside."""
    return np.append(np.full(cells, 0.5 / cells), 0.5).astype(np.float32)


def _with_outside(among: NDArray[np.float64]) -> NDArray[np.float64]:
    """Moves among the cells of a site, widened by going out and coming in, for one half second."""
    cells = len(among)
    out, back = OUT_PER_S * STEP_S, IN_PER_S * STEP_S
    step = np.zeros((cells + 1, cells + 1))
    step[:cells, :cells] = among * (1.0 - out)
    step[:cells, cells] = out
    step[cells, :cells] = back / cells
    step[cells, cells] = 1.0 - back
    return step


class _Grid:
    """Cells of a floor plan on which the anchors have positions."""

    def __init__(self, plan: FloorPlan, anchors: Sequence[Anchor]) -> None:
        self.plan = plan
        self.anchors = anchors
        longest = max(plan.width_m, plan.height_m)  # of a plan that is all length, area says nothing
        size = max(SMALLEST_CELL_M, sqrt(plan.width_m * plan.height_m / MOST_CELLS), longest / MOST_CELLS)
        columns, rows = ceil(plan.width_m / size), ceil(plan.height_m / size)
        x = (np.arange(columns) + 0.5) * plan.width_m / columns
        y = (np.arange(rows) + 0.5) * plan.height_m / rows
        self.half = (plan.width_m / columns / 2, plan.height_m / rows / 2)
        self.x, self.y = (grid.ravel() for grid in np.meshgrid(x, y))
        self.of_anchor = {anchor.id: i for i, anchor in enumerate(anchors)}
        self.at = np.array([[a.x_m or 0.0, a.y_m or 0.0] for a in anchors])

    def share(self, place: Place) -> NDArray[np.float64] | None:
        """The share of each cell that belongs to a place; None where the place is not of this plan."""
        shape = self._shape(place)
        if shape is None:
            return None
        half_x, half_y = self.half
        cells = shapely.box(self.x - half_x, self.y - half_y, self.x + half_x, self.y + half_y)
        return np.asarray(
            shapely.area(shapely.intersection(cells, shape)) / (4 * half_x * half_y), np.float64
        )

    def _shape(self, place: Place) -> shapely.Geometry | None:
        match place:
            case FloorShape(plan, geometry) if plan == self.plan.id:
                return geometry
            case Disc(anchor, radius_m) if anchor in self.of_anchor:
                return shapely.Point(self.at[self.of_anchor[anchor]]).buffer(radius_m)
            case AnchorSet(names) if all(name in self.of_anchor for name in names):
                return self._nearest_to(names)
            case _:
                return None

    def _nearest_to(self, names: Sequence[str]) -> shapely.Geometry:
        """The zone of some anchors: all that is nearer to one of them than to any other anchor."""
        floor = shapely.box(0, 0, self.plan.width_m, self.plan.height_m)
        if len(self.anchors) == 1:
            return floor
        mine = shapely.MultiPoint([self.at[self.of_anchor[name]] for name in names])
        regions = shapely.voronoi_polygons(shapely.MultiPoint(self.at), extend_to=floor).geoms
        return shapely.union_all([region for region in regions if region.intersects(mine)]).intersection(
            floor
        )

    def expected_dbm(self) -> NDArray[np.float64]:
        """(anchors, cells): log-distance path loss, less the walls between."""
        walls = np.array([shapely.LineString(wall) for wall in self.plan.walls if len(wall) >= 2], object)
        expected = np.empty((len(self.anchors), len(self.x)))
        cells = shapely.points(self.x, self.y)
        found = shapely.STRtree(walls)
        for i, anchor in enumerate(self.anchors):
            # Devices are carried about 1.2 m above the floor; anchors hang where they hang.
            rise = (anchor.z_m if anchor.z_m is not None else 2.0) - 1.2
            along = np.hypot(self.x - self.at[i, 0], self.y - self.at[i, 1])
            distance = np.maximum(np.sqrt(along**2 + rise**2), 0.5)
            reference = (
                anchor.reference_dbm_at_1m if anchor.reference_dbm_at_1m is not None else REFERENCE_DBM
            )
            expected[i] = reference - anchor.bias_db - 10 * PATH_LOSS_EXPONENT * np.log10(distance)
            sight = np.asarray(shapely.shortest_line(cells, shapely.Point(self.at[i])), object)
            cell, wall = found.query(sight, predicate="intersects")
            crossings = shapely.get_num_coordinates(shapely.intersection(sight[cell], walls[wall]))
            np.subtract.at(expected[i], cell, WALL_DB * crossings)
        return expected

    def step(self) -> NDArray[np.float64]:
        """Moves of one half second: most stand, some walk."""
        spread = WALK_M_PER_S * STEP_S + max(self.half)
        square = (self.x[:, None] - self.x) ** 2 + (self.y[:, None] - self.y) ** 2
        walk = np.exp(-square / (2 * spread**2))
        walk /= walk.sum(axis=1, keepdims=True)
        return _with_outside((1 - WALKING_SHARE) * np.eye(len(walk)) + WALKING_SHARE * walk)


class _Spots:
    """One cell an anchor, "near it", and one more close up where a disc is drawn round it: all one knows without positions."""

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

    def expected_dbm(self) -> NDArray[np.float64]:
        return np.array([[self._expected(anchor, *spot) for spot in self.spots] for anchor in self.anchors])

    def _expected(self, anchor: Anchor, spot: str, close_m: float | None) -> float:
        if anchor.id == spot:
            if close_m is None:
                return NEAR_DBM - anchor.bias_db
            reference = (
                anchor.reference_dbm_at_1m if anchor.reference_dbm_at_1m is not None else REFERENCE_DBM
            )
            # Someone within the disc is most often about two thirds of its radius away (mean distance in a disc).
            return reference - anchor.bias_db - 10 * PATH_LOSS_EXPONENT * log10(max(close_m * 2 / 3, 0.5))
        together = any(anchor.id in team and spot in team for team in self.teams)
        return (SAME_ZONE_DBM if together else ELSEWHERE_DBM) - anchor.bias_db

    def step(self) -> NDArray[np.float64]:
        """Moves of one half second: from spot to spot in about eight seconds of walking."""
        cells = len(self.spots)
        leave = WALKING_SHARE * STEP_S * WALK_M_PER_S / 2.0
        among = np.full((cells, cells), leave / max(cells - 1, 1))
        np.fill_diagonal(among, 1.0 - leave if cells > 1 else 1.0)
        return _with_outside(among)
