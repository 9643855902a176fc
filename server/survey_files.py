"""The files of a site survey, as a person makes them. In: paths. Out: recordings, marks and places; or BadFile with the line and why.

    recording   CSV: at,anchor,rssi and, where somebody wrote down each packet's place, x,y or place
    marks       CSV: at,x,y or at,place    "at 10:31:05 I was here"; two marks of one place: between them I stood there
    places      CSV: place,x,y             names for spots, beside the zones of the plan, whose middle is meant

`at` is UTC epoch seconds, a time with its date (2026-06-10T10:31:05, with an offset or in the shop's time), or a time of the day
alone (10:31:05, on the day of the recording; also with an offset). Metres are those of the floor plan.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from pathlib import Path
from typing import Any, Final

import numpy as np

from server.records.refusal import Refusal
from server.zones.labelling import Marks, in_order
from server.zones.shape import Floats

#: What Bluetooth can report (Core 5.4, vol 4, part E, 7.7.65.2); 127 means unknown.
RSSI_DBM: Final = (-127.0, 20.0)

#: From when on times are taken, and until when (epoch seconds: 1970 and 2286): what lies beyond was no clock.
EARLIEST_S, LATEST_S = 0.0, 1e10

Place = tuple[float, float]


class BadFile(Refusal):
    """A file cannot be taken: the text names it, the line, and what is wrong."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording in columns: seconds, anchors, dBm; and where each packet was heard, where the file says so (else None)."""

    at: Floats
    anchor: list[str]
    rssi_dbm: Floats
    x_m: Floats | None
    y_m: Floats | None


@dataclass(frozen=True, slots=True)
class Calendar:
    """What a time without a date or an offset means."""

    zone: tzinfo
    day: date | None = None

    def seconds(self, text: str) -> float:
        """UTC epoch seconds. Raises ValueError in words."""
        try:
            at = float(text)
        except ValueError:
            at = self._spoken(text)
        return epoch(at, text)

    def _spoken(self, text: str) -> float:
        try:
            moment = self._of_the_day(text) or datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=self.zone)).timestamp()
        except (ValueError, OverflowError):
            raise ValueError(
                f"{text!r} is no time: give epoch seconds, 2026-06-10T10:31:05, or in marks 10:31:05"
            ) from None

    def _of_the_day(self, text: str) -> datetime | None:
        if self.day is None:
            return None
        try:
            return datetime.combine(self.day, time.fromisoformat(text))
        except ValueError:
            return None


def epoch(at: float, said: object) -> float:
    """Raises ValueError in words where `at` (UTC epoch seconds) is of no clock."""
    if not EARLIEST_S <= at <= LATEST_S:
        raise ValueError(f"{said!r} is no time between 1970 and 2286")
    return at


def read_recording(path: Path, places: Mapping[str, Place], zone: tzinfo = UTC) -> Recorded:
    """A recording, in the order of its file. Raises BadFile."""
    calendar = Calendar(zone)
    rows = list(_rows(path, ("at", "anchor", "rssi")))
    told = _told(path, rows)
    at, anchor, rssi, where = [], [], [], []
    for number, row in rows:
        with Line(path, number):
            at.append(calendar.seconds(row["at"]))
            anchor.append(_named(row["anchor"]))
            rssi.append(dbm(row["rssi"]))
            if told:
                where.append(_place(row, places))
    spots = np.array(where, np.float64).reshape(-1, 2)
    return Recorded(
        np.array(at, np.float64),
        anchor,
        np.array(rssi, np.float64),
        spots[:, 0] if told else None,
        spots[:, 1] if told else None,
    )


def read_marks(path: Path, places: Mapping[str, Place], calendar: Calendar) -> Marks:
    """Where somebody said that they were, in order of time. Raises BadFile."""
    rows = list(_rows(path, ("at",)))
    if not _told(path, rows):
        raise BadFile(f"{path.name} says when, but not where: it needs the columns x and y, or place")
    marks = []
    for number, row in rows:
        with Line(path, number):
            marks.append((calendar.seconds(row["at"]), *_place(row, places)))
    if len(marks) < 2:
        raise BadFile(f"{path.name} has fewer than two marks: where somebody was is known between two")
    return in_order(marks)


def read_places(path: Path) -> dict[str, Place]:
    """Names for spots. Raises BadFile."""
    places = {}
    for number, row in _rows(path, ("place", "x", "y")):
        with Line(path, number):
            places[_named(row["place"])] = (_metres(row["x"]), _metres(row["y"]))
    return places


def write_recording(path: Path, heard: Sequence[tuple[float, str, float]]) -> None:
    """Raises BadFile where the file cannot be written."""
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("at", "anchor", "rssi"))
            rows.writerows((f"{at:.3f}", anchor, f"{rssi:g}") for at, anchor, rssi in heard)
    except OSError as error:
        raise BadFile(f"{path} cannot be written: {error.strerror}") from None


class Line:
    """What goes wrong inside is told with the file and the line."""

    def __init__(self, path: Path, number: int) -> None:
        self._place = f"{path.name}, line {number}"

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, ValueError):
            raise BadFile(f"{self._place}: {error}") from None


def lines_of(path: Path) -> list[str]:
    """Raises BadFile."""
    try:
        # A table program writes a byte-order mark first.
        return path.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadFile(f"{path.name} is no text in UTF-8") from None


def _rows(path: Path, needed: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of a CSV file by the names in its first line, with their line numbers; empty lines are passed over."""
    lines = lines_of(path)
    # A table program of half of Europe writes semicolons, since the comma is in its numbers.
    separator = ";" if lines and ";" in lines[0] and "," not in lines[0] else ","
    table = _table(path, lines, separator)
    header = [name.strip().lower() for name in next(table, (1, []))[1]]
    if missing := [name for name in needed if name not in header]:
        raise BadFile(f"{path.name} has no column {' and no column '.join(missing)} in its first line")
    for number, cells in table:
        if any(cell.strip() for cell in cells):
            if len(cells) != len(header):
                raise BadFile(
                    f"{path.name}, line {number}: has {len(cells)} fields where the first line has {len(header)}"
                )
            yield number, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}


def _table(path: Path, lines: Sequence[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and fields. Raises BadFile where csv takes a line for none of a table."""
    reader = csv.reader(lines, delimiter=separator)
    try:
        yield from ((reader.line_num, cells) for cells in reader)
    except csv.Error as error:
        raise BadFile(f"{path.name}, line {reader.line_num}: is no line of a table ({error})") from None


def _told(path: Path, rows: Sequence[tuple[int, Mapping[str, str]]]) -> bool:
    """Whether the file says where. Raises BadFile where it has no rows at all."""
    if not rows:
        raise BadFile(f"{path.name} has no lines below the first")
    return {"x", "y"} <= rows[0][1].keys() or "place" in rows[0][1]


def _place(row: Mapping[str, str], places: Mapping[str, Place]) -> Place:
    if row.get("place"):
        if row["place"] not in places:
            known = ", ".join(sorted(places)[:8]) or "none"
            raise ValueError(f"there is no place {row['place']!r}; known here: {known}")
        return places[row["place"]]
    return _metres(row.get("x", "")), _metres(row.get("y", ""))


def _metres(text: str) -> float:
    try:
        metres = float(text.replace(",", "."))
    except ValueError:
        raise ValueError(f"{text!r} is no number of metres") from None
    if not abs(metres) <= 10_000:
        raise ValueError(f"{text} m is on no floor plan")
    return metres


def dbm(said: Any) -> float:
    """Raises ValueError in words."""
    try:
        strength = float(said)
    except (TypeError, ValueError):
        raise ValueError(f"{said!r} is no strength in dBm") from None
    if not RSSI_DBM[0] <= strength <= RSSI_DBM[1]:
        raise ValueError(f"{said} dBm is nothing that a radio hears")
    return strength


def _named(text: str) -> str:
    if not text:
        raise ValueError("a name is missing")
    return text
