"""The line to the webhooks of other systems: a post to a URL that staff gave, which may lead anywhere and answer anything.

In: a URL and a signed body. Out: the status of the answer; or NoAnswer. What is connected to is the very address that was looked at:
names are resolved anew for each connection, by us alone (no proxy, no cache), and an address that is not the public internet's is refused
unless it is allowed. Redirects are not followed. Of an answer some kilobytes are read, so that the connection can be used again, and
thrown away: nobody's words are kept.
"""

import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from socket import AF_UNSPEC, AddressFamily

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from server.delivery.line import retry_after_s
from server.public_addresses import Network, may_be_reached

_READ_BYTES = 16_384


class NoAnswer(Exception):
    """Nothing came back; its text says why, without the address."""


class _Forbidden(OSError):
    """The name leads to addresses that are refused."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back. `after_s` is how long we were asked to wait."""

    status: int
    after_s: float | None


class WebhookLine:
    """An open line."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answered:
        """The answer to a POST. Raises NoAnswer."""
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                await answer.content.read(_READ_BYTES)
                after_s = retry_after_s(answer.headers.get("Retry-After"), datetime.now(UTC))
                return Answered(answer.status, after_s)
        except TimeoutError:
            raise NoAnswer("no answer in time") from None
        except aiohttp.ClientError as error:
            if isinstance(error.__cause__, _Forbidden):
                raise NoAnswer(str(error.__cause__)) from None
            raise NoAnswer(f"no line: {type(error).__name__}") from None
        except (ValueError, OSError) as error:  # what no HTTP client can ask for, or no socket can do
            raise NoAnswer(f"no line: {type(error).__name__}") from None


@asynccontextmanager
async def opened_line(
    *,
    connections: int,
    timeout_s: float,
    allowed: Sequence[Network] = (),
    resolver: AbstractResolver | None = None,
) -> AsyncIterator[WebhookLine]:
    """A line of at most so many connections, each post limited in seconds. `resolver` is how names become addresses."""
    guarded = _Guarded(resolver or ThreadedResolver(), allowed)

    def made(target: aiohttp.AddrInfoType) -> socket.socket:
        """The last word: whatever a URL or a name looked like, this is where its connection would go."""
        if not may_be_reached(str(target[4][0]), allowed):
            raise _refusal()
        return socket.socket(*target[:3])

    connector = aiohttp.TCPConnector(
        limit=connections, resolver=guarded, use_dns_cache=False, socket_factory=made
    )
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=timeout_s),
        cookie_jar=aiohttp.DummyCookieJar(),  # no webhook tells another one's cookies
        auto_decompress=False,
        trust_env=False,
    ) as session:
        yield WebhookLine(session)


class _Guarded(AbstractResolver):
    """Names as another resolver knows them, without the addresses that are refused."""

    def __init__(self, resolver: AbstractResolver, allowed: Sequence[Network]) -> None:
        self._resolver = resolver
        self._allowed = tuple(allowed)

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        reachable = [each for each in found if may_be_reached(each["host"], self._allowed)]
        if not reachable:
            raise _refusal()
        return reachable

    async def close(self) -> None:
        await self._resolver.close()


def _refusal() -> _Forbidden:
    return _Forbidden("refused: it leads into a private network (webhooks.allowed_networks allows one)")
