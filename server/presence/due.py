"""When the clock alone will next change a stay, and how far that can be known: waits, dwells, closing time, silence. Pure, over arrays."""

from dataclasses import dataclass

import numpy as np

from server.presence.ears import Listening
from server.presence.tracks import NEVER, Rows
from server.presence.visit import Phase, Why
from server.zones.atlas import Atlas
from server.zones.shape import Floats, Indexes

ARRIVING, INSIDE, LEAVING = int(Phase.ARRIVING), int(Phase.INSIDE), int(Phase.LEAVING)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a silence must be before it ends a stay: some usual gaps of this device, within bounds (seconds).

    A gateway hears a fob each second or two, of which walls and bodies swallow runs; a phone in a pocket may send a fix each few
    minutes and none while it lies still. While a gateway cannot tell, nobody's silence counts, for `deaf_most_s` at most.
    """

    radio_gaps: float = 10.0
    radio_least_s: float = 15.0
    radio_most_s: float = 180.0
    fix_gaps: float = 4.0
    fix_least_s: float = 1_800.0
    fix_most_s: float = 4 * 3_600.0
    deaf_most_s: float = 3_600.0


@dataclass(slots=True)
class Due:
    """What falls due of some rows. `listening` tells how far anchors could tell us of a device; without it all are trusted."""

    rows: Rows
    atlas: Atlas
    patience: Patience
    listening: Listening | None = None

    def whenever(self, which: Indexes) -> tuple[Floats, Floats]:
        """When the clock alone will next change each stay, infinity where nothing will; and when their silence will end them.

        Both (rows, places).
        """
        rows, atlas = self.rows, self.atlas
        zone, phase = rows.zone.take(which, axis=0).astype(np.intp), rows.phase.take(which, axis=0)
        waits = np.where(phase == ARRIVING, atlas.enter_after_s[zone], atlas.leave_after_s[zone])
        turning = (phase == ARRIVING) | (phase == LEAVING)
        move = np.where(turning, rows.since.take(which, axis=0) + waits, np.inf)
        move = np.where(phase == ARRIVING, np.maximum(move, rows.unsure_until.take(which, axis=0)), move)
        told, ahead = rows.dwelled_s.take(which, axis=0), np.full(zone.shape, np.inf)
        for dwells in atlas.dwells_s.T[::-1]:  # the latest first, so the earliest yet to be told of remains
            asked = dwells[zone]
            ahead = np.where(asked > told, asked, ahead)
        dwell = np.where(phase == INSIDE, rows.entered.take(which, axis=0) + ahead, np.inf)
        silence = self._silence_due(which)
        due = np.minimum(np.minimum(move, dwell), silence)
        if atlas.openings.any:
            lines, places = np.nonzero(zone >= 0)
            closing = atlas.openings.closes_after(
                zone[lines, places].astype(np.intp), rows.entered[which[lines], places]
            )
            due[lines, places] = np.minimum(due[lines, places], closing)
        return np.where(zone >= 0, due, np.inf), silence

    def as_told(self, which: Indexes, until: Floats) -> tuple[Floats, Floats]:
        """As `whenever`, but infinity for what cannot be known yet at `until`, since anchors that would tell are deaf or cut off."""
        rows, listening = self.rows, self.listening
        if listening is None:
            return self.whenever(which)
        radio_s = self._radio_patience_s(which)
        for row, patience_s in zip(which.tolist(), radio_s.tolist(), strict=True):
            for heard in set(rows.scanned_at[row, rows.by_radio_at[row] > NEVER].tolist()):
                self._wait_for_ears(listening, row, heard, patience_s)
        due, silence_due = self.whenever(which)
        for i, place in zip(*np.nonzero(due <= until[:, None]), strict=True):
            row, when = int(which[i]), float(due[i, place])
            silent = when >= silence_due[i, place]
            sure = self._known_until(
                listening, row, int(place), float(until[i]), float(radio_s[i]), silent=silent
            )
            due[i, place] = when if when <= sure else np.inf
        return due, silence_due

    def _wait_for_ears(self, listening: Listening, row: int, heard: float, patience_s: float) -> None:
        """No silence since `heard` counts before the anchors have listened for long enough; nobody waits for ever for one that crashes."""
        grace = float(self.rows.grace_at[row])
        complete = listening.complete_at(row, heard - patience_s, max(heard, grace - patience_s), patience_s)
        complete = min(complete, heard + patience_s + self.patience.deaf_most_s)
        if complete > max(heard + patience_s, grace):
            self.rows.grace_at[row] = complete

    def _known_until(
        self, listening: Listening, row: int, place: int, now: float, patience_s: float, *, silent: bool
    ) -> float:
        """How far we know what became of a stay. A fix that speaks is as good as an anchor that hears, and so is closing time."""
        rows = self.rows
        if not rows.by_radio_at[row, place] > NEVER or now >= self.closing(row, place):
            return np.inf
        heard = float(rows.scanned_at[row, place])
        if silent:
            return listening.surely(row, heard - patience_s, now)
        since = float(rows.since[row, place])
        if rows.phase[row, place] == LEAVING:
            return np.inf if rows.fix_at[row] >= since else listening.known(row, since, now)
        recent = heard - patience_s
        if rows.by_fix_at[row, place] > NEVER or listening.speaks(row, recent, now):
            return np.inf
        return listening.known(row, recent, now)

    def closing(self, row: int, place: int) -> float:
        """When the zone of a stay closes; infinity where it never does."""
        openings = self.atlas.openings
        if not openings.any:
            return np.inf
        zone, entered = self.rows.zone[row, [place]].astype(np.intp), self.rows.entered[row, [place]]
        return float(openings.closes_after(zone, entered)[0])

    def why_silent(self, row: int, place: int) -> Why:
        heard = float(self.rows.scanned_at[row, place])
        patience_s = float(self._radio_patience_s(np.array([row]))[0])
        gave_up = self.listening is not None and self.listening.given_up(
            row, heard - patience_s, heard + patience_s
        )
        return "gateway_silent" if gave_up else "silence"

    def _radio_patience_s(self, which: Indexes) -> Floats:
        patience = self.patience
        usual = patience.radio_gaps * self.rows.heard_gap_s[which]
        return np.clip(usual, patience.radio_least_s, patience.radio_most_s)

    def _silence_due(self, which: Indexes) -> Floats:
        """When the silence of the senses that believe in each stay will have been long enough to end it."""
        rows, patience = self.rows, self.patience
        radio_s = self._radio_patience_s(which)
        fix_s = np.clip(patience.fix_gaps * rows.fix_gap_s[which], patience.fix_least_s, patience.fix_most_s)
        believed = rows.by_radio_at.take(which, axis=0) > NEVER
        by_radio = np.where(believed, rows.scanned_at.take(which, axis=0) + radio_s[:, None], NEVER)
        believed = rows.by_fix_at.take(which, axis=0) > NEVER
        by_fix = np.where(believed, (rows.fix_at[which] + fix_s)[:, None], NEVER)
        return np.maximum(np.maximum(by_radio, by_fix), rows.grace_at[which][:, None])
