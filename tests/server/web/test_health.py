"""Whoever operates the house sees whether it lives, whether it is ready, and what to watch."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import numpy as np
import pytest

from server.bus.measures import Measures
from server.presence.sighting import Verdict
from server.records import anchors, gateways, schema
from server.records.database import Database
from server.web.health import health_routes
from server.zones import Anchor
from tests.server.records.rows import an_offer, keep


@pytest.fixture
async def house(tmp_path):
    database = Database.open(f"sqlite+aiosqlite:///{tmp_path / 'house.sqlite3'}")
    await schema.migrate(database)
    yield database
    await database.close()


async def well():
    return None


async def down():
    return "FCM answers nothing since 12:00"


async def broken():
    raise RuntimeError("a check with a bug")


async def stuck():
    await asyncio.Event().wait()


async def test_a_process_that_answers_is_alive(house, open_doors):
    client = open_doors(health_routes(house, Measures(), {"sender": down}))
    assert (await client.get("/health/live")).json() == {"status": "alive"}


async def test_a_house_where_all_is_well_is_ready(house, open_doors):
    client = open_doors(health_routes(house, Measures(), {"path": well}))
    answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    assert answer.json()["checks"]["database"] == {"well": True, "words": "well"}


async def test_each_trouble_is_told_by_its_name(house, open_doors):
    checks = {"path": well, "sender": down, "broker": broken}
    client = open_doors(health_routes(house, Measures(), checks))
    answer = await client.get("/health/ready")
    assert answer.status_code == 503
    words = {name: check["words"] for name, check in answer.json()["checks"].items() if not check["well"]}
    assert words == {
        "sender": "FCM answers nothing since 12:00",
        "broker": "failed with RuntimeError: the log says more",
    }


async def test_a_check_that_hangs_has_failed(house, open_doors):
    answer = await open_doors(health_routes(house, Measures(), {"path": stuck}, check_s=0.5)).get(
        "/health/ready"
    )
    assert answer.json()["checks"]["path"] == {"well": False, "words": "did not answer within 0.5 s"}


async def test_a_database_that_was_not_migrated_is_not_ready(tmp_path, open_doors):
    bare = Database.open(f"sqlite+aiosqlite:///{tmp_path / 'bare.sqlite3'}")
    client = open_doors(health_routes(bare, Measures(), {}))
    assert "soglia migrate" in (await client.get("/health/ready")).json()["checks"]["database"]["words"]
    await schema.migrate(bare)
    assert (await client.get("/health/ready")).status_code == 200
    await bare.close()


class Unreachable(Database):
    """A database whose machine was switched off."""

    @asynccontextmanager
    async def reading(self):
        raise OSError("connection refused")
        yield


async def test_a_database_that_went_away_is_not_ready(open_doors):
    gone = Unreachable.open("sqlite+aiosqlite://")
    answer = await open_doors(health_routes(gone, Measures(), {})).get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"]["words"] == "failed with OSError: the log says more"


async def test_what_to_watch_is_told_to_prometheus(house, open_doors, noon):
    measures = Measures()
    measures.sightings(np.array([Verdict.ACCEPTED, Verdict.ACCEPTED, Verdict.DUPLICATE], np.uint8))
    measures.offer("sent", 0.04)
    async with house.writing() as connection:
        await keep(connection, an_offer())
        await anchors.put(connection, [anchors.Given(Anchor("an_1", "Door"))], noon)
        await gateways.add(connection, "gw_1", "Door", "an_1", noon)
        await gateways.heard_from(connection, "gw_1", {}, noon - timedelta(seconds=30))
    client = open_doors(health_routes(house, measures, {}, lambda: noon))
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    for line in (
        'soglia_sightings_total{verdict="accepted"} 2.0',
        'soglia_offers_total{outcome="sent"} 1.0',
        'soglia_heard_to_sent_seconds_bucket{le="0.05"} 1.0',
        "soglia_waiting_offers 1.0",
        'soglia_gateway_heartbeat_age_seconds{gateway="gw_1"} 30.0',
    ):
        assert line in answer.text.splitlines()


async def test_counters_are_told_though_the_records_are_gone(open_doors):
    measures = Measures()
    measures.offer("sent")
    client = open_doors(health_routes(Unreachable.open("sqlite+aiosqlite://"), measures, {}))
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert 'soglia_offers_total{outcome="sent"} 1.0' in answer.text.splitlines()
