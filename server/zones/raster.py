"""Where on the map anything is at all: a coarse picture in cells, so that most positions need no search.

In: boxes in degrees, by their numbers. Out: for positions the one box that may be there, that there is none, or that there may be
several. It may err on the side of more boxes, never of fewer.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from server.zones.shape import Floats

#: A cell is no smaller than this (some 30 m): about the least that a fence is wide.
FINEST_DEGREES: Final = 0.0003
#: Cells along one side at most: a picture of 4 MB, whether of a street or of a country.
MOST_CELLS: Final = 1_000

NONE: Final = -1
SEVERAL: Final = -2


@dataclass(frozen=True, slots=True)
class Raster:
    """`box` has a row a cell of latitude and a column a cell of longitude: a number, NONE or SEVERAL. Its rim is empty."""

    south: float
    west: float
    cells_per_degree: float
    box: NDArray[np.int32]

    @classmethod
    def of(cls, boxes: Floats) -> Self:
        """A picture of boxes (west, south, east, north), a row each."""
        if not len(boxes):
            return cls(0.0, 0.0, 0.0, np.full((1, 1), NONE, np.int32))
        west, south, east, north = boxes[:, 0].min(), boxes[:, 1].min(), boxes[:, 2].max(), boxes[:, 3].max()
        cell = max(FINEST_DEGREES, (east - west) / MOST_CELLS, (north - south) / MOST_CELLS)
        # The rim: one cell more on each side, and one for what lies on the very edge.
        shape = (int((north - south) / cell) + 3, int((east - west) / cell) + 3)
        raster = cls(float(south - cell), float(west - cell), 1.0 / cell, np.full(shape, NONE, np.int32))
        left, right = raster._cells(boxes[:, 0], raster.west, 1), raster._cells(boxes[:, 2], raster.west, 1)
        low, high = raster._cells(boxes[:, 1], raster.south, 0), raster._cells(boxes[:, 3], raster.south, 0)
        for i in range(len(boxes)):
            cells = raster.box[low[i] : high[i] + 1, left[i] : right[i] + 1]
            cells[...] = np.where(cells == NONE, i, SEVERAL)
        return raster

    def at(self, lat: Floats, lon: Floats) -> NDArray[np.int32]:
        """The number of the box that may be at each position (degrees), NONE or SEVERAL."""
        return self.box[self._cells(lat, self.south, 0), self._cells(lon, self.west, 1)]

    def _cells(self, degrees: Floats, first: float, axis: int) -> NDArray[np.intp]:
        cells = ((degrees - first) * self.cells_per_degree).astype(np.intp)
        return np.clip(cells, 0, self.box.shape[axis] - 1)
