"""What the real scanner says, the real doors understand; what the doors answer, the scanner acts upon."""

from collections.abc import Mapping
from uuid import UUID

import httpx
import pytest

from scanner.formats.altbeacon import AltBeacon
from scanner.formats.eddystone_eid import EddystoneEid
from scanner.formats.eddystone_uid import EddystoneUid
from scanner.formats.ibeacon import IBeacon
from scanner.sighting import Sighting
from scanner.uplink import NotNow, Refused, Taken, Uplink
from server.ingest.eid import ephemeral_id
from server.records import keys
from server.records.devices import Rotating
from tests.makers import NOON_S
from tests.server.ingest.shop import a_ping, pings

KEY = b"k" * 16
FOBS: Mapping[str, str] = {
    "ibeacon": IBeacon(UUID("6f1c0a9e-0000-4000-8000-000000000001"), 1, 7, -59).beacon_id,
    "altbeacon": AltBeacon(0x0118, bytes(range(20)), -59).beacon_id,
    "eddystone-uid": EddystoneUid(bytes(range(10)), bytes(6), -20).beacon_id,
}


def an_uplink(shop, token: str, application=None, *, off_s: float = 0.0) -> Uplink:
    """As the agent makes it; its clock is `off_s` ahead of the shop's."""
    client = shop.at(application or shop.hot)
    client.headers["Authorization"] = f"Bearer {token}"
    return Uplink(client, token, lambda: shop.now + off_s)


@pytest.fixture
async def line(shop):
    """The uplink of a gateway that the doors know."""
    gateway = await shop.gateway("till")
    await shop.learn()

    def to(application=None, *, off_s: float = 0.0, token: str = gateway.token) -> Uplink:
        return an_uplink(shop, token, application, off_s=off_s)

    to.gateway = gateway
    return to


def heard(beacon: str, ago_s: float = 1.0, off_s: float = 0.0) -> Sighting:
    return Sighting(NOON_S - ago_s + off_s, beacon, -71.5, 4, -59, 0.9)


@pytest.mark.parametrize("kind", FOBS)
async def test_a_fob_of_every_kind_is_heard(shop, line, kind):
    fob = await shop.phone(beacon=FOBS[kind])
    await shop.learn()
    assert await line().send([heard(FOBS[kind])]) == Taken({"accepted": 1})
    heards = shop.taken[0].heards
    assert (heards.device, heards.anchor, heards.at.tolist()) == ([fob.id], ["an_till"], [NOON_S - 1])
    assert (heards.rssi_dbm.tolist(), heards.count.tolist()) == ([-71.5], [4.0])


async def test_a_fob_that_hides_behind_rotating_ids_is_heard(shop, line, noon):
    fob = await shop.phone(rotating=Rotating(KEY, 10, noon))
    await shop.learn()
    beacon = EddystoneEid(ephemeral_id(KEY, 10, 0), -20).beacon_id
    assert await line().send([heard(beacon, ago_s=0.0)]) == Taken({"accepted": 1})
    assert shop.traces() == {fob.id}


async def test_strangers_are_counted_and_forgotten(shop, line):
    taken = await line().send([heard("eddystone-eid:0011223344556677")] * 3)
    assert isinstance(taken, Taken)
    assert taken.verdicts == {"unknown_device": 3}
    assert taken.first_problem == "unknown_device: device: no such device is registered"


async def test_a_gateway_whose_clock_is_hours_wrong_is_heard(shop, line):
    fob = await shop.phone(beacon=FOBS["ibeacon"])
    await shop.learn()
    for off_s in (-10_800.0, 10_800.0):
        assert await line(off_s=off_s).send([heard(FOBS["ibeacon"], 1 + off_s / 10_800, off_s)]) == Taken(
            {"accepted": 1}
        )
    assert shop.traces() == {fob.id}
    assert [batch.heards.at.tolist() for batch in shop.taken] == [[NOON_S], [NOON_S - 2]]


async def test_both_roads_understand_it(shop, line):
    for application in (shop.hot, shop.slow):
        assert isinstance(await line(application).send([heard(FOBS["ibeacon"])]), Taken)


async def test_a_batch_that_is_too_large_is_to_be_cut(line):
    """Twenty items are taken here; the scanner halves what is refused so."""
    many = [heard(f"ibeacon:6f1c0a9e-0000-4000-8000-000000000001:1:{i}") for i in range(21)]
    refused = await line().send(many)
    assert isinstance(refused, Refused)
    assert "too large" in refused.reason
    assert isinstance(await line().send(many[:10]), Taken)


async def test_a_token_that_ended_needs_people(shop, line):
    async with shop.database.writing() as work:
        await keys.revoke_of(work, line.gateway.id, shop.noon)
    await shop.keyring.reload()
    answer = await line().send([heard(FOBS["ibeacon"])])
    assert answer == NotNow(answer.reason, needs_people=True)
    assert "401" in answer.reason


async def test_a_phones_token_on_a_gateway_is_taken_for_a_phone(shop, line):
    phone = await shop.phone()
    answer = await line(token=phone.token).send([heard(FOBS["ibeacon"])])
    assert answer == NotNow(answer.reason, needs_people=True)  # a phone has no key to sign with


async def test_a_full_queue_is_waited_for(quiet_shop, waiting):
    shop, gateway = quiet_shop, await quiet_shop.gateway()
    await shop.phone(beacon=FOBS["ibeacon"])
    await shop.learn()
    waiting(shop.post("/v1/pings", pings(*[a_ping(-i) for i in range(20)]), await shop.phone()))
    await shop.queue(20)
    assert await an_uplink(shop, gateway.token).send([heard(FOBS["ibeacon"])]) == NotNow(
        "the server is busy or ailing (429)", after_s=2.0
    )


async def test_records_that_are_away_are_waited_for(shop, line):
    await shop.lose_records()
    shop.keyring._known.clear()
    answer = await line().send([heard(FOBS["ibeacon"])])
    assert answer == NotNow("the server is busy or ailing (503)", after_s=5.0)


async def test_a_door_of_somebody_else_is_not_taken_for_ours():
    async def login_page(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"<html>"})

    client = httpx.AsyncClient(transport=httpx.ASGITransport(login_page), base_url="http://shop.example")
    answer = await Uplink(client, "sog_gateway_x", lambda: NOON_S).send([heard(FOBS["ibeacon"])])
    assert isinstance(answer, NotNow)
