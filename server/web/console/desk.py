"""What a page has before it: who is logged in, the way to the API, and the words, times and numbers of their language.

In: what a request's cookies say. Out: a `Desk`, which a page keeps for as long as it is open.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Any, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from babel import dates, numbers
from nicegui import ui

from server.bus.contract import News
from server.web.console.api import Api, Refused
from server.web.console.languages import Language, catalogue

Theme = Literal["light", "dark", "auto"]
Listen = Callable[[], AbstractAsyncContextManager[AsyncIterator[News]]]


@dataclass(frozen=True, slots=True)
class Who:
    """The member of staff who is logged in; `shops` are the sites that they are of, None for all."""

    id: str
    name: str
    email: str
    role: str
    shops: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class MapLook:
    """What lies under the zones: tiles where the shop has a source of them, else lines drawn from GeoJSON, else nothing."""

    tiles: str | None = None
    attribution: str = ""
    ground: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """See the module's text. `asked` are the page's path parameters and query; `path` is its address."""

    who: Who
    api: Api
    language: Language
    theme: Theme
    path: str
    listen: Listen
    map_look: MapLook = field(default_factory=MapLook)
    asked: Mapping[str, str] = field(default_factory=dict)

    def say(self, text: str, **facts: Any) -> str:
        """A text in the reader's language, with its facts in place."""
        said = catalogue(self.language).gettext(text)
        return said.format(**facts) if facts else said

    def say_many(self, one: str, many: str, count: int, **facts: Any) -> str:
        """The same for a count: `1 visit`, `3 visits`. `{count}` is written as the language writes numbers."""
        said = catalogue(self.language).ngettext(one, many, count)
        return said.format(count=self.number(count), **facts)

    def number(self, value: float, digits: int = 0) -> str:
        return numbers.format_decimal(round(value, digits), locale=self.language)

    def percent(self, share: float, digits: int = 0) -> str:
        return numbers.format_percent(
            round(share, digits + 2), format=None, locale=self.language, decimal_quantization=False
        )

    def money(self, amount: float, currency: str) -> str:
        return numbers.format_currency(amount, currency, locale=self.language)

    def when(self, at: datetime | str, clock: tzinfo | str | None = None, *, seconds: bool = False) -> str:
        """A time by a shop's clock (IANA name), else as UTC: `22 Nov 2026, 09:06`."""
        moment = _moment(at).astimezone(_zone(clock))
        day = dates.format_date(moment, "d MMM y", locale=self.language)
        return f"{day}, {moment:%H:%M:%S}" if seconds else f"{day}, {moment:%H:%M}"

    def day(self, day: date | str) -> str:
        given = date.fromisoformat(day) if isinstance(day, str) else day
        return dates.format_date(given, "EEE d MMM", locale=self.language)

    def ago(self, at: datetime | str, now: datetime) -> str:
        """`3 minutes ago`."""
        return dates.format_timedelta(_moment(at) - now, add_direction=True, locale=self.language)

    def lasting(self, seconds: float) -> str:
        """`4 minutes`."""
        return dates.format_timedelta(max(1, round(seconds)), threshold=1.5, locale=self.language)

    @asynccontextmanager
    async def trying(self, done: str | None = None) -> AsyncIterator[None]:
        """Does something that the API may refuse: then its words are shown, and the block ends. `done` is said when it went well.

        Whose session has ended is led to the log-in and back.
        """
        try:
            yield
        except Refused as refused:
            if refused.status == 401:
                ui.navigate.to(f"/login?next={quote(self.path)}")
                return
            ui.notify(
                told(refused),
                type="negative",
                multi_line=True,
                timeout=10_000,
                close_button=self.say("Close"),
            )
        else:
            if done is not None:
                ui.notify(done, type="positive")

    def may(self, *roles: str) -> bool:
        """Whether the reader has one of these roles: for what to show; the API decides what may be done."""
        return self.who.role in roles


def told(refused: Refused) -> str:
    """A refusal in one paragraph."""
    faults = [f"{fault.place.removeprefix('body.')}: {fault.reason}" for fault in refused.faults]
    return "\n".join([refused.detail or refused.title, *faults])


def _moment(at: datetime | str) -> datetime:
    return datetime.fromisoformat(at) if isinstance(at, str) else at


def _zone(clock: tzinfo | str | None) -> tzinfo:
    if isinstance(clock, tzinfo):
        return clock
    return ZoneInfo(clock or "UTC")
