"""A batch of evidence in, what changed out: the one entry to presence, for the path, for scores and for benchmarks.

`observe` moves belief by evidence and `let_time_pass` by the clock alone; both are pure: they leave the tracks as they are and
return a `Step`, which `keep` writes down once its consequences are committed. The evidence of one device is taken in the
order of its times, whatever kind it is; devices are independent, so the n-th pieces of all devices are worked on together,
as arrays ("rounds").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from server.presence.change import Cause, Change
from server.presence.due import Patience
from server.presence.ears import Ears, Listening, carriers
from server.presence.passing import Stake, at_stake
from server.presence.phases import Stays
from server.presence.position import follow_fixes
from server.presence.radio import Scans, follow_scans, scans_of
from server.presence.sighting import Batch, Verdict, Verdicts
from server.presence.sorting import by_number, by_number_and_time, each_once
from server.presence.tracks import NEVER, Rows, Tracks
from server.presence.trail import Asked, Notes, Voices
from server.presence.visit import Evidence, Phase, Weighing, ZoneEvent
from server.zones.atlas import Atlas
from server.zones.naming import derived_id
from server.zones.shape import Floats, Indexes
from server.zones.zone import Zone

#: A fix that claims less than this is of no use to any zone we know (a town is 3 km wide).
COARSEST_FIX_M = 3_000.0
#: By number: faster than asking the enumeration.
PHASES = tuple(Phase)


class Stay(NamedTuple):
    """A stay that is not over, as records keep it: times are aware UTC, ids are texts. A tuple: thousands are made a second."""

    device: str
    zone: str
    phase: Phase
    since: datetime
    entered: datetime
    heard: datetime
    dwelled_s: float
    usual_gap_s: float
    inside: float = 0.0  # the probability that its trail told last


@dataclass(frozen=True, slots=True)
class Step:
    """What a batch or the clock would change. `over` are the stays that ended or came to nothing, (device, zone)."""

    events: tuple[ZoneEvent, ...]
    stays: tuple[Stay, ...]
    over: tuple[tuple[str, str], ...]
    verdicts: Verdicts
    late: Indexes  # items of the batch that came out of order: history, see late.py
    slots: Indexes
    rows: Rows
    radio: tuple[Scans, ...]
    notes: tuple[Notes, ...]


def observe(tracks: Tracks, atlas: Atlas, batch: Batch, patience: Patience, ears: Ears | None = None) -> Step:
    """Evidence of any number of devices. Verdicts: accepted, duplicate, too_inaccurate; late items are accepted.

    `ears` are those after this very batch (ears.brought).
    """
    verdicts = np.full(len(batch), Verdict.ACCEPTED, np.uint8)
    fix_slots, heard_slots = tracks.slots(batch.fixes.device), tracks.slots(batch.heards.device)
    slots, line = _each_once(np.concatenate([fix_slots, heard_slots]))
    rows = tracks.rows.copy_of(slots, motion=len(batch.fixes) > 0)
    work = Stays(rows, atlas, patience)
    fix_line, heard_line = line[: len(fix_slots)], line[len(fix_slots) :]

    fixes, late_fixes = _usable_fixes(rows, batch, fix_line, verdicts)
    scans, late_heards = scans_of(
        tracks, atlas, batch.heards, heard_line, slots, rows.told_until, verdicts[len(batch.fixes) :]
    )
    work.due.listening = _listening(tracks, work, slots, patience, ears, scans)
    scan_count = sum(len(s) for s in scans)
    if not scan_count and len(slots) == len(batch):
        _fix_round(work, batch, fix_line, fixes)  # the common case: one fix a device
    elif len(fixes) or scan_count:
        _in_rounds(work, batch, fix_line, fixes, scans)
    late = np.concatenate([late_fixes, late_heards + len(batch.fixes)])
    return step_of(tracks, atlas, work, slots, verdicts, late, scans)


def let_time_pass(
    tracks: Tracks,
    atlas: Atlas,
    now: float,
    patience: Patience,
    ears: Ears | None = None,
    but: Indexes | None = None,
) -> Step:
    """What falls due by `now` (epoch seconds) without any evidence; `but` are slots of which evidence is on its way."""
    known = tracks.rows.next_due_at[: len(tracks.devices)]
    slots = np.flatnonzero(known <= now)
    if but is not None and len(but):
        slots = slots[~np.isin(slots, but)]
    work = Stays(tracks.rows.copy_of(slots, motion=False), atlas, patience)
    work.due.listening = _listening(tracks, work, slots, patience, ears)
    work.pass_time(np.arange(len(slots)), np.full(len(slots), now))
    none = np.empty(0, np.intp)
    return step_of(tracks, atlas, work, slots, np.empty(0, np.uint8), none, ())


def keep(tracks: Tracks, step: Step) -> None:
    """Writes a step down: its consequences are committed."""
    tracks.rows.put(step.slots, step.rows)
    tracks.trails.keep(step.slots, step.notes)
    for scans in step.radio:
        scans.keep(tracks.radio[scans.number])


def _listening(
    tracks: Tracks,
    work: Stays,
    slots: Indexes,
    patience: Patience,
    ears: Ears | None,
    scans: Sequence[Scans] = (),
) -> Listening | None:
    """What the silence of the rows at work rests on; None where no anchor has an ear, and all are trusted."""
    if not ears:
        return None
    fresh = [(tracks.radio[each.number], each.tracked, each.last_at) for each in scans]

    def carried(row: int) -> Mapping[str, float]:
        found = carriers(tracks, int(slots[row]), fresh)
        if found:
            return found
        # Since a restart nobody heard it: any anchor of where it stays may have been the one.
        held = set(work.rows.zone[row].tolist())
        return {
            anchor: np.inf
            for radio in tracks.radio
            if held.intersection(radio.map.zones)
            for anchor in radio.map.anchors
        }

    return Listening(ears, carried, patience.deaf_most_s)


def _visit_id(device: str, zone: str, entered_at: float) -> str:
    """The id of a visit follows from who, where and since when (to the millisecond)."""
    return derived_id("v", device, zone, round(entered_at * 1000))


def _each_once(slots: Indexes) -> tuple[Indexes, Indexes]:
    """The rows of a batch's devices, each once, and which of them each item is about. Mostly all are there once anyway."""
    once, which = each_once(slots)
    if len(once) == len(slots):
        return slots, np.arange(len(slots))
    return once, which


def _usable_fixes(rows: Rows, batch: Batch, line: Indexes, verdicts: Verdicts) -> tuple[Indexes, Indexes]:
    """Fixes to follow, each device's in order of time, and those that came late; the others get their verdict.

    A fix that the phone itself says is made up (mock) is accepted and has no weight: it is no evidence of anything, and who
    tries to be elsewhere need not learn that it did not work.
    """
    fixes = batch.fixes
    if not len(fixes):
        none = np.empty(0, np.intp)
        return none, none
    coarse = fixes.accuracy_m > COARSEST_FIX_M
    verdicts[: len(fixes)][coarse] = Verdict.TOO_INACCURATE
    order = np.lexsort((fixes.at, line)) if len(rows) < len(line) else np.arange(len(line))
    useless = coarse | fixes.mock
    if useless.any():
        order = order[~useless[order]]
    at, who = fixes.at[order], line[order]
    newest = rows.fix_at[who]
    again = at == newest
    again[1:] |= (who[1:] == who[:-1]) & (at[1:] == at[:-1])
    verdicts[order[again]] = Verdict.DUPLICATE
    late = ~again & ((at < newest) | (at <= rows.told_until[who]))
    return order[~again & ~late], order[late]


def _in_rounds(work: Stays, batch: Batch, fix_line: Indexes, fixes: Indexes, scans: Sequence[Scans]) -> None:
    """Round by round: the first piece of evidence of each device, then the second, ..."""
    line = np.concatenate([fix_line[fixes], *(s.line for s in scans)])
    at = np.concatenate([batch.fixes.at[fixes], *(s.at for s in scans)])
    source = np.repeat(np.arange(len(scans) + 1), [len(fixes), *(len(s) for s in scans)])
    item = np.concatenate([fixes, *(np.arange(len(s)) for s in scans)])
    for members in _rounds(line, at):
        for kind in np.unique(source[members]):
            some = item[members[source[members] == kind]]
            if kind == 0:
                _fix_round(work, batch, fix_line, some)
            else:
                _scan_round(work, scans[kind - 1], some)


def _rounds(line: Indexes, at: Floats) -> list[Indexes]:
    """Which pieces of evidence come first of their device, which second, ..., by `line` and time."""
    count = np.bincount(line)
    if count.max(initial=0) <= 1:  # mostly: a scan a device
        return [np.arange(len(line))]
    order = by_number_and_time(line, at)
    rank = np.empty(len(order), np.intp)
    rank[order] = np.arange(len(order)) - np.repeat(np.cumsum(count) - count, count)
    return np.split(by_number(rank), np.cumsum(np.bincount(rank))[:-1])


def _fix_round(work: Stays, batch: Batch, fix_line: Indexes, items: Indexes) -> None:
    """At most one fix a device."""
    rows = work.rows
    which, at = fix_line[items], batch.fixes.at[items]
    work.pass_time(which, at)
    course = follow_fixes(rows, which, batch.fixes, items)
    stake = at_stake(work, which, course)
    work.voices = Voices.of_fixes(which, batch.fixes.accuracy_m[items])
    if stake.passed.any():
        _pass_through(work, which, stake.of(stake.passed))
    work.weigh(which[stake.line], stake.zone, stake.inside, stake.left, by_radio=False)
    work.hold_back(which[stake.line], stake.zone, stake.arrived, stake.unsure_until)
    work.reckon(which)
    work.pass_time(which, at)


def _pass_through(work: Stays, which: Indexes, stake: Stake) -> None:
    """What was entered on the way to a fix, and perhaps left again before it."""
    rows, row = work.rows, which[stake.line]
    work.weigh(row, stake.zone, stake.at_most, stake.began, by_radio=False)
    work.hold_back(row, stake.zone, stake.arrived, stake.unsure_until)
    # The fix at the end of the way speaks for what lay on it.
    line, place = np.nonzero(rows.zone[row] == stake.zone[:, None])
    rows.by_fix_at[row[line], place] = rows.fix_at[row[line]]
    until = np.full(len(which), -np.inf)
    np.maximum.at(until, stake.line, stake.left)
    lines = np.flatnonzero(until > -np.inf)
    work.reckon(which[lines])
    work.pass_time(which[lines], until[lines])


def _scan_round(work: Stays, scans: Scans, items: Indexes) -> None:
    """At most one scan (what some anchors heard within a second) a device."""
    rows, which, at = work.rows, scans.line[items], scans.at[items]
    work.pass_time(which, at)
    inside = follow_scans(rows, scans, items)
    zones = np.array(scans.map.zones, np.intp)
    # A zone that is not held matters only when it is believed: most are neither.
    matters = inside >= work.atlas.enter_at[zones]
    for held in rows.zone.take(which, axis=0).T:  # stay by stay: numpy is slow along short axes
        matters |= held[:, None] == zones
    item, column = np.nonzero(matters)
    work.voices = scans.spoken(items)
    work.weigh(which[item], zones[column], inside[item, column], at[item], by_radio=True)
    work.reckon(which)
    work.pass_time(which, at)


def step_of(
    tracks: Tracks,
    atlas: Atlas,
    work: Stays,
    slots: Indexes,
    verdicts: Verdicts,
    late: Indexes,
    scans: Sequence[Scans],
) -> Step:
    """What working on some rows came to, against the tracks as they are."""
    stays, over = _changed_stays(tracks, work, slots)
    changes = _in_order(_still_true(work.changes), atlas)
    notes = tracks.trails.numbered(work.notes)
    return Step(
        events=tuple(
            _zone_event(change, tracks.devices[slots[change.row]], atlas, evidence)
            for change, evidence in zip(changes, _evidence(tracks, atlas, notes, slots, changes), strict=True)
        ),
        stays=stays,
        over=over,
        verdicts=verdicts,
        late=late,
        slots=slots,
        rows=work.rows,
        radio=tuple(scans),
        notes=notes,
    )


def _still_true(changes: Sequence[Change]) -> list[Change]:
    """Without the dwells of which we learned in the same step that their visit was over before: nobody needs to be told."""
    over = {(each.row, each.zone, each.entered_at): each.at for each in changes if each.takes_back}
    return [
        each
        for each in changes
        if each.kind != "dwelled" or each.at <= over.get((each.row, each.zone, each.entered_at), np.inf)
    ]


def _in_order(changes: Sequence[Change], atlas: Atlas) -> list[Change]:
    """By time. At the same time what was is left before what is is entered; shops before their departments, left after them."""

    def key(change: Change) -> tuple[float, int, int]:
        rank = int(atlas.rank[change.zone])
        if change.kind == "exited":
            return change.at, 1 if change.at > change.entered_at else 3, -rank
        return change.at, 2 if change.kind == "entered" else 0, rank

    return sorted(changes, key=key)


def _evidence(
    tracks: Tracks, atlas: Atlas, notes: Sequence[Notes], slots: Indexes, changes: Sequence[Change]
) -> list[Evidence | None]:
    """Of each change what brought it about, as far as the trail of its stay tells."""
    asked = [
        Asked(change.row, cause.place, change.zone, min(change.entered_at, cause.began), cause.noted)
        for change in changes
        if (cause := change.cause)
    ]
    told = iter(tracks.trails.told(slots, notes, asked))
    return [
        _of_cause(change.cause, change.zone, atlas, next(told)) if change.cause else None
        for change in changes
    ]


def _of_cause(cause: Cause, zone: int, atlas: Atlas, weighings: tuple[Weighing, ...]) -> Evidence:
    if cause.why == "believed":  # what ended the visit before, at the same instant, is no ground for this one
        began = [i for i, each in enumerate(weighings) if each.turn == Phase.ARRIVING]
        weighings = weighings[began[-1] :] if began else weighings
    return Evidence(
        why=cause.why,
        known_at=cause.known_at,
        heard_at=cause.heard_at if cause.heard_at > NEVER else None,
        usual_gap_s=cause.usual_gap_s,
        zone=atlas.zones[cause.other].id if cause.other >= 0 else None,
        manner=atlas.zones[zone].manner,
        weighings=weighings,
    )


def _zone_event(change: Change, device: str, atlas: Atlas, evidence: Evidence | None) -> ZoneEvent:
    """The change as the rest of the house knows it."""
    zone = atlas.zones[change.zone].id
    return ZoneEvent(
        kind=change.kind,
        device=device,
        zone=zone,
        visit=_visit_id(device, zone, change.entered_at),
        at=_aware(change.at),
        entered_at=_aware(change.entered_at),
        dwelled_s=change.dwelled_s,
        evidence=evidence,
        takes_back=change.takes_back,
    )


def _changed_stays(
    tracks: Tracks, work: Stays, slots: Indexes
) -> tuple[tuple[Stay, ...], tuple[tuple[str, str], ...]]:
    """Which stays records must write anew, and which are over."""
    rows, zones = work.rows, work.atlas.zones
    lines = np.flatnonzero(work.touched)
    known = slots[lines]
    tracks.rows.widen(rows.stays)
    now, before = rows.zone[lines], tracks.rows.zone[known]
    differs = now != before
    for name in ("phase", "since", "entered", "dwelled_s"):
        differs |= getattr(rows, name)[lines] != getattr(tracks.rows, name)[known]
    gone = before >= 0
    for held in now.T:
        gone &= before != held[:, None]
    devices = [tracks.devices[slot] for slot in known.tolist()]
    over = tuple(
        (devices[i], zones[zone].id)
        for i, zone in zip(np.nonzero(gone)[0].tolist(), before[gone].tolist(), strict=True)
    )
    i, places = np.nonzero(differs & (now >= 0))
    return stays_of(rows, lines[i], places, [devices[each] for each in i.tolist()], zones), over


def stays_of(
    rows: Rows, lines: Indexes, places: Indexes, devices: Sequence[str], zones: Sequence[Zone]
) -> tuple[Stay, ...]:
    """Some stays, a (line, place) each, as records keep them."""
    by_radio, by_fix = rows.by_radio_at[lines, places], rows.by_fix_at[lines, places]
    heard = np.maximum(np.maximum(by_fix, by_radio), rows.inner_at[lines, places])
    columns = (
        devices,
        [zones[zone].id for zone in rows.zone[lines, places].tolist()],
        [PHASES[phase] for phase in rows.phase[lines, places].tolist()],
        _all_aware(rows.since[lines, places]),
        _all_aware(rows.entered[lines, places]),
        _all_aware(heard),
        rows.dwelled_s[lines, places].tolist(),
        np.where(by_radio > NEVER, rows.heard_gap_s[lines], rows.fix_gap_s[lines]).tolist(),
        rows.noted[lines, places].tolist(),
    )
    return tuple(map(Stay._make, zip(*columns, strict=True)))


def _all_aware(at: Floats) -> list[datetime]:
    """Epoch seconds as aware datetimes (UTC)."""
    return [datetime.fromtimestamp(each, UTC) for each in at.tolist()]


def _aware(at: float) -> datetime:
    """An epoch second as an aware datetime (UTC)."""
    return datetime.fromtimestamp(at, UTC)
