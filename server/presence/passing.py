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

#: The way between two fixes is looked at where they are apart by no more than this: after a minute anything may have happened.
LATEST_S = 60.0
#: Who moved less than this between two fixes did not come and go meanwhile.
PASSED_M = 15.0
#: Where on the way: shares of its time.
STOPS = (0.0, 0.25, 0.5, 0.75)
#: How many waits ahead one who comes, and one who leaves, is looked at; who comes, no further than this.
COMING, LEAVING, FORESEEN_S = 2.5, 1.0, 5.0
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
    fences = atlas.fences
    lat, lon, sigma = course.here()
    on_the_way = ~course.fresh & (course.gap_s > 0.0) & (course.gap_s <= LATEST_S)
    passing = np.flatnonzero(on_the_way & (course.moved_m >= PASSED_M))
    ways = [course.between(passing, share) for share in STOPS] if len(passing) else []
    line, place = np.nonzero(held >= 0)
    zone = held[line, place].astype(np.intp)
    on_map = fences.of_zone[zone] >= 0
    line, zone, place = line[on_map], zone[on_map], place[on_map]
    near, found = _about(fences, (lat, lon), passing, ways)
    new = (held[near] != found[:, None]).all(axis=1)
    phase = np.concatenate([work.rows.phase[which[line], place], np.full(int(new.sum()), -1, np.int8)])
    line, zone = np.concatenate([line, near[new]]), np.concatenate([zone, found[new]])
    _, inside = fences.standing(zone, lat[line], lon[line], sigma[line])

    # A look ahead, where it may change something.
    within = phase >= Phase.INSIDE
    soon = np.minimum(COMING * atlas.enter_after_s[zone], FORESEEN_S)
    wait = np.where(within, LEAVING * atlas.leave_after_s[zone], soon)
    unsettled = np.where(within, inside <= atlas.leave_at[zone], inside < atlas.enter_at[zone])
    some = np.flatnonzero(unsettled & ~course.fresh[line])
    if len(some):
        _, later = fences.standing(zone[some], *course.ahead(line[some], wait[some]))
        inside[some] = np.maximum(inside[some], later)

    at = course.at[line]
    stake = Stake(line, zone, inside, at.copy(), np.zeros(len(line), np.bool_), at.copy(), inside.copy())
    passes = np.zeros(len(which), np.bool_)
    passes[passing] = True
    pairs = np.flatnonzero((phase < 0) & on_the_way[line] & (passes[line] | (inside >= atlas.enter_at[zone])))
    if len(pairs):
        _look_back(stake, pairs, course, atlas)
    return stake.of((phase >= 0) | (stake.at_most >= atlas.enter_at[zone]))


def _about(
    fences: Fences, here: tuple[Floats, Floats], passing: Indexes, ways: list[Where]
) -> tuple[Indexes, Indexes]:
    """Lines and zones, each pair once, that positions may lie in, or the ways to them may lead through."""
    line, zone = fences.candidates(*here)
    if not ways:
        return line, zone
    lat, lon = np.concatenate([way[0] for way in ways]), np.concatenate([way[1] for way in ways])
    near, found = fences.candidates(lat, lon)
    count = len(fences.of_zone)
    key = np.unique(np.concatenate([line * count + zone, np.tile(passing, len(ways))[near] * count + found]))
    return key // count, key % count


def _look_back(stake: Stake, pairs: Indexes, course: Course, atlas: Atlas) -> None:
    """Fills in what the way from the fix before tells of pairs in which nobody was yet."""
    line, zone = stake.line[pairs], stake.zone[pairs]
    chances = [atlas.fences.standing(zone, *course.between(line, share))[1] for share in STOPS]
    p = np.stack([*chances, stake.inside[pairs]], axis=1)
    at = course.at[line][:, None] - np.outer(course.gap_s[line], [*(1.0 - np.array(STOPS)), 0.0])
    sure = p >= atlas.enter_at[zone][:, None]
    first = sure.argmax(axis=1)
    began, left = _run_about(p, at, first)
    lasts = left - began >= atlas.enter_after_s[zone]
    passed = sure.any(axis=1) & (lasts | (left >= course.at[line]))
    if atlas.openings.any:  # else who was let out at closing time would come in again
        passed &= atlas.openings.is_open(zone, course.at[line])
    stake.passed[pairs] = passed
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
