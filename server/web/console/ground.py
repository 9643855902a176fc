"""What lies under the zones where there are no map tiles: streets and walls, as lines and shapes from a GeoJSON file of the shop's.

In: a file. Out: its parsed FeatureCollection; a feature's `kind` (`street`, `building`, `wall`, `park`, `water`) picks how it is drawn.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

#: A town quarter is some hundred kB; every page with a map carries it.
_MOST_BYTES: Final = 4 * 1024 * 1024


def read_ground(file: Path) -> Mapping[str, Any]:
    """Raises ValueError, in words for whoever set it, where the file is none."""
    try:
        too_large = file.stat().st_size > _MOST_BYTES
        read = None if too_large else json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as unreadable:
        raise ValueError(f"console.ground_file {file} cannot be read: {unreadable}") from None
    if too_large:
        raise ValueError(f"console.ground_file {file} is larger than 4 MiB")
    if not isinstance(read, dict) or read.get("type") != "FeatureCollection":
        raise ValueError(f"console.ground_file {file} is no GeoJSON FeatureCollection")
    return read
