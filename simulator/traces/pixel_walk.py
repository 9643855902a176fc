"""One Android phone on a walk: satellite, fused and network fixes with the accuracy they claim. In: its folder. Out: `FixTrace`s.

Source: github Stanford-NavLab/gnss_lib_py (MIT), a file of Google's GNSSLogger: lines "Fix,<provider>,..." under a header that
begins "# Fix". Truth is the GPS provider's track, centred mean of three: what is of interest are the others' errors.
"""

from pathlib import Path

import numpy as np

from simulator.frame import Floats
from simulator.traces.trace import FixTrace, NoTrace

#: GNSSLogger's words for providers, and the wire's.
PROVIDERS = {"GPS": "gps", "FLP": "fused", "NLP": "network"}
COLUMNS = ("Provider", "LatitudeDegrees", "LongitudeDegrees", "SpeedMps", "AccuracyMeters", "UnixTimeMillis")


def walk(folder: Path, *providers: str) -> FixTrace:
    """The walk as these providers saw it ("gps", "fused", "network"; none named: all), in order of time. Raises NoTrace."""
    rows = _rows(folder)
    began = min(float(row["UnixTimeMillis"]) for row in rows)
    wanted = providers or tuple(PROVIDERS.values())
    mine = sorted(
        (row for row in rows if PROVIDERS.get(row["Provider"]) in wanted),
        key=lambda row: float(row["UnixTimeMillis"]),
    )
    truth = [row for row in rows if row["Provider"] == "GPS"]
    if not mine or len(truth) < 3:
        raise NoTrace(f"{folder.name} has no fixes of {', '.join(wanted)}, or no track to hold them against")
    return FixTrace(
        name=folder.name,
        at_s=_seconds(mine, began),
        lat=_numbers(mine, "LatitudeDegrees"),
        lon=_numbers(mine, "LongitudeDegrees"),
        accuracy_m=_numbers(mine, "AccuracyMeters"),
        speed_mps=_numbers(mine, "SpeedMps"),
        provider=[PROVIDERS[row["Provider"]] for row in mine],
        true_at_s=_seconds(truth, began),
        true_lat=_mean_of_three(_numbers(truth, "LatitudeDegrees")),
        true_lon=_mean_of_three(_numbers(truth, "LongitudeDegrees")),
    )


def _rows(folder: Path) -> list[dict[str, str]]:
    """All fixes of all log files in the folder."""
    rows: list[dict[str, str]] = []
    for path in sorted(folder.glob("*.csv")):
        header: list[str] = []
        for line in path.read_text("utf-8").splitlines():
            cells = line.split(",")
            if cells[0] == "# Fix":
                header = cells
            elif cells[0] == "Fix" and len(cells) == len(header):
                rows.append(dict(zip(header, cells, strict=True)))
    if not rows or any(name not in rows[0] for name in COLUMNS):
        raise NoTrace(f"{folder.name} holds no log of fixes with {', '.join(COLUMNS)}")
    return rows


def _numbers(rows: list[dict[str, str]], column: str) -> Floats:
    return np.array([float(row[column]) if row[column] else np.nan for row in rows], dtype=np.float64)


def _seconds(rows: list[dict[str, str]], began_ms: float) -> Floats:
    return (_numbers(rows, "UnixTimeMillis") - began_ms) / 1000.0


def _mean_of_three(values: Floats) -> Floats:
    """Centred mean of three; the ends stay as they are."""
    smooth = values.copy()
    smooth[1:-1] = (values[:-2] + values[1:-1] + values[2:]) / 3.0
    return smooth
