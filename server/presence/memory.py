"""What outlives a process or a change of zones: tracks made anew from the stays that records keep, tracks moved to a new atlas.

In: `observe.Stay` values, atlases. Out: tracks; a `Step` for the visits that a change of zones ends.
"""

from collections.abc import Iterable

import numpy as np

from server.presence.observe import Stay, Step, stay_of, step_of
from server.presence.phases import Patience, Stays
from server.presence.tracks import Rows, Tracks
from server.zones.atlas import Atlas


def recall(atlas: Atlas, stays: Iterable[Stay], now: float, patience: Patience) -> Tracks:
    """Tracks as a process that starts at `now` needs them: stays go on, no silence counts before we listen again.

    A stay in a zone that the atlas does not have (closed while we were down) stands in no track: the caller ends it.
    """
    tracks = Tracks(atlas.radio_maps)
    with_radio = {zone for radio_map in atlas.radio_maps for zone in radio_map.zones}
    for stay in stays:
        zone = atlas.index.get(stay.zone)
        if zone is None:
            continue
        slot = int(tracks.slots([stay.device])[0])
        rows = tracks.rows
        place = int(np.argmax(rows.zone[slot] < 0))
        if rows.zone[slot, place] >= 0:
            place = rows.stays
            rows.widen(2 * rows.stays)
        heard = stay.heard.timestamp()
        rows.zone[slot, place] = zone
        rows.phase[slot, place] = stay.phase
        rows.since[slot, place] = stay.since.timestamp()
        rows.entered[slot, place] = stay.entered.timestamp()
        rows.dwelled_s[slot, place] = stay.dwelled_s
        rows.noted[slot, place] = stay.inside
        if zone in with_radio:
            rows.by_radio_at[slot, place] = heard
            rows.heard_at[slot] = max(rows.heard_at[slot], heard)
            rows.heard_gap_s[slot] = max(rows.heard_gap_s[slot], stay.usual_gap_s)
        fenced = bool(atlas.fences.of_zone[zone] >= 0)
        if fenced:
            rows.by_fix_at[slot, place] = heard
            rows.fix_gap_s[slot] = max(rows.fix_gap_s[slot], stay.usual_gap_s)
        rows.grace_at[slot] = max(rows.grace_at[slot], now + _grace_s(rows, slot, patience, fenced=fenced))
    _reckon(tracks, atlas, patience)
    return tracks


def endings(tracks: Tracks, old: Atlas, new: Atlas, now: float, patience: Patience) -> Step:
    """The exits that follow when zones are deleted or closed: all stays in what `new` does not have end at `now`."""
    gone = [i for i, zone in enumerate(old.zones) if zone.id not in new.index]
    slots = np.flatnonzero(np.isin(tracks.rows.zone[: len(tracks.devices)], gone).any(axis=1))
    work = Stays(tracks.rows.copy_of(slots), old, patience)
    for row in range(len(slots)):
        for zone in work.rows.zone[row].tolist():
            if zone in gone:
                work.leave(row, zone, now)
    work.reckon(np.arange(len(slots)))
    none = np.empty(0, np.intp)
    return step_of(tracks, old, work, slots, np.empty(0, np.uint8), none, ())


def departures(tracks: Tracks, atlas: Atlas, devices: Iterable[str], now: float, patience: Patience) -> Step:
    """The exits of devices that may not be followed any more: all their stays end at `now`."""
    slots = np.array([tracks.slot_of[device] for device in devices if device in tracks.slot_of], np.intp)
    work = Stays(tracks.rows.copy_of(slots), atlas, patience)
    for row in range(len(slots)):
        for zone in work.rows.zone[row].tolist():
            if zone >= 0:
                work.leave(row, zone, now, "not_followed")
    work.reckon(np.arange(len(slots)))
    none = np.empty(0, np.intp)
    return step_of(tracks, atlas, work, slots, np.empty(0, np.uint8), none, ())


def standing(tracks: Tracks, atlas: Atlas, since: float) -> tuple[Stay, ...]:
    """The stays of devices that were heard after `since`: their last word, for records that were written before it."""
    rows = tracks.rows
    count = len(tracks.devices)
    heard = np.maximum(rows.by_fix_at[:count], rows.by_radio_at[:count])
    lines, places = np.nonzero((rows.zone[:count] >= 0) & (heard > since))
    zones = rows.zone[lines, places]
    return tuple(
        stay_of(rows, line, place, tracks.devices[line], atlas.zones[zone].id)
        for line, place, zone in zip(lines.tolist(), places.tolist(), zones.tolist(), strict=True)
    )


def renumber(tracks: Tracks, old: Atlas, new: Atlas, patience: Patience) -> Tracks:
    """The same memory under the new atlas's numbers, its endings kept first. Belief of unchanged radio maps goes on.

    What falls due does so by the new atlas: a dwell that somebody listens for since now, a minimum time that staff changed.
    """
    numbers = np.array([new.index.get(zone.id, -1) for zone in old.zones] + [-1], np.int32)
    moved = Tracks(new.radio_maps)
    moved.slot_of, moved.devices, moved.rows = tracks.slot_of, tracks.devices, tracks.rows
    moved.free, moved.trails = tracks.free, tracks.trails
    moved.rows.zone = numbers[moved.rows.zone]  # -1, a free place, takes the last entry
    moved.trails.renumber(numbers)
    for i, after in enumerate(moved.radio):
        for before in tracks.radio:
            if before.map.anchors == after.map.anchors and np.array_equal(
                before.map.log_likelihood, after.map.log_likelihood
            ):
                before.map = after.map
                moved.radio[i] = before
    _reckon(moved, new, patience)
    return moved


def _grace_s(rows: Rows, slot: int, patience: Patience, *, fenced: bool) -> float:
    """How long someone may be silent after a start: a phone in a pocket sends a fix each few minutes, and has not left."""
    if not fenced:
        return patience.radio_least_s
    usual = patience.fix_gaps * float(rows.fix_gap_s[slot])
    return max(patience.radio_least_s, min(max(usual, patience.fix_least_s), patience.fix_most_s))


def _reckon(tracks: Tracks, atlas: Atlas, patience: Patience) -> None:
    """Notes of all devices when the clock alone will next change them."""
    Stays(tracks.rows, atlas, patience).reckon(np.arange(len(tracks.devices)))
