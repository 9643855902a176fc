"""A stand-in for Firebase Cloud Messaging: FCM's HTTP v1 door and Google's token door, on one local port.

In: the real sender's HTTP requests. Out: FCM's real answers, scripted faults, and what the pretend phones received.

    async with FcmStandIn() as fcm:              in a test or the demo: fcm.url, fcm.messages_for("phone-1")
    python -m simulator.fcm --port 8086          as a program: GET /messages shows what arrived

The token door follows RFC 7523 (JWT bearer assertion), as google-auth speaks it.
"""

import argparse
import asyncio
import errno
import json
import random
import secrets
import sys
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from simulator.fcm_answers import Answer, Fault, Message, answer_for, read_message, unauthenticated

_AUDIENCE = "https://oauth2.googleapis.com/token"  # google-auth writes this `aud` whatever the token_uri
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# Either of these lets a service account send; firebase-admin asks for the wider one.
_SCOPES = {
    "https://www.googleapis.com/auth/cloud-platform",
    "https://www.googleapis.com/auth/firebase.messaging",
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message that arrived at one phone. `number` counts all arrivals from 1; `arrived_at` is aware UTC.

    `repeats` is how many earlier messages with the same collapse key it replaced on that phone.
    """

    number: int
    name: str
    arrived_at: datetime
    message: Message
    repeats: int = 0


@dataclass(slots=True)
class _Script:
    """A fault for one address: how often still (None for ever), and its particulars."""

    fault: Fault
    times: int | None
    retry_after: str | None
    slow_s: float


class FcmStandIn:
    """FCM as a sender meets it. Start it with `async with`; `port` 0 takes a free one.

    `seed` decides which messages the faults of `fail_sometimes` hit: it is drawn from the seed, the address and the
    how-manieth message to it this is, so the order in which messages arrive changes nothing.
    """

    def __init__(
        self,
        port: int = 0,
        host: str = "127.0.0.1",
        project: str = "soglia-demo",
        token_life_s: float = 3600.0,
        seed: int = 0,
    ) -> None:
        self.port = port
        self.host = host
        self.project = project
        self.token_life_s = token_life_s
        self.seed = seed
        self.arrivals: list[Delivery] = []
        """Everything FCM took, in order, repeats included."""
        self.counts: Counter[str] = Counter()
        """What the doors did: HTTP statuses ("200"), faults met ("quota_exceeded"), "token" and "token_refused"."""
        self._trays: defaultdict[str, dict[str, Delivery]] = defaultdict(dict)
        self._listeners: defaultdict[str, list[asyncio.Queue[Delivery]]] = defaultdict(list)
        self._scripts: defaultdict[str, deque[_Script]] = defaultdict(deque)
        self._shares: list[tuple[float, _Script]] = []
        self._sends: Counter[str] = Counter()
        self._tokens: dict[str, datetime] = {}
        self._token_refusal: str | None = None
        self._key = _fresh_key()
        self._runner: web.AppRunner | None = None

    # -- life

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=1 << 20)
        app.router.add_post("/v1/projects/{project}/messages:send", self._send)
        app.router.add_post("/token", self._token)
        app.router.add_get("/messages", self._show_messages)
        app.router.add_get("/messages/count", self._count_messages)
        app.router.add_delete("/messages", self._forget_messages)
        app.router.add_post("/faults", self._script_fault)
        # No access log: at thousands of messages a second it would cost more than the answers.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *failure: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def url(self) -> str:
        """Where it listens: the value for `fcm.endpoint`."""
        return f"http://{self.host}:{self.port}"

    def service_account(self) -> dict[str, str]:
        """A service account in Google's JSON form, whose token door is this stand-in. The key is made on the spot."""
        email = f"sender@{self.project}.iam.gserviceaccount.com"
        private_key = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": self.project,
            "private_key_id": "stand-in",
            "private_key": private_key.decode(),
            "client_email": email,
            "client_id": "100000000000000000000",
            "token_uri": f"{self.url}/token",
        }

    def service_account_file(self, folder: Path) -> Path:
        """Write `service_account()` into `folder` and say where.

        A key that an earlier stand-in left there is taken over, so that a sender which has read it stays welcome.
        """
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "service-account.json"
        if path.exists():
            pem = json.loads(path.read_text(encoding="utf-8"))["private_key"].encode()
            key = serialization.load_pem_private_key(pem, password=None)
            if isinstance(key, rsa.RSAPrivateKey):
                self._key = key
        path.write_text(json.dumps(self.service_account(), indent=2), encoding="utf-8")
        return path

    # -- what went wrong, on purpose

    def fail(
        self,
        address: str,
        fault: Fault,
        times: int | None = None,
        retry_after: str | None = None,
        slow_s: float = 1.0,
    ) -> None:
        """Let the next `times` messages to `address` meet `fault` (None: all). Scripts of one address run in turn."""
        self._scripts[address].append(_Script(fault, times, retry_after, slow_s))

    def fail_sometimes(
        self, fault: Fault, share: float, retry_after: str | None = None, slow_s: float = 1.0
    ) -> None:
        """Let `share` (0 to 1) of all messages meet `fault`; the shares of several faults add up."""
        self._shares.append((share, _Script(fault, None, retry_after, slow_s)))

    def refuse_tokens(self, error: str = "invalid_grant") -> None:
        """Let the token door refuse the service account, as Google does when its key was deleted."""
        self._token_refusal = error

    def revoke_tokens(self) -> None:
        """Forget every bearer that was given out, before its time."""
        self._tokens.clear()

    # -- what arrived

    def messages_for(self, address: str) -> list[Delivery]:
        """What the phone shows: of messages with the same collapse key only the last, in order of arrival."""
        return sorted(self._trays[address].values(), key=lambda delivery: delivery.number)

    @contextmanager
    def phone(self, address: str) -> Iterator[asyncio.Queue[Delivery]]:
        """Be the phone at `address`: each message comes into the queue as it arrives."""
        queue: asyncio.Queue[Delivery] = asyncio.Queue()
        self._listeners[address].append(queue)
        try:
            yield queue
        finally:
            self._listeners[address].remove(queue)

    def forget(self) -> None:
        """Forget what arrived; the phones' trays are empty again."""
        self.arrivals.clear()
        self._trays.clear()

    # -- the doors

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        objection = self._token_refusal or self._assertion_objection(
            form.get("grant_type"), form.get("assertion")
        )
        if objection is not None:
            self.counts["token_refused"] += 1
            refused = {"error": objection.split(":")[0], "error_description": objection}
            return web.json_response(refused, status=400)
        token = f"ya29.{secrets.token_urlsafe(32)}"
        self._tokens[token] = datetime.now(UTC) + timedelta(seconds=self.token_life_s)
        self.counts["token"] += 1
        granted = {"access_token": token, "expires_in": int(self.token_life_s), "token_type": "Bearer"}
        return web.json_response(granted)

    def _assertion_objection(self, grant_type: object, assertion: object) -> str | None:
        if grant_type != _GRANT or not isinstance(assertion, str):
            return "unsupported_grant_type: Invalid grant_type"
        try:
            claims = jwt.decode(
                assertion,
                self._key.public_key(),
                algorithms=["RS256"],
                audience=_AUDIENCE,
                leeway=10,
                options={"require": ["iss", "iat", "exp", "aud"]},
            )
        except jwt.InvalidTokenError as error:
            return f"invalid_grant: Invalid JWT: {error}"
        if not _SCOPES & set(str(claims.get("scope", "")).split()):
            return "invalid_scope: no scope that may send messages"
        if claims["exp"] - claims["iat"] > 3600:
            return "invalid_grant: Invalid JWT: Token must be a short-lived token (60 minutes)"
        return None

    async def _send(self, request: web.Request) -> web.Response:
        body = await request.read()
        message = self._authorised(request) or read_message(body)
        if isinstance(message, Answer):
            return self._answer(message)
        self._sends[message.address] += 1
        script = self._next_fault(message.address)
        if script is not None:
            self.counts[script.fault] += 1
            if script.fault is Fault.SLOW:
                await asyncio.sleep(script.slow_s)
            elif script.fault is Fault.DROPPED:
                return _broken_line(request)
            elif script.fault is Fault.CUT:
                self._take(message)
                return _broken_line(request)
            else:
                return self._answer(answer_for(script.fault, script.retry_after))
        name = f"projects/{self.project}/messages/fake_message_id"
        if not message.validate_only:
            name = self._take(message).name
        return self._answer(Answer(200, b'{\n  "name": "%s"\n}\n' % name.encode()))

    def _answer(self, answer: Answer) -> web.Response:
        self.counts[str(answer.status)] += 1
        return web.Response(
            status=answer.status, body=answer.body, headers=answer.headers, content_type=answer.content_type
        )

    def _authorised(self, request: web.Request) -> Answer | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        good_until = self._tokens.get(token)
        if scheme != "Bearer" or good_until is None or good_until <= datetime.now(UTC):
            return unauthenticated()
        if request.match_info["project"] != self.project:
            return answer_for(Fault.PERMISSION_DENIED)
        return None

    def _next_fault(self, address: str) -> _Script | None:
        waiting = self._scripts.get(address)
        if waiting:
            script = waiting[0]
            if script.times is not None:
                script.times -= 1
                if script.times <= 0:
                    waiting.popleft()
            return script
        if self._shares:
            drawn = random.Random(f"{self.seed} {address} {self._sends[address]}").random()
            for share, script in self._shares:
                if drawn < share:
                    return script
                drawn -= share
        return None

    def _take(self, message: Message) -> Delivery:
        now = datetime.now(UTC)
        number = len(self.arrivals) + 1
        name = f"projects/{self.project}/messages/0:{int(now.timestamp() * 1e6)}%{number:08x}"
        key = message.collapse_key or name
        tray = self._trays[message.address]
        earlier = tray.get(key)
        delivery = Delivery(number, name, now, message, 0 if earlier is None else earlier.repeats + 1)
        self.arrivals.append(delivery)
        tray[key] = delivery
        for queue in self._listeners.get(message.address, ()):
            queue.put_nowait(delivery)
        return delivery

    async def _show_messages(self, request: web.Request) -> web.Response:
        address = request.query.get("address")
        shown = self.arrivals if address is None else self.messages_for(address)
        messages = [_as_json(delivery) for delivery in shown]
        return web.json_response({"counts": self.counts, "messages": messages}, dumps=_readable)

    async def _count_messages(self, _request: web.Request) -> web.Response:
        """Cheap, for whoever waits until all have arrived."""
        return web.json_response({"arrived": len(self.arrivals)})

    async def _forget_messages(self, _request: web.Request) -> web.Response:
        self.forget()
        return web.Response(status=204)

    async def _script_fault(self, request: web.Request) -> web.Response:
        """`{"address": "phone-1", "fault": "unregistered", "times": 1}`, or `"share": 0.1` instead of an address."""
        try:
            wish = dict(await request.json())
            fault = Fault(wish.pop("fault"))
            if "share" in wish:
                self.fail_sometimes(fault, float(wish.pop("share")), **wish)
            else:
                self.fail(wish.pop("address"), fault, **wish)
        except (ValueError, TypeError, KeyError) as error:
            return web.json_response({"error": f"not a fault I know: {error}"}, status=400)
        return web.Response(status=204)


@cache
def _fresh_key() -> rsa.RSAPrivateKey:
    """One key a program run: making one costs a tenth of a second, and tests start many stand-ins."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _broken_line(request: web.Request) -> web.Response:
    """Cut the connection: no byte of the answer leaves."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _as_json(delivery: Delivery) -> dict[str, Any]:
    message = asdict(delivery.message)
    return {
        "number": delivery.number,
        "name": delivery.name,
        "arrived_at": delivery.arrived_at.isoformat().replace("+00:00", "Z"),
        "repeats": delivery.repeats,
        **message,
    }


def _readable(answer: object) -> str:
    return json.dumps(answer, indent=2, ensure_ascii=False) + "\n"


async def _serve(port: int, project: str, folder: Path | None) -> None:
    async with FcmStandIn(port=port, project=project) as fcm:
        sys.stdout.write(f"FCM stand-in at {fcm.url}\n")
        if folder is not None:
            sys.stdout.write(f"service account in {fcm.service_account_file(folder)}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    """Run the stand-in until it is interrupted."""
    parser = argparse.ArgumentParser(prog="python -m simulator.fcm", description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8086, help="0 takes a free one")
    parser.add_argument("--project", default="soglia-demo")
    parser.add_argument(
        "--service-account", type=Path, metavar="FOLDER", help="write service-account.json there"
    )
    asked = parser.parse_args()
    with suppress(KeyboardInterrupt):
        # uvloop where there is one (not on Windows): a benchmark should measure the sender, not this.
        loop = import_module("uvloop").new_event_loop if find_spec("uvloop") else None
        with asyncio.Runner(loop_factory=loop) as runner:
            try:
                runner.run(_serve(asked.port, asked.project, asked.service_account))
            except OSError as error:
                parser.exit(1, f"{_in_words(error, asked.port)}\n")


def _in_words(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program: give another --port, or 0 for a free one."
    return f"The stand-in cannot run: {error}"


if __name__ == "__main__":
    main()
