"""Who is meant by an id on the air, and whether they agreed, as the records say: on both databases."""

import asyncio
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa

from server.ingest.directory import Directory
from server.ingest.door import Limits
from server.ingest.eid import Rotation
from server.presence.sighting import Verdict
from server.records import anchors, devices, forgetting, gateways
from server.records.devices import Rotating
from server.zones.zone import Anchor
from tests.makers import NOON_S
from tests.server.ingest.shop import Shop, a_ping, a_sighting, pings, sightings

FOB = "ibeacon:6f1c0a9e-0000-4000-8000-000000000001:1:7"
ACCEPTED, NO_CONSENT, UNKNOWN = Verdict.ACCEPTED, Verdict.NO_CONSENT, Verdict.UNKNOWN_DEVICE


@pytest.fixture
async def shop(database, noon, waiting):
    shop = Shop(database, Limits(), noon)
    await shop.learn()
    waiting(shop.take())
    yield shop
    await shop.client.aclose()


@pytest.fixture
def directory(shop):
    return shop.directory


@pytest.fixture
def looked(database):
    """Each question that the records are asked."""
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_):
        if statement.startswith("SELECT"):
            statements.append(statement)

    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    yield statements
    sa.event.remove(database.engine.sync_engine, "before_cursor_execute", note)


def a_rotating_fob(noon) -> Rotating:
    return Rotating(b"k" * 16, 10, noon)


def sent(at_s: float) -> str:
    rotation = Rotation(b"k" * 16, 10, NOON_S)
    return rotation.id(rotation.turn(at_s))


async def test_it_knows_who_agreed_who_did_not_and_who_is_not_there(shop, directory):
    yes, no = await shop.phone(), await shop.phone(agreed=False)
    await shop.learn()
    assert [directory.verdict(device) for device in (yes.id, no.id, "d_nobody")] == [
        ACCEPTED,
        NO_CONSENT,
        UNKNOWN,
    ]
    assert directory.refused([yes.id, no.id, "d_nobody", yes.id]) == {no.id, "d_nobody"}


async def test_it_knows_fobs_and_anchors_by_what_they_send(shop, directory, noon):
    fob = await shop.phone(beacon=FOB)
    turning = await shop.phone(rotating=a_rotating_fob(noon))
    gateway = await shop.gateway("till", beacon="ibeacon:wall:1:1")
    await shop.learn()
    assert directory.device(FOB, NOON_S) == fob.id
    assert directory.device(sent(NOON_S), NOON_S) == turning.id
    assert directory.device("ibeacon:wall:1:1", NOON_S) is None
    assert directory.anchor_of_gateway(gateway.id) == "an_till"
    assert directory.anchor_of_beacon("ibeacon:wall:1:1") == "an_till"
    assert directory.anchor_of_beacon(FOB) is None


async def test_rotating_fobs_are_heard_on_as_time_goes_by(shop, directory, noon):
    gateway, fob = await shop.gateway(), await shop.phone(rotating=a_rotating_fob(noon))
    await shop.learn()
    for _ in range(40):
        shop.now += 60
        directory.rotate(shop.now)
    body = sightings(a_sighting(2_400, sent(NOON_S + 2_400)), a_sighting(2_390, sent(NOON_S)))
    assert await shop.verdicts("/v1/sightings", body, gateway) == ["accepted", "unknown_device"]
    assert shop.traces() == {fob.id}


async def test_a_rotating_fob_handed_out_now_is_heard_now(shop, directory, noon):
    fob = await shop.phone(rotating=a_rotating_fob(noon))
    assert await directory.learn_devices([fob.id], NOON_S) == []
    assert directory.device(sent(NOON_S), NOON_S) == fob.id


async def test_who_withdraws_is_refused_with_all_their_devices(shop, directory):
    """The phone said no; the fob in the other pocket is refused with it."""
    phone = await shop.phone()
    async with shop.database.writing() as work:
        fob = await devices.register_device(work, phone.shopper, "fob", shop.noon, beacon=FOB)
    await directory.learn_about(phone.shopper, NOON_S)
    assert [directory.verdict(device) for device in (phone.id, fob.id)] == [ACCEPTED, ACCEPTED]
    await shop.answers(phone.shopper, location=False)
    assert set(await directory.learn_devices([phone.id], NOON_S)) == {phone.id, fob.id}
    assert [directory.verdict(device) for device in (phone.id, fob.id)] == [NO_CONSENT, NO_CONSENT]
    assert directory.device(FOB, NOON_S) == fob.id


async def test_who_was_erased_is_known_by_nothing_and_named_once(shop, directory, noon):
    fob, turning = await shop.phone(beacon=FOB), await shop.phone(rotating=a_rotating_fob(noon))
    staying = await shop.phone()
    await shop.learn()
    async with shop.database.writing() as work:
        await forgetting.forget(work, fob.shopper, shop.noon)
        await forgetting.forget(work, turning.shopper, shop.noon)
    assert await directory.learn_devices([fob.id], NOON_S) == [fob.id]
    assert await directory.learn_about(turning.shopper, NOON_S) == [turning.id]
    assert await directory.learn_about(turning.shopper, NOON_S) == []
    assert directory.refused([fob.id, turning.id, staying.id]) == {fob.id, turning.id}
    assert directory.device(FOB, NOON_S) is None
    directory.rotate(NOON_S + 2_000)
    assert directory.device(sent(NOON_S + 2_000), NOON_S + 2_000) is None


async def test_who_was_erased_elsewhere_is_named_when_all_is_read_again(shop, directory):
    gone, staying = await shop.phone(beacon=FOB), await shop.phone()
    assert await directory.load(NOON_S) == []
    async with shop.database.writing() as work:
        await forgetting.forget(work, gone.shopper, shop.noon)
    assert await directory.load(NOON_S) == [gone.id]
    assert directory.refused([gone.id, staying.id]) == {gone.id}
    assert directory.device(FOB, NOON_S) is None


async def test_a_gateway_that_was_removed_has_no_place_any_more(shop, directory, noon):
    gateway = await shop.gateway("till")
    await directory.load_anchors()
    async with shop.database.writing() as work:
        await gateways.remove(work, gateway.id, noon)
        await anchors.put(work, [anchors.Given(Anchor("an_till", "Till"), FOB)], noon)
    await directory.load_anchors()
    assert directory.anchor_of_gateway(gateway.id) is None
    assert directory.anchor_of_beacon(FOB) == "an_till"


async def test_a_consent_given_elsewhere_counts_within_a_second(shop):
    phone = await shop.phone(agreed=False)
    assert await shop.verdicts("/v1/pings", pings(a_ping()), phone) == ["no_consent"]
    await shop.answers(phone.shopper, location=True)
    shop.now += 1.0
    assert await shop.verdicts("/v1/pings", pings(a_ping(1)), phone) == ["accepted"]


async def test_a_phone_registered_elsewhere_is_known_at_its_first_word(shop):
    phones = await asyncio.gather(*[shop.phone() for _ in range(3)])
    answers = [shop.verdicts("/v1/pings", pings(a_ping(-i)), phone) for phone in phones for i in range(3)]
    assert await asyncio.gather(*answers) == [["accepted"]] * 9


async def test_strangers_do_not_flood_the_records(shop, looked):
    server = await shop.key("server")
    await shop.verdicts("/v1/pings", pings(), server)
    before = len(looked)
    for number in range(200):
        some = [a_ping(device=f"d_{number}_{i}") for i in range(10)]
        assert set(await shop.verdicts("/v1/pings", pings(*some), server)) == {"unknown_device"}
    assert len(looked) - before <= 50


async def test_beacons_that_nobody_owns_are_not_even_looked_for(shop, looked):
    gateway, _ = await shop.gateway(), await shop.learn()
    await shop.verdicts("/v1/sightings", sightings(), gateway)
    before = len(looked)
    body = sightings(*[a_sighting(id=f"ibeacon:nobody:1:{i}") for i in range(100)])
    assert set(await shop.verdicts("/v1/sightings", body, gateway)) == {"unknown_device"}
    assert len(looked) == before


class Dawdling:
    """Records that answer whoever asks first, and then hold them up until the gate is opened."""

    def __init__(self, database) -> None:
        self._database = database
        self.gate, self.asked = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def reading(self):
        async with self._database.reading() as connection:
            yield connection
        if not self.asked.is_set():
            self.asked.set()
            await self.gate.wait()


@pytest.mark.parametrize(
    "read", [lambda d, _: d.load(NOON_S), lambda d, phone: d.learn_devices([phone.id], NOON_S)]
)
async def test_what_is_read_later_is_never_replaced_by_what_was_read_before(shop, waiting, read):
    """They withdraw while a slow reader still holds yesterday's answer: the withdrawal stands."""
    phone, slow = await shop.phone(), Dawdling(shop.database)
    directory = Directory(slow)
    reading = waiting(read(directory, phone))
    await slow.asked.wait()
    await shop.answers(phone.shopper, location=False)
    learning = waiting(directory.learn_devices([phone.id], NOON_S))
    await asyncio.wait([learning], timeout=0.3)  # were it done now, what comes after would undo it
    slow.gate.set()
    await asyncio.gather(learning, reading)
    assert directory.verdict(phone.id) == NO_CONSENT


async def test_who_withdraws_while_the_door_looks_for_somebody_else_is_not_let_in(shop, waiting):
    phone, server = await shop.phone(), await shop.key("server")
    await shop.learn()
    assert await shop.verdicts("/v1/pings", pings(), server) == []
    slow = Dawdling(shop.database)
    shop.directory._database = slow
    body = pings(a_ping(device=phone.id), a_ping(device="d_stranger"))
    answer = waiting(shop.verdicts("/v1/pings", body, server))
    await slow.asked.wait()
    shop.directory._people.agreed[phone.id] = False
    slow.gate.set()
    assert await answer == ["no_consent", "unknown_device"]
    assert shop.traces() == set()
