"""What was decided, written in the path's own transaction: decisions, and an outbox row for each that sends.

In: decisions of the campaigns room. Out: rows. The row that records the decision to send is the message.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from server.campaigns import Decision, Exposed, Hold, HoldOut, Reason, Send
from server.campaigns.decision import on
from server.records.bulk import among, insert_rows, rows_among
from server.records.database import Transaction
from server.records.outbox import NO_LEASE
from server.records.tables import Table

_decisions, _outbox = Table.metadata.tables["decisions"], Table.metadata.tables["outbox"]
_exposures = Table.metadata.tables["exposures"]


class Decided:
    """The half of one open transaction of the path that keeps decisions."""

    def __init__(self, connection: Transaction) -> None:
        self._connection = connection

    def keep(self, decisions: Sequence[Decision], heard_at: datetime) -> list[Decision]:
        """Keeps decisions, an exposure for each that spoke or was held out, an outbox row for each that sends.

        Out: those that were not kept before. `heard_at` is when the evidence reached us: the start of heard-to-sent.
        """
        if not decisions:
            return []
        found = rows_among(self._connection, _decisions_among, [decision.id for decision in decisions])
        known = {row.id for row in found}
        fresh = {decision.id: decision for decision in decisions if decision.id not in known}
        insert_rows(self._connection, _decisions, [_decision_row(decision) for decision in fresh.values()])
        exposed = [each for each in fresh.values() if isinstance(each, Exposed)]
        insert_rows(self._connection, _exposures, [_exposure_row(each) for each in exposed])
        offers = [_outbox_row(each, heard_at) for each in exposed if isinstance(each, Send)]
        insert_rows(self._connection, _outbox, offers)
        return list(fresh.values())


@cache
def _decisions_among(dialect: str) -> sa.Select[Any]:
    return sa.select(_decisions.c.id).where(among(dialect, _decisions.c.id))


def _decision_row(decision: Decision) -> dict[str, Any]:
    return {
        "id": decision.id,
        "shopper_id": decision.shopper,
        "device_id": decision.event.device,
        "visit_id": decision.event.visit,
        "zone_id": decision.event.zone,
        "campaign_id": decision.campaign,
        "campaign_version": decision.campaign_version,
        "event": decision.event.kind,
        "verdict": decision.verdict,
        "variant": decision.variant,
        "held_id": decision.held,
        "step": decision.step,
        "due_at": decision.due_at if isinstance(decision, Hold) else None,
        "reasons": [_reason(reason) for reason in decision.reasons],
        "saw": decision.saw,
        "happened_at": decision.event.at,
        "decided_at": decision.decided_at,
    }


def _reason(reason: Reason) -> dict[str, Any]:
    """By hand: `asdict` copies each fact, which costs more than to decide."""
    return {"gate": reason.gate, "words": reason.words, "phrase": reason.phrase, "facts": reason.facts}


def _exposure_row(decision: Exposed) -> dict[str, Any]:
    event = decision.event
    return {
        "id": decision.offer_id,
        "decision_id": decision.id,
        "shopper_id": decision.shopper,
        "device_id": event.device,
        "visit_id": event.visit,
        "zone_id": event.zone,
        "site_id": decision.site,
        "campaign_id": decision.campaign,
        "campaign_version": decision.campaign_version,
        "campaign_group": decision.group,
        "variant": decision.variant,
        "control": decision.control if isinstance(decision, HoldOut) else None,
        "channel": decision.channels[0],
        "one_a_visit": decision.one_a_visit,
        "woken_by": on(event),
        "step": decision.step,
        "cost": decision.cost,
        "day": decision.day,
        "happened_at": event.at,
        "at": decision.decided_at,
    }


def _outbox_row(send: Send, heard_at: datetime) -> dict[str, Any]:
    event, offer = send.event, send.offer
    language = {"language": send.text.language}  # first: a shop's own fact of that name stays
    data = (
        language
        | offer.told(send.text.language)
        | {
            "offer": send.offer_id,
            "visit": event.visit,
            "campaign": send.campaign,
            "expires_at": send.expires_at.isoformat(),
        }
    )
    return {
        "id": send.offer_id,
        "decision_id": send.id,
        "shopper_id": send.shopper,
        "device_id": event.device,
        "visit_id": event.visit,
        "zone_id": event.zone,
        "campaign_id": send.campaign,
        "channel": send.channels[0],
        "channels": list(send.channels[1:]),
        "address_id": None,
        "title": send.text.title,
        "body": send.text.body,
        "data": data,
        "collapse_key": f"{event.visit}.{send.campaign}",
        "happened_at": event.at,
        "heard_at": heard_at,
        "created_at": send.decided_at,
        "expires_at": send.expires_at,
        "due_at": send.decided_at,
        "leased_until": NO_LEASE,
        "attempts": 0,
        "settled_at": None,
        "outcome": None,
        "receipt_s": send.receipt_s,
    }
