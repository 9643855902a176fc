"""Position-annotated BLE RSSI: fixed scanners in an open office, one tag, camera truth. In: its folder. Out: `RadioTrace`s.

Source: github philotuxo/Position-Annotated-BLE-RSSI-Dataset (CC0). Files: scanners.csv (scanner, mac, x, y, z), tracks.csv.gz
(track, t, scanner, rssi, x, y, z: walks), static.csv.gz (x, y, t, scanner, rssi: standing positions).
"""

from collections.abc import Iterator
from pathlib import Path as Folder

import numpy as np

from simulator.air import Hearing
from simulator.frame import Floats
from simulator.traces.rows import columns, numbers
from simulator.traces.trace import DEVICE, RadioTrace
from simulator.walk import Path

Anchors = dict[str, tuple[float, float, float]]


def anchors(folder: Folder) -> Anchors:
    """Where the scanners hang. Raises NoTrace."""
    path = folder / "scanners.csv"
    read = columns(path, ("scanner", "x", "y", "z"))
    places = zip(*(numbers(read[axis], path) for axis in "xyz"), strict=True)
    return {
        name: (float(x), float(y), float(z)) for name, (x, y, z) in zip(read["scanner"], places, strict=True)
    }


def walks(folder: Folder) -> list[RadioTrace]:
    """The walked tracks, by name. Raises NoTrace."""
    path = folder / "tracks.csv.gz"
    read = columns(path, ("track", "t", "scanner", "rssi", "x", "y"))
    tracks, scanners = np.array(read["track"]), np.array(read["scanner"])
    at, rssi, x, y = (numbers(read[name], path) for name in ("t", "rssi", "x", "y"))
    hang = anchors(folder)
    traces = []
    for name in sorted(set(read["track"])):
        mine = np.flatnonzero(tracks == name)
        mine = mine[np.argsort(at[mine], kind="stable")]
        truth = Path(at[mine], x[mine], y[mine])
        traces.append(RadioTrace(name, hang, list(_heard(scanners[mine], at[mine], rssi[mine])), truth))
    return traces


def standing(folder: Folder) -> list[RadioTrace]:
    """One trace for each standing position, named "x,y". Raises NoTrace."""
    path = folder / "static.csv.gz"
    read = columns(path, ("x", "y", "t", "scanner", "rssi"))
    spots = np.array([f"{x},{y}" for x, y in zip(read["x"], read["y"], strict=True)])
    scanners = np.array(read["scanner"])
    at, rssi = numbers(read["t"], path), numbers(read["rssi"], path)
    hang = anchors(folder)
    traces = []
    for name in sorted(set(spots.tolist())):
        mine = np.flatnonzero(spots == name)
        mine = mine[np.argsort(at[mine], kind="stable")]
        x, y = (float(text) for text in name.split(","))
        truth = Path(np.array([0.0, float(at[mine][-1])]), np.array([x, x]), np.array([y, y]))
        traces.append(RadioTrace(name, hang, list(_heard(scanners[mine], at[mine], rssi[mine])), truth))
    return traces


def _heard(
    scanners: np.ndarray[tuple[int], np.dtype[np.str_]], at: Floats, rssi: Floats
) -> Iterator[Hearing]:
    for scanner in sorted(set(scanners.tolist())):
        mine = scanners == scanner
        yield Hearing(DEVICE, scanner, at[mine], rssi[mine])
