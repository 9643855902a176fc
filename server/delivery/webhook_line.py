"""The line to the webhooks of other systems: a post to a URL that staff gave, which may lead anywhere and answer anything.

In: a URL and a signed body. Out: the status of the answer; or NoAnswer. What is connected to is the very address that was looked at:
names are resolved anew for each connection, by us alone (no proxy, no cache), and an address that is not the public internet's is refused
unless it is allowed. Redirects are not followed. Of an answer some kilobytes are read, so that the connection can be used again, and
thrown away: nobody's words are kept.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver

from server.delivery.guarded import Forbidden, guarded_connector
from server.delivery.line import retry_after_s
from server.public_addresses import Network

_READ_BYTES = 16_384
_REFUSAL: Final = "refused: it leads into a private network (webhooks.allowed_networks allows one)"


class NoAnswer(Exception):
    """Nothing came back; its text says why, without the address."""


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
            if isinstance(error.__cause__, Forbidden):
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
    connector = guarded_connector(
        connections=connections, allowed=allowed, resolver=resolver, refusal=_REFUSAL
    )
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=timeout_s),
        cookie_jar=aiohttp.DummyCookieJar(),  # no webhook tells another one's cookies
        auto_decompress=False,
        trust_env=False,
    ) as session:
        yield WebhookLine(session)
