"""The days of a report: chosen by name or by hand, and the same number of days before, to compare with.

In: a choice, and what day it is by the shop's clock. Out: first and last day, both included. Pure.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from server.web.console.languages import later

_DAY: Final = timedelta(days=1)

#: What the API counts over at once.
MOST_DAYS: Final = 366

CHOICES: Final = {
    "today": later("Today"),
    "7": later("7 days"),
    "28": later("28 days"),
    "month": later("This month"),
    "own": later("Own days"),
}
USUAL: Final = "28"


@dataclass(frozen=True, slots=True)
class Days:
    first: date
    last: date

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Days":
        """As many days, right before these."""
        return Days(self.first - self.count * _DAY, self.first - _DAY)

    def each(self) -> list[date]:
        return [self.first + number * _DAY for number in range(self.count)]

    def asked(self) -> dict[str, str]:
        """As the API is asked for them."""
        return {"first_day": self.first.isoformat(), "last_day": self.last.isoformat()}


def days_of(choice: str, today: date, first: str | None = None, last: str | None = None) -> Days:
    """The days that a choice means; own days where they can be read, in whatever order, cut to what can be counted at once."""
    if choice == "today":
        return Days(today, today)
    if choice == "month":
        return Days(today.replace(day=1), today)
    if choice == "own":
        begin, end = sorted((_read(first, today - 6 * _DAY), _read(last, today)))
        return Days(max(begin, end - (MOST_DAYS - 1) * _DAY), end)
    return Days(today - (int(choice if choice in CHOICES else USUAL) - 1) * _DAY, today)


def _read(given: str | None, usual: date) -> date:
    try:
        read = date.fromisoformat(given or "")
    except ValueError:
        return usual
    return read if 2000 <= read.year < 2200 else usual
