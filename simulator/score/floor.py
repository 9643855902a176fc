"""A recorded room as a shop's floor. In: where receivers hang and where somebody was. Out: plan, anchors, site; surveys of it. Pure.

Nothing here knows what a file holds: the plan reaches as far as the recording does, and a margin more. A plan's corner is its
(0, 0), so all coordinates are shifted by the recording's lowest ones.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from shapely.affinity import translate

from server.presence.sighting import Fixes, Heards
from server.zones.survey import Labelled, Survey, gather
from server.zones.zone import MANNERS, Anchor, Disc, FloorPlan, FloorShape, Place, Zone
from simulator.air import Hearing
from simulator.chance import stream
from simulator.frame import Floats, Point
from simulator.score.case import EPOCH_S, Case, Matching, TrueStay
from simulator.score.truth import zones_at_each_s
from simulator.traces.trace import RadioTrace

SITE, PLAN = "site", "floor"
#: Round what was recorded there is a margin of floor.
MARGIN_M = 1.0
#: Recordings learned from in one survey lie so far apart in time that none shares a second with another.
APART_S = 1e6

NO_FIXES = Fixes.of(())
#: A right enter of a radio zone: from 3 s before to 15 s after (SOURCES.md).
RADIO = Matching(before_s=3.0, after_s=15.0)


@dataclass(frozen=True, slots=True)
class Floor:
    """`low` is the recording's point that is the plan's (0, 0)."""

    plan: FloorPlan
    low: Point
    anchors: Mapping[str, Anchor]
    site: Zone

    def zone(self, name: str, shape: shapely.Polygon | shapely.MultiPolygon) -> Zone:
        """A zone of a shape in the recording's metres."""
        return self._zone(name, FloorShape(PLAN, translate(shape, -self.low[0], -self.low[1])))

    def disc(self, anchor: str, radius_m: float) -> Zone:
        """A display round an anchor: quick, as staff would have it, since people pass displays in some seconds."""
        return replace(self._zone(f"near-{anchor}", Disc(anchor, radius_m)), manner=MANNERS["quick"])

    def box(self) -> tuple[float, float, float, float]:
        """The floor's corners in the recording's metres: x, y of the lowest, x, y of the highest."""
        x, y = self.low
        return x, y, x + self.plan.width_m, y + self.plan.height_m

    def survey(self, traces: Iterable[RadioTrace]) -> tuple[Survey, ...]:
        """What somebody learned who was where the traces say; none where there are no traces."""
        return survey_of(traces, self.low, tuple(self.anchors))

    def case(
        self,
        heards: Heards,
        truth: tuple[TrueStay, ...],
        zones: tuple[Zone, ...],
        surveys: tuple[Survey, ...],
        *,
        name: str,
        seconds: float,
        still: bool = False,
        dwell_s: float = 0.0,
        began_s: float = 0.0,
    ) -> Case:
        """A recording of radio on this floor."""
        return Case(
            name=name,
            sense="radio",
            zones=zones,
            around=(self.site,),
            anchors=self.anchors,
            plans={self.plan.id: self.plan},
            surveys=surveys,
            heards=heards,
            fixes=NO_FIXES,
            truth=truth,
            at_each_s=zones_at_each_s(truth, seconds),
            seconds=seconds,
            ping_s=0.0,
            matching=RADIO,
            still=still,
            dwell_s=dwell_s,
            began_s=began_s,
        )

    @staticmethod
    def _zone(name: str, place: Place) -> Zone:
        return Zone(id=name, name=name, level="zone", parent=SITE, place=place)


def floor_of(
    hang: Mapping[str, tuple[float, float, float]],
    points: Iterable[tuple[Floats, Floats]],
    walls: Sequence[Sequence[Point]] = (),
    margin_m: float = MARGIN_M,
) -> Floor:
    """The floor that holds all that hangs, all points (x, y) and all walls, with a margin."""
    corners = [np.array([position[:2] for position in hang.values()]).reshape(-1, 2)]
    corners += [np.column_stack(each) for each in points]
    corners += [np.array(wall).reshape(-1, 2) for wall in walls]
    everything = np.concatenate(corners)
    low, high = everything.min(axis=0) - margin_m, everything.max(axis=0) + margin_m
    x0, y0 = float(low[0]), float(low[1])
    plan = FloorPlan(
        PLAN,
        "the recorded floor",
        SITE,
        float(high[0]) - x0,
        float(high[1]) - y0,
        tuple(tuple((x - x0, y - y0) for x, y in wall) for wall in walls),
    )
    anchors = {
        name: Anchor(name, name, SITE, PLAN, x - x0, y - y0, z) for name, (x, y, z) in sorted(hang.items())
    }
    return Floor(plan, (x0, y0), anchors, Zone(id=SITE, name="the recorded site", level="site"))


def survey_of(traces: Iterable[RadioTrace], low: Point, anchors: Collection[str]) -> tuple[Survey, ...]:
    """What these anchors heard along the traces, as a survey of the plan whose corner is `low`; none where they heard nothing."""
    at, x, y, rssi = [], [], [], []
    names: list[str] = []
    for number, trace in enumerate(traces):
        for hearing in trace.hearings:
            if hearing.anchor not in anchors or not len(hearing.at_s):
                continue
            true_x, true_y = trace.truth.where(hearing.at_s)
            at.append(hearing.at_s + number * APART_S)
            x.append(true_x - low[0])
            y.append(true_y - low[1])
            rssi.append(hearing.rssi_dbm)
            names += [hearing.anchor] * len(hearing.at_s)
    if not names:
        return ()
    columns = [np.concatenate(column) for column in (at, x, y, rssi)]
    return (gather(PLAN, Labelled(columns[0], columns[1], columns[2], names, columns[3])),)


def heards_of(device: str, hearings: Iterable[Hearing], kept: float, seed: int) -> Heards:
    """What the anchors heard of the device, in order of time; each value is kept with probability `kept` (seeded)."""
    hearings = sorted(hearings, key=lambda hearing: hearing.anchor)
    at = np.concatenate([hearing.at_s for hearing in hearings] or [np.empty(0)])
    rssi = np.concatenate([hearing.rssi_dbm for hearing in hearings] or [np.empty(0)])
    anchor = np.repeat(
        np.array([hearing.anchor for hearing in hearings], object),
        [len(hearing.at_s) for hearing in hearings],
    )
    order = np.argsort(at, kind="stable")
    if kept < 1.0:
        order = order[stream(seed, "thin", device).random(len(order)) < kept]
    return Heards(
        [device] * len(order),
        anchor[order].tolist(),
        at[order] + EPOCH_S,
        rssi[order],
        np.ones(len(order)),
    )
