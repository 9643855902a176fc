"""Where on the map anything is at all: a coarse picture in cells, so that most positions are known to be near nothing at the cost of a look.

In: boxes in degrees. Out: for positions, whether a box may be there. It may err on the side of yes, never of no.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: A cell is no smaller than this (some 30 m): about the least that a fence is wide.
FINEST_DEGREES = 0.0003
#: Cells along one side at most: a picture of a megabyte, whether of a street or of a country.
MOST_CELLS = 1_000


@dataclass(frozen=True, slots=True)
class Raster:
    """`marked` has a row a cell of latitude and a column a cell of longitude; its rim is empty."""

    south: float
    west: float
    cells_per_degree: float
    marked: NDArray[np.bool_]

    @classmethod
    def of(cls, boxes: Floats) -> Self:
        """A picture of boxes (west, south, east, north), a row each."""
        if not len(boxes):
            return cls(0.0, 0.0, 0.0, np.zeros((1, 1), np.bool_))
        west, south, east, north = boxes[:, 0].min(), boxes[:, 1].min(), boxes[:, 2].max(), boxes[:, 3].max()
        cell = max(FINEST_DEGREES, (east - west) / MOST_CELLS, (north - south) / MOST_CELLS)
        # The rim: one cell more on each side, and one for what lies on the very edge.
        shape = (int((north - south) / cell) + 3, int((east - west) / cell) + 3)
        raster = cls(float(south - cell), float(west - cell), 1.0 / cell, np.zeros(shape, np.bool_))
        left, right = raster._cells(boxes[:, 0], raster.west, 1), raster._cells(boxes[:, 2], raster.west, 1)
        low, high = raster._cells(boxes[:, 1], raster.south, 0), raster._cells(boxes[:, 3], raster.south, 0)
        for i in range(len(boxes)):
            raster.marked[low[i] : high[i] + 1, left[i] : right[i] + 1] = True
        return raster

    def near(self, lat: Floats, lon: Floats) -> NDArray[np.bool_]:
        """Whether a box may be at each position (degrees)."""
        return self.marked[self._cells(lat, self.south, 0), self._cells(lon, self.west, 1)]

    def _cells(self, degrees: Floats, first: float, axis: int) -> NDArray[np.intp]:
        cells = ((degrees - first) * self.cells_per_degree).astype(np.intp)
        return np.clip(cells, 0, self.marked.shape[axis] - 1)
