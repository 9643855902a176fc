"""What truly happened, and what could be known of it. In: paths, places, the evidence the town gave. Out: visits and stays. Pure.

A **true visit** is geometry alone: somebody stood in a place from then to then.

A **stay** is what an honest observer could say from the evidence that was really given (adverts heard, fixes taken), since no
server can know more: from when to when it may believe the device in the place, and from when to when it must. Between the
two lies the border, where a visit found or not found counts neither for nor against. The thresholds stand well clear of
any reasonable belief on both sides and know nothing of the server's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

import numpy as np
from numpy.typing import NDArray

from simulator.air import EXPONENT, REFERENCE_DBM, Hearing
from simulator.frame import Floats
from simulator.sky import FixTrack
from simulator.walk import Path
from simulator.world import Place, World

Flags = NDArray[np.bool_]

#: Truth is looked at every so often; a step is then 13 cm.
STEP_S = 0.1
#: Stepping out for less than this is no exit in anybody's words.
GAP_S = 5.0

#: Radio is judged by means over so many seconds: about nine packets, which flicker by 1 dB.
WINDOW_S = 4.0
#: A place's own anchors louder by this than all others: no honest reading puts the device elsewhere. At equal distance two
#: anchors differ by 6.4 dB (sd; each has 4.5 dB of shadow and bias): one sd tells which is nearer, if it lasts; one and a
#: half tell that it is near, which is what a disc asks.
LOUDER_DB = 6.4
MUCH_LOUDER_DB = 9.6
#: Quieter by more than this: no honest reading puts it here.
QUIETER_DB = 6.0
#: Where a place has all anchors of its kind, loudness itself must tell. Free air gives -72 dBm at 5 m, -82 dBm at 23 m; a lone
#: beacon is near when it is as loud as at 2 m.
LOUD_DBM = -74.0
LOUD_ALONE_DBM = -66.0
FAINT_DBM = -84.0
UNHEARD_DBM = -105.0
#: Somebody this near to a place by radio may be taken for inside.
RADIO_MARGIN_M = 2.5

#: A fix is clear when it lies inside by this share of the radius it claims; and clearly outside beyond twice that radius.
CLEAR_SHARE = 0.8
UNCLEAR_SHARE = 2.0
POSITION_MARGIN_M = 15.0
LEAST_CLAIM_M = 8.0

#: Clear evidence must have lasted so long before a visit is owed: a window of smoothing, a minimum time, some pings.
OWED_AFTER_S = 10.0
#: Who seemed to be next door for SEEMS_S is believed there until that visit may end: a minimum time, and some evidence.
SEEMS_S = 3.0
HANDOVER_S = 12.0
#: Belief may outlast evidence for so long (silence is not an exit at once).
LINGER_S = 45.0


@dataclass(frozen=True, slots=True)
class TrueVisit:
    """Seconds from the story's start; `left_s` is None for who is still there at its end."""

    device: str
    place: str
    entered_s: float
    left_s: float | None


@dataclass(frozen=True, slots=True)
class Stay:
    """One device about one place, by the evidence: may be believed inside from `may_from_s`, must from `must_from_s`.

    `must_from_s` and `must_until_s` are None where the evidence never was clear for long enough: at the border.
    """

    device: str
    place: str
    may_from_s: float
    may_until_s: float
    must_from_s: float | None = None
    must_until_s: float | None = None

    @property
    def clear(self) -> bool:
        return self.must_from_s is not None


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that one device let be known: hearings at anchors, its own fixes."""

    device: str
    path: Path
    hearings: Sequence[Hearing] = ()
    fixes: FixTrack | None = None


def true_visits(device: str, path: Path, place: Place, until_s: float) -> list[TrueVisit]:
    """When the path truly lay in the place, gaps under GAP_S closed."""
    at = np.arange(0.0, until_s + STEP_S, STEP_S)
    inside = place.depth_m(*path.where(at)) >= 0.0
    return [
        TrueVisit(device, place.own_id, float(at[first]), float(at[last]) if last < len(at) - 1 else None)
        for first, last in runs(inside, at, GAP_S)
    ]


def stays(evidence: Evidence, world: World, until_s: float) -> list[Stay]:
    """What may and what must be believed of this device, place by place; who is in a place is in its parents too."""
    at = np.arange(0.0, until_s + 1.0)
    read = {place.own_id: _reading(evidence, place, world, at) for place in world.places.values()}
    may = {own_id: reading.may for own_id, reading in read.items()}
    for place in world.places.values():
        for parent in place.parents:
            may[parent] = may[parent] | read[place.own_id].may
    found = []
    for place in world.places.values():
        next_door = [
            read[other.own_id].near
            for other in world.places.values()
            if place.parents and other.parents == place.parents and not other.homes & place.homes
        ]
        must = read[place.own_id].must & ~_lately(next_door, at)
        found += _stays(evidence.device, place.own_id, may[place.own_id], must, at)
    return found


def _lately(near: Sequence[Flags], at: Floats) -> Flags:
    """Whether the device seemed to be in one of these places within the last HANDOVER_S."""
    lately = np.zeros(len(at), dtype=bool)
    for flags in near:
        for first, last in runs(flags, at, 1.5):
            if at[last] - at[first] >= SEEMS_S:
                lately |= (at >= at[first]) & (at <= at[last] + HANDOVER_S)
    return lately


def _stays(device: str, place: str, may: Flags, must: Flags, at: Floats) -> list[Stay]:
    """Runs of possible belief as stays, each with the longest run of clear evidence in it."""
    found = []
    for first, last in runs(may, at, LINGER_S / 3):
        clear = [
            (at[a + first], at[b + first])
            for a, b in runs(must[first : last + 1], at[first : last + 1], 1.5)
            if at[b + first] - at[a + first] >= OWED_AFTER_S
        ]
        since, until = max(clear, key=lambda run: run[1] - run[0], default=(None, None))
        owed = None if since is None else float(since) + OWED_AFTER_S
        found.append(
            Stay(
                device,
                place,
                float(at[first]),
                float(at[last]),
                owed,
                None if until is None else float(until),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class _Reading:
    """Second by second: may the device be believed in the place, does radio seem to say so, must it be believed."""

    may: Flags
    near: Flags
    must: Flags


def _reading(evidence: Evidence, place: Place, world: World, at: Floats) -> _Reading:
    """Fixes and radio together, as far as the place can be known by them."""
    depth = place.depth_m(*evidence.path.where(at))
    nothing = np.zeros(len(at), dtype=bool)
    read = _Reading(nothing, nothing, nothing)
    if place.on_map and evidence.fixes is not None and len(evidence.fixes.at_s):
        read = _by_position(evidence.fixes, place, depth, at)
    kinds = {world.anchors[home].kind for home in place.homes}
    heard = [h for h in evidence.hearings if world.anchors[h.anchor].kind in kinds and len(h.at_s)]
    if heard:
        by_radio = _by_radio(heard, place, depth, at)
        read = _Reading(read.may | by_radio.may, by_radio.near, read.must | by_radio.must)
    return read


def _by_position(track: FixTrack, place: Place, depth: Floats, at: Floats) -> _Reading:
    """The last fix decides, for as long as the next one is not overdue."""
    shown = place.depth_m(track.x, track.y)
    radius = np.maximum(track.accuracy_m, LEAST_CLAIM_M)
    last = np.searchsorted(track.at_s, at, side="right") - 1
    known = last >= 0
    gap = float(np.median(np.diff(track.at_s))) if len(track.at_s) > 1 else 1.0
    fresh = known & (at - track.at_s[last] <= 2.0 * gap + 1.0)
    possible = known & ((shown[last] >= -UNCLEAR_SHARE * radius[last]) | (depth >= -POSITION_MARGIN_M))
    clear = fresh & (shown[last] >= CLEAR_SHARE * radius[last]) & (depth >= 0.0)
    return _Reading(possible, np.zeros(len(at), dtype=bool), clear)


def _by_radio(heard: Sequence[Hearing], place: Place, depth: Floats, at: Floats) -> _Reading:
    """The place's own anchors against all others; or loudness alone, where there are no others."""
    level = {h.anchor: _level(h, at) for h in heard}
    unheard = np.full(len(at), UNHEARD_DBM)
    ours = np.max([unheard, *(v for k, v in level.items() if k in place.homes)], axis=0)
    others = [v for k, v in level.items() if k not in place.homes]
    audible = ours > UNHEARD_DBM
    # within so many metres of an anchor means as loud as free air is there, at least
    loud_dbm, louder_db = LOUD_DBM, LOUDER_DB
    if place.reach_m is not None:
        loud_dbm, louder_db = REFERENCE_DBM - 10.0 * EXPONENT * log10(place.reach_m), MUCH_LOUDER_DB
    if others:
        lead = ours - np.max(others, axis=0)
        possible, near = lead >= -QUIETER_DB, lead >= -QUIETER_DB / 2
        clear = (lead >= louder_db) & (ours >= loud_dbm)
    else:
        possible, near = ours >= FAINT_DBM, audible
        clear = ours >= (LOUD_ALONE_DBM if len(place.homes) == 1 else LOUD_DBM)
    may = audible & (possible | (depth >= -RADIO_MARGIN_M))
    return _Reading(may, audible & near, audible & clear & (depth >= 0.0))


def _level(hearing: Hearing, at: Floats) -> Floats:
    """Mean dBm over the window that ends at each second; UNHEARD_DBM where nothing was heard in it."""
    total = np.concatenate([[0.0], np.cumsum(hearing.rssi_dbm)])
    first = np.searchsorted(hearing.at_s, at - WINDOW_S, side="right")
    last = np.searchsorted(hearing.at_s, at, side="right")
    count = last - first
    return np.where(count > 0, (total[last] - total[first]) / np.maximum(count, 1), UNHEARD_DBM)


def runs(flags: Flags, at: Floats, gap_s: float) -> list[tuple[int, int]]:
    """First and last index of each run of true, runs joined across gaps shorter than `gap_s`."""
    where = np.flatnonzero(flags)
    if not len(where):
        return []
    breaks = np.flatnonzero(np.diff(at[where]) > max(gap_s, 1.5 * float(np.median(np.diff(at)))))
    firsts = np.concatenate([[where[0]], where[breaks + 1]])
    lasts = np.concatenate([where[breaks], [where[-1]]])
    return [(int(a), int(b)) for a, b in zip(firsts, lasts, strict=True)]
