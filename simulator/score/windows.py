"""What gateways tell of what they hear: the mean of each window, by the scanner's own code. In: packets. Out: sightings, and when they come in.

Each gateway's windows begin at a moment of its own, as in scanner/agent.py, and are told when they are over. The way to the server
takes no time: it is a few hundredths of a second, and the server gathers for half a second anyway.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from scanner.settings import WindowSettings
from scanner.window import Window
from server.presence.sighting import Heard, Heards
from simulator.chance import stream
from simulator.frame import Floats
from simulator.score.case import Case

#: What `soglia-scanner` does when nobody sets it otherwise.
WIDTH_S: Final = WindowSettings().width_s


def told_in_windows(case: Case, seed: int) -> Case:
    """The case whose gateways tell of windows; peers hear its packets still, as they do in their own systems."""
    return replace(case, window_begins_s=_begins(case.anchors, seed))


def told(case: Case) -> tuple[Heards, Floats]:
    """What the server is told of a case, in order of arrival, and when (epoch seconds)."""
    if case.window_begins_s is None:
        return case.heards, case.heards.at
    arrived = sorted(_windows(case.heards, case.window_begins_s), key=lambda each: (each[0], each[1].anchor))
    return Heards.of([heard for _, heard in arrived]), np.array([at for at, _ in arrived], dtype=np.float64)


def _begins(anchors: Iterable[str], seed: int) -> dict[str, float]:
    return {anchor: float(stream(seed, "window", anchor).random()) * WIDTH_S for anchor in anchors}


def _windows(heards: Heards, begins_s: Mapping[str, float]) -> Iterable[tuple[float, Heard]]:
    """Each gateway's sightings, each with the end of its window."""
    windows = {anchor: Window(WIDTH_S, begins) for anchor, begins in begins_s.items()}
    ends: dict[str, float] = {}
    columns = zip(heards.device, heards.anchor, heards.at.tolist(), heards.rssi_dbm.tolist(), strict=True)
    for device, anchor, at, rssi_dbm in columns:
        if anchor in ends and at >= ends[anchor]:
            yield from _closed(windows[anchor], anchor, ends.pop(anchor))
        ends.setdefault(anchor, windows[anchor].ends_at(at))
        windows[anchor].add(device, rssi_dbm, at)
    for anchor, end in ends.items():
        yield from _closed(windows[anchor], anchor, end)


def _closed(window: Window, anchor: str, end: float) -> Iterable[tuple[float, Heard]]:
    for each in window.close():
        yield end, Heard(each.id, anchor, each.at, each.rssi, each.count)
