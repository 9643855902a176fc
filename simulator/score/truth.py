"""Where a device truly was, as stays. In: labels or being inside, over time. Out: `TrueStay`s, and the true zones of each second. Pure.

Merging (SOURCES.md): what lasts under 3 s is no stay of its own; it counts for the stay before it. Read from the start to the
end, so that A 5 s, B 1 s, A 1 s, B 10 s becomes A 7 s, B 10 s. A short piece at the very start has nothing before it and
counts for what follows.
"""

from collections.abc import Iterable, Sequence
from math import floor

from simulator.frame import Floats
from simulator.score.case import TrueStay

#: Stays shorter than this are merged into the one before.
SHORTEST_STAY_S = 3.0

NOWHERE = ""


def timeline(at_s: Floats, labels: Sequence[str], shortest_s: float = SHORTEST_STAY_S) -> list[TrueStay]:
    """Labels at ascending times as pieces without gaps, short ones merged; a label of NOWHERE makes pieces too."""
    pieces: list[TrueStay] = []
    for at, label in zip(at_s.tolist(), labels, strict=True):
        if pieces and pieces[-1].zone == label:
            continue
        if pieces:
            pieces[-1] = _until(pieces[-1], at)
        pieces.append(TrueStay(label, at, at))
    if pieces:
        pieces[-1] = _until(pieces[-1], float(at_s[-1]))
    return _merged(pieces, shortest_s)


def stays(at_s: Floats, labels: Sequence[str], shortest_s: float = SHORTEST_STAY_S) -> tuple[TrueStay, ...]:
    """The pieces of the timeline that are somewhere."""
    return tuple(piece for piece in timeline(at_s, labels, shortest_s) if piece.zone != NOWHERE)


def zones_at_each_s(truth: Iterable[TrueStay], seconds: float) -> tuple[frozenset[str], ...]:
    """The true zones in the middle of each whole second."""
    kept = tuple(truth)
    return tuple(
        frozenset(stay.zone for stay in kept if stay.entered_s <= second + 0.5 < stay.left_s)
        for second in range(floor(seconds))
    )


def _merged(pieces: Sequence[TrueStay], shortest_s: float) -> list[TrueStay]:
    kept: list[TrueStay] = []
    for piece in pieces:
        if kept and (kept[-1].zone == piece.zone or piece.left_s - piece.entered_s < shortest_s):
            kept[-1] = _until(kept[-1], piece.left_s)
        else:
            kept.append(piece)
    if len(kept) > 1 and kept[0].left_s - kept[0].entered_s < shortest_s:
        kept[1] = TrueStay(kept[1].zone, kept[0].entered_s, kept[1].left_s)
        del kept[0]
    return kept


def _until(stay: TrueStay, left_s: float) -> TrueStay:
    return TrueStay(stay.zone, stay.entered_s, left_s)
