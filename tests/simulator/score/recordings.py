"""A small made-up folder in the layout of the recorded data: an office, a flat, a phone's walk, some outlines."""

import gzip
import json
from collections.abc import Iterable, Sequence
from math import hypot, log10
from pathlib import Path

SCANNERS = {"sw": (3.0, 3.0), "se": (17.0, 3.0), "nw": (3.0, 15.0), "ne": (17.0, 15.0)}
#: Two positions of each quarter.
STANDS = (
    (3.0, 4.0),
    (5.0, 5.0),
    (15.0, 4.0),
    (17.0, 5.0),
    (3.0, 13.0),
    (5.0, 15.0),
    (15.0, 13.0),
    (17.0, 15.0),
)
RECEIVERS = {"1": (1.0, 2.0), "2": (7.0, 2.0)}
#: A street in Milan; one step north is one metre.
LAT, LON, LAT_PER_M = 45.4722, 9.1871, 1 / 111_143.0

Rows = Iterable[Sequence[object]]


def office(
    data: Path,
    stands: Sequence[tuple[float, float]] = STANDS,
    stand_s: float = 60.0,
    began_s: float = 0.0,
    louder_db: float = 0.0,
) -> Path:
    """One walk from the south-west by the south-east to the north-east, 20 s each; and stands. Clocks show `began_s` at first."""
    folder = data / "tetam"
    folder.mkdir(parents=True, exist_ok=True)
    header = "scanner,mac,x,y,z"
    _plain(folder / "scanners.csv", header, ((name, "00", *at, 2.0) for name, at in SCANNERS.items()))
    walk = [(t / 2, *_walked(t / 2)) for t in range(120)]
    rows = (
        ("there", began_s + t, name, _dbm(at, (x, y)), x, y, 1.2)
        for t, x, y in walk
        for name, at in SCANNERS.items()
    )
    _packed(folder / "tracks.csv.gz", "track,t,scanner,rssi,x,y,z", rows)
    standing = (
        (x, y, began_s + t / 2, name, _dbm(at, (x, y)) + louder_db)
        for x, y in stands
        for t in range(int(stand_s * 2))
        for name, at in SCANNERS.items()
    )
    _packed(folder / "static.csv.gz", "x,y,t,scanner,rssi", standing)
    return data


def flat(data: Path, *sessions: str, began_s: float = 0.0, apart_db: float = 1.0) -> Path:
    """Two rooms side by side, 8 m by 4 m in all; in each session 20 s left, then 20 s right.

    Clocks show `began_s` at first; each session is `apart_db` louder than the one before.
    """
    folder = data / "flat"
    folder.mkdir(parents=True, exist_ok=True)
    _plain(folder / "anchors.csv", "id,x,y,z", ((name, *at, 2.0) for name, at in RECEIVERS.items()))
    _plain(folder / "layout.csv", "x,y", ((0, 0), (8, 0), (8, 4), (0, 4), (0, 0)))
    steps = [(k / 3, *((1.5, 2.0, "left") if k < 60 else (6.5, 2.0, "right"))) for k in range(120)]
    rows = (
        (
            session,
            round(began_s + t, 3),
            x,
            y,
            room,
            *(_dbm(at, (x, y)) + number * apart_db for at in RECEIVERS.values()),
        )
        for number, session in enumerate(sessions)
        for t, x, y, room in steps
    )
    _packed(folder / "flat_3hz.csv.gz", "session,t,x,y,room,rssi_1,rssi_2", rows)
    return data


def walk(data: Path, name: str = "walk", *, truth: str | None = None, seconds: int = 200) -> Path:
    """A metre a second northwards: a satellite fix each second, a fused one each two; and a truth by that name."""
    folder = data / "pixel_walk"
    folder.mkdir(parents=True, exist_ok=True)
    header = "# Fix,Provider,LatitudeDegrees,LongitudeDegrees,SpeedMps,AccuracyMeters,UnixTimeMillis"
    rows: list[Sequence[object]] = []
    for second in range(seconds):
        at = 1_700_000_000_000 + 1000 * second
        rows.append(("Fix", "GPS", LAT + second * LAT_PER_M, LON, 1.0, 5.0, at))
        if second % 2 == 0:
            rows.append(("Fix", "FLP", LAT + second * LAT_PER_M, LON, 1.0, 5.0, at + 400))
        if truth is not None:
            rows.append(("Fix", truth, LAT + second * LAT_PER_M, LON + 0.001, "", "", at))
    _plain(folder / f"{name}.csv", header, rows)
    return data


def outlines(data: Path) -> Path:
    """A square and a longer house, neither in the middle of its own metres."""
    folder = data / "buildings"
    folder.mkdir(parents=True, exist_ok=True)
    shapes = ((0, 0, 10, 10), (5, 5, 35, 15))
    features = [
        {
            "type": "Feature",
            "properties": {},
            "geometry": {"type": "Polygon", "coordinates": [[[a, b], [c, b], [c, d], [a, d], [a, b]]]},
        }
        for a, b, c, d in shapes
    ]
    (folder / "houses.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return data


def _walked(t: float) -> tuple[float, float]:
    return (4.0, 4.0) if t < 20 else (16.0, 4.0) if t < 40 else (16.0, 14.0)


def _dbm(anchor: tuple[float, float], at: tuple[float, float]) -> float:
    distance = max(hypot(anchor[0] - at[0], anchor[1] - at[1]), 1.0)
    return round(-60.0 - 20.0 * log10(distance))


def _plain(path: Path, header: str, rows: Rows) -> None:
    path.write_text(_lines(header, rows))


def _packed(path: Path, header: str, rows: Rows) -> None:
    path.write_bytes(gzip.compress(_lines(header, rows).encode()))


def _lines(header: str, rows: Rows) -> str:
    return "\n".join([header, *(",".join(str(cell) for cell in row) for row in rows)]) + "\n"
