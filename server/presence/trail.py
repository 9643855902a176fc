"""Why we believe what we believe: a short trail of weighings for each stay, from which a visit can show its evidence.

In: what phases.py weighed, where it changed a stay's phase or moved belief by more than WORTH_NOTING. Out: the weighings of
one stay up to a moment. No position is kept: a probability, which sense spoke, its loudest anchor and strength or its claimed
accuracy. Most sightings change nothing and leave no trace here. A step of the path takes its notes along and `Trails.keep`
writes them down once they are committed.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.presence.visit import Weighing
from server.zones.shape import Floats, Indexes

#: Belief that moved by less than this since the last note tells nobody anything new.
WORTH_NOTING = 0.05
#: Weighings that a stay remembers, and one more: the one that last turned its phase, however long ago.
MOST_NOTES = 8
_TURN = MOST_NOTES
_AT, _ZONE = 0, 3  # their places in a note

#: One weighing: `strength` is dBm of `anchor` (a number of `Trails.anchors`), or metres of claimed accuracy where that is -1; `others`
#: anchors heard it too; `turn` is the phase that it began, 0 where it began none. `zone` is the atlas's number.
NOTE = np.dtype(
    [
        ("at", np.float64),
        ("inside", np.float32),
        ("strength", np.float32),
        ("zone", np.int32),
        ("anchor", np.int32),
        ("others", np.int16),
        ("turn", np.int8),
    ]
)


@dataclass(frozen=True, slots=True)
class Voices:
    """What spoke in one round, one line a row of the step: `anchors` are the ids that `anchor` counts, none for fixes."""

    row: Indexes
    strength: Floats
    anchor: Indexes
    others: Indexes
    anchors: tuple[str, ...] = ()

    @classmethod
    def of_fixes(cls, row: Indexes, accuracy_m: Floats) -> "Voices":
        nothing = np.full(len(row), -1, np.intp)
        return cls(row, accuracy_m, nothing, np.zeros(len(row), np.intp))


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


class Trails:
    """The trails of all stays of all devices, by slot and place as in tracks.Rows, which see: grown when needed.

    Each is a ring of notes and, last, the note that turned the phase. What is left of an earlier stay in the same place is told by
    its zone and its times, so nothing needs to be cleared.
    """

    def __init__(self) -> None:
        # Zeros, of epoch second 0, are no notes; and cost no memory until something is written there.
        self.note = np.zeros((64, 2, MOST_NOTES + 1), NOTE)
        self.written = np.zeros((64, 2), np.int32)
        self.anchors: list[str] = []
        self._number_of: dict[str, int] = {}

    def keep(self, slots: Indexes, notes: Sequence[Notes]) -> None:
        """Writes the notes of a step down, in their order; `slots` are the slots of its rows."""
        for some in notes:
            slot, place = slots[some.row], some.place
            self._grow(int(slot.max()) + 1, int(place.max()) + 1)
            note = self._numbered(some)
            written = self.written[slot, place]
            self.note[slot, place, written % MOST_NOTES] = note
            self.written[slot, place] = written + 1
            turned = note["turn"] != 0
            self.note[slot[turned], place[turned], _TURN] = note[turned]

    def forget(self, slot: int) -> None:
        """Drops the trails of a device."""
        if slot < len(self.note):
            self.note[slot], self.written[slot] = np.zeros((), NOTE), 0

    def renumber(self, numbers: NDArray[np.int32]) -> None:
        """Zones have new numbers: `numbers[old]`, of which the last, -1, is for none."""
        used = np.flatnonzero(self.written.any(axis=1))
        self.note["zone"][used] = numbers[self.note["zone"][used]]

    def told(
        self, slots: Indexes, notes: Sequence[Notes], stays: Sequence[tuple[int, int, int, float, float]]
    ) -> list[tuple[Weighing, ...]]:
        """The weighings of each stay (row, place, zone, from, until) of a step, the oldest first: those kept, and its own notes."""
        fresh: dict[tuple[int, int], list[tuple[Notes, int]]] = {(row, place): [] for row, place, *_ in stays}
        for some in notes if stays else ():
            for i in _these(some, fresh):
                fresh[int(some.row[i]), int(some.place[i])].append((some, i))
        return [
            self._of_stay(int(slots[row]), place, fresh[row, place], (zone, since, until))
            for row, place, zone, since, until in stays
        ]

    def _of_stay(
        self, slot: int, place: int, fresh: Sequence[tuple[Notes, int]], stay: tuple[int, float, float]
    ) -> tuple[Weighing, ...]:
        zone, since, until = stay
        found: list[Weighing] = []
        if slot < len(self.note) and place < self.note.shape[1]:
            # A note may stand both in the ring and as the turn: the same values, once.
            kept = sorted(set(self.note[slot, place].tolist()))
            found += [
                _weighing(note, self.anchors) for note in kept if note[_ZONE] == zone and note[_AT] >= since
            ]
        for some, i in fresh:
            note = some.note[i].item()
            if note[_ZONE] == zone and note[_AT] >= since:
                found.append(_weighing(note, some.anchors))
        return shortened([each for each in found if each.at <= until])

    def _grow(self, slots: int, places: int) -> None:
        rows, wide = self.written.shape
        if slots <= rows and places <= wide:
            return
        more = np.zeros((2 * slots if slots > rows else rows, max(wide, places), MOST_NOTES + 1), NOTE)
        more[:rows, :wide] = self.note
        written = np.zeros(more.shape[:2], np.int32)
        written[:rows, :wide] = self.written
        self.note, self.written = more, written

    def _numbered(self, some: Notes) -> NDArray[np.void]:
        """The notes with our own numbers of anchors, which outlive a radio map."""
        if not some.anchors:
            return some.note
        note = some.note.copy()
        for i, anchor in enumerate(some.note["anchor"].tolist()):
            note["anchor"][i] = self._number(some.anchors[anchor])
        return note

    def _number(self, anchor: str) -> int:
        number = self._number_of.get(anchor)
        if number is None:
            number = self._number_of[anchor] = len(self.anchors)
            self.anchors.append(anchor)
        return number


def shortened(weighings: Sequence[Weighing]) -> tuple[Weighing, ...]:
    """The newest ones, and before them the last that turned the phase where it is older."""
    cut = len(weighings) - MOST_NOTES
    if cut <= 0:
        return tuple(weighings)
    turn = next((i for i in range(len(weighings) - 1, -1, -1) if weighings[i].turn), cut)
    newest = tuple(weighings[cut + 1 :])
    return (weighings[min(turn, cut)], *newest)


def _these(notes: Notes, asked: Collection[tuple[int, int]]) -> list[int]:
    """Which notes are of one of these (row, place)."""
    wide = 1 + max(int(notes.place.max()), *(place for _, place in asked))
    keys = np.array([row * wide + place for row, place in asked])
    return np.flatnonzero(np.isin(notes.row * wide + notes.place, keys)).tolist()


def _weighing(note: tuple[float, float, float, int, int, int, int], anchors: Sequence[str]) -> Weighing:
    at, inside, strength, _, anchor, others, turn = note
    return Weighing(at, inside, anchors[anchor] if anchor >= 0 else None, strength, others, turn)
