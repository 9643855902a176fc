"""A radio map: what each anchor would hear from each cell of a place, and which zones the cells make up. Compiled, then only read.

Three levels of knowledge make the same kind of map, so that belief needs to know only one (floorplan.py): a site survey,
anchors with positions on a floor plan, anchors of which only the zones are known. Pure.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.zones.shape import Floats, Indexes

Floats32 = NDArray[np.float32]

WEAKEST_DBM, STRONGEST_DBM = -110, -20
#: Spread of one packet about its place's mean: 3 dB where a tag stands still, more where it is carried and turned.
PACKET_DB: Final = 4.0
#: Student's t with so many degrees of freedom: one packet through a door or past a body must not decide.
FREEDOM: Final = 8.0
#: Out of the door everything is weaker than in the farthest corner: a wall and some metres more.
OUTSIDE_LOSS_DB: Final = 8.0


@dataclass(frozen=True, slots=True)
class RadioMap:
    """One group of anchors that hear the same people. The last cell is outside.

    `log_likelihood[anchor, rssi + 110, cell]`; `expected_dbm[anchor, cell]`; `member[cell, j]` is the share of the cell that
    belongs to zone `zones[j]`; `start` is the belief about someone of whom nothing was heard lately; `offset_db` is how far
    (sd) a device may sound louder or fainter than the map expects, everywhere alike. `readout` is what belief is asked
    for, in one product: (cells, 2 + zones + anchors), see `told`.
    """

    anchors: tuple[str, ...]
    zones: tuple[int, ...]
    expected_dbm: Floats32
    log_likelihood: Floats32
    member: Floats32
    start: Floats32
    readout: Floats32
    offset_db: float

    @property
    def cells(self) -> int:
        return len(self.start)

    def codes(self, anchors: Indexes, rssi_dbm: Floats) -> Indexes:
        """A number for each (anchor, strength heard), as `evidence` knows them."""
        strength = np.clip(np.rint(rssi_dbm), WEAKEST_DBM, STRONGEST_DBM).astype(np.intp) - WEAKEST_DBM
        codes: Indexes = anchors * self.log_likelihood.shape[1] + strength
        return codes

    def evidence(self, codes: Indexes, out: Floats32 | None = None) -> Floats32:
        """Log likelihood of each cell for each strength heard: (*codes.shape, cells), in `out` where that is given."""
        # Clipping clips nothing: numpy would otherwise fill a copy of `out` first, since it might have to raise.
        fit: Floats32 = self.log_likelihood.reshape(-1, self.cells).take(codes, axis=0, out=out, mode="clip")
        return fit

    def told(self, sums: Floats32) -> tuple[Floats32, Floats32, Floats32]:
        """What belief tells, of likelihoods (rows, cells) learned since the start, each row up to a factor, times `readout`.

        Out: the probability of being inside each zone (rows, zones), of being here at all (rows), and what each anchor should
        hear of somebody who is here (dBm: rows, anchors).
        """
        here: Floats32 = np.maximum(sums[:, 1:2], np.float32(1e-30))
        zones = 2 + len(self.zones)
        return sums[:, 2:zones] / sums[:, :1], (here / sums[:, :1])[:, 0], sums[:, zones:] / here


def radio_map(
    anchors: tuple[str, ...],
    zones: tuple[int, ...],
    inside: Floats,
    mean_dbm: Floats,
    sd_db: Floats,
    offset_db: float,
) -> RadioMap:
    """Compiles a map of mean and sd (anchors, cells) and the zones' shares of the cells (cells, zones); adds the cell outside."""
    cells = mean_dbm.shape[1]
    mean = np.hstack([mean_dbm, mean_dbm.min(axis=1, keepdims=True) - OUTSIDE_LOSS_DB])
    sd = np.hstack([sd_db, sd_db.max(axis=1, keepdims=True)])
    spread = np.sqrt(sd**2 + PACKET_DB**2)[:, None, :]
    strengths = np.arange(WEAKEST_DBM, STRONGEST_DBM + 1, dtype=np.float64)
    off = (strengths[None, :, None] - mean[:, None, :]) / spread
    fit = -np.log(spread) - (FREEDOM + 1.0) / 2.0 * np.log1p(off**2 / FREEDOM)
    # First heard: as likely still outside as anywhere inside.
    start = np.append(np.full(cells, 0.5 / cells), 0.5)[:, None]
    member = np.vstack([inside, np.zeros((1, len(zones)))])
    here = np.append(np.ones(cells), 0.0)[:, None]
    return RadioMap(
        anchors=anchors,
        zones=zones,
        expected_dbm=mean.astype(np.float32),
        log_likelihood=fit.astype(np.float32),
        member=member.astype(np.float32),
        start=start[:, 0].astype(np.float32),
        readout=(start * np.hstack([np.ones_like(start), here, member, here * mean.T])).astype(np.float32),
        offset_db=offset_db,
    )
