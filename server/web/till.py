"""The doors of the shop's other systems: the till, the CRM, the online shop; and of staff who look shoppers up.

In: a server key (or a manager's session; all staff but analysts may look). Out: shoppers by the shop's own names, their fobs, their
answers at the till; what they bring to be used is redemptions.py's.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field, StringConstraints

from server.records import consents, devices, finding, forgetting, shoppers
from server.records.database import Connection, Database
from server.records.devices import Kind
from server.records.keys import Principal
from server.records.refusal import NotFound
from server.records.shops import Shops
from server.web.asked import Asked, asking
from server.web.clock import Clock, utc_now
from server.web.cursor import Cursor, Limit, Next, next_after, read_id
from server.web.edits import Edits
from server.web.fields import Id, OwnId, Word
from server.web.guard import Guard, about
from server.web.known import (
    ConsentsGiven,
    ConsentShown,
    ConsentsShown,
    DeviceShown,
    Identified,
    ShopperGiven,
    ShopperShown,
)
from server.web.redemptions import redemption_routes
from server.web.shopper import Copy
from server.web.shops import refuse_named_elsewhere
from server.web.till_desk import till_desk_routes
from server.web.touchpoints import add_touchpoints

#: What staff have in their hands: an address may be as long as a push subscription, and has no blanks or line breaks in it.
Sought = Annotated[str, StringConstraints(min_length=1, max_length=2048, pattern=r"^[^\x00-\x1f\x7f]*$")]
_FIND: Final = (
    "the one whose this is: the shop's own name for them, our id, a device's id or its beacon, a tester's id or the code that their phone "
    "joined with, an address of theirs (e-mail, +39..., a push token). All of it, not a part"
)


class FobGiven(Identified):
    """A device handed to a shopper: it speaks with its beacon, not with a token."""

    kind: Kind = "fob"


class ConsentsTaken(ConsentsGiven):
    how: Word = Field("till", description="where the shopper answered: till, desk, paper")


class Shoppers(BaseModel):
    shoppers: list[ShopperShown]
    next: Next


class ShopperKnown(ShopperShown):
    """A shopper with their devices and what they agreed to."""

    devices: list[DeviceShown]
    consents: dict[str, ConsentShown]


def till_routes(database: Database, guard: Guard, edits: Edits, *, clock: Clock = utc_now) -> APIRouter:
    router = APIRouter(tags=["shoppers"])
    _looking(router, database, guard, clock)
    add_touchpoints(router, database, guard)
    _telling(router, guard, edits, clock)
    router.include_router(redemption_routes(database, guard, clock))
    router.include_router(till_desk_routes(database, guard))
    return router


def _looking(router: APIRouter, database: Database, guard: Guard, clock: Clock) -> None:
    @router.get("/v1/shoppers")
    async def listed(
        caller: Annotated[Principal, guard.host],
        own_id: Annotated[OwnId | None, Query(description="the one whom the shop knows by this")] = None,
        find: Annotated[Sought | None, Query(description=_FIND)] = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Shoppers:
        """Shoppers, page by page; or the one whom something is known to be of."""
        async with database.reading() as connection:
            if find is not None:
                return Shoppers(shoppers=await _found(connection, find, own_id, caller.shops), next=None)
            rows = await shoppers.listed(
                connection, own_id=own_id, shops=caller.shops, after=read_id(cursor), limit=limit
            )
        return Shoppers(
            shoppers=[ShopperShown.of(row) for row in rows],
            next=next_after(rows, limit),
        )

    @router.get("/v1/shoppers/{shopper}", responses={404: {}}, dependencies=[guard.host])
    async def shown(shopper: Id) -> ShopperKnown:
        """One shopper, their devices, and what they agreed to."""
        async with database.reading() as connection:
            about = ShopperShown.of(await shoppers.find(connection, shopper))
            rows = await devices.of_shopper(connection, shopper)
            theirs = [DeviceShown.of(row, await devices.addresses_of(connection, row.id)) for row in rows]
            agreed = ConsentsShown.of(await consents.current(connection, shopper))
        return ShopperKnown(**dict(about), devices=theirs, **dict(agreed))

    @router.get("/v1/shoppers/{shopper}/export", responses={404: {}}, dependencies=[guard.manager])
    async def export(shopper: Id) -> Copy:
        """All that is kept about a shopper who asked for it."""
        async with database.reading() as connection:
            return Copy(shopper=shopper, made_at=clock(), tables=await forgetting.export(connection, shopper))


async def _found(connection: Connection, sought: str, own_id: str | None, shops: Shops) -> list[ShopperShown]:
    """At most one, so that the audit log tells who it was."""
    try:
        row = await finding.find(connection, sought.strip())
        await refuse_named_elsewhere(connection, shops, [("shopper", row.id)])
    except NotFound:
        return []
    if own_id is not None and row.own_id != own_id:
        return []
    about("shopper", row.id)
    return [ShopperShown.of(row)]


def _telling(router: APIRouter, guard: Guard, edits: Edits, clock: Clock) -> None:
    @router.post("/v1/shoppers", response_model=ShopperShown)
    async def put(body: ShopperGiven, asked: Annotated[Asked, asking(guard.manager)]) -> Response:
        """Keeps what the shop knows of a shopper, found or made by the shop's own name for them."""

        async def kept() -> ShopperShown:
            row, _ = await shoppers.meet(connection, body.own_id, clock())
            return ShopperShown.of(await shoppers.note(connection, row.id, body.said()))

        async with edits.of() as connection:
            return await asked.once(connection, 200, kept)

    @router.post(
        "/v1/shoppers/{shopper}/devices",
        status_code=201,
        response_model=DeviceShown,
        responses={404: {}, 409: {}},
    )
    async def hand_out(
        shopper: Id, body: FobGiven, asked: Annotated[Asked, asking(guard.manager)]
    ) -> Response:
        """Gives a shopper a device that is known by its beacon, such as a fob."""

        async def handed() -> DeviceShown:
            row = await shoppers.lock(connection, shopper)
            return DeviceShown.of(
                await devices.register_device(
                    connection,
                    row.id,
                    body.kind,
                    clock(),
                    name=body.name,
                    beacon=body.beacon,
                    rotating=body.rotating,
                )
            )

        async with edits.of("devices", shopper=shopper) as connection:
            return await asked.once(connection, 201, handed)

    @router.put("/v1/shoppers/{shopper}/consents", responses={404: {}}, dependencies=[guard.manager])
    async def put_consents(shopper: Id, body: ConsentsTaken) -> ConsentsShown:
        """What a shopper answered at the till; purposes left out stay as they are."""
        async with edits.of("consents", shopper=shopper) as connection:
            wording = body.wording(body.how)
            return ConsentsShown.of(await consents.give(connection, shopper, body.purposes, wording, clock()))

    @router.delete(
        "/v1/shoppers/{shopper}", status_code=204, responses={404: {}}, dependencies=[guard.manager]
    )
    async def forget(shopper: Id) -> None:
        """Erases a shopper who asked for it, with all devices, visits, consents, offers."""
        async with edits.of("keys", "devices", shopper=shopper) as connection:
            await forgetting.forget(connection, shopper, clock())
