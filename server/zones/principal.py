"""Where the principal place of each time zone lies: Europe/Rome in Rome.

In: `zone.tab` and `zone1970.tab` of the IANA time zone database, as the package tzdata ships them (format: the files' own
head; ISO 6709 degrees and minutes, with or without seconds). Read once, when the house starts, as zones/hours.py reads the names.
Out: a latitude and a longitude by name; nothing for aliases, for UTC, or where the package is absent.
"""

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final

_POSITION: Final = re.compile(r"([+-]\d\d)(\d\d)(\d\d)?([+-]\d\d\d)(\d\d)(\d\d)?", re.ASCII)


def places_in(table: str) -> Iterator[tuple[str, tuple[float, float]]]:
    """Name, latitude and longitude of each line of such a table; comments and what cannot be read are left out."""
    for line in table.splitlines():
        columns = line.split("\t")
        if line.startswith("#") or len(columns) < 3:
            continue
        found = _POSITION.fullmatch(columns[1])
        if found:
            yield columns[2].strip(), (_degrees(*found.group(1, 2, 3)), _degrees(*found.group(4, 5, 6)))


def _degrees(whole: str, minutes: str, seconds: str | None) -> float:
    size = abs(int(whole)) + int(minutes) / 60 + int(seconds or 0) / 3600
    return -size if whole.startswith("-") else size


def _read() -> Mapping[str, tuple[float, float]]:
    places: dict[str, tuple[float, float]] = {}
    for name in ("zone1970.tab", "zone.tab"):
        try:
            places.update(places_in((files("tzdata.zoneinfo") / name).read_text("utf-8")))
        except (ModuleNotFoundError, OSError):
            continue  # then nothing is known, and nobody asks
    return MappingProxyType(places)


#: (latitude, longitude) in degrees, WGS84, by IANA name.
PRINCIPAL_PLACES: Final = _read()
