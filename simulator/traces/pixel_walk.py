"""An Android phone on its way: satellite, fused and network fixes with the accuracy they claim. In: its folder. Out: `FixTrace`s.

Source: github Stanford-NavLab/gnss_lib_py (MIT), files of Google's GNSSLogger: lines "Fix,<provider>,..." under a header that
begins "# Fix". Each file is a trace of its own. Truth is the provider that calls itself so (TRUTH, GT, REF ...), which then is no
evidence; where there is none, the GPS provider's track, centred mean of three: what is of interest are the others' errors.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from simulator.frame import Floats
from simulator.traces.trace import FixTrace, NoTrace

#: GNSSLogger's words for providers, and the wire's; any other is its own name in small letters.
PROVIDERS = {"GPS": "gps", "FLP": "fused", "NLP": "network"}
#: A provider whose name begins so says where the phone truly was.
TRUTH_BEGINS = ("TRUTH", "GT", "REF", "GROUND")
COLUMNS = ("Provider", "LatitudeDegrees", "LongitudeDegrees", "UnixTimeMillis")
SPEED, ACCURACY = "SpeedMps", "AccuracyMeters"
#: A track needs as many points.
LEAST_TRUTH = 3
#: What the server, too, takes a fix for that claims no accuracy.
ACCURACY_UNKNOWN_M = 50.0

Row = Mapping[str, str]


def walks(folder: Path, *providers: str) -> list[FixTrace]:
    """A trace for each file that holds a log, as these providers saw it ("gps", "fused" ...; none named: all). Raises NoTrace."""
    found = [(path, rows) for path in sorted(folder.glob("*.csv")) if (rows := _rows(path))]
    if not found:
        raise NoTrace(f"{folder.name} holds no log of fixes with {', '.join(COLUMNS)}")
    return [_trace(path, rows, providers) for path, rows in found]


def walk(folder: Path, *providers: str) -> FixTrace:
    """The folder's first trace. Raises NoTrace."""
    return walks(folder, *providers)[0]


def _trace(path: Path, rows: Sequence[Row], providers: Sequence[str]) -> FixTrace:
    """In order of time; seconds count from the file's first fix."""
    try:
        return _read(path.stem, rows, providers)
    except ValueError as error:
        raise NoTrace(f"{path.name}: {error}") from error


def _read(name: str, rows: Sequence[Row], providers: Sequence[str]) -> FixTrace:
    ordered = sorted(rows, key=lambda row: float(row["UnixTimeMillis"]))
    began = float(ordered[0]["UnixTimeMillis"])
    told = [row for row in ordered if _is_truth(row)]
    satellites = [row for row in ordered if row["Provider"].upper() == "GPS"]
    truth = told or satellites
    mine = [row for row in ordered if not _is_truth(row) and (not providers or _provider(row) in providers)]
    if not mine or len(truth) < LEAST_TRUTH:
        wanted = ", ".join(providers) or "any provider"
        raise NoTrace(f"{name} has no fixes of {wanted}, or no track to hold them against")
    true_lat, true_lon = _numbers(truth, "LatitudeDegrees"), _numbers(truth, "LongitudeDegrees")
    return FixTrace(
        name=name,
        at_s=_seconds(mine, began),
        lat=_numbers(mine, "LatitudeDegrees"),
        lon=_numbers(mine, "LongitudeDegrees"),
        accuracy_m=_accuracies(mine),
        speed_mps=_numbers(mine, SPEED),
        provider=[_provider(row) for row in mine],
        true_at_s=_seconds(truth, began),
        true_lat=true_lat if told else _mean_of_three(true_lat),
        true_lon=true_lon if told else _mean_of_three(true_lon),
    )


def _rows(path: Path) -> list[Row]:
    """All fixes of a file that say where and when; none where it is no log."""
    rows: list[Row] = []
    header: list[str] = []
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise NoTrace(f"{path.name} cannot be read: {error}") from error
    for line in lines:
        cells = line.split(",")
        if cells[0] == "# Fix":
            header = cells
        elif cells[0] == "Fix" and len(cells) == len(header):
            rows.append(dict(zip(header, cells, strict=True)))
    return [row for row in rows if all(row.get(column) for column in COLUMNS)]


def _is_truth(row: Row) -> bool:
    return row["Provider"].upper().startswith(TRUTH_BEGINS)


def _provider(row: Row) -> str:
    return PROVIDERS.get(row["Provider"].upper(), row["Provider"].lower())


def _numbers(rows: Sequence[Row], column: str) -> Floats:
    """A column; NaN where a row has none."""
    return np.array([float(row.get(column) or "nan") for row in rows], dtype=np.float64)


def _accuracies(rows: Sequence[Row]) -> Floats:
    claimed = _numbers(rows, ACCURACY)
    return np.where(claimed > 0.0, claimed, ACCURACY_UNKNOWN_M)


def _seconds(rows: Sequence[Row], began_ms: float) -> Floats:
    return (_numbers(rows, "UnixTimeMillis") - began_ms) / 1000.0


def _mean_of_three(values: Floats) -> Floats:
    """Centred mean of three; the ends stay as they are."""
    smooth = values.copy()
    smooth[1:-1] = (values[:-2] + values[1:-1] + values[2:]) / 3.0
    return smooth
