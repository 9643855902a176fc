"""The owner's door to keys: for the app, for gateways, for the shop's other systems.

In: an owner's session. Out: a new key's token, this once; and the list of keys without tokens.
"""

from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, model_validator

from server.records import gateways, keys
from server.records.database import Database
from server.records.tables import KeyRow
from server.web.asked import Asked, asking
from server.web.clock import Clock, utc_now
from server.web.cursor import Cursor, Limit, Next, next_after, read_id
from server.web.edits import Edits
from server.web.fields import Given, Id, Name, PlaceId, Time
from server.web.guard import Guard

Kind = Literal["app", "server", "gateway"]
KINDS: tuple[Kind, ...] = ("app", "server", "gateway")


class KeyGiven(Given):
    kind: Kind
    name: Name
    gateway: PlaceId | None = Field(None, description="the gateway that a gateway key is for")
    expires_at: Time | None = None

    @model_validator(mode="after")
    def _is_for_somebody(self) -> Self:
        if (self.kind == "gateway") != (self.gateway is not None):
            raise ValueError("a gateway key names its gateway, and no other key does")
        return self


class KeyShown(BaseModel):
    id: str
    kind: Kind
    name: str
    gateway: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, row: KeyRow) -> Self:
        return cls(**{**row.model_dump(), "gateway": row.owner_id})


class KeyIssued(KeyShown):
    """A new key with its token, which is shown this once."""

    token: str


class Keys(BaseModel):
    keys: list[KeyShown]
    next: Next


def key_routes(database: Database, guard: Guard, edits: Edits, *, clock: Clock = utc_now) -> APIRouter:
    router = APIRouter(tags=["keys"])

    @router.get("/v1/keys", dependencies=[guard.owner])
    async def listed(
        kind: Kind | None = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Keys:
        """Keys, ended ones too; those of devices and sessions are not listed."""
        async with database.reading() as connection:
            rows = await keys.listed(
                connection, (kind,) if kind else KINDS, after=read_id(cursor), limit=limit
            )
        return Keys(
            keys=[KeyShown.of(row) for row in rows],
            next=next_after(rows, limit),
        )

    @router.post("/v1/keys", status_code=201, response_model=KeyIssued, responses={404: {}})
    async def issue(body: KeyGiven, asked: Annotated[Asked, asking(guard.owner)]) -> Response:
        """A new key."""

        async def issued() -> KeyIssued:
            if body.gateway is not None:
                await gateways.find(connection, body.gateway)
            key = await keys.issue(
                connection, body.kind, body.name, clock(), owner=body.gateway, expires_at=body.expires_at
            )
            shown = KeyShown.of(await keys.find_key(connection, key.key))
            return KeyIssued(**dict(shown), token=key.token)

        async with database.writing() as connection:
            return await asked.once(connection, 201, issued)

    @router.delete("/v1/keys/{key}", status_code=204, responses={404: {}}, dependencies=[guard.owner])
    async def revoke(key: Id) -> None:
        """Ends a key, a device's or a session's too; whoever holds it is refused from now on."""
        async with edits.of("keys") as connection:
            await keys.revoke(connection, key, clock())

    return router
