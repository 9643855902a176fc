"""A bearer token kept fresh. In: a blocking way to get a grant. Out: a token that holds now.

One fetch runs at a time, off the event loop, whoever asks; the next token is fetched before the old one ends, while
the old one is still used. Knows nothing of Google: any channel with OAuth may use it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from server.delivery.channel import SendError

log = structlog.get_logger(__name__)

# Google gives an hour. Renewing five minutes ahead leaves room for many failed fetches; tokens that live shorter
# (a stand-in's) are renewed in the last quarter of their life.
_EARLIEST_RENEWAL = timedelta(minutes=5)
_PAUSE_AFTER_FAILURE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Grant:
    """A token and the time (aware UTC) until which it holds."""

    token: str
    good_until: datetime


class Bearer:
    """The token that requests carry. `fetch` runs in a thread and raises TryAgain or ChannelDown."""

    def __init__(self, fetch: Callable[[], Grant], clock: Callable[[], datetime] | None = None) -> None:
        self._fetch = fetch
        self._clock = clock or (lambda: datetime.now(UTC))
        self._grant: Grant | None = None
        self._renew_at = datetime.min.replace(tzinfo=UTC)
        self._flight: asyncio.Task[Grant] | None = None

    @property
    def good_until(self) -> datetime | None:
        """Until when the present token holds; None before the first."""
        return None if self._grant is None else self._grant.good_until

    async def current(self) -> str:
        """A token that holds now. Waits only where there is none; raises what `fetch` raises."""
        now = self._clock()
        if self._grant is None or now >= self._grant.good_until:
            return (await self._renewed()).token
        if now >= self._renew_at:
            self._start()
        return self._grant.token

    async def instead_of(self, refused: str) -> str:
        """A token other than `refused`, which the other side did not accept though its time had not come."""
        if self._grant is not None and self._grant.token != refused:
            return self._grant.token
        return (await self._renewed()).token

    async def aclose(self) -> None:
        """Forget the token and a fetch that is under way."""
        self._grant = None
        if self._flight is not None:
            self._flight.cancel()
            await asyncio.wait([self._flight])

    async def _renewed(self) -> Grant:
        # Shielded: many sends wait for one fetch, and one of them being cancelled is not the others' business.
        return await asyncio.shield(self._start())

    def _start(self) -> asyncio.Task[Grant]:
        if self._flight is None or self._flight.done():
            self._flight = asyncio.create_task(self._fly(), name="fetch a bearer token")
            # Whoever waits sees the failure; where nobody waits, the log below is enough.
            self._flight.add_done_callback(lambda flight: flight.cancelled() or flight.exception())
        return self._flight

    async def _fly(self) -> Grant:
        try:
            grant = await asyncio.to_thread(self._fetch)
        except SendError as error:
            log.warning("bearer_not_renewed", why=error.why)
            self._renew_at = self._clock() + _PAUSE_AFTER_FAILURE
            raise
        life = grant.good_until - self._clock()
        self._grant = grant
        self._renew_at = grant.good_until - min(_EARLIEST_RENEWAL, life / 4)
        return grant
