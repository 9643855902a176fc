"""Who did not agree, who withdrew, and who belongs to nobody: no trace behind the door, none in the log, none in an answer."""

import logging

import pytest

from server.records.tables import Table
from tests.makers import LAT, LON, NOON_S
from tests.server.ingest.shop import a_ping, a_sighting, pings, sightings

FOB = "ibeacon:6f1c0a9e-0000-4000-8000-000000000001:1:7"
WALL = "ibeacon:6f1c0a9e-0000-4000-8000-000000000001:9:1"
STRANGER = "ibeacon:6f1c0a9e-0000-4000-8000-00000000dead:3:3"


@pytest.fixture
def told(logged, capsys, caplog):
    """All that the house said while the test ran, as operators run it. (httpx is the senders' side.)"""
    caplog.set_level(logging.INFO)

    def all_of_it() -> list[str]:
        library = [record.getMessage() for record in caplog.records if record.name != "httpx"]
        return [*map(str, logged), *library, *filter(None, capsys.readouterr())]

    return all_of_it


async def test_who_did_not_agree_leaves_no_trace(shop, told):
    phone, gateway = await shop.phone(agreed=False, beacon=FOB), await shop.gateway("wall", beacon=WALL)
    server = await shop.key("server")
    await shop.learn()
    location = {"_type": "location", "lat": LAT, "lon": LON, "tst": NOON_S}
    assert await shop.verdicts("/v1/pings", pings(a_ping()), phone) == ["no_consent"]
    assert await shop.verdicts("/v1/pings", pings(a_ping(device=phone.id)), server) == ["no_consent"]
    assert await shop.verdicts("/v1/sightings", sightings(a_sighting(id=WALL)), phone) == ["no_consent"]
    assert await shop.verdicts("/v1/sightings", sightings(a_sighting(id=FOB)), gateway) == ["no_consent"]
    assert (await shop.post("/ingest/owntracks", location, phone)).content == b"[]"
    assert shop.traces() == set()
    written = "\n".join(told())
    for word in (phone.id, phone.shopper, phone.token, FOB, str(LAT), str(LON)):
        assert word not in written


async def test_beside_somebody_who_agreed_one_who_did_not_stays_unseen(shop):
    yes, no, server = await shop.phone(), await shop.phone(agreed=False), await shop.key("server")
    some = [a_ping(-i, device=(yes if i % 2 else no).id) for i in range(20)]
    verdicts = await shop.verdicts("/v1/pings", pings(*some), server)
    assert verdicts == ["no_consent", "accepted"] * 10
    assert shop.traces() == {yes.id}


async def test_a_beacon_of_nobody_is_ordinary_and_forgotten_on_the_spot(shop, told):
    gateway = await shop.gateway()
    await shop.learn()
    answer = await shop.post("/v1/sightings", sightings(a_sighting(id=STRANGER)), gateway)
    assert answer.json()["verdicts"] == ["unknown_device"]
    assert STRANGER not in answer.text
    assert shop.traces() == set()
    assert told() == []


async def test_who_withdraws_is_refused_from_the_next_word_on(shop):
    phone = await shop.phone()
    assert await shop.verdicts("/v1/pings", pings(a_ping()), phone) == ["accepted"]
    await shop.answers(phone.shopper, location=False)
    await shop.directory.learn_devices([phone.id], shop.now)
    assert await shop.verdicts("/v1/pings", pings(a_ping(1)), phone) == ["no_consent"]


async def test_the_doors_write_nothing_into_the_records(shop):
    phone = await shop.phone()
    await shop.verdicts("/v1/pings", pings(*[a_ping(-i) for i in range(10)]), phone)
    async with shop.database.reading() as connection:
        for table in ("visits", "stays", "decisions", "outbox"):
            assert (await connection.execute(Table.metadata.tables[table].select())).all() == []


async def test_nothing_of_anybody_is_logged_when_all_goes_well(shop, told):
    phone = await shop.phone()
    await shop.verdicts("/v1/pings", pings(a_ping(), a_ping(lat=91), device="x"), phone)
    assert told() == []
