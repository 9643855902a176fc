"""The evidence: a `Fix` (a phone's position) or a `Heard` (a radio: which anchor, which device, how strong).

A gateway hearing a fob and a phone hearing a shop beacon are the same `Heard`. Wire formats make single sightings; the
path takes them in columns (`Batch`), because most sightings change nothing and array arithmetic finds that cheapest.
Times in columns are UTC epoch seconds (float64), which hold a microsecond until the year 2255.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import chain
from typing import Self

import numpy as np
from numpy.typing import NDArray

from server.zones.shape import Floats


class Verdict(IntEnum):
    """What became of one sighting. The lower-case name is the word on the wire."""

    ACCEPTED = 0
    DUPLICATE = 1
    TOO_OLD = 2
    IN_THE_FUTURE = 3
    TOO_INACCURATE = 4
    UNKNOWN_DEVICE = 5
    UNKNOWN_ANCHOR = 6
    MALFORMED = 7
    NO_CONSENT = 8

    @property
    def word(self) -> str:
        return self.name.lower()


#: One verdict a sighting, in the order given: Verdict numbers.
Verdicts = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Fix:
    """A device's position: degrees (WGS84), `accuracy_m` as the 68 % radius it claims, at epoch second `at`."""

    device: str
    at: float
    lat: float
    lon: float
    accuracy_m: float
    speed_mps: float = float("nan")
    mock: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """A radio link: `anchor` and `device` heard one another with `rssi_dbm` (mean of `count` packets) at `at`."""

    device: str
    anchor: str
    at: float
    rssi_dbm: float
    count: int = 1


@dataclass(frozen=True, slots=True)
class Fixes:
    """Fixes in columns, row by row as `Fix`."""

    device: Sequence[str]
    at: Floats
    lat: Floats
    lon: Floats
    accuracy_m: Floats
    speed_mps: Floats
    mock: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.device)

    @classmethod
    def of(cls, fixes: Sequence[Fix]) -> Self:
        n = len(fixes)
        return cls(
            [f.device for f in fixes],
            np.fromiter((f.at for f in fixes), np.float64, n),
            np.fromiter((f.lat for f in fixes), np.float64, n),
            np.fromiter((f.lon for f in fixes), np.float64, n),
            np.fromiter((f.accuracy_m for f in fixes), np.float64, n),
            np.fromiter((f.speed_mps for f in fixes), np.float64, n),
            np.fromiter((f.mock for f in fixes), np.bool_, n),
        )

    @classmethod
    def joined(cls, parts: Sequence["Fixes"]) -> "Fixes":
        """All rows of all parts, in order."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            [*chain.from_iterable(part.device for part in parts)],
            *(
                np.concatenate([getattr(part, column) for part in parts])
                for column in ("at", "lat", "lon", "accuracy_m", "speed_mps", "mock")
            ),
        )


@dataclass(frozen=True, slots=True)
class Heards:
    """Radio links in columns, row by row as `Heard`."""

    device: Sequence[str]
    anchor: Sequence[str]
    at: Floats
    rssi_dbm: Floats
    count: Floats

    def __len__(self) -> int:
        return len(self.device)

    @classmethod
    def of(cls, heards: Sequence[Heard]) -> Self:
        n = len(heards)
        return cls(
            [h.device for h in heards],
            [h.anchor for h in heards],
            np.fromiter((h.at for h in heards), np.float64, n),
            np.fromiter((h.rssi_dbm for h in heards), np.float64, n),
            np.fromiter((h.count for h in heards), np.float64, n),
        )

    @classmethod
    def joined(cls, parts: Sequence["Heards"]) -> "Heards":
        """All rows of all parts, in order."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            [*chain.from_iterable(part.device for part in parts)],
            [*chain.from_iterable(part.anchor for part in parts)],
            *(
                np.concatenate([getattr(part, column) for part in parts])
                for column in ("at", "rssi_dbm", "count")
            ),
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """Evidence of any number of devices, taken together. Its verdicts are those of the fixes, then of the heards."""

    fixes: Fixes
    heards: Heards

    def __len__(self) -> int:
        return len(self.fixes) + len(self.heards)

    @classmethod
    def of(cls, sightings: Iterable[Fix | Heard]) -> Self:
        """Single sightings as one batch: all fixes in order, then all heards in order."""
        fixes: list[Fix] = []
        heards: list[Heard] = []
        for sighting in sightings:
            if isinstance(sighting, Fix):
                fixes.append(sighting)
            else:
                heards.append(sighting)
        return cls(Fixes.of(fixes), Heards.of(heards))

    @classmethod
    def joined(cls, parts: Sequence["Batch"]) -> "Batch":
        """Several batches as one: all their fixes in order, then all their heards in order."""
        if len(parts) == 1:
            return parts[0]
        return cls(Fixes.joined([p.fixes for p in parts]), Heards.joined([p.heards for p in parts]))
