"""Which zones the fixes of a round speak of, and since when: now, in a moment, and on the way from the fix before.

In: the courses of some devices, the zones they are held in. Out: a `Stake`, pair by pair. A probability of being in a zone
is that of now or, where that would change something, that of when the zone's wait is over: who walks in need not be inside
for seconds before we believe it, and who stands a step outside has not left. Between two fixes the path is looked at too: it tells since when
somebody is inside, and of visits that began and ended there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.presence.phases import Stays
from server.presence.position import Course, Where
from server.presence.visit import Phase
from server.zones.atlas import Atlas
from server.zones.fences import Fences
from server.zones.shape import Floats, Indexes

#: The way between two fixes is looked at where they are apart by so much, and not by too long: after a minute anything may
#: have happened.
MOVED_M, SOONEST_S, LATEST_S = 1.0, 0.5, 60.0
#: Where on the way: shares of its time.
STOPS = (0.0, 0.25, 0.5, 0.75)
#: How many waits ahead one who comes, and one who leaves, is looked at; who comes, no further than this.
COMING, LEAVING, FORESEEN_S = 2.0, 1.0, 5.0
#: On a border: the time at which it is passed is that at which being inside was as likely as not.
EVEN = 0.5


@dataclass(frozen=True, slots=True)
class Stake:
    """Pairs of a line (of the round) and a zone: `inside` is the probability at the fix, `left` when it last was likely.

    Where `passed`, the way there was inside since `began`, for long enough, with probability `at_most`.
    """

    line: Indexes
    zone: Indexes
    inside: Floats
    left: Floats
    passed: NDArray[np.bool_]
    began: Floats
    at_most: Floats

    def of(self, kept: NDArray[np.bool_]) -> "Stake":
        return Stake(*(getattr(self, name)[kept] for name in Stake.__slots__))


def at_stake(work: Stays, which: Indexes, course: Course) -> Stake:
    """The zones that the positions of `which` have a say in: those on the map that are held, and those believed in."""
    atlas, held = work.atlas, work.rows.zone[which]
    lat, lon, sigma = course.here()
    movers = np.flatnonzero(
        ~course.fresh & (course.gap_s >= SOONEST_S) & (course.gap_s <= LATEST_S) & (course.moved_m >= MOVED_M)
    )
    ways = [course.between(movers, share) for share in STOPS] if len(movers) else []
    soon = [course.ahead(movers, np.full(len(movers), FORESEEN_S))] if len(movers) else []
    line, zone = _pairs(atlas.fences, held, movers, (lat, lon), [*soon, *ways])
    place = held[line] == zone[:, None]
    phase = np.where(place.any(axis=1), work.rows.phase[which[line], place.argmax(axis=1)], -1)
    within = phase >= Phase.INSIDE
    _, inside = atlas.fences.standing(zone, lat[line], lon[line], sigma[line])

    # A look ahead, where it may change something.
    sure = inside >= atlas.enter_at[zone]
    wait = np.where(
        within,
        LEAVING * atlas.leave_after_s[zone],
        np.minimum(COMING * atlas.enter_after_s[zone], FORESEEN_S),
    )
    open_ = np.flatnonzero(np.where(within, inside <= atlas.leave_at[zone], ~sure) & ~course.fresh[line])
    if len(open_):
        then = course.ahead(line[open_], wait[open_])
        _, later = atlas.fences.standing(zone[open_], *then)
        inside[open_] = np.maximum(inside[open_], later)
    stake = Stake(
        line, zone, inside, course.at[line], np.zeros(len(line), np.bool_), course.at[line], inside.copy()
    )
    if ways:
        _look_back(stake, within, course, (movers, ways), atlas)
    return stake.of((phase >= 0) | (np.maximum(stake.inside, stake.at_most) >= atlas.enter_at[zone]))


def _pairs(
    fences: Fences,
    held: NDArray[np.int32],
    movers: Indexes,
    here: tuple[Floats, Floats],
    elsewhere: list[Where],
) -> tuple[Indexes, Indexes]:
    """Lines and zones, each pair once: what is held and on the map, and what lies about the positions."""
    line, place = np.nonzero(held >= 0)
    zone = held[line, place].astype(np.intp)
    on_map = fences.of_zone[zone] >= 0
    line, zone = line[on_map], zone[on_map]
    lat = np.concatenate([here[0], *(where[0] for where in elsewhere)])
    lon = np.concatenate([here[1], *(where[1] for where in elsewhere)])
    near, found = fences.candidates(lat, lon)
    if not len(near):
        return line, zone
    whose = np.concatenate([np.arange(len(held)), np.tile(movers, len(elsewhere))])
    zones = len(fences.of_zone)
    key = np.unique(np.concatenate([line * zones + zone, whose[near] * zones + found]))
    return key // zones, key % zones


def _look_back(
    stake: Stake,
    within: NDArray[np.bool_],
    course: Course,
    on_the_way: tuple[Indexes, list[Where]],
    atlas: Atlas,
) -> None:
    """Fills in what the way from the fix before tells of the pairs in which nobody is yet."""
    movers, ways = on_the_way
    of_line = np.full(len(course.at), -1, np.intp)
    of_line[movers] = np.arange(len(movers))
    pairs = np.flatnonzero(~within & (of_line[stake.line] >= 0))
    if not len(pairs):
        return
    line, zone = stake.line[pairs], stake.zone[pairs]
    mover = of_line[line]
    chances = [
        atlas.fences.standing(zone, lat[mover], lon[mover], sigma[mover])[1] for lat, lon, sigma in ways
    ]
    p = np.stack([*chances, stake.inside[pairs]], axis=1)
    at = course.at[line][:, None] - np.outer(course.gap_s[line], [*(1.0 - np.array(STOPS)), 0.0])
    sure = p >= atlas.enter_at[zone][:, None]
    first = sure.argmax(axis=1)
    began, left = _run_about(p, at, first)
    lasts = left - began >= atlas.enter_after_s[zone]
    stake.passed[pairs] = sure.any(axis=1) & (lasts | (left >= course.at[line]))
    stake.began[pairs], stake.left[pairs], stake.at_most[pairs] = began, left, p.max(axis=1)


def _run_about(p: Floats, at: Floats, place: Indexes) -> tuple[Floats, Floats]:
    """When the run of likely stops about `place` begins and ends; between two stops the chance goes straight."""
    lines, stops = np.arange(len(p)), np.arange(p.shape[1])
    unlikely = p < EVEN
    before = np.where(unlikely & (stops < place[:, None]), stops, -1).max(axis=1)
    behind = np.where(unlikely & (stops > place[:, None]), stops, p.shape[1]).min(axis=1)

    def passes(outer: Indexes, inner: Indexes) -> Floats:
        low, high = p[lines, outer], p[lines, inner]
        share = (EVEN - low) / np.maximum(high - low, 1e-9)
        return np.asarray(at[lines, outer] + share * (at[lines, inner] - at[lines, outer]), np.float64)

    last = p.shape[1] - 1
    began = np.where(before < 0, at[:, 0], passes(np.maximum(before, 0), np.minimum(before + 1, last)))
    left = np.where(behind > last, at[:, -1], passes(np.minimum(behind, last), np.maximum(behind - 1, 0)))
    return began, left
