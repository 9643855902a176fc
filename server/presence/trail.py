"""Why we believe what we believe: a short trail of weighings for each stay, from which a visit can show its evidence.

In: what phases.py weighed, where it changed a stay's phase or moved belief by more than WORTH_NOTING. Out: the weighings of
one stay up to a moment. No position is kept: a probability, which sense spoke, its loudest anchor and strength or its claimed
accuracy. Most sightings change nothing and leave no trace here. A step of the path takes its notes along and `Trails.keep`
writes them down once they are committed.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from math import isinf
from operator import itemgetter
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from server.presence.visit import Weighing
from server.zones.shape import Floats, Indexes

#: Belief that moved by less than this since the last note tells nobody anything new.
WORTH_NOTING = 0.05
#: Weighings that a stay remembers, and one more: the one that last turned its phase, however long ago.
MOST_NOTES = 8
_TURN = MOST_NOTES

#: One weighing: `strength` is what `anchor` heard in dBm, or where that is 0 the accuracy in metres that a fix claimed, infinite where
#: records do not tell; `others` anchors heard it too; `turn` is the phase that it began, 0 where it began none. `zone` is the atlas's
#: number.
NOTE = np.dtype(
    [
        ("at", np.float64),
        ("inside", np.float32),
        ("strength", np.float32),
        ("anchor", np.int32),
        ("others", np.int16),
        ("turn", np.int8),
        ("zone", np.int32),
    ]
)
_Note: TypeAlias = tuple[float, float, float, int, int, int, int]
_AT = 0  # its place in a note


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


@dataclass(frozen=True, slots=True)
class Notes:
    """Weighings of one round that are worth noting, at most one a (row, place); `anchor` counts `anchors`."""

    row: Indexes
    place: Indexes
    note: NDArray[np.void]
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
        note = np.empty(len(row), NOTE)
        note["at"], note["inside"], note["zone"], note["turn"] = at, inside, zone, turn
        note["strength"], note["anchor"] = voices.strength[spoke], voices.anchor[spoke]
        note["others"] = voices.others[spoke]
        return cls(row, place, note, voices.anchors)


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
        self.note = np.zeros((64, 2, MOST_NOTES + 1), NOTE)
        self.written = np.zeros((64, 2), np.int32)
        self.anchors: list[str | None] = [None]
        self._number_of: dict[str, int] = {}
        self._numbers_of: dict[tuple[str, ...], NDArray[np.int32]] = {}

    def numbered(self, notes: Sequence[Notes]) -> tuple[Notes, ...]:
        """The notes with our own numbers of anchors, which outlive a radio map."""
        for some in notes:
            if some.anchors:
                some.note["anchor"] = self._numbers(some.anchors)[some.note["anchor"]]
        return tuple(replace(some, anchors=()) for some in notes)

    def keep(self, slots: Indexes, notes: Sequence[Notes]) -> None:
        """Writes the numbered notes of a step down, in their order; `slots` are the slots of its rows."""
        for some in notes:
            slot, place, note = slots[some.row], some.place, some.note
            self._grow(int(slot.max()) + 1, int(place.max()) + 1)
            written = self.written[slot, place]
            self.note[slot, place, written % MOST_NOTES] = note
            self.written[slot, place] = written + 1
            turned = np.flatnonzero(note["turn"])
            self.note[slot[turned], place[turned], _TURN] = note[turned]

    def recall(self, slot: int, place: int, zone: int, turn: int, at: float, inside: float) -> None:
        """Begins the trail of a stay that records kept: how sure we were, but not who said so."""
        self._grow(slot + 1, place + 1)
        note = np.array([(at, inside, np.inf, 0, 0, turn, zone)], NOTE)
        self.keep(np.array([slot]), [Notes(np.array([0]), np.array([place]), note, ())])

    def forget(self, slot: int) -> None:
        """Drops the trails of a device."""
        if slot < len(self.note):
            self.note[slot], self.written[slot] = np.zeros((), NOTE), 0

    def renumber(self, numbers: NDArray[np.int32]) -> None:
        """Zones have new numbers: `numbers[old]`, of which the last, -1, is for none."""
        used = np.flatnonzero(self.written.any(axis=1))
        self.note["zone"][used] = numbers[self.note["zone"][used]]

    def told(
        self, slots: Indexes, notes: Sequence[Notes], asked: Sequence[Asked]
    ) -> list[tuple[Weighing, ...]]:
        """The weighings of each stay that is asked for, the oldest first: those kept, and the numbered notes of the step.

        One by one: a batch changes few stays, and arrays of so few cost more than they save.
        """
        fresh = _fresh(notes, {each.row for each in asked})
        return [
            self._told(int(slots[each.row]), fresh.get((each.row, each.place), ()), each) for each in asked
        ]

    def _told(self, slot: int, fresh: Sequence[tuple[int, _Note]], asked: Asked) -> tuple[Weighing, ...]:
        found: list[_Note] = []
        if slot < len(self.note) and asked.place < self.note.shape[1]:
            *found, turn = self.note[slot, asked.place].tolist()
            if turn not in found:  # it stands in the ring as well, as long as it is not older than all there
                found.append(turn)
            found.sort(key=itemgetter(_AT))
        found += [note for nth, note in fresh if nth < asked.noted]
        anchors = self.anchors
        return shortened(
            [
                Weighing(at, inside, None if isinf(strength) else strength, anchors[anchor], others, turn)
                for at, inside, strength, anchor, others, turn, zone in found
                if zone == asked.zone and at >= asked.since
            ]
        )

    def _grow(self, slots: int, places: int) -> None:
        rows, wide = self.written.shape
        if slots <= rows and places <= wide:
            return
        more = np.zeros((2 * slots if slots > rows else rows, max(wide, places), MOST_NOTES + 1), NOTE)
        more[:rows, :wide] = self.note
        written = np.zeros(more.shape[:2], np.int32)
        written[:rows, :wide] = self.written
        self.note, self.written = more, written

    def _numbers(self, anchors: tuple[str, ...]) -> NDArray[np.int32]:
        numbers = self._numbers_of.get(anchors)
        if numbers is None:
            for anchor in anchors:
                if anchor not in self._number_of:
                    self._number_of[anchor] = len(self.anchors)
                    self.anchors.append(anchor)
            numbers = np.array([self._number_of[anchor] for anchor in anchors], np.int32)
            self._numbers_of[anchors] = numbers
        return numbers


def shortened(weighings: Sequence[Weighing]) -> tuple[Weighing, ...]:
    """The newest ones, and before them the last that turned the phase where it is older."""
    cut = len(weighings) - MOST_NOTES
    if cut <= 0:
        return tuple(weighings)
    turn = next((i for i in range(len(weighings) - 1, -1, -1) if weighings[i].turn), cut)
    return (weighings[min(turn, cut)], *weighings[cut + 1 :])


def _fresh(notes: Sequence[Notes], rows: AbstractSet[int]) -> dict[tuple[int, int], list[tuple[int, _Note]]]:
    """The notes of a step about some rows, by row and place in their order, each with the number of its round."""
    found: dict[tuple[int, int], list[tuple[int, _Note]]] = {}
    for nth, some in enumerate(notes if rows else ()):
        for i, row in enumerate(some.row.tolist()):
            if row in rows:
                found.setdefault((row, int(some.place[i])), []).append((nth, some.note[i].item()))
    return found
