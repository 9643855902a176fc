"""A corner that is open at every hour, with two campaigns: one greets whoever comes, the other is set wrongly and greets nobody.

In: a shop. Out: shoppers who walked in, and whose decisions are there.
"""

import asyncio
import time

from tests.console.a_shop import Shop

LAT, LON = 45.4800, 9.2000
#: Decided within this, on a small busy machine.
WITHIN_S = 60

GREETING = {
    "id": "greeting",
    "name": "Greeting",
    "state": "live",
    "trigger": {"on": "entered", "where": {"zones": ["corner"]}},
    "conditions": [{"kind": "frequency_cap", "at_most": 3, "calendar": "week"}],
    "offer": {"title": {"en": "Good day"}, "body": {"en": "Come in"}, "life_s": 3600},
    "priority": 5,
}
BOOTS = GREETING | {
    "id": "boots",
    "name": "Boots for members",
    "conditions": [{"kind": "segment", "has_tags": ["membr"]}],
}


async def furnish(shop: Shop) -> None:
    circle = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [LON, LAT]},
        "properties": {
            "id": "corner",
            "name": "The corner",
            "level": "site",
            "radius": 60,
            "manner": "quick",
            "time_zone": "Europe/Rome",
        },
    }
    (await shop.http.put("/v1/zones", json=circle)).raise_for_status()
    for campaign in (GREETING, BOOTS):
        (await shop.http.post("/v1/campaigns", json=campaign)).raise_for_status()


async def walks_in(shop: Shop, own_id: str, **known) -> tuple[str, dict[str, str]]:
    """A shopper with a phone comes to the corner, and what follows is decided; gives their id with us and how the phone speaks."""
    phone = await shop.meet(own_id)
    said = await shop.http.post("/v1/shoppers", json={"own_id": own_id, **known})
    shopper = said.raise_for_status().json()["shopper"]
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        await shop.ping(phone, time.time(), LAT, LON)
        found = await shop.http.get("/v1/decisions", params={"shopper": shopper})
        if len(found.raise_for_status().json()["decisions"]) == 2:
            return shopper, phone
        await asyncio.sleep(0.3)
    raise AssertionError(f"nothing was decided for {own_id}")


async def offer_of(shop: Shop, shopper: str) -> str:
    """The offer that they were sent, once a channel took it."""
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        found = await shop.http.get("/v1/decisions", params={"shopper": shopper, "verdict": "send"})
        (decision,) = found.raise_for_status().json()["decisions"]
        if decision["offer"]["state"] == "sent":
            return decision["offer"]["id"]
        await asyncio.sleep(0.3)
    raise AssertionError(f"nothing was sent to {shopper}")
