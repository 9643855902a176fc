"""The outbox: offers that were decided and wait to be sent. Claimed with a lease, settled once.

In: the time, and what became of each parcel (`server/records/parcels.py`). Out: parcels with the address they go to now.
Each verb is a transaction of its own, so that a sender that dies holds nothing but a lease, which runs out.

Rules, in prose:

- A row is claimed by whoever writes its lease first; on PostgreSQL senders skip each other's rows (SKIP LOCKED), on SQLite
  they take turns. The lease is also the fence: what a sender says of a row that another holds by now is ignored,
  but for `Sent`, since the message is out whoever holds the lease.
- The gate is in the transaction that would send: a row whose shopper does not consent to its channel's purpose by now is
  settled as "withdrawn" and never handed out.
- An address belongs to a channel by its kind: `fcm_fid` and `fcm_token` to `fcm`. The one that was tried last is kept while
  it lives, so that a retry reaches the same phone; else that of the device of the visit, else the shopper's newest.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records.database import Database
from server.records.parcels import (
    Address,
    Expired,
    Outcome,
    Parcel,
    Postponed,
    Returned,
    Sent,
    Unreachable,
)
from server.records.tables import Table

_outbox = Table.metadata.tables["outbox"]
_addresses = Table.metadata.tables["addresses"]
_attempts = Table.metadata.tables["attempts"]
_consents = Table.metadata.tables["consents"]

#: A row that nobody holds: a lease that ran out long ago.
NO_LEASE = datetime(1970, 1, 1, tzinfo=UTC)

#: What a channel said is kept up to here.
_LONGEST_WORDS = 500

#: channel -> the purpose that its shopper must consent to. The inbox and the shop's own webhooks push nothing at anybody.
PURPOSES: Mapping[str, str] = {"fcm": "push", "webpush": "push", "email": "email", "sms": "sms"}


class RecordedOutbox:
    """What delivery takes parcels from: the contract is `Outbox` in `server/delivery/sender.py`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(
        self, now: datetime, lease_s: float, limit: int, channels: Collection[str]
    ) -> list[Parcel]:
        """Up to `limit` rows that are due on these channels, or out of time on any, oldest first; ours for `lease_s`."""
        lease = now + timedelta(seconds=lease_s)
        async with self._database.writing() as connection:
            rows = await _lease(connection, now, lease, limit, channels)
            rows = await _without_withdrawn(connection, rows, now)
            living = await _living_addresses(connection, {row["shopper_id"] for row in rows})
            parcels = [_parcel(row, _choose(row, living), lease) for row in rows]
            await _remember_addresses(connection, rows, parcels)
        return parcels

    async def settle(self, outcomes: Sequence[Outcome], now: datetime) -> None:
        """Writes what became of the parcels, all in one transaction."""
        async with self._database.writing() as connection:
            await _bury(connection, [o for o in outcomes if isinstance(o, Unreachable)])
            held = await _held(connection, outcomes)
            living = await _living_addresses(
                connection, {o.parcel.shopper for o in held if isinstance(o, Unreachable)}
            )
            changes = [_change(outcome, living, now) for outcome in held]
            attempts = [_attempt(outcome) for outcome in held if _was_tried(outcome)]
            if changes:
                await connection.execute(_CHANGE, changes)
            if attempts:
                await connection.execute(sa.insert(_attempts), attempts)


async def waiting(connection: AsyncConnection) -> int:
    """How many offers are not settled."""
    count = await connection.scalar(sa.select(sa.func.count()).where(_outbox.c.settled_at.is_(None)))
    return int(count or 0)


async def forget_before(connection: AsyncConnection, before: datetime) -> int:
    """Deletes offers settled before `before`, with their attempts; gives how many. Caps must not look further back."""
    old = sa.select(_outbox.c.id).where(_outbox.c.settled_at < before)
    await connection.execute(sa.delete(_attempts).where(_attempts.c.outbox_id.in_(old)))
    return (await connection.execute(sa.delete(_outbox).where(_outbox.c.settled_at < before))).rowcount


async def _lease(
    connection: AsyncConnection, now: datetime, lease: datetime, limit: int, channels: Collection[str]
) -> list[dict[str, Any]]:
    due = (
        sa.select(_outbox.c.id)
        .where(
            _outbox.c.settled_at.is_(None),
            _outbox.c.due_at <= now,
            _outbox.c.leased_until <= now,
            sa.or_(_outbox.c.channel.in_(list(channels)), _outbox.c.expires_at <= now),
        )
        .order_by(_outbox.c.due_at, _outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)  # nothing on SQLite, where the writer is alone
        .cte(
            "due"
        )  # computed once: as a plain sub-query PostgreSQL may run it again for each row, past the limit
    )
    leased = await connection.execute(
        sa.update(_outbox)
        .where(_outbox.c.id.in_(sa.select(due.c.id)))
        .values(leased_until=lease)
        .returning(_outbox)
    )
    return sorted((dict(row) for row in leased.mappings()), key=lambda row: (row["due_at"], row["id"]))


async def _without_withdrawn(
    connection: AsyncConnection, rows: list[dict[str, Any]], now: datetime
) -> list[dict[str, Any]]:
    """Settles the rows whose shopper no longer agrees, and gives the others."""
    current = await connection.execute(
        sa.select(_consents.c.shopper_id, _consents.c.purpose).where(
            _consents.c.shopper_id.in_({row["shopper_id"] for row in rows}),
            _consents.c.superseded_at.is_(None),
            _consents.c.granted,
        )
    )
    agreed = {(row.shopper_id, row.purpose) for row in current}
    withdrawn = {
        row["id"]: purpose
        for row in rows
        if (purpose := PURPOSES.get(row["channel"])) and (row["shopper_id"], purpose) not in agreed
    }
    if withdrawn:
        await connection.execute(
            _CHANGE,
            [
                _new_state(row, settled_at=now, outcome="withdrawn", why=f"no consent to {purpose} any more")
                for row, purpose in withdrawn.items()
            ],
        )
    return [row for row in rows if row["id"] not in withdrawn]


_LiveAddresses = Mapping[str, list[dict[str, Any]]]


async def _living_addresses(connection: AsyncConnection, shoppers: Collection[str]) -> _LiveAddresses:
    """Address rows of each shopper that are not dead, newest first."""
    living: dict[str, list[dict[str, Any]]] = {}
    if not shoppers:
        return living
    found = await connection.execute(
        sa.select(_addresses)
        .where(_addresses.c.shopper_id.in_(list(shoppers)), _addresses.c.dead_at.is_(None))
        .order_by(_addresses.c.created_at.desc(), _addresses.c.id)
    )
    for row in found.mappings():
        living.setdefault(row["shopper_id"], []).append(dict(row))
    return living


def _serves(kind: str, channel: str) -> bool:
    """Whether an address of this kind is one of this channel: its name, or its name and a detail."""
    return kind == channel or kind.startswith(f"{channel}_")


def _choose(row: Mapping[str, Any], living: _LiveAddresses) -> Address | None:
    fitting = [a for a in living.get(row["shopper_id"], []) if _serves(a["kind"], row["channel"])]
    if not fitting:
        return None
    best = min(
        fitting, key=lambda a: (a["id"] != row["address_id"], a["device_id"] != row["device_id"])
    )  # min keeps the first of equals: the newest
    return Address(best["id"], best["kind"], best["value"])


def _parcel(row: Mapping[str, Any], address: Address | None, lease: datetime) -> Parcel:
    return Parcel(
        id=row["id"],
        shopper=row["shopper_id"],
        device=row["device_id"],
        visit=row["visit_id"],
        campaign=row["campaign_id"],
        channel=row["channel"],
        address=address,
        title=row["title"],
        body=row["body"],
        data=row["data"],
        collapse_key=row["collapse_key"],
        expires_at=row["expires_at"],
        attempts=row["attempts"],
        heard_at=row["heard_at"],
        leased_until=lease,
    )


async def _remember_addresses(
    connection: AsyncConnection, rows: Iterable[Mapping[str, Any]], parcels: Iterable[Parcel]
) -> None:
    changed = [
        {"row_id": parcel.id, "chosen": parcel.address.id}
        for row, parcel in zip(rows, parcels, strict=True)
        if parcel.address is not None and parcel.address.id != row["address_id"]
    ]
    if changed:
        await connection.execute(
            sa.update(_outbox)
            .where(_outbox.c.id == sa.bindparam("row_id"))
            .values(address_id=sa.bindparam("chosen")),
            changed,
        )


async def _bury(connection: AsyncConnection, unreachable: Iterable[Unreachable]) -> None:
    """Marks addresses dead, unless the phone has registered anew under the same id meanwhile."""
    dead = [
        {
            "address": o.parcel.address.id,
            "said": o.parcel.address.value,
            "died_at": o.at,
            "why": _storable(o.why),
        }
        for o in unreachable
        if o.parcel.address is not None
    ]
    if dead:
        await connection.execute(
            sa.update(_addresses)
            .where(
                _addresses.c.id == sa.bindparam("address"),
                _addresses.c.value == sa.bindparam("said"),
                _addresses.c.dead_at.is_(None),
            )
            .values(dead_at=sa.bindparam("died_at"), dead_why=sa.bindparam("why")),
            dead,
        )


async def _held(connection: AsyncConnection, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes that still count: of rows that are not settled, and under their lease or sent."""
    found = await connection.execute(
        sa.select(_outbox.c.id, _outbox.c.leased_until)
        .where(_outbox.c.id.in_([o.parcel.id for o in outcomes]), _outbox.c.settled_at.is_(None))
        .with_for_update()
    )
    leases = {row.id: row.leased_until for row in found}
    held: list[Outcome] = []
    for outcome in outcomes:
        lease = leases.pop(outcome.parcel.id, None)
        if lease == outcome.parcel.leased_until or (lease is not None and isinstance(outcome, Sent)):
            held.append(outcome)
    return held


#: One statement for every outcome: what it does not touch is given as it was (coalesce, or plus nothing).
_CHANGE = (
    sa.update(_outbox)
    .where(_outbox.c.id == sa.bindparam("row_id"))
    .values(
        settled_at=sa.bindparam("now_settled_at", type_=_outbox.c.settled_at.type),
        outcome=sa.bindparam("now_outcome", type_=_outbox.c.outcome.type),
        due_at=sa.func.coalesce(
            sa.bindparam("now_due_at", type_=_outbox.c.due_at.type),
            _outbox.c.due_at,
            type_=_outbox.c.due_at.type,
        ),
        leased_until=NO_LEASE,
        attempts=_outbox.c.attempts + sa.bindparam("tries", type_=sa.Integer),
        last_why=sa.bindparam("why", type_=_outbox.c.last_why.type),
    )
)


def _new_state(
    row: str,
    *,
    why: str,
    settled_at: datetime | None = None,
    outcome: str | None = None,
    due_at: datetime | None = None,
    tries: int = 0,
) -> dict[str, Any]:
    return {
        "row_id": row,
        "now_settled_at": settled_at,
        "now_outcome": outcome,
        "now_due_at": due_at,
        "tries": tries,
        "why": _storable(why),
    }


def _storable(said: str) -> str:
    """A channel's words as any database takes them: PostgreSQL knows no NUL, nobody half of a surrogate pair.

    One answer that could not be written would keep all others from being settled, and they would be sent again.
    """
    return said[:_LONGEST_WORDS].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _was_tried(outcome: Outcome) -> bool:
    """Whether a channel was asked: it was not for what ran out, was given back, or had no address."""
    if isinstance(outcome, Expired | Returned):
        return False
    return not isinstance(outcome, Unreachable) or outcome.parcel.address is not None


def _change(outcome: Outcome, living: _LiveAddresses, now: datetime) -> dict[str, Any]:
    row, tries = outcome.parcel.id, int(_was_tried(outcome))
    if isinstance(outcome, Sent):
        return _new_state(row, settled_at=outcome.at, outcome="sent", tries=tries, why=outcome.receipt)
    if isinstance(outcome, Postponed):
        return _new_state(row, due_at=outcome.due_at, tries=tries, why=outcome.why)
    if isinstance(outcome, Returned):
        return _new_state(row, due_at=outcome.at, why=outcome.why)
    if isinstance(outcome, Unreachable):
        others = living.get(outcome.parcel.shopper, [])
        if any(_serves(a["kind"], outcome.parcel.channel) for a in others):
            return _new_state(row, due_at=outcome.at, tries=tries, why=outcome.why)
        return _new_state(row, settled_at=now, outcome="undeliverable", tries=tries, why=outcome.why)
    return _new_state(row, settled_at=now, outcome=outcome.word, tries=tries, why=outcome.why)


def _attempt(outcome: Outcome) -> dict[str, Any]:
    parcel = outcome.parcel
    return {
        "outbox_id": parcel.id,
        "shopper_id": parcel.shopper,
        "address_id": parcel.address.id if parcel.address else None,
        "outcome": outcome.word,
        "why": _storable(outcome.receipt if isinstance(outcome, Sent) else outcome.why),
        "at": outcome.at,
    }
