"""Parcels with calm defaults, and an outbox that works, in memory, under the rules of the real one."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from server.records.parcels import (
    Address,
    Expired,
    GivenUp,
    Outcome,
    Parcel,
    Postponed,
    Rejected,
    Returned,
    Sent,
    Unreachable,
)

NOON = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)


def a_parcel(number: int = 1, **changed) -> Parcel:
    parcel = Parcel(
        id=f"of_{number}",
        shopper=f"sh_{number}",
        device=f"d_{number}",
        visit=f"v_{number}",
        campaign="c_shoes",
        channel="fcm",
        address=Address(id=f"ad_{number}", kind="fcm_fid", value=f"phone-{number}"),
        title="Brera",
        body="20 % on shoes until 12:15",
        data={"offer": f"of_{number}", "visit": f"v_{number}", "campaign": "c_shoes"},
        collapse_key=f"v_{number}.c_shoes",
        expires_at=NOON + timedelta(minutes=15),
        attempts=0,
        heard_at=NOON - timedelta(seconds=2),
        leased_until=NOON + timedelta(seconds=60),
    )
    return replace(parcel, **changed)


class Clock:
    """A clock that moves only when told."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


async def until(it_holds: Callable[[], bool], limit_s: float = 5.0) -> None:
    """Let the loop run until something holds; TimeoutError where it never does."""
    async with asyncio.timeout(limit_s):
        while not it_holds():  # noqa: ASYNC110 - what is waited for is another's inner doing, with no event of its own
            await asyncio.sleep(0.001)


class PretendOutbox:
    """Rows in memory, claimed and settled by the rules that the Outbox protocol states. One lease at a time a row.

    `next_addresses` are the live addresses that a shopper has besides the parcel's own.
    """

    def __init__(self, *parcels: Parcel) -> None:
        self.rows = {parcel.id: parcel for parcel in parcels}
        self.due_at = {parcel.id: NOON for parcel in parcels}
        self.leased_until: dict[str, datetime] = {}
        self.settled: dict[str, Outcome] = {}
        self.history: list[Outcome] = []
        self.next_addresses: dict[str, list[Address]] = {}
        self.forgotten: list[str] = []
        self.polls = 0
        self.batches: list[tuple[datetime, int]] = []
        self.broken = False

    def put(self, parcel: Parcel, due_at: datetime = NOON) -> None:
        self.rows[parcel.id] = parcel
        self.due_at[parcel.id] = due_at

    async def claim(
        self, now: datetime, lease_s: float, limit: int, channels: Collection[str]
    ) -> list[Parcel]:
        self.polls += 1
        if self.broken:
            raise ConnectionError("the database is away")
        lease = now + timedelta(seconds=lease_s)
        free = [
            parcel
            for parcel in self.rows.values()
            if parcel.id not in self.settled
            and self.due_at[parcel.id] <= now
            and self.leased_until.get(parcel.id, now) <= now
            and (parcel.channel in channels or parcel.expires_at <= now)
        ]
        free.sort(key=lambda parcel: self.due_at[parcel.id])
        claimed = [replace(parcel, leased_until=lease) for parcel in free[:limit]]
        self.leased_until |= dict.fromkeys((parcel.id for parcel in claimed), lease)
        return claimed

    async def settle(self, outcomes: Sequence[Outcome], now: datetime) -> None:
        if self.broken:
            raise ConnectionError("the database is away")
        self.batches.append((now, len(outcomes)))
        for outcome in outcomes:
            held = self.leased_until.get(outcome.parcel.id) == outcome.parcel.leased_until
            if outcome.parcel.id not in self.settled and (held or isinstance(outcome, Sent)):
                self.history.append(outcome)
                self._write(outcome)

    def _write(self, outcome: Outcome) -> None:
        parcel = outcome.parcel
        self.leased_until.pop(parcel.id, None)
        match outcome:
            case Postponed(due_at=due_at):
                self.rows[parcel.id] = replace(parcel, attempts=parcel.attempts + 1)
                self.due_at[parcel.id] = due_at
            case Returned(at=at):
                self.due_at[parcel.id] = at
            case Unreachable(at=at) if self._forget(parcel):
                self.due_at[parcel.id] = at
            case Sent() | Unreachable() | Rejected() | Expired() | GivenUp():
                self.settled[parcel.id] = outcome

    def _forget(self, parcel: Parcel) -> bool:
        """Forget the parcel's address; True where the shopper has another, which the row then goes to."""
        if parcel.address is not None:
            self.forgotten.append(parcel.address.id)
        others = self.next_addresses.get(parcel.shopper, [])
        if others:
            self.rows[parcel.id] = replace(parcel, address=others.pop(0), attempts=parcel.attempts + 1)
            return True
        return False

    def verdicts(self) -> dict[str, str]:
        """How each settled row ended."""
        return {row: type(outcome).__name__ for row, outcome in self.settled.items()}
