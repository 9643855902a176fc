"""A browser fetches the shop's key, subscribes with it, tells us where it can be reached, and is reached."""

import httpx
import pytest
import sqlalchemy as sa

from server.app import built
from server.delivery.channels import webpush
from server.records import keys
from server.records.database import Database
from server.records.parcels import Address
from server.records.tables import AddressRow
from server.settings import Settings
from server.web.webpush import webpush_routes
from simulator.push_service import PushService
from tests.server.delivery.makers import NOON, a_parcel

VAPID = {"private_key": "m6KzCsYTnAVl1n5hWbKxQ2cyHkTuqqPCzaZlmr3d2Mg", "subject": "mailto:it@shop.example"}


@pytest.fixture
def settings(tmp_path):
    url = f"sqlite:///{tmp_path / 'house.sqlite3'}"
    return Settings.model_validate({"database": {"url": url}, "webpush": {**VAPID, "allow_private": True}})


async def test_a_page_needs_no_token_to_learn_the_key(settings):
    async with built(settings) as house:
        client = httpx.AsyncClient(transport=httpx.ASGITransport(house.application), base_url="http://house")
        answer = await client.get("/v1/webpush/key")
    assert len(answer.json()["public_key"]) == 87
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert VAPID["private_key"] not in answer.text


async def test_a_browser_that_subscribed_with_the_key_registers_and_is_reached(settings):
    async with PushService() as service, built(settings) as house:
        client = httpx.AsyncClient(transport=httpx.ASGITransport(house.application), base_url="http://house")
        key = (await client.get("/v1/webpush/key")).json()["public_key"]
        # A door takes https alone, as every push service has it; the stand-in is http, so its scheme is changed for the door.
        subscription = service.subscribe("ann", key)
        kept = await _registered(client, settings, subscription.replace("http:", "https:"))
        async with webpush.open(settings.channels["webpush"]) as channel:
            address = Address("ad_1", "webpush", kept.replace("https:", "http:"))
            await channel.send(a_parcel(address=address), NOON)
        assert len(service.shown("ann")) == 1


async def _registered(client, settings, subscription):
    """What is kept as the address of a new browser that gave this subscription."""
    database = Database.open(settings.database.url)
    try:
        async with database.writing() as connection:
            app = await keys.issue(connection, "app", "the shop's page", NOON)
        headers = {"Authorization": f"Bearer {app.token}"}
        phone = (await client.post("/v1/devices", json={}, headers=headers)).json()
        own = {"Authorization": f"Bearer {phone['token']}"}
        body = {"kind": "webpush", "value": subscription}
        answer = await client.put("/v1/devices/me/address", json=body, headers=own)
        assert [each["kind"] for each in answer.raise_for_status().json()["addresses"]] == ["webpush"]
        async with database.reading() as connection:
            return str(await connection.scalar(sa.select(AddressRow.__table__.c.value)))
    finally:
        await database.close()


async def test_without_web_push_a_page_is_told_so(open_doors):
    answer = await open_doors(webpush_routes(None)).get("/v1/webpush/key")
    assert answer.status_code == 404
    assert "web push is not set up" in answer.json()["detail"]
