"""ONE FILE A WIRE FORMAT. A file that breaks the contract (../format.py) stops the start, not the first shopper."""

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from typing import cast

from server.ingest.format import Format


def found() -> Mapping[str, Format]:
    """Every wire format of this folder by its name, which is its file's. TypeError names what a file lacks."""
    files = {
        entry.name: import_module(f"{__name__}.{entry.name}") for entry in pkgutil.iter_modules(__path__)
    }
    for name, file in files.items():
        for word in ("PATH", "SPEAKERS", "ALWAYS", "BODY", "read"):
            if not hasattr(file, word):
                raise TypeError(f"server/ingest/formats/{name}.py has no {word}: see ../format.py")
    return {name: cast("Format", file) for name, file in files.items()}
