"""The state table of visits (visit.NEXT) over arrays: evidence and the clock in, what changed out.

`Stays` works on a copy of the rows it is given. Everything here is event time: `until` is how far the clock of each row has
come, by a new sighting's own time or by the tick.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from server.presence.change import Cause, Change
from server.presence.due import Due, Patience
from server.presence.sorting import across
from server.presence.tracks import NEVER, Rows
from server.presence.trail import WORTH_NOTING, Notes, Voices
from server.presence.visit import NEXT, Phase, Why
from server.zones.atlas import Atlas
from server.zones.shape import Floats, Indexes

OUTSIDE, ARRIVING, INSIDE, LEAVING = (int(phase) for phase in Phase)

#: What one sense last said of a zone that both tell of weighs by e less each time this long passes: indoors a fix is a guess
#: through the roof, and outside the door gateways hear one yet.
SENSE_LASTS_S = 30.0
#: No single word is surer than one in a thousand.
SUREST = 0.999

#: Between leaving a zone and being in it again: visits are named by when they began, to the millisecond.
SHORTEST_S = 0.001

#: Nobody is in more zones at once, but for those that the others imply: rows are as wide as the widest, for all devices.
MOST_STAYS = 32

#: Beyond the rank of any zone.
INNERMOST = 127

#: NEXT as two arrays [phase, believed inside].
AT_ONCE = np.array([[NEXT[phase, inside][0] for inside in (False, True)] for phase in Phase], np.int8)


@dataclass(slots=True)
class Stays:
    """The stays of some rows, moved on by evidence and by the clock.

    `changes` is what happened, in order of finding; `touched` marks the rows of which records must look at the stays. `notes`
    are the weighings worth remembering; `voices` is what speaks in the round at work. `due` tells when the clock
    alone changes something.
    """

    rows: Rows
    atlas: Atlas
    patience: Patience
    changes: list[Change] = field(default_factory=list)
    touched: NDArray[np.bool_] = field(init=False)
    notes: list[Notes] = field(default_factory=list)
    voices: Voices | None = None
    due: Due = field(init=False)

    def __post_init__(self) -> None:
        self.touched = np.zeros(len(self.rows), np.bool_)
        self.due = Due(self.rows, self.atlas, self.patience)

    def weigh(self, row: Indexes, zone: Indexes, inside: Floats, at: Floats, *, by_radio: bool) -> None:
        """Evidence: with probability `inside` the device of `row` is in `zone` at `at`. One line a (row, zone).

        None counts for a zone that is shut: nobody is in it.
        """
        if self.atlas.openings.any:
            some = self.atlas.openings.is_open(zone, at)
            row, zone, inside, at = row[some], zone[some], inside[some], at[some]
        if not by_radio:  # a radio map tells of all zones round its own by itself
            row, zone, inside, at = self._with_ancestors(row, zone, inside, at)
        own_odds = odds(inside) if self.atlas.both_senses[zone].any() else None
        if own_odds is not None:
            inside = self._pooled(row, zone, inside, own_odds, at, by_radio=by_radio)
        sure = inside >= self.atlas.enter_at[zone]
        place = self._place(row, zone, wanted=sure)
        known = np.flatnonzero(place >= 0)
        known = known[~self._before_its_time(row[known], place[known], at[known])]
        row, zone, place = row[known], zone[known], place[known]
        inside, at, sure = inside[known], at[known], sure[known]
        if not len(row):
            return
        rows = self.rows
        if by_radio:
            rows.scanned_at[row, place] = np.maximum(rows.scanned_at[row, place], at)
        if own_odds is not None:
            (rows.radio_odds if by_radio else rows.fix_odds)[row, place] = own_odds[known]
        before = rows.phase[row, place]
        # A band, not a line: who is out must be believed in for the whole wait, who is in must be doubted for all of it.
        within = (before == INSIDE) | (before == LEAVING)
        believed = np.where(within, inside > self.atlas.leave_at[zone], sure)
        after = AT_ONCE[before, believed.astype(np.intp)]
        source = rows.by_radio_at if by_radio else rows.by_fix_at
        source[row[sure], place[sure]] = at[sure]
        changed = after != before
        self._turn(*(column[changed] for column in (row, place, after, at)))
        self._note(row, place, at, inside, np.where(changed, after, 0))
        out = after == OUTSIDE
        rows.clear_stays(row[out], place[out])

    def _turn(self, row: Indexes, place: Indexes, phase: NDArray[np.int8], at: Floats) -> None:
        """Begins another phase of some stays, mostly few."""
        rows = self.rows
        self.touched[row] = True
        rows.phase[row, place] = phase
        began, arrived = (phase == ARRIVING) | (phase == LEAVING), phase == ARRIVING
        rows.since[row[began], place[began]] = at[began]
        rows.entered[row[arrived], place[arrived]] = at[arrived]

    def hold_back(self, row: Indexes, zone: Indexes, arrived: Floats, until: Floats) -> None:
        """Who arrives in `zone` did so at `arrived` (NEVER: as is believed already), and is not in before `until` by the clock alone."""
        place = self._place(row, zone, wanted=np.zeros(len(row), np.bool_))
        some = np.flatnonzero(place >= 0)
        some = some[self.rows.phase[row[some], place[some]] == ARRIVING]
        row, place, arrived = row[some], place[some], arrived[some]
        self.rows.unsure_until[row, place] = until[some]
        since = self.rows.since[row, place]
        self.rows.since[row, place] = np.where(arrived > NEVER, arrived, since)

    def _before_its_time(self, row: Indexes, place: Indexes, at: Floats) -> NDArray[np.bool_]:
        """Which words are of before a stay began, or of before the zone was last left: what was told since knew better.

        A phone's upload may be older than what gateways told meanwhile, and a batch may come again after a restart.
        """
        rows = self.rows
        phase = rows.phase[row, place]
        began = np.where(phase == ARRIVING, rows.since[row, place], rows.entered[row, place])
        new = np.flatnonzero(phase == OUTSIDE)
        if len(new):
            same = rows.left_zone[row[new]] == rows.zone[row[new], place[new]][:, None]
            began[new] = np.where(same, rows.left_at[row[new]], NEVER).max(axis=1)
        return at < began

    def _pooled(
        self, row: Indexes, zone: Indexes, inside: Floats, own_odds: Floats, at: Floats, *, by_radio: bool
    ) -> Floats:
        """The probability by both senses, where a zone is held of which both tell: their odds multiplied.

        A logarithmic opinion pool (Genest and Zidek, Combining probability distributions, Statistical Science 1, 1986) of two
        witnesses who err independently; the older one fades.
        """
        rows = self.rows
        place = self._place(row, zone, wanted=np.zeros(len(row), np.bool_))
        told = rows.fix_odds if by_radio else rows.radio_odds
        told_at = rows.fix_at[row] if by_radio else rows.scanned_at[row, place]
        other = np.flatnonzero((place >= 0) & self.atlas.both_senses[zone] & (told_at > NEVER))
        passed_s = np.maximum(at[other] - told_at[other], 0.0)
        odds = own_odds[other] + told[row[other], place[other]] * np.exp(-passed_s / SENSE_LASTS_S)
        pooled = inside.copy()
        pooled[other] = 1.0 / (1.0 + np.exp(-odds))
        return pooled

    def pass_time(self, which: Indexes, until: Floats) -> None:
        """Lets the clock of `rows[which]` come to `until`: arrivals confirmed, dwells and exits that fall due."""
        while True:
            late = self.rows.next_due_at[which] <= until
            which, until = which[late], until[late]
            if not len(which):
                return
            # One thing a row at a time, since it may undo the others that are due: its earliest, of those due together the
            # one of the outermost zone.
            zone = self.rows.zone[which]
            due, silence_due = self.due.as_told(which, until)
            earliest = across(np.minimum, due)
            place = np.where(due == earliest[:, None], self.atlas.rank[zone], INNERMOST).argmin(axis=1)
            falls = earliest <= until
            for i in np.flatnonzero(falls).tolist():
                at = place[i]
                self._fall_due(int(which[i]), int(at), float(earliest[i]), float(silence_due[i, at]))
            self.reckon(which)
            # What waits for a gateway's word is looked at again by the next tick.
            which, until = which[falls], until[falls]

    def reckon(self, which: Indexes) -> None:
        """Notes when the clock alone will next change `rows[which]`: after anything else that changed them."""
        next_due_at = self.rows.next_due_at
        next_due_at[which] = np.inf
        held = which[across(np.maximum, self.rows.zone.take(which, axis=0)) >= 0]
        if len(held):
            next_due_at[held] = across(np.minimum, self.due.whenever(held)[0])

    def leave(
        self, row: int, zone: int, at: float, why: Why = "zone_gone", known_at: float = NEVER, by: int = -1
    ) -> None:
        """The device is out of a zone, and of all zones in it, since `at`; that was certain at `known_at`, or then already."""
        self.touched[row] = True
        inner_first = sorted(self._stays_in(row, zone), key=lambda stay: -self.atlas.rank[stay[1]])
        for place, inner in inner_first:
            if self.rows.phase[row, place] in (INSIDE, LEAVING):
                entered = float(self.rows.entered[row, place])
                left = max(at, entered, float(self.rows.inner_at[row, place]))
                told = float(self.rows.dwelled_s[row, place])
                grounds: tuple[Why, int] = (why, by) if inner == zone else ("implied", zone)
                cause = self._cause(row, place, max(at, known_at), *grounds)
                self.changes.append(
                    Change("exited", row, inner, left, entered, left - entered, cause, told > left - entered)
                )
                self._remember_left(row, inner, left)
            self.rows.clear_stay(row, place)

    def _fall_due(self, row: int, place: int, due: float, silence_due: float) -> None:
        rows = self.rows
        zone, phase = int(rows.zone[row, place]), int(rows.phase[row, place])
        closing = self.due.closing(row, place)
        if due >= closing:
            self.leave(row, zone, closing, "closing_time", due)
        elif phase == LEAVING and due >= rows.since[row, place] + self.atlas.leave_after_s[zone]:
            self.leave(row, zone, float(rows.since[row, place]), "left", due)
        elif due >= silence_due:
            # Nobody knows when they went: after their last word, and not before a dwell that was told of.
            heard = max(float(rows.by_fix_at[row, place]), float(rows.by_radio_at[row, place]))
            told = float(rows.entered[row, place] + rows.dwelled_s[row, place])
            self.leave(row, zone, max(heard, told), self.due.why_silent(row, place), due)
        elif phase == ARRIVING:
            self._enter(row, zone, float(rows.since[row, place]), due)
        else:
            self._dwell(row, place, zone)

    def _enter(self, row: int, zone: int, at: float, known_at: float) -> None:
        """Opens the stay, and first those of the zones round it: who is at the shelf is in the shop."""
        rows = self.rows
        self.touched[row] = True
        for outer in (*reversed(self.atlas.ancestors[zone]), zone):
            place = self._find(row, outer)
            if outer == zone or place < 0 or rows.phase[row, place] < INSIDE:
                self._close_siblings(row, outer, at, known_at)
            earliest = self._not_before(row, outer)
            at = max(at, earliest)
            if place < 0:
                place = self._new_place(row, outer)
                rows.by_radio_at[row, place] = rows.by_radio_at[row, self._find(row, zone)]
                rows.scanned_at[row, place] = rows.scanned_at[row, self._find(row, zone)]
                rows.by_fix_at[row, place] = rows.by_fix_at[row, self._find(row, zone)]
                rows.entered[row, place] = at
            phase = rows.phase[row, place]
            if phase in (ARRIVING, OUTSIDE):
                entered = max(min(float(rows.entered[row, place]), at), earliest)
                rows.entered[row, place] = entered
                grounds: tuple[Why, int] = ("believed", -1) if outer == zone else ("implied", zone)
                cause = self._cause(row, place, known_at, *grounds)
                self.changes.append(Change("entered", row, outer, entered, entered, 0.0, cause))
            if phase != INSIDE:
                rows.phase[row, place], rows.since[row, place] = INSIDE, at

    def _not_before(self, row: int, zone: int) -> float:
        """Nobody comes in before they came into the shop, nor before they left here last or the department next to it."""
        rows, family, ancestors = self.rows, self.atlas.family[zone], self.atlas.ancestors[zone]
        latest = NEVER
        for left, at in zip(rows.left_zone[row].tolist(), rows.left_at[row].tolist(), strict=True):
            if left == zone:
                latest = max(latest, at + SHORTEST_S)
            elif left >= 0 and family >= 0 and self.atlas.family[left] == family:
                latest = max(latest, at)
        for place, held in enumerate(rows.zone[row].tolist()):
            if held in ancestors and rows.phase[row, place] >= INSIDE:
                latest = max(latest, float(rows.entered[row, place]))
        return latest

    def _remember_left(self, row: int, zone: int, at: float) -> None:
        """Who was at the shelf until then was in the shop until then, and is not here again before."""
        rows = self.rows
        for place, held in enumerate(rows.zone[row].tolist()):
            if held in self.atlas.ancestors[zone]:
                rows.inner_at[row, place] = max(rows.inner_at[row, place], at)
        left_zone, left_at = rows.left_zone[row].tolist(), rows.left_at[row].tolist()
        # What was left first is forgotten: who left longer ago than anybody arrives cannot come in before that.
        oldest = left_zone.index(zone) if zone in left_zone else left_at.index(min(left_at))
        rows.left_zone[row, oldest], rows.left_at[row, oldest] = zone, at

    def _close_siblings(self, row: int, zone: int, at: float, known_at: float) -> None:
        """Who is confirmed in one department has left the one next to it."""
        family = self.atlas.family[zone]
        if family < 0:
            return
        for place, other in enumerate(self.rows.zone[row].tolist()):
            if other >= 0 and other != zone and self.atlas.family[other] == family:
                doubted = self.rows.phase[row, place] == LEAVING
                left = min(float(self.rows.since[row, place]), at) if doubted else at
                self.leave(row, other, left, "sibling", known_at, zone)

    def _dwell(self, row: int, place: int, zone: int) -> None:
        rows = self.rows
        asked = self.atlas.dwells_s[zone]
        reached = float(asked[asked > rows.dwelled_s[row, place]].min())
        rows.dwelled_s[row, place] = reached
        self.touched[row] = True
        entered = float(rows.entered[row, place])
        self.changes.append(Change("dwelled", row, zone, entered + reached, entered, reached))

    def _cause(self, row: int, place: int, known_at: float, why: Why, other: int) -> Cause:
        """Taken down before the stay changes: which sense believed in it, and when that spoke last."""
        rows = self.rows
        radio_at, fix_at = float(rows.by_radio_at[row, place]), float(rows.by_fix_at[row, place])
        by_radio = radio_at > NEVER
        # After a restart only the words for the stay are known, not those against it.
        heard = max(radio_at, float(rows.scanned_at[row, place])) if by_radio else NEVER
        if fix_at > NEVER:
            heard = max(heard, fix_at, float(rows.fix_at[row]))
        usual = rows.heard_gap_s if by_radio else rows.fix_gap_s
        # A stay that another zone implied just now has no time of its own yet.
        turning = rows.phase[row, place] in (ARRIVING, LEAVING)
        began = float(rows.since[row, place]) if turning else np.inf
        # Evidence may tell of what fell due before it came: nothing was certain sooner than that.
        return Cause(
            why, place, max(known_at, heard), heard, float(usual[row]), len(self.notes), other, began
        )

    def _note(self, row: Indexes, place: Indexes, at: Floats, inside: Floats, turn: NDArray[np.int8]) -> None:
        """Notes for the stays' trails what turned a phase or moved belief. What came to nothing is not worth a note."""
        rows = self.rows
        moved = (turn != OUTSIDE) | (np.abs(inside - rows.noted[row, place]) > WORTH_NOTING)
        some = np.flatnonzero(moved & (rows.phase[row, place] != OUTSIDE))
        if not len(some) or self.voices is None:
            return
        row, place, inside = row[some], place[some], inside[some]
        rows.noted[row, place] = inside
        zone = rows.zone[row, place]
        self.notes.append(
            Notes.of(
                self.voices, len(rows), row, place, zone=zone, at=at[some], inside=inside, turn=turn[some]
            )
        )

    def _with_ancestors(
        self, row: Indexes, zone: Indexes, inside: Floats, at: Floats
    ) -> tuple[Indexes, Indexes, Floats, Floats]:
        """Evidence for being in a zone is evidence for each zone round it; the strongest counts."""
        sure = np.flatnonzero(inside >= self.atlas.enter_at[zone])
        lineage = self.atlas.lineage[zone[sure]]
        line, generation = np.nonzero(lineage >= 0)
        if not len(line):
            return row, zone, inside, at
        source = sure[line]
        row = np.concatenate([row, row[source]])
        zone = np.concatenate([zone, lineage[line, generation]])
        inside, at = np.concatenate([inside, inside[source]]), np.concatenate([at, at[source]])
        strongest = np.lexsort((-inside, zone, row))
        row, zone, inside, at = row[strongest], zone[strongest], inside[strongest], at[strongest]
        first = np.append(True, (row[1:] != row[:-1]) | (zone[1:] != zone[:-1]))
        return row[first], zone[first], inside[first], at[first]

    def _place(self, row: Indexes, zone: Indexes, wanted: NDArray[np.bool_]) -> Indexes:
        """The place of each (row, zone); a free one is taken for a new stay that is wanted, else -1."""
        place = np.full(len(row), -1)
        for at, held in enumerate(self.rows.zone.T):
            place[held[row] == zone] = at
        new = np.flatnonzero((place < 0) & wanted)
        for i, line, other in zip(new.tolist(), row[new].tolist(), zone[new].tolist(), strict=True):
            held = self.rows.zone[line].tolist()
            if len(held) - held.count(-1) < MOST_STAYS:
                place[i] = self._new_place(line, other)
        return place

    def _new_place(self, row: int, zone: int) -> int:
        place = self._find(row, -1)
        if place < 0:
            place = self.rows.stays
            self.rows.widen(2 * self.rows.stays)
        self.rows.zone[row, place] = zone  # the rest of it was cleared when it became free
        return place

    def _find(self, row: int, zone: int) -> int:
        held = self.rows.zone[row].tolist()
        return held.index(zone) if zone in held else -1

    def _stays_in(self, row: int, zone: int) -> list[tuple[int, int]]:
        """(place, zone) of the stay in a zone and of those in the zones within it."""
        return [
            (place, other)
            for place, other in enumerate(self.rows.zone[row].tolist())
            if other >= 0 and (other == zone or zone in self.atlas.ancestors[other])
        ]


def odds(probability: Floats) -> Floats:
    """Logarithm of the odds of probabilities, kept within what one word may weigh."""
    bounded = np.clip(probability, 1.0 - SUREST, SUREST)
    return np.asarray(np.log(bounded / (1.0 - bounded)), np.float64)
