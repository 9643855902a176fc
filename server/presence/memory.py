"""What outlives a process or a change of zones: tracks made anew from the stays that records keep, tracks moved to a new atlas.

In: `observe.Stay` values, atlases. Out: tracks; a `Step` for what a change of zones implies. When staff change zones under people's
feet, or the clock opens and closes them:

- A zone that is deleted or closed, or shut by new hours, is left by all who are in it, at the time of the change (`endings`). One
  whose opening hours end is left at closing time, which is a due time like any other (phases.py).
- A zone that is new, was moved or opens is weighed anew at that time, by where everybody was last believed on the map
  (`weighed_anew`): who stands in it arrives, who is no longer in it begins to leave, with the zone's own minimum times, as if they
  had moved and not the zone. So nothing waits for a ping.
- Among gateways the next packet tells, a second or two later: what is believed there is of the old map.
- Telling of the same change twice changes nothing: a stay that is held is not entered again, one that is over not left again.
  After a restart nobody's place on the map is known; the next fix tells.
"""

from collections.abc import Collection, Iterable

import numpy as np

from server.presence.due import Patience
from server.presence.observe import Stay, Step, stays_of, step_of
from server.presence.passing import told_within_s
from server.presence.phases import SENSE_LASTS_S, Stays, odds
from server.presence.position import believed
from server.presence.tracks import NEVER, ROUNDED_S, Rows, Tracks
from server.presence.trail import Voices
from server.presence.visit import Why
from server.zones.atlas import Atlas
from server.zones.shape import Floats, Indexes

Left = tuple[str, str, float]
"""A device left a zone at an epoch second."""


def recall(
    atlas: Atlas, stays: Iterable[Stay], now: float, patience: Patience, left: Iterable[Left] = ()
) -> Tracks:
    """Tracks as a process that starts at `now` needs them: stays go on, no silence counts before we listen again.

    A stay in a zone that the atlas does not have (closed while we were down) stands in no track: the caller ends it. `left` are
    visits that ended lately. What a batch that comes again tells of the time before is history: it was weighed.
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
        if stay.inside > 0.0:  # nobody kept which sense said so: each may take it for the other's word
            rows.fix_odds[slot, place] = rows.radio_odds[slot, place] = odds(np.array(stay.inside))
        tracks.trails.recall(slot, place, zone, stay.phase, stay.since.timestamp(), stay.inside)
        if zone in with_radio:
            rows.by_radio_at[slot, place] = rows.scanned_at[slot, place] = heard
            rows.heard_at[slot] = max(rows.heard_at[slot], heard)
            rows.heard_gap_s[slot] = max(rows.heard_gap_s[slot], stay.usual_gap_s)
        fenced = bool(atlas.fences.of_zone[zone] >= 0)
        if fenced:
            rows.by_fix_at[slot, place] = heard
            rows.fix_gap_s[slot] = max(rows.fix_gap_s[slot], stay.usual_gap_s)
        if fenced and zone not in with_radio and stay.usual_gap_s > 0.0:
            # How they moved is forgotten: who was on their way may have been on the way through.
            within_s = told_within_s(atlas, np.array([zone]), np.array([stay.usual_gap_s]))
            rows.unsure_until[slot, place] = now + float(within_s[0])
        rows.grace_at[slot] = max(rows.grace_at[slot], now + _grace_s(rows, slot, patience, fenced=fenced))
        rows.told_until[slot] = max(rows.told_until[slot], heard + ROUNDED_S)
    for device, zone_id, at in left:
        slot = int(tracks.slots([device])[0])
        rows = tracks.rows
        rows.told_until[slot] = max(rows.told_until[slot], at + ROUNDED_S)
        oldest = int(rows.left_at[slot].argmin())
        if zone_id in atlas.index and at > rows.left_at[slot, oldest]:
            rows.left_zone[slot, oldest], rows.left_at[slot, oldest] = atlas.index[zone_id], at
    _reckon(tracks, atlas, patience)
    return tracks


def endings(tracks: Tracks, old: Atlas, new: Atlas, now: float, patience: Patience) -> Step:
    """The exits that follow when zones are deleted, closed or shut: all stays where `new` has nobody end at `now`."""
    shut = {zone.id for i, zone in enumerate(new.zones) if not _is_open(new, i, now)}
    gone = [i for i, zone in enumerate(old.zones) if zone.id not in new.index or zone.id in shut]
    slots = np.flatnonzero(np.isin(tracks.rows.zone[: len(tracks.devices)], gone).any(axis=1))
    work = Stays(tracks.rows.copy_of(slots), old, patience)
    for row in range(len(slots)):
        for zone in work.rows.zone[row].tolist():
            if zone in gone:
                name = old.zones[zone].id
                closed: Why = "zone_closed" if name in new.closed else "zone_gone"
                work.leave(row, zone, now, "closing_time" if name in shut else closed)
    work.reckon(np.arange(len(slots)))
    none = np.empty(0, np.intp)
    return step_of(tracks, old, work, slots, np.empty(0, np.uint8), none, ())


def changed(old: Atlas, new: Atlas) -> list[int]:
    """The zones, by `new`'s numbers, that are new, lie elsewhere on the map, or have other hours."""
    before, after = _lie_and_hours(old), _lie_and_hours(new)
    return [i for i, zone in enumerate(new.zones) if after[zone.id] != before.get(zone.id)]


def weighed_anew(tracks: Tracks, atlas: Atlas, zones: Collection[int], at: float, patience: Patience) -> Step:
    """What follows when these zones are there since `at`: everybody's last belief on the map speaks as evidence of that time."""
    none = np.empty(0, np.intp)
    slot, zone, inside = _standings(tracks, atlas, np.array(sorted(zones), np.intp), at, patience)
    slots, row = np.unique(slot, return_inverse=True)
    work = Stays(tracks.rows.copy_of(slots), atlas, patience)
    work.voices = Voices.of_memory(row)
    work.weigh(row, zone, inside, np.full(len(row), at), by_radio=False)
    # They were not heard of now: the last word is still their last fix.
    spoken = np.minimum(work.rows.by_fix_at, work.rows.fix_at[:, None])
    work.rows.by_fix_at = np.where(work.rows.zone >= 0, spoken, NEVER)
    lines = np.arange(len(slots))
    work.reckon(lines)
    work.pass_time(lines, np.full(len(slots), at))
    return step_of(tracks, atlas, work, slots, np.empty(0, np.uint8), none, ())


def _standings(
    tracks: Tracks, atlas: Atlas, zones: Indexes, at: float, patience: Patience
) -> tuple[Indexes, Indexes, Floats]:
    """Who may be in these zones by their last fix: slot, zone and probability, pair by pair."""
    rows = tracks.rows
    known_s = np.clip(patience.fix_gaps * rows.fix_gap_s, patience.fix_least_s, patience.fix_most_s)
    slots = np.flatnonzero((rows.fix_at + known_s >= at)[: len(tracks.devices)])
    lat, lon, sigma = believed(rows, slots)
    line, zone = atlas.fences.candidates(lat, lon)
    held, place = np.nonzero(np.isin(rows.zone[slots], zones[atlas.fences.of_zone[zones] >= 0]))
    pairs = np.unique(
        np.column_stack(
            [
                np.concatenate([line, held]),
                np.concatenate([zone, rows.zone[slots[held], place].astype(np.intp)]),
            ]
        ),
        axis=0,
    )
    line, zone = pairs[np.isin(pairs[:, 1], zones)].T
    # Who is heard indoors is where radio says: a fix is a guess through the roof.
    by_radio = np.array([z for radio_map in atlas.radio_maps for z in radio_map.zones], np.intp)
    guess = (rows.heard_at[slots[line]] > at - SENSE_LASTS_S) & np.isin(zone, by_radio)
    line, zone = line[~guess], zone[~guess]
    _, inside = atlas.fences.standing(zone, lat[line], lon[line], sigma[line])
    return slots[line], zone, inside


def _is_open(atlas: Atlas, zone: int, at: float) -> bool:
    return bool(atlas.openings.is_open(np.array([zone]), np.array([at]))[0])


def _lie_and_hours(atlas: Atlas) -> dict[str, list[object]]:
    """What of each zone decides who is in it and when: its place or what it is made of, what it lies in, the hours of all these."""
    found: dict[str, list[object]] = {
        zone.id: [zone.place, zone.parent, *(atlas.zones[each].hours for each in (i, *atlas.ancestors[i]))]
        for i, zone in enumerate(atlas.zones)
    }
    for i, zone in enumerate(atlas.zones):
        for outer in (atlas.zones[each] for each in atlas.ancestors[i]):
            if outer.place is None:
                found[outer.id].append((zone.id, zone.place))
    return found


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
    devices = [tracks.devices[line] for line in lines.tolist()]
    return stays_of(rows, lines, places, devices, atlas.zones)


def renumber(tracks: Tracks, old: Atlas, new: Atlas, patience: Patience) -> Tracks:
    """The same memory under the new atlas's numbers, its endings kept first. Belief of unchanged radio maps goes on.

    What falls due does so by the new atlas: a dwell that somebody listens for since now, a minimum time that staff changed.
    """
    numbers = np.array([new.index.get(zone.id, -1) for zone in old.zones] + [-1], np.int32)
    moved = Tracks(new.radio_maps)
    moved.slot_of, moved.devices, moved.rows = tracks.slot_of, tracks.devices, tracks.rows
    moved.free, moved.trails = tracks.free, tracks.trails
    held = moved.rows.zone >= 0
    moved.rows.zone = numbers[moved.rows.zone]  # -1, a free place, takes the last entry
    moved.rows.clear_stays(*np.nonzero(held & (moved.rows.zone < 0)))
    moved.rows.left_zone = numbers[moved.rows.left_zone]
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
