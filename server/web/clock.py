"""The time of the doors: an argument like any other, so that a test's noon is noon; and how far others' clocks may be off."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]

#: A phone's, a till's or the shop's server's clock may run ahead of ours by this much: more is no time but a mistake.
AHEAD = timedelta(seconds=60)


def utc_now() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)
