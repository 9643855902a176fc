"""The channels, one file each. A file that breaks the contract stops the start, not the first shopper."""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import cast

from server.campaigns.channels import PURPOSES
from server.delivery.channel import ChannelFile
from server.records.parcels import Way


def ways() -> Mapping[str, Way]:
    """What it takes to reach a shopper through each of them: its kinds of address, and the purpose that the law asks for."""
    return {
        name: Way(file.KINDS, PURPOSES.get(name), file.Settings.shows_outbox)
        for name, file in found().items()
    }


@cache
def found() -> Mapping[str, ChannelFile]:
    """Every channel of this folder by its name, which is its file's. TypeError names what a file lacks."""
    files = {
        entry.name: import_module(f"{__name__}.{entry.name}") for entry in pkgutil.iter_modules(__path__)
    }
    for name, file in files.items():
        for word in ("KINDS", "Settings", "open"):
            if not hasattr(file, word):
                raise TypeError(f"server/delivery/channels/{name}.py has no {word}: see channel.py")
    return {name: cast("ChannelFile", file) for name, file in files.items()}
