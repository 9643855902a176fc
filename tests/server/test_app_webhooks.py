"""The house as it is built tells other systems: from the owner's door to their receiver, and to whoever watches it."""

import asyncio
from datetime import UTC, datetime

import httpx
import pytest
import sqlalchemy as sa

from server.app import built, running
from server.records import keys
from server.records.database import Database
from server.records.tables import StaffRow
from server.settings import Settings
from tests.server.delivery.receiver import Receiver


@pytest.fixture
def networks():
    """The private networks that webhooks may lead into."""
    return ["127.0.0.0/8"]


@pytest.fixture
async def owner(networks, tmp_path):
    """An owner before a running house."""
    settings = Settings.model_validate(
        {
            "database": {"url": f"sqlite:///{tmp_path / 'house.sqlite3'}"},
            "webhooks": {"allowed_networks": networks},
        }
    )
    async with built(settings) as house, running(house):
        database, now = Database.open(settings.database.url), datetime.now(UTC)
        async with database.writing() as connection:
            row = StaffRow(
                id="st_1", email="o@shop.example", name="O", role="owner", password_hash="-", created_at=now
            )
            await connection.execute(sa.insert(StaffRow).values(**row.model_dump()))
            key = await keys.issue(connection, "staff", "session", now, owner="st_1")
        await database.close()
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(house.application),
            base_url="http://house",
            headers={"Authorization": f"Bearer {key.token}"},
        ) as client:
            yield client


async def measured(owner, word):
    """The house's measures, as soon as they say so."""
    async with asyncio.timeout(20):
        while word not in (metrics := (await owner.get("/metrics")).text):
            pass  # each look waits for the records
    return metrics


async def test_what_the_owner_sets_up_is_told_signed_and_counted(owner):
    async with Receiver() as receiver:
        kept = await owner.put("/v1/webhooks/crm", json={"name": "CRM", "url": receiver.url})
        receiver.secret = kept.json()["secret"]
        event = (await owner.post("/v1/webhooks/crm/test")).json()["event"]
        await measured(owner, 'soglia_webhook_deliveries_total{outcome="delivered"} 1.0')
        await measured(owner, "soglia_waiting_webhook_deliveries 0.0")
        assert [each for each, _ in receiver.taken] == [event]
        assert receiver.unsigned == []
        checks = (await owner.get("/health/ready")).json()["checks"]
        assert checks["webhooks"] == {"well": True, "words": "well"}


@pytest.mark.parametrize("networks", [[]])
async def test_without_leave_no_webhook_leads_into_the_houses_own_network(owner, networks):
    refused = await owner.put("/v1/webhooks/crm", json={"name": "CRM", "url": "http://127.0.0.1:5432/"})
    assert refused.status_code == 422
