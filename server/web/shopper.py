"""The phones' doors: be registered, be reachable, answer to purposes, tell what became of an offer, be forgotten.

In: an app key (public: it is inside the app) or a server key to register; then the device's own token for all else. A
device sees its own shopper alone; which shopper that is takes the shop's word (`proof.py`), never a phone's.
"""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, StringConstraints
from starlette.requests import Request

from server.records import consents, devices, forgetting, keys, shoppers
from server.records.database import Connection, Database
from server.records.devices import Kind
from server.records.keys import Principal
from server.records.naming import fresh_id
from server.records.shoppers import Said
from server.records.tables import DeviceRow
from server.web import proof
from server.web.address import VOUCHED, AddressGiven
from server.web.asked import Asked, asking
from server.web.clock import Clock, utc_now
from server.web.edits import Edits
from server.web.fields import Language, OwnId, TimeZone
from server.web.guard import Guard
from server.web.known import ConsentsGiven, ConsentShown, ConsentsShown, DeviceShown, Identified
from server.web.limits import Throttle, caller_address
from server.web.problem import Fault, Problem


class DeviceGiven(Identified):
    """A device to be registered."""

    shopper: OwnId | None = Field(
        None, description="the shop's own name for whose it is; with an app key it needs a `proof`"
    )
    proof: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        None, description="the shop's word for it: k=<server key id>,t=<unix seconds>,v1=<hex HMAC-SHA256>"
    )
    kind: Kind = "phone"
    language: Language | None = None
    time_zone: TimeZone | None = None


class Registered(BaseModel):
    """A new device with its token, which is shown this once."""

    device: str
    shopper: str
    token: str


class DeviceKnown(DeviceShown):
    """A device and what its shopper agreed to."""

    consents: dict[str, ConsentShown]


class Copy(BaseModel):
    """All that is kept about a shopper, by table."""

    shopper: str
    made_at: datetime
    tables: dict[str, list[dict[str, Any]]]


def shopper_routes(
    database: Database,
    guard: Guard,
    edits: Edits,
    *,
    registrations: Throttle | None = None,
    clock: Clock = utc_now,
) -> APIRouter:
    """`registrations` holds back phones by their network address; the shop's own server is never held back."""
    router = APIRouter(tags=["phones"])
    _registering(router, guard, edits, registrations, clock)
    _for_the_device(router, database, guard, edits, clock)
    _about_me(router, database, guard, edits, clock)
    return router


def _registering(
    router: APIRouter, guard: Guard, edits: Edits, registrations: Throttle | None, clock: Clock
) -> None:
    @router.post("/v1/devices", status_code=201, response_model=Registered, responses={409: {}, 429: {}})
    async def register(
        body: DeviceGiven, request: Request, asked: Annotated[Asked, asking(guard.app)]
    ) -> Response:
        """Registers a device and gives its token. Its shopper is a new one, unless the shop says whose it is."""
        if asked.caller.kind == "app" and registrations is not None:
            registrations.spend(caller_address(request), "registrations from one address")
        device = fresh_id("d")  # before all else, so that the news can say whom they are about
        async with edits.of("devices", device=device) as connection:
            return await asked.once(
                connection, 201, lambda: _register(connection, device, body, asked.caller, clock())
            )


async def _register(
    connection: Connection, device: str, body: DeviceGiven, caller: Principal, now: datetime
) -> Registered:
    if caller.kind == "app":
        await _refuse_mere_claims(connection, body, now)
    shopper, _ = await shoppers.meet(connection, body.shopper, now)
    said = {name: value for name in ("language", "time_zone") if (value := getattr(body, name)) is not None}
    await shoppers.note(connection, shopper.id, Said(said))
    await devices.register_device(
        connection,
        shopper.id,
        body.kind,
        now,
        device=device,
        name=body.name,
        beacon=body.beacon,
        rotating=body.rotating,
    )
    key = await keys.issue(connection, "device", body.kind, now, owner=device)
    return Registered(device=device, shopper=shopper.id, token=key.token)


async def _refuse_mere_claims(connection: Connection, body: DeviceGiven, now: datetime) -> None:
    """Anybody can take the app key out of the app, type a loyalty number, and hear a beacon id in the street."""
    if body.beacon is not None:
        raise Problem(
            403,
            "A fixed beacon id needs a server key",
            "Anybody near it can hear a fixed beacon id, so it shows nothing about whose it is. Register it with a server "
            "key, or give the key of a rotating id (eid_key), which only its owner knows.",
            errors=[Fault(place="body.beacon", reason="needs a server key")],
        )
    if body.shopper is None:
        return
    why = "is missing"
    if body.proof is not None:
        why = await proof.objection(connection, body.proof, body.shopper, now) or ""
    if why:
        raise Problem(
            403,
            "The shop must say whose device this is",
            "With an app key, `shopper` needs a `proof` from the shop's server. Leave `shopper` out for somebody new, or "
            "register with a server key.",
            errors=[Fault(place="body.proof", reason=why)],
        )


async def _refuse_unvouched(connection: Connection, body: AddressGiven, device: str, now: datetime) -> None:
    """Whoever types somebody else's mailbox would take it from them, and send them offers."""
    if body.kind not in VOUCHED:
        return
    why: str | None = "is missing"
    if body.proof is not None:
        why = await proof.address_objection(connection, body.proof, device, body.kind, body.value, now)
    if why:
        raise Problem(
            403,
            "The shop must say whose address this is",
            f"An address of kind {body.kind} needs a `proof` from the shop's server.",
            errors=[Fault(place="body.proof", reason=why)],
        )


def _for_the_device(router: APIRouter, database: Database, guard: Guard, edits: Edits, clock: Clock) -> None:
    @router.get("/v1/devices/me")
    async def me(caller: Annotated[Principal, guard.device]) -> DeviceKnown:
        """This device, how it can be reached, and what its shopper agreed to."""
        async with database.reading() as connection:
            return await _known(connection, await _own(connection, caller))

    @router.put("/v1/devices/me/address")
    async def put_address(body: AddressGiven, caller: Annotated[Principal, guard.device]) -> DeviceKnown:
        """Where a channel reaches this device from now on, in place of where it did before."""
        async with database.writing() as connection:
            device = await _own(connection, caller)
            await _refuse_unvouched(connection, body, device.id, clock())
            await devices.put_address(connection, device, body.kind, body.value, clock())
            return await _known(connection, device)

    @router.put("/v1/devices/me/consents")
    async def put_consents(body: ConsentsGiven, caller: Annotated[Principal, guard.device]) -> ConsentsShown:
        """The shopper's answers to purposes; purposes left out stay as they are."""
        async with database.reading() as connection:
            device = await _own(connection, caller)
        async with edits.of("consents", shopper=device.shopper_id) as connection:
            return ConsentsShown.of(
                await consents.give(
                    connection,
                    device.shopper_id,
                    body.purposes,
                    body.wording("app"),
                    clock(),
                    device=device.id,
                )
            )


def _about_me(router: APIRouter, database: Database, guard: Guard, edits: Edits, clock: Clock) -> None:
    @router.get("/v1/me/export")
    async def export(caller: Annotated[Principal, guard.device]) -> Copy:
        """All that is kept about this device's shopper, to take away."""
        async with database.reading() as connection:
            shopper = (await _own(connection, caller)).shopper_id
            return Copy(shopper=shopper, made_at=clock(), tables=await forgetting.export(connection, shopper))

    @router.delete("/v1/me", status_code=204)
    async def forget(caller: Annotated[Principal, guard.device]) -> None:
        """Erases this device's shopper: all devices, visits, consents, offers. Their tokens end with them."""
        async with edits.of("keys", "devices", device=caller.owner) as connection:
            await forgetting.forget(connection, (await _own(connection, caller)).shopper_id, clock())


async def _own(connection: Connection, caller: Principal) -> DeviceRow:
    return await devices.find(connection, caller.owner or "")


async def _known(connection: Connection, device: DeviceRow) -> DeviceKnown:
    shown = DeviceShown.of(device, await devices.addresses_of(connection, device.id))
    agreed = ConsentsShown.of(await consents.current(connection, device.shopper_id))
    return DeviceKnown(**dict(shown), **dict(agreed))
