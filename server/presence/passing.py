"""Which zones the fixes of a round speak of, and since when: now, in a moment, and on the way from the fix before.

In: the courses of some devices, the zones they are held in. Out: a `Stake`, pair by pair. A probability of being in a zone
is that of now or, where that would change something, that of when the zone's wait is over: who walks in need not be inside
for seconds before we believe it, and who stands a step outside has not left. Between two fixes the path is looked at too: it tells since when
somebody is inside, and of visits that began and ended there. Who seems to be on the way through, like a car that crosses a fence, is not
taken in by the clock alone: not before it is told that they stayed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.presence.phases import Stays
from server.presence.position import Course, Where
from server.presence.tracks import NEVER
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
#: Who will be out again within so many waits of coming in is on the way through and visits nothing, but no longer than this.
THROUGH_WAITS, THROUGH_MOST_S = 4.0, 20.0
#: Who is likelier than this to be inside still when it counts has come to stay. A little more than belief asks for: who is held
#: back by mistake is told a fix later, who is told by mistake stays told.
STAYS_AT = 0.65
#: Who is on the way through tells of it from the other side within so many of the usual gaps between their fixes; who does not has stopped.
TOLD_WITHIN_GAPS = 2.0


@dataclass(frozen=True, slots=True)
class Stake:
    """Pairs of a line (of the round) and a zone: `inside` is the probability at the fix, `left` when it last was likely.

    Where `passed`, the way there was inside since `began`, for long enough, with probability `at_most`. Who arrives did so at
    `arrived`, NEVER where nothing is known of that beyond the fix, and is not in by the clock alone before `unsure_until`.
    """

    line: Indexes
    zone: Indexes
    inside: Floats
    left: Floats
    passed: NDArray[np.bool_]
    began: Floats
    at_most: Floats
    arrived: Floats
    unsure_until: Floats

    @classmethod
    def of_fix(cls, line: Indexes, zone: Indexes, inside: Floats, at: Floats) -> "Stake":
        """What the fix alone says, before the way is looked at."""
        never = np.full(len(line), NEVER)
        nowhere = np.zeros(len(line), np.bool_)
        return cls(line, zone, inside, at.copy(), nowhere, at.copy(), inside.copy(), never, never.copy())

    def of(self, kept: NDArray[np.bool_]) -> "Stake":
        return Stake(*(getattr(self, name)[kept] for name in Stake.__slots__))


@dataclass(frozen=True, slots=True)
class _Held:
    """What is held of each pair: its `phase`, -1 where nothing is; when they `came`, infinite where nobody did; if they were on the way through."""

    phase: NDArray[np.int8]
    came: Floats
    through: NDArray[np.bool_]


def at_stake(work: Stays, which: Indexes, course: Course) -> Stake:
    """The zones that the positions of `which` have a say in: those on the map that are held, and those believed in."""
    atlas = work.atlas
    on_the_way = ~course.fresh & (course.gap_s > 0.0) & (course.gap_s <= LATEST_S)
    passing = np.flatnonzero(on_the_way & (course.moved_m >= PASSED_M))
    lat, lon, sigma = course.here()
    line, zone, held = _pairs(work, which, course, (lat, lon), passing)
    _, here = atlas.fences.standing(zone, lat[line], lon[line], sigma[line])

    # A look ahead, where it may change something.
    within = held.phase >= Phase.INSIDE
    comes_s = np.minimum(COMING * atlas.enter_after_s[zone], FORESEEN_S)
    unsettled = np.where(within, here <= atlas.leave_at[zone], here < atlas.enter_at[zone])
    some = np.flatnonzero(unsettled & ~course.fresh[line])
    inside = here.copy()
    if len(some):
        wait = np.where(within, LEAVING * atlas.leave_after_s[zone], comes_s)[some]
        _, later = atlas.fences.standing(zone[some], *course.ahead(line[some], wait))
        inside[some] = np.maximum(here[some], later)

    at = course.at[line]
    stake = Stake.of_fix(line, zone, inside, at)
    sure = inside >= atlas.enter_at[zone]
    moving = np.zeros(len(which), np.bool_)
    moving[passing] = True
    looked_at = on_the_way[line] & (((held.phase < 0) & (moving[line] | sure)) | held.through)
    if looked_at.any():
        _look_back(stake, np.flatnonzero(looked_at), course, atlas, held.came)
    arriving = np.flatnonzero(on_the_way[line] & ~within & (sure | (held.through & (stake.left >= at))))
    if len(arriving):
        came = np.where(looked_at, stake.began, held.came)
        ahead_s = np.where(here < EVEN, comes_s, came - at) + through_s(atlas, zone)
        usual_gap_s = work.rows.fix_gap_s[which]
        _look_through(stake, arriving, course, atlas, ahead_s, usual_gap_s)
    return stake.of((held.phase >= 0) | (stake.at_most >= atlas.enter_at[zone]))


def _pairs(
    work: Stays, which: Indexes, course: Course, here: tuple[Floats, Floats], passing: Indexes
) -> tuple[Indexes, Indexes, _Held]:
    """The pairs to look at: first those held, then those that positions or the ways of `passing` lie in."""
    rows, fences = work.rows, work.atlas.fences
    held = rows.zone[which]
    line, place = np.nonzero(held >= 0)
    zone = held[line, place].astype(np.intp)
    on_map = fences.of_zone[zone] >= 0
    line, zone, place = line[on_map], zone[on_map], place[on_map]
    ways = [course.between(passing, share) for share in STOPS] if len(passing) else []
    near, found = _about(fences, here, passing, ways)
    new = (held[near] != found[:, None]).all(axis=1)
    row, none = which[line], int(new.sum())
    phase = rows.phase[row, place]
    through = (phase == Phase.ARRIVING) & (rows.unsure_until[row, place] > NEVER)
    return (
        np.concatenate([line, near[new]]),
        np.concatenate([zone, found[new]]),
        _Held(
            np.concatenate([phase, np.full(none, -1, np.int8)]),
            np.concatenate([rows.since[row, place], np.full(none, np.inf)]),
            np.concatenate([through, np.zeros(none, np.bool_)]),
        ),
    )


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


def through_s(atlas: Atlas, zone: Indexes) -> Floats:
    """How long somebody must stay in each zone to be more than on the way through."""
    return np.minimum(THROUGH_WAITS * atlas.enter_after_s[zone], THROUGH_MOST_S)


def told_within_s(atlas: Atlas, zone: Indexes, usual_gap_s: Floats) -> Floats:
    """Within which time of a fix somebody on the way through each zone would tell of it from the other side."""
    return np.maximum(TOLD_WITHIN_GAPS * usual_gap_s, through_s(atlas, zone))


def _look_back(stake: Stake, pairs: Indexes, course: Course, atlas: Atlas, came: Floats) -> None:
    """Fills in what the way from the fix before tells of pairs in which nobody was yet, or arrived at `came`."""
    line, zone = stake.line[pairs], stake.zone[pairs]
    chances = [atlas.fences.standing(zone, *course.between(line, share))[1] for share in STOPS]
    p = np.stack([*chances, stake.inside[pairs]], axis=1)
    at = course.at[line][:, None] - np.outer(course.gap_s[line], [*(1.0 - np.array(STOPS)), 0.0])
    sure = p >= atlas.enter_at[zone][:, None]
    newest = p.shape[1] - 1 - sure[:, ::-1].argmax(axis=1)
    began, left = _run_about(p, at, newest)
    began = np.where(began > at[:, 0], began, np.minimum(began, came[pairs]))
    lasts = left - began >= through_s(atlas, zone)
    passed = sure.any(axis=1) & (lasts | (left >= course.at[line]))
    if atlas.openings.any:  # else who was let out at closing time would come in again
        passed &= atlas.openings.is_open(zone, course.at[line])
    stake.passed[pairs] = passed
    stake.began[pairs], stake.left[pairs], stake.at_most[pairs] = began, left, p.max(axis=1)
    stake.arrived[pairs] = began


def _look_through(
    stake: Stake, pairs: Indexes, course: Course, atlas: Atlas, ahead_s: Floats, usual_gap_s: Floats
) -> None:
    """Fills in who of those who arrive will be out again before it counts: in so many seconds from now."""
    pairs = pairs[ahead_s[pairs] > 0.0]
    line, zone = stake.line[pairs], stake.zone[pairs]
    _, then = atlas.fences.standing(zone, *course.ahead(line, ahead_s[pairs]))
    through = then < np.maximum(atlas.enter_at[zone], STAYS_AT)
    pairs, line, zone = pairs[through], line[through], zone[through]
    stake.unsure_until[pairs] = course.at[line] + told_within_s(atlas, zone, usual_gap_s[line])


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
