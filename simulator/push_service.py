"""A stand-in for a browser's push service (RFC 8030) with its browsers behind it: real HTTP, real encryption, scripted faults.

In: the real sender's requests. Out: a push service's answers, and what each pretend browser decrypted (RFC 8291).

    async with PushService() as service:
        subscription = service.subscribe("ann")        what PushSubscription.toJSON() gives, as text
        service.shown("ann")                           what Ann's browser shows: the last of each topic
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import deque
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import http_ece
import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_LONGEST_BODY_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Pushed:
    """One message as the browser read it. `ttl_s` in seconds."""

    topic: str | None
    urgency: str | None
    ttl_s: int
    message: dict[str, Any]
    claims: dict[str, Any]


@dataclass(slots=True)
class _Browser:
    key: ec.EllipticCurvePrivateKey
    secret: bytes
    pushed: list[Pushed]
    faults: deque[tuple[int, dict[str, str]]]
    server_key: str | None


class PushService:
    """A push service on a free local port; `async with` starts and stops it."""

    def __init__(self) -> None:
        self.url = ""
        self.refusal: int | None = None
        """The status that everybody is answered with, where set."""
        self._browsers: dict[str, _Browser] = {}
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/push/{name}", self._push)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *failure: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def subscribe(self, name: str, server_key: str | None = None) -> str:
        """A browser subscribes; the subscription as JSON text without spaces.

        `server_key` is the page's `applicationServerKey`: whoever signs with another one is answered 403. None takes anybody.
        """
        browser = _Browser(
            ec.generate_private_key(ec.SECP256R1()), b"sixteen bytes!!!", [], deque(), server_key
        )
        self._browsers[name] = browser
        point = browser.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": _base64url(point), "auth": _base64url(browser.secret)}
        return json.dumps({"endpoint": f"{self.url}/push/{name}", "keys": keys}, separators=(",", ":"))

    def fail(self, name: str, status: int, times: int = 1, **headers: str) -> None:
        """Let the next messages to a browser be answered with this status."""
        named = {header.replace("_", "-"): value for header, value in headers.items()}
        self._browsers[name].faults.extend([(status, named)] * times)

    def pushed(self, name: str) -> list[Pushed]:
        """Everything that was taken for a browser, in order."""
        return self._browsers[name].pushed

    def shown(self, name: str) -> list[Pushed]:
        """What the browser shows once it comes back on line: of each topic the last."""
        return list({each.topic or id(each): each for each in self.pushed(name)}.values())

    async def _push(self, request: web.Request) -> web.Response:
        browser = self._browsers.get(request.match_info["name"])
        body = await request.read()
        claims, signed_by = _claims(request), _said(request).get("k")
        if browser is not None and browser.server_key not in {None, signed_by}:
            return web.Response(status=403)
        if browser is not None and browser.faults:
            status, headers = browser.faults.popleft()
            return web.Response(status=status, headers=headers)
        if refusal := self.refusal or _objection(
            request, body, known=browser is not None, signed=claims is not None
        ):
            return web.Response(status=refusal)
        if browser is None or claims is None:
            raise AssertionError("both were looked at")
        said = http_ece.decrypt(body, private_key=browser.key, auth_secret=browser.secret)
        browser.pushed.append(
            Pushed(
                request.headers.get("Topic"),
                request.headers.get("Urgency"),
                int(request.headers["TTL"]),
                json.loads(said),
                claims,
            )
        )
        return web.Response(status=201, headers={"Location": f"{self.url}/message/{len(browser.pushed)}"})


def _objection(request: web.Request, body: bytes, *, known: bool, signed: bool) -> int | None:
    """The status of what a push service would not take; None where it would."""
    encoded = request.headers.get("Content-Encoding") == "aes128gcm" and "TTL" in request.headers
    faults = {410: not known, 401: not signed, 400: not encoded, 413: len(body) > _LONGEST_BODY_BYTES}
    return next((status for status, at_fault in faults.items() if at_fault), None)


def _claims(request: web.Request) -> dict[str, Any] | None:
    """What the sender signed of itself (RFC 8292); None where it does not hold for us."""
    words = _said(request)
    try:
        raw = urlsafe_b64decode(words["k"] + "=" * (-len(words["k"]) % 4))
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
        audience = "{0.scheme}://{0.netloc}".format(urlsplit(str(request.url)))
        return jwt.decode(
            words["t"],
            key,
            algorithms=["ES256"],
            audience=audience,
            # The sender's clock is a test's: when the word ends is looked at by whoever reads the claims.
            options={"require": ["exp", "aud", "sub"], "verify_exp": False},
        )
    except (KeyError, ValueError, jwt.InvalidTokenError):
        return None


def _said(request: web.Request) -> dict[str, str]:
    """What stands behind `vapid` in the request's Authorization: the token `t` and the key `k`."""
    _, _, said = request.headers.get("Authorization", "").partition(" ")
    return dict(part.strip().split("=", 1) for part in said.split(",") if "=" in part)


def _base64url(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")
