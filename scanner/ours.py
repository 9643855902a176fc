"""Which beacons are ours: everything else is forgotten on the spot.

In: the shop's UUIDs, namespaces and prefixes as people write them. Out: a yes or no for a decoded frame. Pure.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict

from scanner.beacon import Beacon


def _namespace(text: str) -> str:
    written = text.lower().removeprefix("0x")
    if not re.fullmatch(r"[0-9a-f]{20}", written):
        raise ValueError("an Eddystone namespace is 20 hex digits, such as 00112233445566778899")
    return written


def _altbeacon_prefix(text: str) -> str:
    written = text.lower().replace("-", "")
    if not re.fullmatch(r"[0-9a-f]{4}:[0-9a-f]{32}", written):
        raise ValueError(
            "an AltBeacon prefix is <company, 4 hex digits>:<first 16 bytes of the id, 32 hex digits>"
        )
    return written


class OursSettings(BaseModel):
    """The allow-list as it is written in scanner.toml and as the server sends it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ibeacon_uuids: tuple[UUID, ...] = ()
    altbeacon_ids: tuple[Annotated[str, AfterValidator(_altbeacon_prefix)], ...] = ()
    eddystone_namespaces: tuple[Annotated[str, AfterValidator(_namespace)], ...] = ()
    eddystone_eid: bool = False


@dataclass(frozen=True, slots=True)
class Ours:
    """The allow-list, ready to be asked: `owners` holds what `Beacon.owned_by` answers for a beacon of ours."""

    owners: frozenset[str] = frozenset()

    @classmethod
    def of(cls, *lists: OursSettings) -> Self:
        """The union of several lists: what the file names and what the server names."""
        owners: set[str] = set()
        for each in lists:
            owners.update(f"ibeacon:{uuid}" for uuid in each.ibeacon_uuids)
            owners.update(f"altbeacon:{prefix}" for prefix in each.altbeacon_ids)
            owners.update(f"eddystone-uid:{namespace}" for namespace in each.eddystone_namespaces)
            if each.eddystone_eid:
                owners.add("eddystone-eid")
        return cls(frozenset(owners))

    def own(self, beacon: Beacon) -> bool:
        return beacon.owned_by in self.owners
