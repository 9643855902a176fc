"""Moments, campaigns and their parts with calm defaults: a Wednesday noon at the shoe shelf, and nothing speaks against an offer."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from server.campaigns import (
    Campaign,
    ConsentGiven,
    DeviceFacts,
    Happening,
    Moment,
    SentOffer,
    ShopperFacts,
    ZoneFacts,
    read_campaign,
)
from server.presence.visit import ZoneEvent
from server.zones.zone import Zone

NOON = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)  # 14:00 in Milan
ROME = ZoneInfo("Europe/Rome")
AGREED = {
    purpose: ConsentGiven(granted=True, at=NOON - timedelta(days=30)) for purpose in ("location", "push")
}

STORE = Zone("z_store", "Brera", level="site")
SHOES = Zone("z_shoes", "Scarpe", parent="z_store", groups=("fashion", "ground floor"))
SHELF = Zone("z_shelf", "Sneakers", level="shelf", parent="z_shoes", groups=("fashion",))
BAGS = Zone("z_bags", "Borse", parent="z_store", groups=("fashion",))
ZONES = (STORE, SHOES, SHELF, BAGS)
ANCESTORS = {
    "z_store": (),
    "z_shoes": ("z_store",),
    "z_shelf": ("z_store", "z_shoes"),
    "z_bags": ("z_store",),
}


def a_document(**changes: Any) -> dict[str, Any]:
    """A campaign's document: whoever enters the shoe department is offered shoes."""
    return {
        "id": "shoes",
        "name": "Scarpe",
        "state": "live",
        "trigger": {"on": "entered", "where": {"zones": ["z_shoes"]}},
        "offer": {"title": {"it": "Scarpe", "en": "Shoes"}, "body": {"it": "Meno 20 %", "en": "20 % off"}},
    } | changes


def a_campaign(id: str = "shoes", *conditions: dict[str, Any], **changes: Any) -> Campaign:
    return read_campaign(a_document(id=id, name=f"The {id}", conditions=list(conditions)) | changes)


def listens(on: str = "entered", **where: Any) -> dict[str, Any]:
    """A trigger. `after_s` may be among the arguments, the rest says where."""
    after = {"after_s": where.pop("after_s")} if "after_s" in where else {}
    return {"on": on, "where": where} | after


def zone_facts(zone: Zone = SHOES, **changes: Any) -> ZoneFacts:
    facts = {
        "time_zone": ROME,
        "groups": frozenset(zone.groups),
        "ancestors": ANCESTORS[zone.id],
        "open": True,
    }
    return ZoneFacts(id=zone.id, name=zone.name, level=zone.level, **(facts | changes))


def an_event(zone: Zone = SHOES, kind: str = "entered", at: datetime = NOON, **changes: Any) -> ZoneEvent:
    facts = {"device": "d_phone", "visit": f"v_{zone.id}", "entered_at": at} | changes
    return ZoneEvent(kind=kind, zone=zone.id, at=at, **facts)


def a_happening(zone: Zone = SHOES, kind: str = "entered", at: datetime = NOON, **changes: Any) -> Happening:
    return Happening(an_event(zone, kind, at, **changes), zone_facts(zone))


def a_shopper(**changes: Any) -> ShopperFacts:
    facts = {
        "id": "sh_ann",
        "language": "it",
        "time_zone": ROME,
        "consents": AGREED,
        "reach": frozenset({"fcm"}),
    }
    return ShopperFacts(**(facts | changes))


def sent(ago: timedelta = timedelta(hours=1), campaign: str = "shoes", **changes: Any) -> SentOffer:
    """An offer given for an earlier stay, of one minute, in the shoe department."""
    at = NOON - ago
    facts = {"visit": "v_earlier", "zone": "z_shoes", "device": "d_phone", "entered_at": at}
    return SentOffer(campaign=campaign, at=at, **(facts | {"exited_at": at + timedelta(minutes=1)} | changes))


def a_moment(
    *happenings: Happening, shopper: ShopperFacts | None = None, now: datetime = NOON, **changes: Any
) -> Moment:
    facts = {"device": DeviceFacts("d_phone", "phone", has_address=True), "shopper": shopper or a_shopper()}
    return Moment(now=now, happenings=happenings or (a_happening(at=now),), **(facts | changes))


def as_seen_by(campaign: str, moment: Moment) -> Moment:
    return moment.seen_by(campaign, moment.happenings[0])
