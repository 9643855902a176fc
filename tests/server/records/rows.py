"""Rows as the path, the phones and the sender leave them, with calm defaults; and `keep`, which puts them where they belong."""

from datetime import timedelta

import sqlalchemy as sa

from server.records.database import Connection
from server.records.tables import (
    AddressRow,
    AttemptRow,
    ConsentRow,
    DecisionRow,
    DeviceRow,
    OutboxRow,
    ReceiptRow,
    RedemptionRow,
    ShopperRow,
    Table,
    VisitRow,
)
from tests.conftest import NOON


async def keep(connection: Connection, *rows: Table) -> None:
    for row in rows:
        await connection.execute(sa.insert(row.__table__).values(**row.model_dump(exclude_none=True)))


async def rows_of(database, table):
    async with database.reading() as connection:
        found = await connection.execute(sa.select(table.__table__).order_by(*table.__table__.primary_key))
        return [table(**row) for row in found.mappings()]


def a_shopper(id="sh_1", **changes) -> ShopperRow:
    return ShopperRow(**{"id": id, "attributes": {}, "tags": [], "created_at": NOON, **changes})


def a_device(id="d_1", shopper="sh_1", **changes) -> DeviceRow:
    return DeviceRow(**{"id": id, "shopper_id": shopper, "kind": "phone", "created_at": NOON, **changes})


def a_consent(shopper="sh_1", purpose="push", **changes) -> ConsentRow:
    return ConsentRow(
        **{
            "id": f"cs_{shopper}_{purpose}",
            "shopper_id": shopper,
            "purpose": purpose,
            "granted": True,
            "text_version": "2026-01",
            "how": "app",
            "given_at": NOON,
            **changes,
        }
    )


def an_address(id="ad_1", device="d_1", shopper="sh_1", **changes) -> AddressRow:
    return AddressRow(
        **{
            "id": id,
            "shopper_id": shopper,
            "device_id": device,
            "kind": "fcm_fid",
            "value": f"phone-{id}",
            "created_at": NOON,
            **changes,
        }
    )


def a_visit(id="v_1", **changes) -> VisitRow:
    return VisitRow(
        **{
            "id": id,
            "shopper_id": "sh_1",
            "device_id": "d_1",
            "zone_id": "shoes",
            "entered_at": NOON,
            **changes,
        }
    )


def a_decision(id="dec_1", **changes) -> DecisionRow:
    return DecisionRow(
        **{
            "id": id,
            "shopper_id": "sh_1",
            "device_id": "d_1",
            "visit_id": "v_1",
            "zone_id": "shoes",
            "campaign_id": "spring-shoes",
            "campaign_version": 1,
            "event": "entered",
            "verdict": "send",
            "reasons": [{"gate": "arbitration", "words": "the only campaign that could speak"}],
            "saw": {"quiet_hours": None},
            "happened_at": NOON,
            "decided_at": NOON,
            **changes,
        }
    )


def an_offer(id="of_1", **changes) -> OutboxRow:
    return OutboxRow(
        **{
            "id": id,
            "decision_id": id.replace("of_", "dec_"),
            "shopper_id": "sh_1",
            "device_id": "d_1",
            "visit_id": "v_1",
            "zone_id": "shoes",
            "campaign_id": "spring-shoes",
            "channel": "fcm",
            "title": "20 % off shoes",
            "body": "Today only.",
            "data": {"offer": id},
            "collapse_key": "v_1.spring-shoes",
            "happened_at": NOON,
            "heard_at": NOON,
            "created_at": NOON,
            "expires_at": NOON + timedelta(minutes=30),
            "due_at": NOON,
            "leased_until": NOON - timedelta(days=1),
            **changes,
        }
    )


def an_attempt(offer="of_1", **changes) -> AttemptRow:
    return AttemptRow(
        **{
            "outbox_id": offer,
            "shopper_id": "sh_1",
            "outcome": "sent",
            "why": "messages/1",
            "at": NOON,
            **changes,
        }
    )


def a_receipt(offer="of_1", kind="shown", **changes) -> ReceiptRow:
    return ReceiptRow(
        **{"outbox_id": offer, "kind": kind, "shopper_id": "sh_1", "at": NOON, "received_at": NOON, **changes}
    )


def a_redemption(offer="of_1", **changes) -> RedemptionRow:
    return RedemptionRow(**{"outbox_id": offer, "shopper_id": "sh_1", "at": NOON, **changes})
