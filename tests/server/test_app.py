"""The house as it is built: what its rooms know reaches whoever watches it."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from server.app import built, running
from server.campaigns import read_campaign
from server.records import campaigns, keys
from server.records.database import Database
from server.records.schema import migrate
from server.settings import Settings


@pytest.fixture
async def house(tmp_path):
    """A running house without a web server, spoken to by a client with a server key."""
    settings = Settings.model_validate({"database": {"url": f"sqlite:///{tmp_path / 'house.sqlite3'}"}})
    async with built(settings) as house, running(house):
        database = Database.open(settings.database.url)
        async with database.writing() as connection:
            key = await keys.issue(connection, "server", "the shop", datetime.now(UTC))
        await database.close()
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(house.application),
            base_url="http://house",
            headers={"Authorization": f"Bearer {key.token}"},
        ) as client:
            yield client


async def measured(house, name):
    lines = (await house.get("/metrics")).text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))


async def test_operators_see_how_many_devices_are_remembered_and_how_much_waits(house):
    assert await measured(house, "soglia_known_devices") == 0
    phone = (await house.post("/v1/devices", json={"shopper": "loyalty-1"})).json()
    own = {"Authorization": f"Bearer {phone['token']}"}
    agreed = {"purposes": {"location": True}, "version": "2026-01"}
    assert (await house.put("/v1/devices/me/consents", json=agreed, headers=own)).is_success
    now = datetime.now(UTC).timestamp()
    ping = {"at": now, "lat": 45.4722, "lon": 9.1871, "accuracy": 12.0}
    said = await house.post("/v1/pings", json={"sent_at": now, "pings": [ping]}, headers=own)
    assert said.json()["verdicts"] == ["accepted"]
    assert await measured(house, "soglia_known_devices") == 1
    assert await measured(house, "soglia_waiting_sightings") == 0


async def test_a_campaign_that_ended_while_the_house_was_down_says_nothing_more(tmp_path):
    settings = Settings.model_validate({"database": {"url": f"sqlite:///{tmp_path / 'house.sqlite3'}"}})
    now = datetime.now(UTC)
    hello = {
        "id": "hello",
        "name": "Hello",
        "state": "live",
        "ends_at": now - timedelta(minutes=1),
        "trigger": {"on": "entered", "where": {"zones": ["shoes"]}},
        "offer": {"title": {"en": "Hello"}, "body": {"en": "20 % off"}},
    }
    database = Database.open(settings.database.url)
    try:
        await migrate(database)
        async with database.writing() as connection:
            await campaigns.put(connection, read_campaign(hello), now - timedelta(days=1))
        async with built(settings), database.reading() as connection:
            assert (await campaigns.find(connection, "hello")).state == "ended"
            assert await campaigns.load(connection) == []
    finally:
        await database.close()
