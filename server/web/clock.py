"""The time of the doors: an argument like any other, so that a test's noon is noon; and how far others' clocks may be off."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from server.web.problem import Fault, Problem

Clock = Callable[[], datetime]

#: A phone's, a till's or the shop's server's clock may run ahead of ours by this much: more is no time but a mistake.
AHEAD = timedelta(seconds=60)


def utc_now() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)


def objection_to(at: datetime, now: datetime, whose: str) -> str | None:
    """Why a time that somebody told cannot be; None where it can. `whose` clock it was: "the till's"."""
    return f"lies in the future: is {whose} clock right?" if at > now + AHEAD else None


def refuse_the_future(at: datetime | None, now: datetime, whose: str) -> None:
    """Raises Problem (422) where the body's `at` lies further ahead than clocks may be off."""
    reason = None if at is None else objection_to(at, now, whose)
    if reason:
        raise Problem(422, None, f"`at` {reason}", errors=[Fault(place="body.at", reason=reason)])
