"""Rows of a CSV file, packed or plain. In: a path. Out: columns as text. Raises NoTrace with the file's name."""

import csv
import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from simulator.frame import Floats
from simulator.traces.trace import NoTrace


def columns(path: Path, wanted: Sequence[str]) -> dict[str, list[str]]:
    """The wanted columns of a file with a header line; lines of another length are left out."""
    try:
        packed = path.read_bytes()
        text = (gzip.decompress(packed) if path.suffix == ".gz" else packed).decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise NoTrace(f"{path.name} cannot be read: {error}") from error
    rows = csv.reader(text.splitlines())
    header = next(rows, [])
    body = [row for row in rows if len(row) == len(header)]
    if missing := [name for name in wanted if name not in header]:
        raise NoTrace(f"{path.name} has no column {', '.join(missing)}")
    return {name: [row[header.index(name)] for row in body] for name in wanted}


def numbers(texts: Sequence[str], path: Path) -> Floats:
    """Texts as numbers, empty ones as NaN."""
    try:
        return np.array([float(text) if text else np.nan for text in texts], dtype=np.float64)
    except ValueError as error:
        raise NoTrace(f"{path.name}: {error}") from error
