"""The plainest rules that give enters and exits, as fast as columns allow: what belief costs is told against them. Pure but for memory.

They take the same batches as presence does, keep one held zone (radio) or held zones (fixes) a device, and have no clock, no silence, no
lateness, no duplicates and no doubt: at most one round of evidence a device in a batch, in order of time.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import shapely

from server.presence.sighting import Fixes, Heards
from server.zones.shape import Indexes

#: What became of whom, where and when (epoch seconds).
Told = tuple[Literal["entered", "exited"], str, str, float]


class _Known:
    """A row number for each device."""

    def __init__(self) -> None:
        self._row_of: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._row_of)

    def rows(self, devices: Sequence[str]) -> Indexes:
        try:
            return np.fromiter(map(self._row_of.__getitem__, devices), np.intp, len(devices))
        except KeyError:
            for device in devices:
                self._row_of.setdefault(device, len(self._row_of))
            return self.rows(devices)


class StrongestWins:
    """The zone of whichever gateway heard a device best in the batch."""

    def __init__(self, zone_of: Mapping[str, str]) -> None:
        self._zones = sorted(set(zone_of.values()))
        self._number = {gateway: self._zones.index(zone) for gateway, zone in zone_of.items()}
        self._known = _Known()
        self._held = np.empty(0, np.intp)

    def take(self, heards: Heards) -> list[Told]:
        row = self._known.rows(heards.device)
        zone = np.fromiter(map(self._number.__getitem__, heards.anchor), np.intp, len(heards))
        if len(self._known) > len(self._held):
            self._held = np.append(self._held, np.full(len(self._known) - len(self._held), -1))
        order = np.lexsort((heards.rssi_dbm, row))
        row = row[order]
        best = order[np.append(row[1:] != row[:-1], True)]
        row, now = np.unique(row), zone[best]
        before = self._held[row]
        changed = np.flatnonzero(before != now)
        self._held[row] = now
        told: list[Told] = []
        for i in changed.tolist():
            item = int(best[i])
            device, at = heards.device[item], float(heards.at[item])
            if before[i] >= 0:
                told.append(("exited", device, self._zones[before[i]], at))
            told.append(("entered", device, self._zones[now[i]], at))
        return told


class PointInPolygon:
    """The outlines that a device's fix lies in, against those that its last one lay in."""

    def __init__(self, outlines: Mapping[str, shapely.Polygon]) -> None:
        self._zones = list(outlines)
        self._tree = shapely.STRtree(list(outlines.values()))
        self._outlines = self._tree.geometries
        shapely.prepare(self._outlines)
        self._known = _Known()
        self._held = np.empty(0, np.intp)  # pairs that are held: row * zones + zone, ascending

    def take(self, fixes: Fixes) -> list[Told]:
        row = self._known.rows(fixes.device)
        item, zone = self._tree.query(shapely.points(fixes.lon, fixes.lat))
        # Faster than asking the tree for what intersects, which would prepare the points: the outlines are prepared.
        lies_in = shapely.intersects_xy(self._outlines[zone], fixes.lon[item], fixes.lat[item])
        item, zone = item[lies_in], zone[lies_in]
        many = len(self._zones)
        now = np.sort(row[item] * many + zone)
        item_of = np.full(len(self._known), -1)
        item_of[row] = np.arange(len(row))
        told_of = item_of[self._held // many] >= 0
        entered = np.setdiff1d(now, self._held, assume_unique=True)
        exited = np.setdiff1d(self._held[told_of], now, assume_unique=True)
        self._held = np.sort(np.append(self._held[~told_of], now))
        told: list[Told] = []
        for pair in exited.tolist():
            i = int(item_of[pair // many])
            told.append(("exited", fixes.device[i], self._zones[pair % many], float(fixes.at[i])))
        for pair in entered.tolist():
            i = int(item_of[pair // many])
            told.append(("entered", fixes.device[i], self._zones[pair % many], float(fixes.at[i])))
        return told
