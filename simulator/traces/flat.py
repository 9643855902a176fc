"""BLE in a flat of rooms with walls, a robot with LiDAR truth. In: its folder. Out: `RadioTrace`s with rooms, walls.

Source: github marckolak/ble-rss-fingerprints-calib2021 (Zenodo 5457591, CC BY 4.0). Files: flat_3hz.csv.gz (session, t, x, y, room,
rssi_1.. as means of a third of a second, empty where not heard), anchors.csv (id, x, y, z), layout.csv (the walls' polyline).
"""

from itertools import pairwise
from pathlib import Path as Folder

import numpy as np

from simulator.air import Hearing
from simulator.traces.rows import columns, numbers
from simulator.traces.trace import DEVICE, RadioTrace
from simulator.walk import Path
from simulator.world import Wall

#: What a 10 cm partition usually takes; the recording itself does not say.
PARTITION_DB = 4.0


def sessions(folder: Folder) -> list[RadioTrace]:
    """The recorded sessions, by name; receivers are named by their number. Raises NoTrace."""
    places = folder / "anchors.csv"
    listed = columns(places, ("id", "x", "y", "z"))
    at_place = [numbers(listed[axis], places) for axis in "xyz"]
    anchors = {
        name: (float(x), float(y), float(z)) for name, x, y, z in zip(listed["id"], *at_place, strict=True)
    }
    path = folder / "flat_3hz.csv.gz"
    read = columns(path, ("session", "t", "x", "y", "room", *(f"rssi_{name}" for name in anchors)))
    of_session, rooms = np.array(read["session"]), np.array(read["room"])
    at, x, y = (numbers(read[name], path) for name in ("t", "x", "y"))
    rssi = {name: numbers(read[f"rssi_{name}"], path) for name in anchors}
    traces = []
    for session in sorted(set(read["session"])):
        mine = np.flatnonzero(of_session == session)
        mine = mine[np.argsort(at[mine], kind="stable")]
        hearings = []
        for name, strength in rssi.items():
            heard = mine[~np.isnan(strength[mine])]
            hearings.append(Hearing(DEVICE, name, at[heard], strength[heard]))
        truth = Path(at[mine], x[mine], y[mine])
        traces.append(RadioTrace(session, anchors, hearings, truth, rooms[mine].tolist()))
    return traces


def walls(folder: Folder) -> list[Wall]:
    """The flat's walls. Raises NoTrace."""
    path = folder / "layout.csv"
    read = columns(path, ("x", "y"))
    corners = list(zip(numbers(read["x"], path).tolist(), numbers(read["y"], path).tolist(), strict=True))
    return [Wall(start, end, PARTITION_DB) for start, end in pairwise(corners)]
