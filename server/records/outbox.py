"""The outbox: offers that were decided and wait to be sent. Claimed with a lease, settled once.

In: the time, and what became of each parcel (`server/records/parcels.py`). Out: parcels with the address they go to now.
Each verb is a transaction of its own, so that a sender that dies holds nothing but a lease, which runs out.

Rules, in prose:

- A row is claimed by whoever writes its lease first; on PostgreSQL senders skip each other's rows (SKIP LOCKED), on SQLite
  they take turns. The lease is also the fence: what a sender says of a row that another holds by now is ignored,
  but for `Sent`, since the message is out whoever holds the lease.
- The gate is in the transaction that would send: a row whose shopper does not consent to its channel's purpose by now is
  settled as "withdrawn" and never handed out, unless another channel is left.
- A row has an order of channels (`server/records/order.py`). Where one cannot or will not take it, the next has its turn at once; where
  one took it, the next has it when no receipt came in time. What any channel took stays "sent", whatever the others say.
- The address that was tried last is kept while it lives, so that a retry reaches the same phone; else that of the
  device of the visit, else the shopper's newest. A dead one is buried here, for all channels alike.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records import consent_texts
from server.records.attempts import all_passed_over, attempt_of, passed_over, storable, was_tried
from server.records.bulk import insert_rows, update_rows
from server.records.database import Database, Transaction
from server.records.order import LiveAddresses, Turn, Ways
from server.records.parcels import (
    Expired,
    Outcome,
    Parcel,
    Postponed,
    Returned,
    Sent,
    Unreachable,
    Way,
)
from server.records.tables import Table

_outbox = Table.metadata.tables["outbox"]
_addresses = Table.metadata.tables["addresses"]
_consents = Table.metadata.tables["consents"]
_attempts = Table.metadata.tables["attempts"]
_receipts = Table.metadata.tables["receipts"]
_redemptions = Table.metadata.tables["redemptions"]

#: A row that nobody holds: a lease that ran out long ago.
NO_LEASE = datetime(1970, 1, 1, tzinfo=UTC)

#: How many offers without a receipt are handed to their next channel in one claim: the others have their turn at the next.
_MOST_UNANSWERED = 500

#: How a row changes while it is under way; everything else about it was decided once.
_STATE = (
    "channel",
    "channels",
    "address_id",
    "due_at",
    "leased_until",
    "attempts",
    "settled_at",
    "outcome",
    "last_why",
    "taken_by",
    "next_at",
)

#: What settling must know of a row.
_KNOWN = [_outbox.c[name] for name in ("id", "shopper_id", "device_id", *_STATE)]


class RecordedOutbox:
    """What delivery takes parcels from: the contract is `Outbox` in `server/delivery/sender.py`.

    `ways` are the channels that this house has; `receipt_s` is how long a channel has, in seconds, before the next one of
    the order is tried, where the campaign does not say.
    """

    def __init__(self, database: Database, ways: Mapping[str, Way], receipt_s: float = 1_800.0) -> None:
        self._database = database
        self._ways = dict(ways)
        self._patience = timedelta(seconds=receipt_s)

    async def claim(
        self, now: datetime, lease_s: float, limit: int, channels: Collection[str]
    ) -> list[Parcel]:
        """Up to `limit` rows that are due on these channels, or out of time on any, oldest first; ours for `lease_s`."""
        lease = now + timedelta(seconds=lease_s)
        return await self._database.committed(
            lambda connection: self._claim(connection, now, lease, limit, channels)
        )

    async def settle(self, outcomes: Sequence[Outcome], now: datetime) -> None:
        """Writes what became of the parcels, all in one transaction."""
        if outcomes:
            await self._database.committed(lambda connection: self._settle(connection, outcomes, now))

    async def bury(self, unreachable: Unreachable) -> None:
        """Marks an address dead that a test found so: no path may learn it and another not."""
        await self._database.committed(lambda connection: _bury(connection, [unreachable]))

    def _claim(
        self,
        connection: Transaction,
        now: datetime,
        lease: datetime,
        limit: int,
        channels: Collection[str],
    ) -> list[Parcel]:
        self._give_up_waiting(connection, now)
        rows = self._lease(connection, now, lease, limit, channels)
        ways = Ways(self._ways, frozenset(self._ways).difference(channels))
        shoppers = {row["shopper_id"] for row in rows}
        living, agreed = _living_addresses(connection, shoppers), _agreed(connection, shoppers)
        withdrew = _withdrew(connection, shoppers)
        turns = [
            replace(turn, withdrawn="location") if row["shopper_id"] in withdrew else turn
            for row in rows
            for turn in [_turn(row, ways, agreed[row["shopper_id"]], living, now)]
        ]
        taken = [self._taken(row, turn, lease, now, channels) for row, turn in zip(rows, turns, strict=True)]
        _write(connection, [after for row, after in zip(rows, taken, strict=True) if after != row])
        insert_rows(connection, _attempts, all_passed_over(rows, turns, now))
        return [
            _parcel(after, turn, ways)
            for turn, after in zip(turns, taken, strict=True)
            if after["leased_until"] == lease
        ]

    def _settle(self, connection: Transaction, outcomes: Sequence[Outcome], now: datetime) -> None:
        ways = Ways(self._ways)
        _bury(connection, [o for o in outcomes if isinstance(o, Unreachable)])
        held = _held(connection, outcomes)
        living = _living_addresses(
            connection, {o.parcel.shopper for o, _ in held if isinstance(o, Unreachable)}
        )
        _write(connection, [_settled(outcome, row, ways, living, now) for outcome, row in held])
        insert_rows(connection, _attempts, [attempt_of(outcome) for outcome, _ in held if was_tried(outcome)])

    def _lease(
        self,
        connection: Transaction,
        now: datetime,
        lease: datetime,
        limit: int,
        channels: Collection[str],
    ) -> list[dict[str, Any]]:
        # What has a next channel need not wait for one that we do not have, or that takes nothing for too long.
        stuck = sa.and_(
            sa.func.json_array_length(_outbox.c.channels) > 0,
            sa.or_(_outbox.c.channel.not_in(list(self._ways)), _outbox.c.due_at <= now - self._patience),
        )
        due = (
            sa.select(_outbox.c.id)
            .where(
                _outbox.c.settled_at.is_(None),
                _outbox.c.due_at <= now,
                _outbox.c.leased_until <= now,
                sa.or_(_outbox.c.channel.in_(list(channels)), _outbox.c.expires_at <= now, stuck),
            )
            .order_by(_outbox.c.due_at, _outbox.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)  # nothing on SQLite, where the writer is alone
            .cte(
                "due"
            )  # computed once: as a plain sub-query PostgreSQL may run it again for each row, past the limit
        )
        leased = connection.execute(
            sa.update(_outbox)
            .where(_outbox.c.id.in_(sa.select(due.c.id)))
            .values(leased_until=lease)
            .returning(_outbox)
        )
        return sorted((_read(row) for row in leased.mappings()), key=lambda row: (row["due_at"], row["id"]))

    def _taken(
        self,
        row: Mapping[str, Any],
        turn: Turn,
        lease: datetime,
        now: datetime,
        channels: Collection[str],
    ) -> dict[str, Any]:
        """The row as it is handed out; or given back, where its turn has come to a channel that was not asked for."""
        after = {**row, "channel": turn.channel, "channels": list(turn.left)}
        if turn.address is not None:
            after["address_id"] = turn.address.id
        if turn.withdrawn is not None:
            return _over(after, "withdrawn", f"no consent to {turn.withdrawn} any more", now)
        if turn.passed_over:
            after |= {"attempts": 0, "due_at": now, "next_at": None}
        if turn.channel not in channels and row["expires_at"] > now:
            return {**after, "leased_until": NO_LEASE}
        waits = bool(turn.left) and after["next_at"] is None
        patience = self._patience if row["receipt_s"] is None else timedelta(seconds=row["receipt_s"])
        return {**after, "leased_until": lease, **({"next_at": now + patience} if waits else {})}

    def _give_up_waiting(self, connection: Transaction, now: datetime) -> None:
        """Hands offers to their next channel that nobody answered in time; those that were answered wait no more."""
        answered = sa.or_(
            sa.exists().where(_receipts.c.outbox_id == _outbox.c.id),
            sa.exists().where(_redemptions.c.outbox_id == _outbox.c.id),
        )
        found = connection.execute(
            sa.select(_outbox, answered.label("answered"))
            .where(_outbox.c.next_at <= now, _outbox.c.leased_until <= now)
            .order_by(_outbox.c.next_at)
            .limit(_MOST_UNANSWERED)
            .with_for_update(skip_locked=True, of=_outbox)
        )
        rows = [_read(row) for row in found.mappings()]
        after = [_unanswered(row, now) for row in rows]
        _write(connection, after)
        unseen = [
            passed_over(row, row["channel"], "no receipt came in time", now)
            for row, then in zip(rows, after, strict=True)
            if then["channel"] != row["channel"]
        ]
        insert_rows(connection, _attempts, unseen)


async def waiting(connection: AsyncConnection) -> int:
    """How many offers are not settled."""
    count = await connection.scalar(sa.select(sa.func.count()).where(_outbox.c.settled_at.is_(None)))
    return int(count or 0)


async def shopper_of(connection: AsyncConnection, offer: str) -> str | None:
    """Whose offer it is; None where it, or its shopper, was forgotten."""
    found: str | None = await connection.scalar(sa.select(_outbox.c.shopper_id).where(_outbox.c.id == offer))
    return found


# -- claiming


def _read(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A row as it is thought about: no channels left is an empty list."""
    return {**row, "channels": row["channels"] or []}


def _turn(
    row: Mapping[str, Any], ways: Ways, agreed: Collection[str], living: LiveAddresses, now: datetime
) -> Turn:
    """Whose turn it is; what is out of time stays where it is, only to be settled."""
    if row["expires_at"] <= now:
        return ways.turn({**row, "channels": []}, agreed, living)
    return ways.turn(row, agreed, living)


def _unanswered(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    if row["expires_at"] <= now or not row["channels"]:
        return {**row, "next_at": None}
    if row["answered"]:
        answered = {**row, "next_at": None}
        return answered if row["settled_at"] else _over(answered, "sent", "the phone told of it", now)
    return _next_turn(row, "no receipt came in time", now)


def _next_turn(row: Mapping[str, Any], why: str, now: datetime) -> dict[str, Any]:
    """The row as the next channel of its order gets it."""
    channel, *left = row["channels"]
    return {
        **row,
        "channel": channel,
        "channels": left,
        "attempts": 0,
        "due_at": now,
        "leased_until": NO_LEASE,
        "settled_at": None,
        "outcome": None,
        "next_at": None,
        "last_why": _why(row, why),
    }


def _over(row: Mapping[str, Any], outcome: str, why: str, at: datetime) -> dict[str, Any]:
    """The row as it is when all is said. What a channel took was sent, whatever came of the others."""
    sent = row["taken_by"] is not None
    return {
        **row,
        "leased_until": NO_LEASE,
        "settled_at": at,
        "outcome": "sent" if sent else outcome,
        "last_why": _why(row, why),
        "next_at": None,
    }


def _why(row: Mapping[str, Any], why: str) -> str | None:
    """What is said of the row now. What a channel took keeps that channel's receipt; its attempts tell the rest."""
    return why if row["taken_by"] is None else row["last_why"]


def _parcel(row: Mapping[str, Any], turn: Turn, ways: Ways) -> Parcel:
    return Parcel(
        id=row["id"],
        shopper=row["shopper_id"],
        device=row["device_id"],
        visit=row["visit_id"],
        campaign=row["campaign_id"],
        channel=row["channel"],
        address=turn.address,
        title=row["title"],
        body=row["body"],
        data=row["data"],
        collapse_key=row["collapse_key"],
        expires_at=row["expires_at"],
        attempts=row["attempts"],
        heard_at=row["heard_at"],
        leased_until=row["leased_until"],
        needs_address=ways.needs_address(row["channel"]),
    )


def _agreed(connection: Transaction, shoppers: Collection[str]) -> Mapping[str, set[str]]:
    """The purposes that each of these shoppers agrees to now."""
    agreed: dict[str, set[str]] = {shopper: set() for shopper in shoppers}
    if not shoppers:
        return agreed
    found = connection.execute(
        sa.select(_consents.c.shopper_id, _consents.c.purpose).where(
            _consents.c.shopper_id.in_(list(shoppers)),
            *consent_texts.HOLDS,
        )
    )
    for shopper, purpose in found:
        agreed[shopper].add(purpose)
    return agreed


def _withdrew(connection: Transaction, shoppers: Collection[str]) -> set[str]:
    """Those who agree to being located no more: an offer that came of where they were goes out on no channel."""
    if not shoppers:
        return set()
    among_these = consent_texts.WITHDREW.where(_consents.c.shopper_id.in_(list(shoppers)))
    return set(connection.scalars(among_these))


def _living_addresses(connection: Transaction, shoppers: Collection[str]) -> LiveAddresses:
    living: dict[str, list[dict[str, Any]]] = {}
    if not shoppers:
        return living
    found = connection.execute(
        sa.select(_addresses)
        .where(_addresses.c.shopper_id.in_(list(shoppers)), _addresses.c.dead_at.is_(None))
        .order_by(_addresses.c.created_at.desc(), _addresses.c.id)
    )
    for row in found.mappings():
        living.setdefault(row["shopper_id"], []).append(dict(row))
    return living


# -- settling


def _bury(connection: Transaction, unreachable: Iterable[Unreachable]) -> None:
    """Marks addresses dead, unless the phone has registered anew under the same id meanwhile."""
    dead = [
        {
            "address": o.parcel.address.id,
            "said": o.parcel.address.value,
            "died_at": o.at,
            "why": storable(o.why),
        }
        for o in unreachable
        if o.parcel.address is not None
    ]
    if dead:
        connection.execute(
            sa.update(_addresses)
            .where(
                _addresses.c.id == sa.bindparam("address"),
                _addresses.c.value == sa.bindparam("said"),
                _addresses.c.dead_at.is_(None),
            )
            .values(dead_at=sa.bindparam("died_at"), dead_why=sa.bindparam("why")),
            dead,
        )


def _held(connection: Transaction, outcomes: Sequence[Outcome]) -> list[tuple[Outcome, dict[str, Any]]]:
    """The outcomes that still count, with their rows: of rows that are not settled, and under their lease or sent."""
    found = connection.execute(
        sa.select(*_KNOWN)
        .where(_outbox.c.id.in_([o.parcel.id for o in outcomes]), _outbox.c.settled_at.is_(None))
        .with_for_update()
    )
    rows = {row["id"]: _read(row) for row in found.mappings()}
    held: list[tuple[Outcome, dict[str, Any]]] = []
    for outcome in outcomes:
        row = rows.get(outcome.parcel.id)
        if row is None:
            continue
        mine = row["leased_until"] == outcome.parcel.leased_until
        if mine or isinstance(outcome, Sent):
            held.append((outcome, rows.pop(outcome.parcel.id)))
    return held


def _write(connection: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """One statement for however many rows: each with the state it has from now on."""
    update_rows(connection, _outbox, [_state(row) for row in rows], by=("id",))


def _state(row: Mapping[str, Any]) -> dict[str, Any]:
    why = row["last_why"]
    state = {name: row[name] for name in _STATE}
    told = {"channels": row["channels"] or None, "last_why": None if why is None else storable(why)}
    return {"id": row["id"], **state, **told}


def _settled(
    outcome: Outcome, row: Mapping[str, Any], ways: Ways, living: LiveAddresses, now: datetime
) -> dict[str, Any]:
    """The row as an outcome leaves it."""
    tried = {
        **row,
        "attempts": row["attempts"] + int(was_tried(outcome)),
        "leased_until": NO_LEASE,
    }
    if isinstance(outcome, Sent):
        receipt = {"last_why": outcome.receipt, "taken_by": outcome.parcel.channel}
        return {**tried, **receipt, "settled_at": outcome.at, "outcome": "sent"}
    if isinstance(outcome, Postponed):
        return {**tried, "due_at": outcome.due_at, "last_why": _why(row, outcome.why)}
    if isinstance(outcome, Returned):
        return {**tried, "due_at": outcome.at, "last_why": _why(row, outcome.why)}
    channel = outcome.parcel.channel
    if isinstance(outcome, Unreachable) and ways.address(row, channel, living) is not None:
        return {**tried, "due_at": outcome.at, "last_why": _why(row, outcome.why)}
    if row["channels"] and not isinstance(outcome, Expired):
        return _next_turn(tried, outcome.why, now)
    word = "undeliverable" if isinstance(outcome, Unreachable) else outcome.word
    return _over(tried, word, outcome.why, now)
