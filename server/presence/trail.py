"""Why we believe what we believe: a short trail of weighings for each stay, from which a visit can show its evidence.

In: what phases.py weighed, where it changed a stay's phase or moved belief by more than WORTH_NOTING. Out: the weighings of
one stay up to a moment. No position is kept: a probability, which sense spoke, its loudest anchor and strength or its claimed
accuracy. Most sightings change nothing and leave no trace here. A step of the path takes its notes along and `Trails.keep`
writes them down once they are committed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from server.presence.visit import Phase, Weighing
from server.zones.shape import Floats, Indexes

#: Belief that moved by less than this since the last note tells nobody anything new.
WORTH_NOTING = 0.05
#: Weighings that a stay remembers, and one more: the one that last turned its phase, however long ago.
MOST_NOTES = 8

#: What a note says beside its time, in columns: `strength` is what `anchor` heard in dBm, or where that is 0 the accuracy in metres that a
#: fix claimed, infinite where nobody spoke then; `others` anchors heard it too; `turn` is the phase that it began, 0 where it
#: began none. `zone` is the atlas's number. All are whole numbers below 2**24 or need no more than seven digits.
INSIDE, STRENGTH, ANCHOR, OTHERS, TURN, ZONE = range(6)
_COLUMNS = 6


@dataclass(frozen=True, slots=True)
class Voices:
    """What spoke in one round, one line a row of the step: `anchor` counts `anchors`, of which fixes have none."""

    row: Indexes
    strength: Floats
    anchor: Indexes
    others: Indexes
    anchors: tuple[str, ...] = ()

    @classmethod
    def of_fixes(cls, row: Indexes, accuracy_m: Floats) -> "Voices":
        nothing = np.zeros(len(row), np.intp)
        return cls(row, accuracy_m, nothing, nothing)

    @classmethod
    def of_memory(cls, row: Indexes) -> "Voices":
        """Nobody speaks now: what is weighed was known before."""
        return cls.of_fixes(row, np.full(len(row), np.inf))


@dataclass(frozen=True, slots=True)
class Notes:
    """Weighings of one round that are worth noting, at most one a (row, place); `anchors` are what the anchors' numbers count."""

    row: Indexes
    place: Indexes
    at: Floats
    said: NDArray[np.float32]  # (notes, columns)
    anchors: tuple[str, ...]

    @classmethod
    def of(
        cls,
        voices: Voices,
        rows: int,
        row: Indexes,
        place: Indexes,
        *,
        zone: NDArray[np.int32],
        at: Floats,
        inside: Floats,
        turn: NDArray[np.int8],
    ) -> "Notes":
        line = np.empty(rows, np.intp)
        line[voices.row] = np.arange(len(voices.row))
        spoke = line[row]
        said = np.empty((_COLUMNS, len(row)), np.float32)
        said[INSIDE], said[ZONE], said[TURN] = inside, zone, turn
        said[STRENGTH], said[ANCHOR], said[OTHERS] = (
            voices.strength[spoke],
            voices.anchor[spoke],
            voices.others[spoke],
        )
        return cls(row, place, at, said.T, voices.anchors)


class Asked(NamedTuple):
    """Of which stay of a step the trail is wanted, from when on (epoch seconds); of the step's own rounds of notes the first `noted`."""

    row: int
    place: int
    zone: int
    since: float
    noted: int


class Trails:
    """The trails of all stays of all devices, by slot and place as in tracks.Rows, which see: grown when needed.

    Each is a ring of notes and, last, the note that turned the phase. What is left of an earlier stay in the same place is told by
    its zone and its times, so nothing needs to be cleared.
    """

    def __init__(self) -> None:
        # Zeros, of epoch second 0, are no notes; and cost no memory until something is written there.
        self.at = np.zeros((64, 2, MOST_NOTES + 1))
        self.said = np.zeros((64, 2, MOST_NOTES + 1, _COLUMNS), np.float32)
        self.written = np.zeros((64, 2), np.int32)
        self.anchors: list[str | None] = [None]
        self._number_of: dict[str, int] = {}
        self._numbers_of: dict[tuple[str, ...], NDArray[np.float32]] = {}

    def numbered(self, notes: Sequence[Notes]) -> tuple[Notes, ...]:
        """The notes with our own numbers of anchors, which outlive a radio map."""
        for some in notes:
            if some.anchors:
                some.said[:, ANCHOR] = self._numbers(some.anchors)[some.said[:, ANCHOR].astype(np.intp)]
        return tuple(replace(some, anchors=()) for some in notes)

    def keep(self, slots: Indexes, notes: Sequence[Notes]) -> None:
        """Writes the numbered notes of a step down, in their order; `slots` are the slots of its rows."""
        for some in notes:
            slot, place = slots[some.row], some.place
            self._grow(int(slot.max()) + 1, int(place.max()) + 1)
            trail = slot * self.written.shape[1] + place
            at, said, written = self.at.reshape(-1), self.said.reshape(-1, _COLUMNS), self.written.reshape(-1)
            count = written[trail]
            note = trail * (MOST_NOTES + 1)
            at[note + count % MOST_NOTES] = some.at
            said[note + count % MOST_NOTES] = some.said
            written[trail] = count + 1
            turned = np.flatnonzero(some.said[:, TURN])
            if len(turned):
                at[note[turned] + MOST_NOTES] = some.at[turned]
                said[note[turned] + MOST_NOTES] = some.said[turned]

    def recall(self, slot: int, place: int, zone: int, turn: int, at: float, inside: float) -> None:
        """Begins the trail of a stay that records kept: how sure we were, but not who said so.

        A doubt that nobody spoke is that of a zone that was changed (explain.py), so that an old one is told as no turn.
        """
        told = turn if turn != Phase.LEAVING else 0
        said = np.array([(inside, np.inf, 0, 0, told, zone)], np.float32)
        self.keep(np.array([slot]), [Notes(np.array([0]), np.array([place]), np.array([at]), said, ())])

    def forget(self, slot: int) -> None:
        """Drops the trails of a device."""
        if slot < len(self.written):
            self.at[slot], self.said[slot], self.written[slot] = 0.0, 0.0, 0

    def renumber(self, numbers: NDArray[np.int32]) -> None:
        """Zones have new numbers: `numbers[old]`, of which the last, -1, is for none."""
        used = np.flatnonzero(self.written.any(axis=1))
        self.said[used, :, :, ZONE] = numbers[self.said[used, :, :, ZONE].astype(np.intp)]

    def told(
        self, slots: Indexes, notes: Sequence[Notes], asked: Sequence[Asked]
    ) -> list[tuple[Weighing, ...]]:
        """The weighings of each stay that is asked for, the oldest first: those kept, and the numbered notes of the step."""
        if not asked:
            return []
        fresh = self._fresh(notes, [each.row for each in asked], len(slots))
        return [
            shortened(
                [
                    *kept,
                    *(
                        weighing
                        for nth, zone, weighing in fresh.get((each.row, each.place), ())
                        if nth < each.noted and weighing.at >= each.since and zone == each.zone
                    ),
                ]
            )
            for each, kept in zip(asked, self._kept(slots, asked), strict=True)
        ]

    def _kept(self, slots: Indexes, asked: Sequence[Asked]) -> list[list[Weighing]]:
        """The weighings that are written down of each stay that is asked for, by time: all are read at once."""
        row, place, zone, since, _ = zip(*asked, strict=True)
        slot, places = slots[list(row)], np.array(place)
        self._grow(int(slot.max()) + 1, int(places.max()) + 1)
        at, said = self.at[slot, places], self.said[slot, places]
        tells = (at >= np.array(since)[:, None]) & (said[:, :, ZONE] == np.array(zone)[:, None])
        # The turn stands in the ring as well, as long as it is not older than all there.
        tells[:, MOST_NOTES] &= at[:, MOST_NOTES] < at[:, :MOST_NOTES].min(axis=1)
        line, nth = np.nonzero(tells)
        order = np.lexsort((at[line, nth], line))
        line, nth = line[order], nth[order]
        found: list[list[Weighing]] = [[] for _ in asked]
        for i, weighing in zip(line.tolist(), self._weighings(at[line, nth], said[line, nth]), strict=True):
            found[i].append(weighing)
        return found

    def _fresh(
        self, notes: Sequence[Notes], rows: Sequence[int], most: int
    ) -> dict[tuple[int, int], list[tuple[int, int, Weighing]]]:
        """The notes of a step about some rows (below `most`), by row and place in their order: (round, zone, weighing)."""
        found: dict[tuple[int, int], list[tuple[int, int, Weighing]]] = {}
        wanted = np.zeros(most, np.bool_)
        wanted[rows] = True
        for nth, some in enumerate(notes):
            hits = np.flatnonzero(wanted[some.row])
            told = self._weighings(some.at[hits], some.said[hits])
            columns = (column[hits].tolist() for column in (some.row, some.place, some.said[:, ZONE]))
            for row, place, zone, weighing in zip(*columns, told, strict=True):
                found.setdefault((row, place), []).append((nth, zone, weighing))
        return found

    def _weighings(self, at: Floats, said: NDArray[np.float32]) -> list[Weighing]:
        """Numbered notes in words."""
        strength = [None if heard == inf else heard for heard in said[:, STRENGTH].tolist()]
        anchor, others, turn = said[:, [ANCHOR, OTHERS, TURN]].astype(np.intp).T.tolist()
        names = map(self.anchors.__getitem__, anchor)
        return list(map(Weighing, at.tolist(), said[:, INSIDE].tolist(), strength, names, others, turn))

    def _grow(self, slots: int, places: int) -> None:
        rows, wide = self.written.shape
        if slots <= rows and places <= wide:
            return
        shape = (2 * slots if slots > rows else rows, max(wide, places))
        for name in ("at", "said", "written"):
            old = getattr(self, name)
            more = np.zeros((*shape, *old.shape[2:]), old.dtype)
            more[:rows, :wide] = old
            setattr(self, name, more)

    def _numbers(self, anchors: tuple[str, ...]) -> NDArray[np.float32]:
        numbers = self._numbers_of.get(anchors)
        if numbers is None:
            for anchor in anchors:
                if anchor not in self._number_of:
                    self._number_of[anchor] = len(self.anchors)
                    self.anchors.append(anchor)
            numbers = np.array([self._number_of[anchor] for anchor in anchors], np.float32)
            self._numbers_of[anchors] = numbers
        return numbers


def shortened(weighings: Sequence[Weighing]) -> tuple[Weighing, ...]:
    """The newest ones, and before them the last that turned the phase where it is older."""
    cut = len(weighings) - MOST_NOTES
    if cut <= 0:
        return tuple(weighings)
    turn = next((i for i in range(len(weighings) - 1, -1, -1) if weighings[i].turn), cut)
    return (weighings[min(turn, cut)], *weighings[cut + 1 :])
