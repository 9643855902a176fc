"""The other sides of our channels: what the contract of a channel is proven against. One for each channel.

All of them are real: HTTP and SMTP servers on local ports, a phone's open stream. `CANNOT` says what cannot happen on a channel.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

from aiohttp import web
from standardwebhooks import Webhook

from server.bus.phones import NOBODY, Phones
from server.delivery.channels import chat, email, fcm, inbox, live, sms, webhook, webpush
from server.records.parcels import Address
from simulator.fcm import FcmStandIn
from simulator.fcm_answers import Fault
from simulator.push_service import PushService
from tests.server.delivery.mail_server import MailServer
from tests.server.delivery.makers import a_parcel

VAPID_KEY = "m6KzCsYTnAVl1n5hWbKxQ2cyHkTuqqPCzaZlmr3d2Mg"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

#: channel -> what cannot happen on it, and so need not be proven: the inbox has no other side, an SMS service tells nothing until it
#: is sent something.
CANNOT: dict[str, frozenset[str]] = {
    "webpush": frozenset({"refuse us at the check"}),
    "sms": frozenset({"refuse us at the check"}),
    "chat": frozenset({"refuse us at the check"}),
    "webhook": frozenset({"forget the address", "refuse us at the check"}),
    "live": frozenset(
        {"refuse a message", "fail for a while", "refuse us", "refuse us at the check", "go away"}
    ),
    "inbox": frozenset(
        {
            "refuse a message",
            "fail for a while",
            "forget the address",
            "refuse us",
            "refuse us at the check",
            "go away",
        }
    ),
}


def nothing() -> None:
    """What cannot be done to this peer."""


async def no_line() -> None:
    """Nobody to go away."""


@dataclass
class Peer:
    """A running other side, and how to make it misbehave towards the address of `parcel`.

    `refusals` is how many refused sends in a row bring the channel down.
    """

    settings: Any
    parcel: Any
    arrived: Callable[[], int]
    unacceptable: Any = None
    fails_for_a_while: Callable[[], None] = nothing
    forgets_the_address: Callable[[], None] = nothing
    refuses_us: Callable[[], None] = nothing
    goes_away: Callable[[], Any] = no_line
    refusals: int = 1
    phones: Phones = NOBODY


@asynccontextmanager
async def fcm_peer(folder: Path) -> AsyncIterator[Peer]:
    async with FcmStandIn() as stand_in:
        yield Peer(
            settings=fcm.Settings(
                service_account_file=stand_in.service_account_file(folder), endpoint=stand_in.url
            ),
            parcel=a_parcel(),
            unacceptable=a_parcel(body="x" * 5000),
            arrived=lambda: len(stand_in.arrivals),
            fails_for_a_while=lambda: stand_in.fail("phone-1", Fault.UNAVAILABLE, times=1),
            forgets_the_address=lambda: stand_in.fail("phone-1", Fault.UNREGISTERED),
            refuses_us=stand_in.refuse_tokens,
            goes_away=lambda: stand_in.__aexit__(None, None, None),
        )


@asynccontextmanager
async def webpush_peer(_folder: Path) -> AsyncIterator[Peer]:
    async with PushService() as service:
        address = Address("ad_1", "webpush", service.subscribe("ann"))
        yield Peer(
            settings=webpush.Settings(
                private_key=VAPID_KEY, subject="mailto:it@shop.example", allow_private=True
            ),
            parcel=a_parcel(address=address),
            unacceptable=a_parcel(address=address, body="x" * 5000),
            arrived=lambda: len(service.pushed("ann")),
            fails_for_a_while=lambda: service.fail("ann", 429, Retry_After="7"),
            forgets_the_address=lambda: service.fail("ann", 410),
            refuses_us=lambda: setattr(service, "refusal", 403),
            goes_away=lambda: service.__aexit__(None, None, None),
            refusals=5,
        )


@asynccontextmanager
async def email_peer(_folder: Path) -> AsyncIterator[Peer]:
    address = Address("ad_1", "email", "ann@shopper.example")
    async with MailServer(password="hush") as server:
        yield Peer(
            settings=email.Settings(
                host="127.0.0.1",
                port=server.port,
                security="none",
                username="shop",
                password="hush",
                sender="Brera <offers@shop.example>",
                unsubscribe_url="https://shop.example/v1/unsubscribe",
                unsubscribe_key="a long random text",
            ),
            parcel=a_parcel(address=address),
            unacceptable=a_parcel(address=address, title="two\nlines"),
            arrived=lambda: len(server.arrived),
            fails_for_a_while=lambda: server.to_recipients.append("451 4.7.1 greylisted"),
            forgets_the_address=lambda: server.to_recipients.append("550 5.1.1 no such user"),
            refuses_us=lambda: setattr(server, "password", "another"),
            goes_away=lambda: server.__aexit__(None, None, None),
        )


class Door:
    """One HTTP door that takes posts, with the statuses that it was told to answer."""

    def __init__(self, objection: Callable[[web.Request, str], bool] = lambda _request, _body: False) -> None:
        self.taken: list[str] = []
        self.statuses: deque[int] = deque()
        self.always: int | None = None
        self._objection = objection

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/{path:.*}", self._post)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_failure: object) -> None:
        await self._runner.cleanup()

    async def _post(self, request: web.Request) -> web.Response:
        body = await request.text()
        status = self.statuses.popleft() if self.statuses else self.always
        if status is None and self._objection(request, body):
            status = 401
        if status is None:
            self.taken.append(f"{request.path} {body}")
        return web.Response(status=status or 200)


@asynccontextmanager
async def apprise_peer(file: Any, kind: str, to: str, _folder: Path) -> AsyncIterator[Peer]:
    async with Door() as door:
        address = Address("ad_1", kind, to)
        yield Peer(
            settings=file.Settings(url=f"json://127.0.0.1:{door.port}/to/{{to}}"),
            parcel=a_parcel(address=address),
            unacceptable=a_parcel(address=address, body="x" * 5000),
            arrived=lambda: len(door.taken),
            fails_for_a_while=lambda: door.statuses.append(503),
            forgets_the_address=lambda: door.statuses.append(404),
            refuses_us=lambda: setattr(door, "always", 401),
            goes_away=lambda: door.__aexit__(None, None, None),
        )


def _unsigned(request: web.Request, body: str) -> bool:
    """Whether the post does not bear our signature. The time is a test's noon: only the signature is looked at."""
    signed = Webhook(SECRET)
    at = request.headers["webhook-timestamp"]
    from datetime import UTC, datetime

    ours = signed.sign(request.headers["webhook-id"], datetime.fromtimestamp(int(at), UTC), body)
    return request.headers["webhook-signature"] != ours


@asynccontextmanager
async def webhook_peer(_folder: Path) -> AsyncIterator[Peer]:
    async with Door(_unsigned) as door:
        parcel = a_parcel(address=None, needs_address=False)
        yield Peer(
            settings=webhook.Settings(url=f"http://127.0.0.1:{door.port}/offers", secret=SECRET),
            parcel=parcel,
            unacceptable=a_parcel(address=None, needs_address=False, data={"no": "JSON \ud800"}),
            arrived=lambda: len(door.taken),
            fails_for_a_while=lambda: door.statuses.append(503),
            refuses_us=lambda: setattr(door, "always", 401),
            goes_away=lambda: door.__aexit__(None, None, None),
        )


@asynccontextmanager
async def live_peer(_folder: Path) -> AsyncIterator[Peer]:
    phones, taken = Phones(), []
    hung_up = asyncio.Event()

    async def listen() -> None:
        with phones.listening("sh_1", "d_1") as listener:
            while not hung_up.is_set():
                told = await listener.waiting.get()
                taken.append(told.news)
                told.written.set_result(None)

    stream = asyncio.create_task(listen())
    await asyncio.sleep(0)
    yield Peer(
        settings=live.Settings(within_s=0.2),
        parcel=a_parcel(address=None, needs_address=False),
        arrived=lambda: len(taken),
        forgets_the_address=lambda: (stream.cancel(), None)[1],
        phones=phones,
    )
    stream.cancel()
    with suppress(asyncio.CancelledError):
        await stream


@asynccontextmanager
async def inbox_peer(_folder: Path) -> AsyncIterator[Peer]:
    yield Peer(
        settings=inbox.Settings(), parcel=a_parcel(address=None, needs_address=False), arrived=lambda: 0
    )


PEERS: dict[str, Callable[[Path], AbstractAsyncContextManager[Peer]]] = {
    "fcm": fcm_peer,
    "webpush": webpush_peer,
    "email": email_peer,
    "sms": partial(apprise_peer, sms, "sms", "+390212345678"),
    "chat": partial(apprise_peer, chat, "chat", "ann"),
    "webhook": webhook_peer,
    "live": live_peer,
    "inbox": inbox_peer,
}
