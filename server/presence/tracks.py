"""What we remember of every device: a structure of arrays, grown and reused, a row a device.

`Rows` is the memory itself, in columns. A step of the path takes a copy of the rows it touches, works on the copy, and gives
it back with `keep` once its consequences are committed: memory never runs ahead of the records.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from server.presence.stillness import ROWS
from server.presence.trail import Trails
from server.zones.radiomap import RadioMap
from server.zones.shape import Floats, Indexes

NEVER = -np.inf
#: Times that records keep are rounded: what is this little newer is the same word.
ROUNDED_S = 0.001
#: Most people are in a shop and one of its departments; more places at once make the arrays wider when needed.
STAYS_AT_FIRST = 2


@dataclass(slots=True)
class Rows:
    """Columns of tracks. Times are UTC epoch seconds, NEVER where there was none.

    Position: a Kalman filter in metres round (lat0, lon0); the covariance is the same for both axes: `pp` position,
    `pv` mixed, `vv` velocity. Stays: (rows, most stays); `zone` is the atlas's number, -1 where the place is free.
    """

    lat0: Floats
    lon0: Floats
    m_per_lat: Floats  # metres in a degree there
    m_per_lon: Floats
    x: Floats
    y: Floats
    vx: Floats
    vy: Floats
    pp: Floats
    pv: Floats
    vv: Floats
    pace: Floats  # how fast it may be going, m/s
    mean_x: Floats  # where it was on the whole in the last minute, local metres
    mean_y: Floats
    doubt_x: Floats  # where fixes put it that the filter does not believe, local metres
    doubt_y: Floats
    doubt_at: Floats  # since when they do
    fix_at: Floats  # newest fix
    fix_sigma_m: Floats  # what it was taken to be off by, per axis
    fix_gap_s: Floats  # usual time between fixes
    heard_at: Floats  # newest radio evidence
    heard_gap_s: Floats
    told_until: Floats  # what is no newer was weighed by a process before us
    grace_at: Floats  # no silence counts before this: we were not listening
    next_due_at: Floats  # when the clock alone will change something
    zone: NDArray[np.int32]
    phase: NDArray[np.int8]
    since: Floats  # when the phase began
    entered: Floats  # when being inside began
    unsure_until: Floats  # who seems to be on the way through has not come in before this, as far as the clock alone tells
    by_fix_at: Floats  # newest fix that spoke for being inside
    by_radio_at: Floats
    scanned_at: Floats  # newest scan of its own radio map, whatever that spoke for
    fix_odds: Floats  # what each sense last said of being inside: log odds, 0 where it said nothing
    radio_odds: Floats
    dwelled_s: Floats  # last dwell told of
    noted: Floats  # the probability of being inside that its trail told last
    inner_at: Floats  # when a zone within it was last left, while this stay lasted
    left_zone: NDArray[np.int32]  # the zones that were last left, -1 for none: they outlive their stays
    left_at: Floats

    @classmethod
    def empty(cls, rows: int, stays: int = STAYS_AT_FIRST) -> "Rows":
        columns = {}
        for field in fields(cls):
            shape = (rows, stays) if field.name in STAY_COLUMNS else (rows,)
            columns[field.name] = np.full(
                shape, EMPTY.get(field.name, 0.0), TYPES.get(field.name, np.float64)
            )
        return cls(**columns)

    def __len__(self) -> int:
        return len(self.zone)

    @property
    def stays(self) -> int:
        return int(self.zone.shape[1])

    def copy_of(self, rows: Indexes, *, motion: bool = True) -> "Rows":
        """Some rows; without motion its columns are empty, and `put` leaves them as they are."""
        nobody = np.empty(0, np.intp)
        return Rows(
            *(
                getattr(self, name).take(rows if motion or name not in MOTION else nobody, axis=0)
                for name in COLUMNS
            )
        )

    def put(self, rows: Indexes, values: "Rows") -> None:
        """Writes `values` over `rows`, in place."""
        self.widen(values.stays)
        values.widen(self.stays)
        cells = (rows[:, None] * self.stays + np.arange(self.stays)).reshape(-1)
        for name in COLUMNS:
            column, given = getattr(self, name), getattr(values, name)
            if name in STAY_COLUMNS:  # cell by cell: numpy is slow along short axes
                column.reshape(-1)[cells] = given.reshape(-1)
            elif len(given) == len(rows):
                column[rows] = given

    def lengthen(self, rows: int) -> None:
        """Room for `rows` rows in all, in place."""
        more = Rows.empty(rows - len(self), self.stays)
        for field in fields(self):
            joined = np.concatenate([getattr(self, field.name), getattr(more, field.name)])
            setattr(self, field.name, joined)

    def widen(self, stays: int) -> None:
        """Room for at least `stays` stays a row, in place."""
        if stays <= self.stays:
            return
        more = Rows.empty(len(self), stays - self.stays)
        for name in STAY_COLUMNS:
            setattr(self, name, np.concatenate([getattr(self, name), getattr(more, name)], axis=1))

    def clear_stay(self, row: int, place: int) -> None:
        """Frees one stay's place."""
        for name, nothing in CLEARED:
            getattr(self, name)[row, place] = nothing

    def clear_stays(self, rows: Indexes, places: Indexes) -> None:
        """Frees some stays' places, row by row."""
        if len(rows):
            for name, nothing in CLEARED:
                getattr(self, name)[rows, places] = nothing


COLUMNS = tuple(field.name for field in fields(Rows))
STAY_COLUMNS = frozenset(
    {
        "zone",
        "phase",
        "since",
        "entered",
        "unsure_until",
        "by_fix_at",
        "by_radio_at",
        "scanned_at",
        "fix_odds",
        "radio_odds",
        "dwelled_s",
        "noted",
        "inner_at",
        "left_zone",
        "left_at",
    }
)
LEFT = frozenset({"left_zone", "left_at"})
#: What only fixes read and write.
MOTION = frozenset(
    {
        "lat0",
        "lon0",
        "m_per_lat",
        "m_per_lon",
        "x",
        "y",
        "vx",
        "vy",
        "pp",
        "pv",
        "vv",
        "pace",
        "mean_x",
        "mean_y",
        "doubt_x",
        "doubt_y",
        "doubt_at",
        "fix_sigma_m",
    }
)
EMPTY = {
    "m_per_lat": 1.0,
    "m_per_lon": 1.0,
    "doubt_at": NEVER,
    "fix_at": NEVER,
    "fix_sigma_m": 1.0,
    "heard_at": NEVER,
    "told_until": NEVER,
    "grace_at": NEVER,
    "next_due_at": np.inf,
    "zone": -1,
    "unsure_until": NEVER,
    "by_fix_at": NEVER,
    "by_radio_at": NEVER,
    "scanned_at": NEVER,
    "inner_at": NEVER,
    "left_zone": -1,
    "left_at": NEVER,
}
CLEARED = tuple((name, EMPTY.get(name, 0.0)) for name in COLUMNS if name in STAY_COLUMNS - LEFT)
TYPES: dict[str, type[np.generic]] = {"zone": np.int32, "phase": np.int8, "left_zone": np.int32}


class RadioTracks:
    """Belief over the cells of one radio map, for the devices heard there: a row each, grown and reused."""

    def __init__(self, radio_map: RadioMap) -> None:
        self.map = radio_map
        self.row_of = np.empty(0, np.intp)  # of each slot, -1 where it was not heard here
        self.slot_in: list[int] = []
        self.learned = np.empty((0, radio_map.cells), np.float32)  # log likelihood beyond the map's start
        self.tick = np.empty(0, np.int64)  # the half second that the belief is of, -1 before the first
        self.last_at = np.empty((0, len(radio_map.anchors)))  # newest evidence of each anchor
        self.unknown = np.array([0.0, radio_map.offset_db**2])
        self.loudness = np.empty((0, 2))  # how much louder than the map expects (dB), and its variance
        self.levels = np.empty((ROWS, 0, len(radio_map.anchors)), np.float32)  # see stillness.py
        self.still_s = np.empty(0)  # for how long it has been where it is

    def rows(self, slots: Indexes) -> Indexes:
        """The rows of these devices; one not heard here before gets a new one, as someone first heard."""
        if len(slots) and slots.max() >= len(self.row_of):
            more = max(int(slots.max()) + 1 - len(self.row_of), len(self.row_of))
            self.row_of = np.append(self.row_of, np.full(more, -1, np.intp))
        new = slots[self.row_of[slots] < 0]
        if len(new):
            self.row_of[new] = np.arange(len(self.slot_in), len(self.slot_in) + len(new))
            self.slot_in += new.tolist()
            self._lengthen()
        return self.row_of[slots]

    def row(self, slot: int) -> int:
        """The row of one device, -1 where it was not heard here."""
        return int(self.row_of[slot]) if slot < len(self.row_of) else -1

    def forget(self, slot: int) -> None:
        """Frees the row of a device; the last row moves into the gap."""
        row = self.row(slot)
        if row < 0:
            return
        self.row_of[slot] = -1
        last = len(self.slot_in) - 1
        mover = self.slot_in.pop()
        if row != last:
            self.slot_in[row] = mover
            self.row_of[mover] = row
            for column in (
                self.learned,
                self.tick,
                self.last_at,
                self.loudness,
                self.still_s,
            ):
                column[row] = column[last]
            self.levels[:, row] = self.levels[:, last]
        self.learned[last], self.tick[last] = 0.0, -1
        self.last_at[last], self.loudness[last] = NEVER, self.unknown
        self.levels[:, last], self.still_s[last] = 0.0, 0.0

    def _lengthen(self) -> None:
        """Room for all rows that are known."""
        if len(self.slot_in) <= len(self.learned):
            return
        room = max(len(self.slot_in) - len(self.learned), len(self.learned), 16)
        self.learned = np.concatenate([self.learned, np.zeros((room, self.map.cells), np.float32)])
        self.tick = np.concatenate([self.tick, np.full(room, -1, np.int64)])
        self.last_at = np.concatenate([self.last_at, np.full((room, len(self.map.anchors)), NEVER)])
        self.loudness = np.concatenate([self.loudness, np.tile(self.unknown, (room, 1))])
        more = np.zeros((ROWS, room, len(self.map.anchors)), np.float32)
        self.levels = np.concatenate([self.levels, more], axis=1)
        self.still_s = np.concatenate([self.still_s, np.zeros(room)])


class Tracks:
    """All devices that we remember. `rows` has room for more than there are."""

    def __init__(self, radio_maps: Sequence[RadioMap]) -> None:
        self.slot_of: dict[str, int] = {}
        self.devices: list[str] = []  # "" where a row is free
        self.free: list[int] = []
        self.rows = Rows.empty(64)
        self.radio = [RadioTracks(radio_map) for radio_map in radio_maps]
        self.trails = Trails()

    def slots(self, devices: Sequence[str]) -> Indexes:
        """A row number for each device; a new device gets the next free row."""
        try:
            return np.fromiter(map(self.slot_of.__getitem__, devices), np.intp, len(devices))
        except KeyError:
            return np.array([self._slot(device) for device in devices], np.intp)

    def forget(self, devices: Iterable[str]) -> None:
        """Drops devices and all that we believe of them. Their rows are free for others: no step may be under way."""
        for device in devices:
            slot = self.slot_of.pop(device, None)
            if slot is None:
                continue
            self.devices[slot] = ""
            self.free.append(slot)
            self.rows.put(np.array([slot]), Rows.empty(1, self.rows.stays))
            self.trails.forget(slot)
            for radio in self.radio:
                radio.forget(slot)

    def _slot(self, device: str) -> int:
        known = self.slot_of.get(device)
        if known is not None:
            return known
        if self.free:
            slot = self.free.pop()
            self.devices[slot] = device
        else:
            slot = len(self.devices)
            self.devices.append(device)
            if slot >= len(self.rows):
                self.rows.lengthen(2 * len(self.rows))
        self.slot_of[device] = slot
        return slot
