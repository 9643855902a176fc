"""A line to other people's HTTP doors, kept open. In: a body for a URL. Out: the answer, or TryAgain where none came.

Redirects are not followed: what was meant for one door is nobody else's. A `public_only` line never leads into a private
network, whoever gave the URL: a phone may say that its push service is our own database's door (SSRF).
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
from aiohttp.abc import AbstractResolver

from server.delivery.channel import ChannelDown, Refused, SendError, TryAgain, Undeliverable
from server.delivery.guarded import Forbidden, guarded_connector

_ANSWER_LIMIT_BYTES = 65_536  # FCM's longest, an error with its details, has some 1,000


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: of the content as much as anybody would read."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Line:
    """An open line. `whom` is what its errors call the other side."""

    def __init__(self, session: aiohttp.ClientSession, whom: str) -> None:
        self._session = session
        self._whom = whom

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The answer to a POST. Raises TryAgain; and Undeliverable for a URL that a public line may not go to."""
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                return Answer(answer.status, answer.headers, await _beginning(answer.content))
        except TimeoutError:
            raise TryAgain(f"{self._whom} did not answer in time") from None
        except aiohttp.ClientError as error:
            if isinstance(error.__cause__, Forbidden):
                raise Undeliverable(str(error.__cause__)) from error
            raise TryAgain(f"no line to {self._whom}: {type(error).__name__}") from error
        except ValueError as error:  # what no HTTP client can ask for
            raise Undeliverable(f"not an address of the web: {type(error).__name__}") from error
        except OSError as error:  # what no socket can do
            raise TryAgain(f"no line to {self._whom}: {type(error).__name__}") from error


@asynccontextmanager
async def opened(
    whom: str,
    *,
    connections: int,
    timeout_s: float,
    public_only: bool = False,
    resolver: AbstractResolver | None = None,
) -> AsyncIterator[Line]:
    """A line of at most so many connections, each request limited in seconds. `resolver` is how names become addresses."""
    connector = (
        guarded_connector(connections=connections, resolver=resolver)
        if public_only
        else aiohttp.TCPConnector(limit=connections, ttl_dns_cache=300, resolver=resolver)
    )
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=timeout_s),
        cookie_jar=aiohttp.DummyCookieJar(),  # no door is told another one's cookies
    ) as session:
        yield Line(session, whom)


def usual_verdict(status: int, why: str, after_s: float | None) -> SendError:
    """What an answer asks for where the other side has no rules of its own.

    Neither a fault of theirs nor of our message (a refused key, a door that is not there, a redirect, a proxy's word):
    nothing about this parcel, and somebody has to look.
    """
    if status >= 500 or status in {408, 425, 429}:
        return TryAgain(why, after_s)
    return Refused(why) if status in {400, 413, 422} else ChannelDown(why)


def retry_after_s(text: str | None, now: datetime) -> float | None:
    """A Retry-After header (RFC 9110 section 10.2.3: seconds or an HTTP date) in seconds from now; None if senseless."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())


async def _beginning(content: aiohttp.StreamReader) -> bytes:
    """What was answered, as far as anybody would read: something between us and them may talk without end."""
    parts, room = [], _ANSWER_LIMIT_BYTES
    while room > 0 and (part := await content.read(room)):
        parts.append(part)
        room -= len(part)
    return b"".join(parts)
