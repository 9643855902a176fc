"""Where a device is among anchors: a belief over the cells of a radio map, per device, over arrays.

A hidden Markov model on the map's cells: between scans people stand or walk (RadioMap.moves), what an anchor heard weighs the
cells by how well it fits (RadioMap.log_likelihood). What anchors heard of one device within half a second is one scan.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.presence.sighting import Heards, Verdict, Verdicts
from server.presence.tracks import NEVER, RadioTracks, Rows, Tracks
from server.presence.trail import Voices
from server.zones.atlas import Atlas
from server.zones.floorplan import STEP_S, RadioMap
from server.zones.shape import Floats, Indexes

#: Two gateways tell of the same second at different moments. Evidence this much older than the newest of its device still
#: counts as of now; older is history.
OUT_OF_STEP_S = 10.0
#: Someone unheard in a map for this long is a stranger there again: belief starts afresh.
STRANGER_AFTER_S = 300.0


@dataclass(slots=True)
class Scans:
    """What the anchors of one map heard, by device and half second; belief is that of a copy (see RadioTracks)."""

    map: RadioMap
    line: Indexes  # row of the step that each scan belongs to
    at: Floats
    tick: NDArray[np.int64]
    evidence: NDArray[np.float32]  # (scans, cells) log likelihood
    own: Indexes  # row here of each scan
    tracked: Indexes  # row in RadioTracks of each row here
    belief: NDArray[np.float32]
    belief_tick: NDArray[np.int64]
    last_at: Floats
    loudest: NDArray[np.int64]  # of each scan: whole dBm times anchors of the map, plus the anchor
    voices: Indexes  # how many links each scan is made of

    def __len__(self) -> int:
        return len(self.line)

    def spoken(self, items: Indexes) -> Voices:
        """What speaks for these scans: the loudest anchor, and how many others."""
        dbm, anchor = np.divmod(self.loudest[items], len(self.map.anchors))
        return Voices(self.line[items], dbm, anchor, self.voices[items] - 1, self.map.anchors)

    def keep(self, radio: RadioTracks) -> None:
        """Writes the belief down."""
        radio.belief[self.tracked] = self.belief
        radio.tick[self.tracked] = self.belief_tick
        radio.last_at[self.tracked] = self.last_at


def scans_of(
    tracks: Tracks, atlas: Atlas, heards: Heards, line: Indexes, slots: Indexes, verdicts: Verdicts
) -> tuple[tuple[Scans, ...], Indexes]:
    """Radio links gathered into scans, a `Scans` for each radio map, and the items that came too late to matter now.

    Sets the verdicts of duplicates and of anchors that belong to no map.
    """
    nothing = np.empty(0, np.intp)
    if not len(heards):
        return (), nothing
    places = [atlas.anchor_place.get(anchor, (-1, -1)) for anchor in heards.anchor]
    map_of, anchor_of = np.array(places, np.intp).T
    scans = []
    late = [nothing]
    for number, radio in enumerate(tracks.radio):
        items = np.flatnonzero(map_of == number)
        gathered, too_late = _gather(radio, heards, items, anchor_of, line, slots, verdicts)
        scans.append(gathered)
        late.append(too_late)
    return tuple(scans), np.concatenate(late)


def _gather(
    radio: RadioTracks,
    heards: Heards,
    items: Indexes,
    anchor_of: Indexes,
    line: Indexes,
    slots: Indexes,
    verdicts: Verdicts,
) -> tuple[Scans, Indexes]:
    lines, own = np.unique(line[items], return_inverse=True)
    tracked = radio.rows(slots[lines])
    last_at = radio.last_at[tracked]
    newest = last_at.max(axis=1, initial=NEVER)
    at, anchor = heards.at[items], anchor_of[items]
    order = np.lexsort((at, anchor, own))
    items, own, at, anchor = items[order], own[order], at[order], anchor[order]
    before = last_at[own, anchor]
    again = at == before
    again[1:] |= (own[1:] == own[:-1]) & (anchor[1:] == anchor[:-1]) & (at[1:] == at[:-1])
    verdicts[items[again]] = Verdict.DUPLICATE
    late = ~again & ((at < before) | (at < newest[own] - OUT_OF_STEP_S))
    use = ~again & ~late
    too_late = items[late]
    items, own, at, anchor = items[use], own[use], at[use], anchor[use]
    np.maximum.at(last_at, (own, anchor), at)

    # A little out of step counts as of the newest known half second: belief does not go back.
    tick = np.maximum(np.floor(at / STEP_S).astype(np.int64), radio.tick[tracked][own])
    order = np.lexsort((tick, own))
    own, tick, at, items, anchor = own[order], tick[order], at[order], items[order], anchor[order]
    starts = np.flatnonzero(np.append(True, (own[1:] != own[:-1]) | (tick[1:] != tick[:-1]))[: len(own)])
    of_each = radio.map.evidence(anchor, heards.rssi_dbm[items])
    evidence = np.add.reduceat(of_each, starts, axis=0) if len(starts) else of_each
    loud = np.rint(heards.rssi_dbm[items]).astype(np.int64) * len(radio.map.anchors) + anchor
    scans = Scans(
        map=radio.map,
        line=lines[own[starts]],
        at=np.maximum.reduceat(at, starts) if len(starts) else at,
        tick=tick[starts],
        evidence=evidence,
        own=own[starts],
        tracked=tracked,
        belief=radio.belief[tracked],
        belief_tick=radio.tick[tracked],
        last_at=last_at,
        loudest=np.maximum.reduceat(loud, starts) if len(starts) else loud,
        voices=np.diff(np.append(starts, len(own))),
    )
    return scans, too_late


def follow_scans(rows: Rows, scans: Scans, items: Indexes) -> Floats:
    """Moves belief by one scan a device, in place. Out: (scans, map's zones) probability of being inside."""
    own, tick, at = scans.own[items], scans.tick[items], scans.at[items]
    known = scans.belief_tick[own] >= 0
    passed = np.where(known, tick - scans.belief_tick[own], 0)
    stranger = passed * STEP_S > STRANGER_AFTER_S
    belief = np.where(stranger[:, None], scans.map.start, scans.belief[own])
    belief = scans.map.moved(belief, np.where(stranger, 0, passed))
    fit = scans.evidence[items]
    belief = belief * np.exp(fit - fit.max(axis=1, keepdims=True))
    belief /= belief.sum(axis=1, keepdims=True)
    scans.belief[own], scans.belief_tick[own] = belief, tick

    which = scans.line[items]
    heard = rows.heard_at[which]
    gap = np.where(heard > NEVER, at - heard, 0.0)
    usual = rows.heard_gap_s[which]
    counts = (gap > 0) & (gap < STRANGER_AFTER_S)
    rows.heard_gap_s[which] = np.where(counts, np.where(usual > 0, 0.9 * usual + 0.1 * gap, gap), usual)
    rows.heard_at[which] = np.maximum(heard, at)
    return np.asarray(belief @ scans.map.member, np.float64)
