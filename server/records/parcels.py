"""Parcels: what the outbox hands to delivery, and what delivery hands back. Frozen values, no SQL.

In: claimed outbox rows. Out: one outcome a parcel; its `word` is what records, answers and measures call it. Imports nothing of
the house, so that records (which makes parcels) and delivery (which sends them) may both stand on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Way:
    """What it takes to reach a shopper through a channel.

    `kinds` of address it sends to: none where it needs no address. `purpose` that the shopper must agree to: None for
    what pushes nothing at anybody. `shows_outbox`: what the shopper sees is the outbox itself, so that only what is kept there is seen.
    """

    kinds: frozenset[str]
    purpose: str | None
    shows_outbox: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """Where one device can be reached through one channel: (`fcm_fid`, "fZx...") or (`fcm_token`, "d1b...")."""

    id: str
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """One outbox row under lease, with the address it goes to now. All times are aware UTC.

    `leased_until` is also the fence: a later claim of the same row always has a later lease, so an outcome that
    carries an older one comes from a sender that lost the row meanwhile. `attempts` counts the sends that were
    tried and answered (or timed out) before this one. `heard_at` is when the sighting that caused the offer was
    received: the start of heard-to-sent. `address` is None where the shopper has no live address on this channel, and
    where the channel needs none.
    """

    id: str
    shopper: str
    device: str | None
    visit: str
    campaign: str
    channel: str
    address: Address | None
    title: str
    body: str
    data: Mapping[str, str]
    collapse_key: str
    expires_at: datetime
    attempts: int
    heard_at: datetime
    leased_until: datetime
    needs_address: bool = True


@dataclass(frozen=True, slots=True)
class Sent:
    """The channel took it. Final, unless a channel is left to be tried where no receipt comes. `receipt` is the channel's own name for the message."""

    word: ClassVar[str] = "sent"

    parcel: Parcel
    at: datetime
    receipt: str


@dataclass(frozen=True, slots=True)
class Postponed:
    """The attempt failed for a passing reason: due again at `due_at`, which is before the offer's end."""

    word: ClassVar[str] = "postponed"

    parcel: Parcel
    at: datetime
    due_at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The parcel's address is dead (or there was none): forget it, and try the shopper's next live address.

    Final for this channel only where no other live address is left.
    """

    word: ClassVar[str] = "unreachable"

    parcel: Parcel
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The channel will never take this message, whatever the address. Final for this channel; the address is kept."""

    word: ClassVar[str] = "refused"

    parcel: Parcel
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Too many tries failed for reasons that pass for others: something about this parcel, or about us, is wrong. Final."""

    word: ClassVar[str] = "dead_letter"

    parcel: Parcel
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Expired:
    """The offer ended, or ends before another try is due. Final. `why` names the last fault where one was met."""

    word: ClassVar[str] = "expired"

    parcel: Parcel
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Returned:
    """Nothing was wrong with the parcel, but its channel is down: due again from `at`, no attempt counted.

    Being due from `at` puts it behind the others that wait, so that a channel which fails for some addresses only
    (an APNs key that ran out) is not tried with the same parcel for ever.
    """

    word: ClassVar[str] = "returned"

    parcel: Parcel
    at: datetime
    why: str


Outcome = Sent | Postponed | Unreachable | Rejected | GivenUp | Expired | Returned


@dataclass(frozen=True, slots=True)
class Untried:
    """A test that no channel was asked to send, and why. Not an outcome: there is no row that it could settle."""

    word: ClassVar[str] = "untried"

    why: str
