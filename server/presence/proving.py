"""What a survey would gain: tried on places that it was not learned from.

In: a labelled recording, and the floor plan, zones and anchors of the shop. Out: in how many moments of two seconds the right zone is
the likeliest, with a radio map learned from the walk and with plain path loss. The floor is cut into blocks; the map that
judges a block was learned without it and the others of its fold (k-fold cross-validation by spatial blocks: Roberts et al.,
Cross-validation strategies for data with structure, Ecography 40, 2017; packets of one spot are all alike, so that leaving
out packets would flatter). No movement, no memory: each moment stands for itself, from a flat start. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from server.zones.atlas import Atlas, compile_atlas
from server.zones.on_plan import NOWHERE, innermost, outlines, positions
from server.zones.radiomap import RadioMap
from server.zones.shape import Floats, Indexes
from server.zones.survey import Labelled, Survey, gather
from server.zones.zone import Anchor, FloorPlan, Zone, lineage

#: A moment: a fob calls once or more in it, and people do not get far.
MOMENT_S = 2.0
#: A block's side: twice the 1.5 m within which shadows forget half of themselves, so that no block knows its neighbour by heart. In a
#: recorded flat this foretold another session's share to a per cent (.877 by both; without a survey .619 and .626).
BLOCK_M = 3.0
FOLDS = 5
#: How loud the fob is nobody knows beforehand, and belief takes time to learn it: so all of this is weighed (in sd of a map's
#: `offset_db`). Without it, a survey made with this very fob would seem to gain what is only its fob's.
LOUDNESS_SDS = np.linspace(-2.0, 2.0, 9)
#: So many moments tell a share to one per cent; of more, every n-th is tried.
MOST_MOMENTS = 4_000


@dataclass(frozen=True, slots=True)
class Tally:
    """So many moments, and in how many of them the right zone was the likeliest."""

    moments: int
    right_with: int
    right_without: int


@dataclass(frozen=True, slots=True)
class Proof:
    """All moments together, by fold, and by the zone that somebody truly was in ("" for none)."""

    all: Tally
    folds: tuple[Tally, ...]
    zones: Mapping[str, Tally]


@dataclass(frozen=True, slots=True)
class _Moments:
    """Moments in columns, and what was heard in them: strength i of `anchor[i]` belongs to moment `of[i]`, ascending."""

    fold: Indexes
    truth: Indexes
    of: Indexes
    anchor: list[str]
    rssi_dbm: Floats

    def __len__(self) -> int:
        return len(self.fold)


def prove(
    recording: Labelled, plan: FloorPlan, zones: Sequence[Zone], anchors: Sequence[Anchor]
) -> Proof | None:
    """None where nothing can be proven: no zone lies on the plan, or nobody stood in two folds of it."""
    outline_of = outlines(zones, plan, anchors)
    placed = positions(plan, anchors)
    on_plan = [anchor for anchor in anchors if anchor.id in placed]
    recording = rows(recording, np.isin(recording.anchor, list(placed)))
    if not outline_of or not len(recording.at):
        return None
    moments = _moments(recording, outline_of)
    folds = np.unique(moments.fold)
    if len(folds) < 2:
        return None
    kept = _on_plan(zones, outline_of)
    fold_of_packet = _fold(recording.x_m, recording.y_m)
    plain = compile_atlas(kept, on_plan, [plan])
    right = np.zeros((2, len(moments)), np.bool_)
    for fold in folds:
        learned = gather(plan.id, rows(recording, fold_of_packet != fold))
        surveyed = _compiled(kept, on_plan, plan, learned)
        tried = np.flatnonzero(moments.fold == fold)
        for row, atlas in enumerate((surveyed, plain)):
            right[row, tried] = _likeliest(atlas, outline_of, moments, tried) == moments.truth[tried]
    return Proof(
        _tally(right, np.ones(len(moments), np.bool_)),
        tuple(_tally(right, moments.fold == fold) for fold in folds),
        {
            list(outline_of)[zone] if zone != NOWHERE else "": _tally(right, moments.truth == zone)
            for zone in np.unique(moments.truth)
        },
    )


def _compiled(zones: Sequence[Zone], anchors: Sequence[Anchor], plan: FloorPlan, survey: Survey) -> Atlas:
    return compile_atlas(zones, anchors, [plan], surveys={plan.id: survey})


def _on_plan(zones: Sequence[Zone], outline_of: Mapping[str, shapely.Geometry]) -> list[Zone]:
    """The zones that lie on the plan, and what they lie in: those by name alone, since the map outdoors tells nothing here."""
    known = {zone.id: zone for zone in zones}
    needed = {outer.id for name in outline_of for outer in lineage(known[name], known)}
    return [
        zone if zone.id in outline_of else replace(zone, place=None) for zone in zones if zone.id in needed
    ]


def _likeliest(
    atlas: Atlas, outline_of: Mapping[str, shapely.Geometry], moments: _Moments, tried: Indexes
) -> Indexes:
    """For each tried moment the number of the likeliest outline, or NOWHERE where elsewhere is likelier than any of them."""
    radio = atlas.radio_maps[0]
    heard = np.flatnonzero(np.isin(moments.of, tried))
    of = np.searchsorted(tried, moments.of[heard])
    row = {anchor: number for number, anchor in enumerate(radio.anchors)}
    anchor = np.array([row[moments.anchor[i]] for i in heard], np.intp)
    starts = np.flatnonzero(
        np.append(True, of[1:] != of[:-1])
    )  # each moment has something heard, or it were none
    fit = np.logaddexp.reduce(
        [
            np.add.reduceat(
                radio.evidence(radio.codes(anchor, moments.rssi_dbm[heard] - sds * radio.offset_db)),
                starts,
                axis=0,
            )
            - sds**2 / 2.0
            for sds in LOUDNESS_SDS
        ]
    )
    belief = np.exp(fit - fit.max(axis=1, keepdims=True))
    numbers = [atlas.index[name] for name in outline_of]
    best = np.argmax(belief @ _shares(radio, numbers), axis=1)
    return np.asarray(_classes(radio, numbers)[best], np.intp)


def _classes(radio: RadioMap, zones: Sequence[int]) -> Indexes:
    """What the columns of `_shares` stand for: outlines by number, those that the map has, then nowhere."""
    return np.array([n for n, zone in enumerate(zones) if zone in radio.zones] + [NOWHERE], np.intp)


def _shares(radio: RadioMap, zones: Sequence[int]) -> NDArray[np.float32]:
    """(cells, classes): the part of each cell that is in an outline and in none further in; the rest is nowhere."""
    left = np.ones(radio.cells, np.float32)
    shares = []
    for zone in zones:
        if zone in radio.zones:
            share = np.minimum(radio.member[:, radio.zones.index(zone)], left)
            shares.append(share)
            left = left - share
    return np.column_stack([*shares, left])


def rows(recording: Labelled, which: NDArray[np.bool_]) -> Labelled:
    """Some packets of a recording."""
    return Labelled(
        recording.at[which],
        recording.x_m[which],
        recording.y_m[which],
        [name for name, wanted in zip(recording.anchor, which, strict=True) if wanted],
        recording.rssi_dbm[which],
    )


def _fold(x_m: Floats, y_m: Floats) -> Indexes:
    """A block and those that it touches, also at its corners, are in different folds."""
    column, row = np.floor(x_m / BLOCK_M), np.floor(y_m / BLOCK_M)
    return np.asarray((column + 2 * row) % FOLDS, np.intp)


def _moments(recording: Labelled, outline_of: Mapping[str, shapely.Geometry]) -> _Moments:
    """What is heard within a moment and a block; of one anchor as its mean, as a gateway tells it. Some packet there is."""
    cells = np.column_stack(
        [
            np.floor(recording.at / MOMENT_S),
            np.floor(recording.x_m / BLOCK_M),
            np.floor(recording.y_m / BLOCK_M),
        ]
    )
    moment = np.unique(cells, axis=0, return_inverse=True)[1].ravel()
    names, anchor = np.unique(np.array(recording.anchor, str), return_inverse=True)
    pairs, pair = np.unique(moment * len(names) + anchor, return_inverse=True)
    mean = np.bincount(pair, recording.rssi_dbm) / np.bincount(pair)
    of = pairs // len(names)
    every = -(-(int(moment.max()) + 1) // MOST_MOMENTS)
    tried = np.flatnonzero(of % every == 0)
    numbers = np.unique(of[tried])
    count = np.bincount(moment)[numbers]
    x_m = np.bincount(moment, recording.x_m)[numbers] / count
    y_m = np.bincount(moment, recording.y_m)[numbers] / count
    return _Moments(
        fold=_fold(x_m, y_m),
        truth=innermost(outline_of, x_m, y_m),
        of=np.searchsorted(numbers, of[tried]),
        anchor=[str(names[i]) for i in pairs[tried] % len(names)],
        rssi_dbm=mean[tried],
    )


def _tally(right: NDArray[np.bool_], which: NDArray[np.bool_]) -> Tally:
    return Tally(int(which.sum()), int(right[0, which].sum()), int(right[1, which].sum()))
