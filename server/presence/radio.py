"""Where a device is among anchors: a belief over the cells of a radio map, per device, over arrays.

Belief is a sum of log likelihoods that fades: what was heard counts less and less as people walk on, and without any news belief
returns to what it was before (a power steady model: Smith, A generalization of the Bayesian steady forecasting model, J. R.
Statist. Soc. B 41, 1979). That a sum does not ask for order is what makes late packets harmless. What anchors heard of one
device within a second is one scan. How loud a device is at all is learned on the way: differences between anchors tell
where it is, not their common level. Of a device that stays where it is belief fades no more: what is heard there is the same
few levels again and again, so that their mean counts, and not their number (stillness.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.presence.sighting import Heards, Verdict, Verdicts
from server.presence.sorting import across, by_number, by_number_and_time
from server.presence.stillness import RECENT, RECENT_DBM, RECENT_S, follow_levels, stayed
from server.presence.tracks import NEVER, RadioTracks, Rows, Tracks
from server.presence.trail import Voices
from server.zones.atlas import Atlas
from server.zones.radiomap import Floats32, RadioMap
from server.zones.shape import Floats, Indexes

#: A scan: gateways tell of the packets of a second together.
STEP_S = 1.0
#: Belief fades by e in this time: at walking pace one is some metres farther. A device that is heard seldom keeps what it
#: has for some of its gaps, or no scan would ever join another.
FADE_S, FADE_GAPS = 4.0, 3.0
#: Of who stays belief is the mean over their time there, of this much at most.
STILL_MOST_S = 60.0
#: The mean of a long stay tells more than that of some seconds: the packets' swing is gone, the map's own error stays. So much
#: more (packets swing by 4 dB about a level that the map knows to 4 dB; on standing positions this fits best, .3 to 1 nearly as well).
STILL_SURER = 0.5
#: Packets of one anchor share most of their error: a second one says little new at once and all after some seconds. So ten
#: packets a second make nobody surer than two (autocorrelation of a walker's residuals: .33 at half a second, .2 at two).
NEWS_S = 0.8
#: A fob that is pressed sends ten a second; who claims more tells no more.
MOST_PACKETS = 10.0
#: What is not the device's own in how much louder it sounds: the mean shadow of a place on all its anchors. It stays while
#: one stays, so a device's loudness is learned over some places, not over some packets.
LOUDNESS_NOISE_DB, LOUDNESS_DRIFT_DB2_PER_S = 6.0, 0.05
#: Two gateways tell of the same second at different moments. Evidence this much older than the newest of its device still
#: counts as of now; older is history.
OUT_OF_STEP_S = 10.0
#: Someone unheard in a map for this long is a stranger there again: belief starts afresh.
STRANGER_AFTER_S = 300.0
#: So many beliefs are worked on at once: more at a time are fetched from far memory at each step, fewer cost more steps.
AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class Links:
    """What scans are made of, scan by scan: scan i is of `count[i]` links from `start[i]` on; `news` is what each weighs.

    A link's `rssi_dbm` is the mean of `packets`.
    """

    start: Indexes
    count: Indexes
    anchor: Indexes
    rssi_dbm: Floats
    packets: Floats
    news: Floats

    def by_rank(self, scans: Indexes) -> tuple[Indexes, Indexes, Sequence[int]]:
        """The links of some scans, which have many links first: the first link of each, then the second, and so on.

        Out: which of the scans each is of, the links, and how many scans have a first, a second, ...
        """
        count, start = self.count[scans], self.start[scans]
        having = [int(np.count_nonzero(count > rank)) for rank in range(int(count[0]))]
        whose = np.concatenate([np.arange(each) for each in having])
        links: Indexes = start[whose] + np.repeat(np.arange(len(having)), having)
        return whose, links, having


@dataclass(slots=True)
class Scans:
    """What the anchors of one map heard, by device and second; what was learned is that of a copy (see RadioTracks)."""

    map: RadioMap
    number: int  # of the map
    line: Indexes  # row of the step that each scan belongs to
    at: Floats
    tick: NDArray[np.int64]  # its second
    own: Indexes  # row here of each scan
    links: Links
    tracked: Indexes  # row in RadioTracks of each row here
    learned: Floats32
    belief_tick: NDArray[np.int64]
    last_at: Floats
    loudness: Floats  # (rows, 2): how much louder than the map expects (dB), and its variance
    levels: Floats32  # (stillness.ROWS, rows, anchors)
    still_s: Floats  # for how long it has been where it is
    loudest: NDArray[np.int64]  # of each scan: whole dBm times anchors of the map, plus the anchor

    def __len__(self) -> int:
        return len(self.line)

    def spoken(self, items: Indexes) -> Voices:
        """What speaks for these scans: the loudest anchor, and how many others."""
        dbm, anchor = np.divmod(self.loudest[items], len(self.map.anchors))
        return Voices(self.line[items], dbm, anchor, self.links.count[items] - 1, self.map.anchors)

    def keep(self, radio: RadioTracks) -> None:
        """Writes the belief down."""
        radio.learned[self.tracked] = self.learned
        radio.tick[self.tracked] = self.belief_tick
        radio.last_at[self.tracked] = self.last_at
        radio.loudness[self.tracked] = self.loudness
        for column, levels in zip(radio.levels, self.levels, strict=True):  # half the cost of all at once
            column[self.tracked] = levels
        radio.still_s[self.tracked] = self.still_s


def scans_of(
    tracks: Tracks,
    atlas: Atlas,
    heards: Heards,
    line: Indexes,
    slots: Indexes,
    told_until: Floats,
    verdicts: Verdicts,
) -> tuple[tuple[Scans, ...], Indexes]:
    """Radio links gathered into scans, a `Scans` for each radio map that heard any, and the items that came too late to matter now.

    Sets the verdicts of duplicates and of anchors that belong to no map.
    """
    nothing = np.empty(0, np.intp)
    if not len(heards):
        return (), nothing
    map_of, anchor_of = np.divmod(_places(atlas, heards.anchor), atlas.most_anchors)
    scans = []
    late = [nothing]
    for number in np.flatnonzero(np.bincount(map_of[map_of >= 0])).tolist():
        items = np.flatnonzero(map_of == number)
        gathered, too_late = _gather(
            tracks, number, heards, items, anchor_of, line, slots, told_until, verdicts
        )
        scans.append(gathered)
        late.append(too_late)
    return tuple(scans), np.concatenate(late)


def _places(atlas: Atlas, anchors: Sequence[str]) -> Indexes:
    """Where each anchor stands among the radio maps, -1 for one that none has."""
    place = atlas.anchor_place
    try:
        return np.fromiter(map(place.__getitem__, anchors), np.intp, len(anchors))
    except KeyError:
        return np.array([place.get(anchor, -1) for anchor in anchors], np.intp)


def _gather(
    tracks: Tracks,
    number: int,
    heards: Heards,
    items: Indexes,
    anchor_of: Indexes,
    line: Indexes,
    slots: Indexes,
    told_until: Floats,
    verdicts: Verdicts,
) -> tuple[Scans, Indexes]:
    radio = tracks.radio[number]
    # The rows here in the order in which `follow_scans` takes them: so it can mostly work on them where they are.
    lines, own = _often_first(line[items], len(slots))
    tracked = radio.rows(slots[lines])
    last_at = radio.last_at.take(tracked, axis=0)
    newest = across(np.maximum, last_at)
    anchors = len(radio.map.anchors)
    order = by_number_and_time(line[items] * anchors + anchor_of[items], heards.at[items])
    items, own = items[order], own[order]
    link = own * anchors + anchor_of[items]
    at, before = heards.at[items], last_at.reshape(-1)[link]
    again = at == before
    again[1:] |= (link[1:] == link[:-1]) & (at[1:] == at[:-1])
    verdicts[items[again]] = Verdict.DUPLICATE
    late = ~again & ((at < before) | (at <= np.maximum(newest - OUT_OF_STEP_S, told_until[lines])[own]))
    too_late = items[late]
    if again.any() or len(too_late):
        use = ~again & ~late
        items, own, link, at, before = items[use], own[use], link[use], at[use], before[use]
    packets = heards.count[items].clip(1.0, MOST_PACKETS)
    news = _freshness(_gaps(link, at, before), packets)
    last_at.reshape(-1)[link] = at  # of each link the newest, which comes last

    # A little out of step counts as of the newest known second: belief does not go back.
    tick = np.floor(at / STEP_S).astype(np.int64)
    belief_tick = radio.tick[tracked]
    now = np.maximum(tick, belief_tick[own])
    # What comes out of step has faded by now as it would have, had it come in time.
    behind = np.flatnonzero(tick < now)
    news[behind] *= np.exp((tick[behind] - now[behind]) * (STEP_S / FADE_S))
    if ((own[1:] == own[:-1]) & (now[1:] < now[:-1])).any():
        order = np.lexsort((now, lines[own]))
        items, own, link = items[order], own[order], link[order]
        at, now, news, packets = at[order], now[order], news[order], packets[order]
    starts = np.flatnonzero(np.append(True, (own[1:] != own[:-1]) | (now[1:] != now[:-1]))[: len(own)])
    anchor, rssi_dbm = link - own * anchors, heards.rssi_dbm[items]
    loud = np.rint(rssi_dbm).astype(np.int64) * anchors + anchor
    scans = Scans(
        map=radio.map,
        number=number,
        line=lines[own[starts]],
        at=np.maximum.reduceat(at, starts) if len(starts) else at,
        tick=now[starts],
        own=own[starts],
        links=Links(starts, np.diff(np.append(starts, len(own))), anchor, rssi_dbm, packets, news),
        tracked=tracked,
        learned=radio.learned.take(tracked, axis=0),
        belief_tick=belief_tick,
        last_at=last_at,
        loudness=radio.loudness.take(tracked, axis=0),
        levels=radio.levels.take(tracked, axis=1),
        still_s=radio.still_s[tracked],
        loudest=np.maximum.reduceat(loud, starts) if len(starts) else loud,
    )
    return scans, too_late


def _often_first(lines: Indexes, most: int) -> tuple[Indexes, Indexes]:
    """The lines (below `most`) that there are, each once, those that come most often first; and which of them each is."""
    often = np.bincount(lines, minlength=most)
    there = np.flatnonzero(often)
    there = there[by_number(often.max() - often[there])]
    number = np.empty(most, np.intp)
    number[there] = np.arange(len(there))
    return there, number[lines]


def _gaps(link: Indexes, at: Floats, before: Floats) -> Floats:
    """Seconds since the same anchor last heard the same device, `before` this step; the links are in order, then by time."""
    gap_s = at - before
    again = np.flatnonzero(link[1:] == link[:-1]) + 1
    gap_s[again] = at[again] - at[again - 1]
    return np.minimum(gap_s, STRANGER_AFTER_S)


def _freshness(gap_s: Floats, count: Floats) -> Floats:
    """How much news each link brings: that of its packets, which lie evenly within the second of which it is the mean."""
    more, within_s = count - 1.0, STEP_S / count
    first_s = np.where(count > 1.0, np.maximum(gap_s - more * within_s, within_s), gap_s)
    return first_s / (first_s + NEWS_S) + more * within_s / (within_s + NEWS_S)


def follow_scans(rows: Rows, scans: Scans, items: Indexes) -> Floats:
    """Moves belief by one scan a device, in place. Out: (scans, map's zones) probability of being inside."""
    inside = np.empty((len(items), len(scans.map.zones)))
    # Those of many links first: then the n-th links are those of the first so many, and need not be looked for.
    count = scans.links.count[items]
    most_first = by_number(count.max() - count)
    inside[most_first] = _follow(rows, scans, items[most_first])
    return inside


def _follow(rows: Rows, scans: Scans, items: Indexes) -> Floats32:
    """As `follow_scans`, for scans of many links first."""
    own, tick, which = _side_by_side(scans.own[items]), scans.tick[items], scans.line[items]
    believed_at, usual_gap_s = scans.belief_tick[own], rows.heard_gap_s[which]
    passed_s = np.where(believed_at >= 0, tick - believed_at, 0) * STEP_S
    whose, links, having = scans.links.by_rank(items)
    anchor, heard_dbm = scans.links.anchor[links], scans.links.rssi_dbm[links]
    cell = whose * len(scans.map.anchors) + anchor
    came = _came(scans, own, cell, heard_dbm, scans.links.packets[links], passed_s, usual_gap_s)
    left, share = _left(passed_s, scans.still_s[own], usual_gap_s)
    loudness, learned = scans.loudness[own], scans.learned[own]
    louder_db = loudness[:, 0]
    news = weight = scans.links.news[links] * share[whose]
    if came.any():  # the last seconds, this scan too, are all that they know: it fades not, nothing is added
        learned[came] = _afresh(scans.map, scans.levels[:, own][:, came], louder_db[came])
        left, weight = np.where(came, 1.0, left), np.where(came[whose], 0.0, news)
    codes = scans.map.codes(anchor, heard_dbm - louder_db[whose])
    inside, here, expected_dbm = scans.map.told(_learn(scans.map, learned, left, codes, weight, having))
    scans.learned[own], scans.belief_tick[own] = learned, tick
    off_db = heard_dbm - expected_dbm.reshape(-1)[cell]
    told = np.asarray(np.bincount(whose, news), np.float64)
    mean_off_db = np.bincount(whose, news * off_db) / told
    # Whoever is outside sounds faint because of that: only who is here tells how loud they are.
    scans.loudness[own] = _louder(scans.map, loudness, mean_off_db, told * here, passed_s)
    _note_gap(rows, which, scans.at[items])
    return inside


def _side_by_side(rows: Indexes) -> Indexes | slice:
    """The same rows, as a slice where one follows the other: numpy then works on them where they are, and copies nothing."""
    if len(rows) and (rows == np.arange(rows[0], rows[0] + len(rows))).all():
        return slice(int(rows[0]), int(rows[0]) + len(rows))
    return rows


def _came(
    scans: Scans,
    own: Indexes | slice,
    cell: Indexes,
    heard_dbm: Floats,
    packets: Floats,
    passed_s: Floats,
    usual_gap_s: Floats,
) -> NDArray[np.bool_]:
    """Notes what was heard for stillness, by link: `cell` counts (scan, anchor). Which came from where they had stayed, just now."""
    shape = (len(passed_s), len(scans.map.anchors))
    sums, many = (
        np.bincount(cell, column, shape[0] * shape[1]).astype(np.float32).reshape(shape)
        for column in (packets * heard_dbm, packets)
    )
    levels, before_s = scans.levels[:, own], scans.still_s[own]
    stranger = passed_s > STRANGER_AFTER_S
    if stranger.any():
        levels[:, stranger], before_s[stranger] = 0.0, 0.0
    had_stayed = before_s > FADE_S
    follow_levels(levels, sums, many, passed_s, usual_gap_s)
    still_s, moved = stayed(levels, before_s, passed_s)
    scans.levels[:, own], scans.still_s[own] = levels, still_s
    return moved & had_stayed


def _afresh(radio_map: RadioMap, levels: Floats32, louder_db: Floats) -> Floats32:
    """Belief of devices that have just moved, from what was heard in the last seconds alone: (devices, cells)."""
    packets = levels[RECENT].T
    some = packets > 0
    packets = np.where(some, packets, 1.0)
    gap_s = RECENT_S / packets
    weight = np.where(some, packets * gap_s / (gap_s + NEWS_S), 0.0)
    mean_dbm = levels[RECENT_DBM].T / packets
    codes = radio_map.codes(np.arange(len(packets))[:, None], mean_dbm - louder_db)
    fit = radio_map.evidence(codes)
    fit *= weight[:, :, None].astype(np.float32)
    learned: Floats32 = fit.sum(axis=0)
    return learned


def _learn(
    radio_map: RadioMap,
    learned: Floats32,
    left: Floats,
    codes: Indexes,
    weight: Floats,
    having: Sequence[int],
) -> Floats32:
    """Lets belief fade and adds what links weigh, in place: the first of all scans, then the second of those that have one, and so on.

    Since numpy's reduceat over rows costs ten times as much. Out: the sums that `told` takes.
    """
    keeps, adds = left.astype(np.float32)[:, None], weight.astype(np.float32)[:, None]
    sums = np.empty((len(learned), radio_map.readout.shape[1]), np.float32)
    for begin in range(0, len(learned), AT_ONCE):
        these = slice(begin, begin + AT_ONCE)
        some, first = learned[these], begin
        some *= keeps[these]
        room = np.empty_like(some)
        for count in having:
            many = min(count - begin, AT_ONCE)
            if many <= 0:
                break
            fit = radio_map.evidence(codes[first : first + many], room[:many])
            fit *= adds[first : first + many]
            some[:many] += fit
            first += count
        some -= some.max(axis=1, keepdims=True)
        np.matmul(np.exp(some, out=room), radio_map.readout, out=sums[these])
    return sums


def _left(passed_s: Floats, still_s: Floats, usual_gap_s: Floats) -> tuple[Floats, Floats]:
    """How much of what was learned counts some seconds later, and how much what is new weighs beside it.

    Who was unheard for long is a stranger again. Who stays is believed by a mean: the longer it has been, the less each word
    adds, so that belief grows calmer and hardly surer.
    """
    moving_s = np.maximum(FADE_S, FADE_GAPS * usual_gap_s)
    fade_s = np.maximum(moving_s, np.minimum(still_s, STILL_MOST_S))
    left = np.where(passed_s > STRANGER_AFTER_S, 0.0, np.exp(-passed_s / fade_s))
    share = moving_s / fade_s
    return left, share * (1.0 + STILL_SURER * (1.0 - share))


def _louder(
    radio_map: RadioMap, loudness: Floats, off_db: Floats, weight: Floats, passed_s: Floats
) -> Floats:
    """How loud each device is, after a scan that was so far off what its believed place would give (a Kalman filter of one number)."""
    known, variance = loudness.T
    variance = np.minimum(variance + LOUDNESS_DRIFT_DB2_PER_S * passed_s, radio_map.offset_db**2)
    gain = variance * weight / (variance * weight + LOUDNESS_NOISE_DB**2)
    return np.column_stack([known + gain * (off_db - known), variance * (1.0 - gain)])


def _note_gap(rows: Rows, which: Indexes, at: Floats) -> None:
    """Remembers when these rows were heard, and how often they usually are."""
    heard = rows.heard_at[which]
    gap = np.where(heard > NEVER, at - heard, 0.0)
    usual = rows.heard_gap_s[which]
    counts = (gap > 0) & (gap < STRANGER_AFTER_S)
    rows.heard_gap_s[which] = np.where(counts, np.where(usual > 0, 0.9 * usual + 0.1 * gap, gap), usual)
    rows.heard_at[which] = np.maximum(heard, at)
