"""A campaign on somebody's desk: its document as it is being changed, and what is known around it.

In: a desk, and which campaign. Out: a `Work`, whose document is changed in place (what nobody here knows of stays as it is) and sent
back whole.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from server.web.console.api import Refused
from server.web.console.desk import Desk
from server.web.console.fields import Sheet

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Around:
    """What campaigns may name, and the forms that they are filled in by."""

    zones: Sequence[Mapping[str, Any]]
    plans: Sequence[Mapping[str, Any]]
    segments: Sequence[Mapping[str, Any]]
    coupons: Sequence[Mapping[str, Any]]
    conditions: Mapping[str, Mapping[str, Any]]
    actions: Mapping[str, Mapping[str, Any]]
    campaigns: Mapping[str, str]

    @property
    def zone_names(self) -> dict[str, str]:
        return {each["properties"]["id"]: each["properties"]["name"] for each in self.zones}

    @property
    def names(self) -> dict[str, dict[str, str]]:
        """By what forms call the kind of thing that a text names."""
        return {
            "zone": self.zone_names,
            "segment": {each["id"]: each["name"] for each in self.segments},
            "coupon": {each["coupon"]["id"]: each["coupon"]["name"] for each in self.coupons},
            "campaign": dict(self.campaigns),
        }

    @property
    def clock(self) -> str:
        """The clock of the first shop that has one."""
        zones = (each["properties"].get("time_zone") for each in self.zones)
        return next((zone for zone in zones if zone), "UTC")


async def look_around(desk: Desk) -> Around:
    """All that an editor offers to choose from."""
    api = desk.api
    zones, plans, segments, coupons, campaigns, conditions, actions = await asyncio.gather(
        api.all("/v1/zones", "features"),
        api.all("/v1/floor-plans", "floor_plans"),
        api.all("/v1/segments", "segments"),
        api.all("/v1/coupons", "coupons"),
        api.all("/v1/campaigns", "campaigns"),
        api.get("/v1/conditions"),
        api.get("/v1/actions"),
    )
    return Around(
        zones,
        plans,
        segments,
        coupons,
        {each["kind"]: each for each in conditions["conditions"]},
        {each["kind"]: each for each in actions["actions"]},
        {each["id"]: each["name"] for each in campaigns},
    )


def blank(language: str) -> Document:
    """What a new campaign begins as: rarely is the calm default."""
    return {
        "name": "",
        "state": "draft",
        "trigger": {"on": "entered", "where": {"zones": []}},
        "conditions": [{"kind": "frequency_cap", "at_most": 1, "window": "7d"}],
        "offer": {"title": {language: ""}, "body": {language: ""}},
    }


@dataclass
class Work:
    """See the module's text. `kept` is what the API holds, None for a new campaign. `watchers` are told of each change."""

    desk: Desk
    around: Around
    document: Document
    kept: Document | None
    sheet: Sheet = field(init=False)
    watchers: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.document.setdefault("conditions", [])
        self.sheet = Sheet(
            self.desk,
            self.desk.may("owner", "marketer") and self.document.get("state") != "ended",
            self.changed,
            self.around.names,
            lambda: tuple(self.document["offer"]["title"]),
        )

    @property
    def id(self) -> str | None:
        return str(self.kept["id"]) if self.kept else None

    @property
    def state(self) -> str:
        return str(self.kept["state"]) if self.kept else "draft"

    @property
    def is_changed(self) -> bool:
        return self.kept is None or without_empty(self.document) != without_empty(self.kept)

    def changed(self) -> None:
        """Somebody wrote something."""
        for watcher in self.watchers:
            watcher()

    async def save(self, state: str | None = None) -> str:
        """Keeps it, whole, perhaps in another state; gives its id. Raises Refused."""
        document = {**self.document, "state": state or self.state}
        if self.kept is None:
            kept = await self.desk.api.post("/v1/campaigns", document)
        else:
            kept = await self.desk.api.put(f"/v1/campaigns/{self.id}", document)
        self.kept = await self.desk.api.get(f"/v1/campaigns/{kept['id']}")
        self.document.update(id=kept["id"], state=self.kept["state"], version=self.kept["version"])
        return str(kept["id"])


def without_empty(document: Document) -> Document:
    """A document as it is compared: an empty list says as much as none."""
    return {key: value for key, value in document.items() if value not in ([], {}, None)}


async def taken_up(desk: Desk, campaign: str | None) -> Work:
    """A campaign, or a new one. Raises Refused where there is none of this id."""
    around = await look_around(desk)
    if campaign is None:
        return Work(desk, around, blank(desk.language), None)
    kept = await desk.api.get(f"/v1/campaigns/{campaign}")
    return Work(desk, around, deepcopy(kept), kept)


async def previewed(work: Work, asked: Mapping[str, Any]) -> Mapping[str, Any] | str:
    """What somebody would read of the offer as it stands here; or, in words, why it cannot be shown."""
    trigger = work.document["trigger"]
    where = trigger.get("where") or {}
    if not any(where.values()):
        trigger = {**trigger, "where": {"zones": ["none"]}}
    document = {"name": "-", "trigger": trigger, "offer": work.document["offer"]}
    try:
        shown = await work.desk.api.post(
            f"/v1/campaigns/{work.id or 'new'}/preview", {"document": document, **asked}
        )
    except Refused as refused:
        told = [fault.reason for fault in refused.faults]
        return "\n".join(told or [refused.detail or refused.title])
    return dict(shown)
