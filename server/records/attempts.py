"""Attempts as they are kept: each try of an offer on a channel, and each channel that was passed over, with why.

In: outcomes, and turns of the order of channels. Out: rows for the table `attempts`; words as any database takes them. Pure.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from server.records.order import Turn
from server.records.parcels import Expired, Outcome, Returned, Sent, Unreachable

#: What a channel said is kept up to here.
_LONGEST_WORDS: Final = 500


def all_passed_over(
    rows: Sequence[Mapping[str, Any]], turns: Sequence[Turn], now: datetime
) -> list[dict[str, Any]]:
    """Each channel that was passed over is told of: silence has a reason on every channel."""
    return [
        passed_over(row, channel, why, now)
        for row, turn in zip(rows, turns, strict=True)
        for channel, why in turn.passed_over
    ]


def passed_over(row: Mapping[str, Any], channel: str, why: str, at: datetime) -> dict[str, Any]:
    """A channel of an offer that was not asked, and why."""
    return {
        "outbox_id": row["id"],
        "shopper_id": row["shopper_id"],
        "channel": channel,
        "address_id": None,
        "outcome": "passed_over",
        "why": why,
        "at": at,
    }


def attempt_of(outcome: Outcome) -> dict[str, Any]:
    """What a channel answered to one try."""
    parcel = outcome.parcel
    return {
        "outbox_id": parcel.id,
        "shopper_id": parcel.shopper,
        "channel": parcel.channel,
        "address_id": parcel.address.id if parcel.address else None,
        "outcome": outcome.word,
        "why": storable(outcome.receipt if isinstance(outcome, Sent) else outcome.why),
        "at": outcome.at,
    }


def was_tried(outcome: Outcome) -> bool:
    """Whether a channel was asked: it was not for what ran out, was given back, or had no address."""
    if isinstance(outcome, Expired | Returned):
        return False
    return not isinstance(outcome, Unreachable) or outcome.parcel.address is not None


def storable(said: str) -> str:
    """A channel's words as any database takes them: PostgreSQL knows no NUL, nobody half of a surrogate pair.

    One answer that could not be written would keep all others from being settled, and they would be sent again.
    """
    return said[:_LONGEST_WORDS].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
