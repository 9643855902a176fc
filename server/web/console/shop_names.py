"""How campaigns and zones are called, and by which clock a zone goes: what lists of ids need to be read by people.

In: a desk. Out: names by id; an id that stands for nothing any more is its own name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.web.console.desk import Desk


@dataclass(frozen=True, slots=True)
class ShopNames:
    """`campaigns` are documents by id, `zones` the properties of features by id."""

    campaigns: Mapping[str, Mapping[str, Any]]
    zones: Mapping[str, Mapping[str, Any]]

    def campaign(self, id: str | None) -> str:
        return str(self.campaigns.get(id or "", {}).get("name") or id or "")

    def zone(self, id: str | None) -> str:
        return str(self.zones.get(id or "", {}).get("name") or id or "")

    def clock(self, zone: str | None = None) -> str | None:
        """The time zone of a zone or of what it lies in; of the first shop that has one where the zone is not known."""
        seen: set[str] = set()
        while zone and zone in self.zones and zone not in seen:
            seen.add(zone)
            if known := self.zones[zone].get("time_zone"):
                return str(known)
            zone = self.zones[zone].get("parent")
        return next((str(at) for each in self.zones.values() if (at := each.get("time_zone"))), None)


async def shop_names(desk: Desk) -> ShopNames:
    campaigns = await desk.api.all("/v1/campaigns", "campaigns")
    features = (await desk.api.get("/v1/zones"))["features"]
    return ShopNames(
        {each["id"]: each for each in campaigns},
        {each["properties"]["id"]: each["properties"] for each in features},
    )
