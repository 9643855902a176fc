"""Sets up a shop over HTTP, as its staff and its other systems would, and reads its books. In: a world, a server key. Out: ids, tokens.

Everything goes through the server's public doors. `Refused` says which door refused what, in the server's own words.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from simulator.habits import Shopper
from simulator.world import World

CONSENT_TEXT = "2026-01"
#: A killed server is back within seconds.
WAITS_S, RETRY_S = 30.0, 0.25
#: The same time twice means all day (server's contract): quiet hours that hold whenever the story is played.
ALL_DAY = {"from": "00:00", "until": "00:00"}


class Refused(Exception):
    """A door of the server did not do what it was asked."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A device as the server knows it. `token` is empty for one that speaks with its beacon alone."""

    device: str
    shopper: str
    token: str = ""


class Shop:
    """A shop's office: `http` speaks with a server key."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def furnish(self, world: World) -> dict[str, str]:
        """Floor plan, anchors, gateways, zones, campaigns. Returns each gateway's token by its anchor's own id."""
        sites = [f for f in world.zones["features"] if f["id"] == world.site]
        await self._put("/v1/zones", {"type": "FeatureCollection", "features": sites})
        plan = world.floorplan
        await self._put(
            f"/v1/floor-plans/{plan['id']}",
            {
                "name": plan["name"],
                "site": world.site,
                "width_m": plan["width_m"],
                "height_m": plan["height_m"],
                "walls": [[list(wall.start), list(wall.end)] for wall in world.walls],
            },
        )
        await self._put("/v1/anchors", {"anchors": [_anchor(entry, world) for entry in plan["anchors"]]})
        await self._put("/v1/zones", world.zones)
        tokens = {}
        for gateway in world.gateways:
            body = {"id": gateway.own_id, "name": gateway.own_id, "anchor": gateway.own_id}
            tokens[gateway.own_id] = (await self._post("/v1/gateways", body))["token"]
        for campaign in world.campaigns:
            await self._post("/v1/campaigns", _plain(campaign))
        return tokens

    async def welcome(self, shopper: Shopper) -> dict[str, Registered]:
        """Makes the shopper known, with devices and answers. Returns the devices by name."""
        about = {
            "own_id": shopper.own_id,
            "language": shopper.language,
            "time_zone": "Europe/Rome",
            "tags": list(shopper.tags),
            "attributes": dict(shopper.attributes),
        }
        known = await self._post("/v1/shoppers", about | ({"quiet_hours": ALL_DAY} if shopper.quiet else {}))
        devices: dict[str, Registered] = {}
        if shopper.phone:
            devices[shopper.phone.name] = await self._phone(shopper, shopper.phone.address)
        if shopper.fob:
            path = f"/v1/shoppers/{known['shopper']}/devices"
            handed = await self._post(path, {"beacon": shopper.fob.beacon, "name": "fob"})
            devices[shopper.fob.name] = Registered(handed["device"], known["shopper"])
        if shopper.consents and not shopper.phone:
            answers = {
                "purposes": dict(shopper.consents),
                "version": CONSENT_TEXT,
                "language": shopper.language,
            }
            await self._put(f"/v1/shoppers/{known['shopper']}/consents", answers)
        return devices

    async def _phone(self, shopper: Shopper, address: str | None) -> Registered:
        given = await self._post("/v1/devices", {"shopper": shopper.own_id, "kind": "phone", "name": "phone"})
        device = Registered(given["device"], given["shopper"], given["token"])
        own = {"Authorization": f"Bearer {device.token}"}
        if address:
            await self._put("/v1/devices/me/address", {"kind": "fcm_fid", "value": address}, own)
        if shopper.consents:
            answers = {
                "purposes": dict(shopper.consents),
                "version": CONSENT_TEXT,
                "language": shopper.language,
            }
            await self._put("/v1/devices/me/consents", answers, own)
        return device

    async def decisions(self) -> list[dict[str, Any]]:
        """All decisions there are."""
        return [row async for row in self._pages("/v1/decisions", "decisions")]

    async def visits(self) -> list[dict[str, Any]]:
        """All visits there are."""
        return [row async for row in self._pages("/v1/visits", "visits")]

    async def _pages(self, path: str, name: str) -> AsyncIterator[dict[str, Any]]:
        cursor: str | None = None
        while True:
            query = {"limit": "500"} | ({"cursor": cursor} if cursor else {})
            page = _body(await self._get(path, query))
            for row in page[name]:
                yield row
            cursor = page.get("next")
            if cursor is None:
                return

    async def _get(self, path: str, query: Mapping[str, str]) -> httpx.Response:
        """Reading twice harms nobody, so a server that is just starting again is waited for. Raises httpx.TransportError."""
        patience_s = WAITS_S
        while True:
            try:
                return await self._http.get(path, params=query)
            except httpx.TransportError:
                if (patience_s := patience_s - RETRY_S) <= 0.0:
                    raise
                await asyncio.sleep(RETRY_S)

    async def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return _body(await self._http.post(path, json=body))

    async def _put(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        return _body(await self._http.put(path, json=body, headers=headers))


def _body(answer: httpx.Response) -> dict[str, Any]:
    """The answer's JSON. Raises Refused for anything but success."""
    if not answer.is_success:
        raise Refused(
            f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}"
        )
    body: dict[str, Any] = answer.json()
    return body


def _anchor(entry: Mapping[str, Any], world: World) -> dict[str, Any]:
    x, y, z = entry["position"]
    anchor = {"id": entry["id"], "name": entry["name"]}
    if "beacon" in entry:
        anchor["beacon"] = entry["beacon"]
    if entry.get("outside"):
        return anchor
    return anchor | {"site": world.site, "plan": world.floorplan["id"], "x_m": x, "y_m": y, "z_m": z}


def _plain(value: Any) -> Any:
    """TOML's dates as the texts that JSON has."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value.isoformat() if hasattr(value, "isoformat") else value
