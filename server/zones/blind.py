"""Which radio zones nobody can hear: places of which belief will never know anything, however long somebody stands there.

In: zones, anchors, floor plans, and which anchors hear or are heard. Out: the blind ones, each with why. Zones on the map need no radio, and
those that are made of others are as blind as those are. Pure.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from server.zones.on_plan import covered, outline, positions, reached
from server.zones.zone import Anchor, AnchorSet, Disc, FloorPlan, FloorShape, Zone

#: A beacon at 0 dBm is heard so far through a shop's shelves (path loss of 3, 70 dB between the two: 20 m in the open, less behind a wall).
EARSHOT_M: Final = 15.0
#: A corner behind a pillar is no blind spot.
ENOUGH: Final = 0.8


@dataclass(frozen=True, slots=True)
class Blind:
    """A zone of which so large a share is heard, in [0, 1]: 0 where nothing that it depends on hears. `needs`: the anchors it names."""

    zone: Zone
    heard: float
    needs: tuple[str, ...] = ()


def blind_spots(
    zones: Sequence[Zone],
    anchors: Sequence[Anchor],
    plans: Mapping[str, FloorPlan],
    hearing: Collection[str],
) -> list[Blind]:
    """The zones that are blind, wholly or in good part, in the order given."""
    near = {name: _near(plan, anchors, hearing) for name, plan in plans.items()}
    found: list[Blind] = []
    for zone in zones:
        match zone.place:
            case AnchorSet(anchors=names) if not zone.closed and not set(names) & set(hearing):
                found.append(Blind(zone, 0.0, names))
            case Disc(anchor=name) if not zone.closed and name not in hearing:
                found.append(Blind(zone, 0.0, (name,)))
            case FloorShape(plan=on) if not zone.closed and on in plans:
                share = _share(zone, plans[on], near[on])
                if share < ENOUGH:
                    found.append(Blind(zone, round(share, 3)))
            case _:
                pass
    return found


def _near(plan: FloorPlan, anchors: Sequence[Anchor], hearing: Collection[str]) -> list[tuple[float, float]]:
    return [at for name, at in positions(plan, anchors).items() if name in hearing]


def _share(zone: Zone, plan: FloorPlan, near: Sequence[tuple[float, float]]) -> float:
    shape = outline(zone.place, plan, {})
    if shape is None or not near:
        return 0.0
    return covered(shape, reached(np.array(near, np.float64), EARSHOT_M))
