"""The simulator's own noise over a recording's geometry. In: a trace, a seed. Out: the same trace as air.py and sky.py would have it. Pure."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from simulator import sky
from simulator.air import Air
from simulator.fit.position import Errors
from simulator.frame import Floats, Frame
from simulator.traces.trace import FixTrace, RadioTrace
from simulator.walk import Path
from simulator.world import Anchor, Wall

#: Bluetooth lays 0 to 10 ms on each interval: what is heard every 455 ms is sent every 450.
LAID_ON_S = 0.005


def heard_again(
    traces: Sequence[RadioTrace], seed: int, every_s: float, walls: Sequence[Wall] = ()
) -> list[RadioTrace]:
    """The same anchors, the same ways, a device that calls as often: another draw of all noise."""
    air = Air(seed, walls)
    again = []
    for trace in traces:
        anchors = [Anchor(name, "gateway", place) for name, place in trace.anchors.items()]
        at_s = air.adverts(trace.name, every_s - LAID_ON_S, trace.seconds)
        hearings = air.hearings(trace.name, trace.truth, at_s, anchors)
        again.append(replace(trace, hearings=hearings))
    return again


def levelled_to(recorded: Sequence[RadioTrace], again: Sequence[RadioTrace]) -> list[RadioTrace]:
    """The second with the first's mean strength: what another transmitter or receiver would make of it."""
    louder = _level_dbm(recorded) - _level_dbm(again)
    return [
        replace(trace, hearings=[replace(each, rssi_dbm=each.rssi_dbm + louder) for each in trace.hearings])
        for trace in again
    ]


def _level_dbm(traces: Sequence[RadioTrace]) -> float:
    return float(np.concatenate([each.rssi_dbm for trace in traces for each in trace.hearings]).mean())


def erred(trace: FixTrace, provider: str) -> Errors | None:
    """One provider's errors as recorded; None where it told nothing."""
    told = np.array([each == provider for each in trace.provider])
    if not told.any():
        return None
    frame, way = _way(trace)
    x, y = frame.metres(trace.lat[told], trace.lon[told])
    true_x, true_y = way.where(trace.at_s[told])
    return Errors(trace.at_s[told], x - true_x, y - true_y, trace.accuracy_m[told])


def erred_again(trace: FixTrace, at_s: Floats, provider: str, seed: int) -> Errors:
    """What the provider of sky.py makes of the same way at the same times."""
    _, way = _way(trace)
    track = sky.fixes(seed, f"{trace.name}.{provider}", way, at_s, provider)
    true_x, true_y = way.where(at_s)
    return Errors(at_s, track.x - true_x, track.y - true_y, track.accuracy_m)


def _way(trace: FixTrace) -> tuple[Frame, Path]:
    frame = Frame(float(trace.true_lat[0]), float(trace.true_lon[0]))
    return frame, Path(trace.true_at_s, *frame.metres(trace.true_lat, trace.true_lon))
