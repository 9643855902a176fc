"""Texts through apprise, which knows some 150 services (Twilio, Vonage, Telegram, WhatsApp, Signal ...). In: a text and whom for. Out: nothing, or a SendError.

apprise blocks, so it runs in a few threads of its own; and it says only whether it worked, so the status that the service answered is
read from what apprise logs of it ("error=404"). That log may hold numbers and names: it goes nowhere else.
"""

import asyncio
import logging
import re
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from urllib.parse import quote

import apprise

from server.delivery.channel import ChannelDown, Refused, SendError, TryAgain, Undeliverable
from server.delivery.line import usual_verdict

#: Where an apprise URL names whom a message is for.
PLACE = "{to}"

_STATUS = re.compile(r"\berror[=: ]+(\d{3})\b")
_CONNECT_S, _READ_S = 4, 8


def check_url(url: str) -> None:
    """ValueError where apprise does not know such a URL, or where it has no place for the address."""
    if PLACE not in url:
        raise ValueError(f"url must say where the address goes: {PLACE}")
    if apprise.Apprise.instantiate(url.replace(PLACE, "15550100"), suppress_exceptions=True) is None:
        raise ValueError("url is none that apprise knows (see the apprise wiki for your service)")


class Apprise:
    """An opened way through one service. `whom` is what errors call it."""

    def __init__(self, url: str, whom: str, threads: ThreadPoolExecutor, heard: "_Heard") -> None:
        self._url = url
        self._whom = whom
        self._threads = threads
        self._heard = heard

    async def send(self, to: str, title: str, body: str) -> None:
        """Raises TryAgain, Undeliverable, Refused or ChannelDown."""
        loop = asyncio.get_running_loop()
        error = await loop.run_in_executor(self._threads, self._told, to, title, body)
        if error is not None:
            raise error

    def check(self) -> None:
        """Raises ChannelDown where the URL is none. A service is asked nothing: asking would be sending."""
        try:
            check_url(self._url)
        except ValueError as error:
            raise ChannelDown(str(error)) from error

    def _told(self, to: str, title: str, body: str) -> SendError | None:
        separator = "&" if "?" in self._url else "?"
        limits = f"{separator}cto={_CONNECT_S}&rto={_READ_S}"
        service = apprise.Apprise.instantiate(
            self._url.replace(PLACE, quote(to, safe="")) + limits, suppress_exceptions=True
        )
        if service is None:
            return Undeliverable(f"{self._whom} has no such address")
        with self._heard.here() as lines:
            try:
                taken = service.notify(body=body, title=title, body_format=apprise.NotifyFormat.TEXT)
            except TypeError as error:  # apprise's word for a text that its service cannot carry
                return Refused(f"{self._whom} cannot carry this text: {error}")
        return None if taken else self._read(lines)

    def _read(self, lines: list[str]) -> SendError:
        statuses = [int(found[1]) for line in lines if (found := _STATUS.search(line))]
        if not statuses:
            return TryAgain(f"{self._whom} did not take it")
        why = f"{self._whom} answered {statuses[-1]}"
        if statuses[-1] in {404, 410}:
            return Undeliverable(why)
        return usual_verdict(statuses[-1], why, None)


class _Heard(logging.Handler):
    """What apprise logs, by the thread that it logs in."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._mine = threading.local()

    def here(self) -> "_Here":
        return _Here(self._mine)

    def emit(self, record: logging.LogRecord) -> None:
        lines = getattr(self._mine, "lines", None)
        if lines is not None:
            lines.append(record.getMessage())


class _Here:
    """The lines of this thread while the block lasts."""

    def __init__(self, mine: threading.local) -> None:
        self._mine = mine

    def __enter__(self) -> list[str]:
        self._mine.lines = lines = list[str]()
        return lines

    def __exit__(self, *_failure: object) -> None:
        self._mine.lines = None


@asynccontextmanager
async def opened(url: str, whom: str, *, at_once: int) -> AsyncIterator[Apprise]:
    """A way that sends so many at once. What apprise logs is heard here and nowhere else."""
    log, heard = logging.getLogger("apprise"), _Heard()
    log.addHandler(heard)
    log.propagate = False
    threads = ThreadPoolExecutor(at_once, f"soglia-{whom}")
    try:
        yield Apprise(url, whom, threads, heard)
    finally:
        log.removeHandler(heard)
        threads.shutdown(wait=False, cancel_futures=True)
