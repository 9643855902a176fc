"""A phone for trying: this browser plays the shop's app, so that a campaign can be seen to speak before any app is there.

In: an owner's way to the API. Out: a shopper of nobody's with one device, heard and told like any other: registered with an app key, agreed, its
pings at the public door, its offers by `GET /v1/live`. When the trial ends it is erased and its key revoked, so that nothing of it is left but
counts.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

from server.web.console.api import Api

#: Good satellite fixes under an open sky.
_ACCURACY_M: Final = 6.0


@dataclass(frozen=True, slots=True)
class TrialPhone:
    """See the module's text. `token` is what the browser listens with."""

    owners: Api
    own: Api
    app_key: str
    token: str

    @classmethod
    async def met(cls, owners: Api, name: str, consent_version: str) -> Self:
        """Registers it and agrees to location and push. Raises Refused."""
        key = await owners.post("/v1/keys", {"kind": "app", "name": name})
        made = await owners.speaking_as(key["token"]).post("/v1/devices", {"kind": "phone"})
        own = owners.speaking_as(made["token"])
        agreed = {"purposes": {"location": True, "push": True}, "version": consent_version}
        await own.put("/v1/devices/me/consents", agreed)
        return cls(owners, own, key["id"], made["token"])

    async def stands_at(self, lat: float, lon: float) -> None:
        """The phone says where it is now. Raises Refused."""
        now = datetime.now(UTC).timestamp()
        ping = {"at": now, "lat": lat, "lon": lon, "accuracy": _ACCURACY_M}
        await self.own.post("/v1/pings", {"sent_at": now, "pings": [ping]})

    async def forgotten(self) -> None:
        """Nothing is left of it. Raises Refused."""
        await self.own.delete("/v1/me")
        await self.owners.delete(f"/v1/keys/{self.app_key}")
