"""Cases played through the real presence: batches of evidence and the clock in, what it said out.

The same entry as the server's path (server/trigger.py): `observe` for what arrived within half a second, `let_time_pass` at each
tick, `keep` after each. Devices are independent, so cases that know the same places are played together.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from server.presence.due import Patience
from server.presence.late import picked
from server.presence.observe import Step, keep, let_time_pass, observe
from server.presence.sighting import Batch, Fixes, Heards
from server.presence.tracks import Tracks
from server.zones.atlas import Atlas, compile_atlas
from simulator.score.case import EPOCH_S, Case, Said
from simulator.score.windows import told

#: The server's tick, and for how long arrivals are gathered: four and two a second.
TICK_S = 0.25
TICKS_IN_BATCH = 2
BATCH_S = TICK_S * TICKS_IN_BATCH


def play(case: Case) -> list[Said]:
    """What Soglia says of one case, in the order in which it became known."""
    return play_all([case])[0]


def play_all(cases: Sequence[Case]) -> list[list[Said]]:
    """What Soglia says of each case."""
    said: dict[str, list[Said]] = {}
    for together in _knowing_the_same(cases):
        said.update(_played(together))
    return [said[case.name] for case in cases]


def atlas_of(case: Case) -> Atlas:
    """The places of a case, compiled as the server does."""
    dwells = {zone.id: (case.dwell_s,) for zone in case.zones} if case.dwell_s else {}
    surveys = {survey.plan: survey for survey in case.surveys}
    zones = (*case.around, *case.zones)
    return compile_atlas(zones, case.anchors.values(), case.plans.values(), dwells, surveys)


def _knowing_the_same(cases: Sequence[Case]) -> list[list[Case]]:
    groups: list[list[Case]] = []
    for case in cases:
        for group in groups:
            if _places(group[0]) == _places(case):
                group.append(case)
                break
        else:
            groups.append([case])
    return groups


def _places(case: Case) -> tuple[object, ...]:
    return case.zones, case.around, case.anchors, case.plans, case.surveys, case.dwell_s


def _played(cases: Sequence[Case]) -> Mapping[str, list[Said]]:
    """What was said of each device of some that share their tracks."""
    atlas, patience = atlas_of(cases[0]), Patience()
    tracks = Tracks(atlas.radio_maps)
    batches = _batches(cases)
    ends = {case.name: case.seconds for case in cases}
    scored = {zone.id for zone in cases[0].zones}
    said: dict[str, list[Said]] = {name: [] for name in ends}
    for tick in range(1, round(max(ends.values()) / TICK_S) + 1):
        now = tick * TICK_S
        if tick in batches:
            _take(tracks, observe(tracks, atlas, batches[tick], patience), now, scored, said)
        _take(tracks, let_time_pass(tracks, atlas, now + EPOCH_S, patience), now, scored, said)
    return {name: [each for each in told if each.t <= ends[name]] for name, told in said.items()}


def _take(tracks: Tracks, step: Step, now: float, scored: set[str], said: Mapping[str, list[Said]]) -> None:
    keep(tracks, step)
    for event in step.events:
        if event.zone in scored and not event.late:
            said[event.device].append(Said(now, event.zone, event.kind, event.at.timestamp() - EPOCH_S))


def _batches(cases: Sequence[Case]) -> dict[int, Batch]:
    """All evidence by the tick at which it is taken: the end of the half second in which it arrived."""
    all_told = [told(case) for case in cases]
    fixes = Fixes.joined([case.fixes for case in cases])
    everything = Batch(fixes, Heards.joined([heards for heards, _ in all_told]))
    arrived = np.concatenate([fixes.at, *(at for _, at in all_told)])
    ticks = TICKS_IN_BATCH * (np.floor((arrived - EPOCH_S) / BATCH_S) + 1)
    order = np.argsort(ticks, kind="stable")
    starts = np.flatnonzero(np.diff(ticks[order], prepend=-np.inf))
    return {
        int(ticks[items[0]]): picked(everything, items) for items in np.split(order, starts[1:]) if len(items)
    }
