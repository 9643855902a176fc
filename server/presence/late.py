"""Evidence that came out of order: what it adds to history.

In: the late items of a batch. Out: the visits that they alone would tell of, entered and exited, marked late. Records put them
in place: where a visit of the same device and zone is known at that time it grows, where it is known to have been next door it was
there (`rivals`), else a new one is kept. Late evidence makes history, never messages.

What counts as late: a fix older than the newest of its device; radio older than what the same anchor told of the device, or than
the newest of all anchors by radio.OUT_OF_STEP_S. So a device that one gateway hears, or a phone, may be told of at any time later
as long as it is told in order: that is no history but what happened, in its own time (see ears.py for the clock meanwhile).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from server.presence.due import Patience
from server.presence.observe import keep, let_time_pass, observe
from server.presence.sighting import Batch, Fixes, Heards
from server.presence.tracks import ROUNDED_S, Tracks
from server.presence.visit import Phase, ZoneEvent
from server.zones.atlas import Atlas
from server.zones.shape import Indexes


def picked(batch: Batch, items: Indexes) -> Batch:
    """Some items of a batch, numbered as its verdicts are: the fixes, then the heards."""
    split = len(batch.fixes)
    fix, heard = items[items < split], items[items >= split] - split
    fixes, heards = batch.fixes, batch.heards
    return Batch(
        Fixes(
            [fixes.device[i] for i in fix],
            fixes.at[fix],
            fixes.lat[fix],
            fixes.lon[fix],
            fixes.accuracy_m[fix],
            fixes.speed_mps[fix],
            fixes.mock[fix],
        ),
        Heards(
            [heards.device[i] for i in heard],
            [heards.anchor[i] for i in heard],
            heards.at[heard],
            heards.rssi_dbm[heard],
            heards.count[heard],
        ),
    )


def in_turns(batch: Batch, most: int) -> list[Indexes]:
    """The items of a batch in parts of which none has more than `most` of one device; a device's in the order of its times.

    A phone that was offline for a week tells of thousands of fixes at once: working on them is a round each, and others wait.
    """
    device = [*batch.fixes.device, *batch.heards.device]
    if len(device) - len(set(device)) < most:  # mostly: nobody can have more
        return [np.arange(len(batch))]
    _, line, counts = np.unique(np.array(device, object), return_inverse=True, return_counts=True)
    if counts.max() <= most:
        return [np.arange(len(batch))]
    order = np.lexsort((np.concatenate([batch.fixes.at, batch.heards.at]), line))
    rank = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    part = rank // most
    return [np.sort(order[part == number]) for number in range(int(part.max()) + 1)]


def history(atlas: Atlas, late: Batch, patience: Patience, tracks: Tracks) -> tuple[ZoneEvent, ...]:
    """The entered and exited events of the visits that late evidence alone tells of, in pairs a visit, in order of time.

    A visit that it does not see end, ends with its last evidence: what came after is known from elsewhere. One that began while
    somebody already seemed to arrive there is that arrival, which `tracks` know and the clock confirms: none of its own.
    """
    alone = Tracks(atlas.radio_maps)
    step = observe(alone, atlas, late, patience)
    keep(alone, step)
    end = let_time_pass(alone, atlas, _all_over(alone), patience)
    events = [event for event in (*step.events, *end.events) if event.kind != "dwelled"]
    return tuple(replace(event, late=True) for event in events if not _arrives(tracks, atlas, event))


def _arrives(tracks: Tracks, atlas: Atlas, event: ZoneEvent) -> bool:
    slot = tracks.slot_of.get(event.device)
    if slot is None:
        return False
    rows = tracks.rows
    here = (rows.zone[slot] == atlas.index[event.zone]) & (rows.phase[slot] == Phase.ARRIVING)
    return bool((here & (rows.since[slot] <= event.entered_at.timestamp() + ROUNDED_S)).any())


def rivals(atlas: Atlas, events: Sequence[ZoneEvent]) -> dict[str, list[str]]:
    """Of each zone of these events that gateways tell of: those next to it, where nobody is who is in it."""
    by_radio = {number for radio_map in atlas.radio_maps for number in radio_map.zones}
    return {
        zone: [
            atlas.zones[other].id
            for other in by_radio
            if other != atlas.index[zone]
            and atlas.ancestors[other][:1] == atlas.ancestors[atlas.index[zone]][:1] != ()
        ]
        for zone in {event.zone for event in events}
        if atlas.index[zone] in by_radio
    }


def _all_over(tracks: Tracks) -> float:
    """A time by which every silence has ended every stay."""
    newest = np.maximum(tracks.rows.fix_at, tracks.rows.heard_at).max(initial=0.0)
    return float(newest) + 10 * 86_400.0
