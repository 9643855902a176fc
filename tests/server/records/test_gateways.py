"""Gateways hear for one anchor each, say how they are, and are told what is ours."""

from datetime import timedelta

import pytest

from server.records import anchors, gateways, keys
from server.records.gateway_health import health, hears, told
from server.records.gateways import Ours, allow_list
from server.records.keys import Keyring
from server.records.refusal import NotFound, Taken
from server.records.tables import GatewayRow
from server.zones import Anchor
from tests.conftest import NOON
from tests.server.records.rows import a_device, keep

WELL = {"radio": "hearing", "reason": None, "kept_per_s": 3.2, "spool_batches": 0, "dropped": 0}


@pytest.fixture
async def door(database, noon):
    async with database.writing() as connection:
        await anchors.put(connection, [anchors.Given(Anchor("an_1", "Door"))], noon)
        return await gateways.add(connection, "gw_door", "Door", "an_1", noon)


def said(now, ago=timedelta(0), **changes):
    return GatewayRow(
        id="gw_1",
        name="Door",
        anchor_id="an_1",
        created_at=now,
        heartbeat={**WELL, **changes},
        heartbeat_at=now - ago,
    )


async def test_an_anchor_has_one_gateway(database, noon, door):
    async with database.writing() as connection:
        with pytest.raises(Taken, match="gw_door hears for anchor an_1"):
            await gateways.add(connection, "gw_2", "Other", "an_1", noon)
        with pytest.raises(Taken, match="a gateway gw_door already"):
            await gateways.add(connection, "gw_door", "Other", "an_2", noon)
        with pytest.raises(NotFound, match="no anchor an_2"):
            await gateways.add(connection, "gw_2", "Other", "an_2", noon)


async def test_the_newest_heartbeat_is_kept(database, noon, door):
    async with database.writing() as connection:
        assert await gateways.heartbeats(connection) == {"gw_door": None}
        await gateways.heard_from(connection, "gw_door", WELL, noon)
        await gateways.heard_from(
            connection, "gw_door", {**WELL, "radio": "off"}, noon + timedelta(seconds=15)
        )
        row = await gateways.find(connection, "gw_door")
        assert (row.heartbeat["radio"], row.heartbeat_at) == ("off", noon + timedelta(seconds=15))
        with pytest.raises(NotFound):
            await gateways.heard_from(connection, "gw_gone", WELL, noon)


async def test_a_removed_gateway_is_not_let_in_again_and_its_anchor_stays(database, noon, door):
    async with database.writing() as connection:
        issued = await keys.issue(connection, "gateway", "Door", noon, owner="gw_door")
        await gateways.remove(connection, "gw_door", noon)
        assert (await anchors.find(connection, "an_1")).name == "Door"
        assert await gateways.listed(connection) == []
    assert await Keyring(database).look_up(issued.token) is None


async def test_a_gateway_can_be_renamed(database, noon, door):
    async with database.writing() as connection:
        assert (await gateways.rename(connection, "gw_door", "Front door")).name == "Front door"


def test_a_gateway_that_hears_and_delivers_is_well(noon):
    assert health(said(noon), noon).state == "well"


def test_of_a_gateway_without_a_heartbeat_no_more_is_said_than_that(noon):
    row = GatewayRow(id="gw_1", name="Door", anchor_id="an_1", created_at=noon)
    assert health(row, noon).state == "new"
    assert health(row, noon).words[0].startswith("has sent no heartbeat yet")


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=61), "silent for 1 min"),
        (timedelta(minutes=14), "silent for 14 min"),
        (timedelta(hours=5), "silent for 5 h"),
        (timedelta(days=3), "silent for 3 days"),
    ],
)
def test_a_silent_gateway_says_since_when(noon, ago, words):
    state = health(said(noon, ago), noon)
    assert state.state == "silent"
    assert words in state.words[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"radio": "off"}, "its radio is off"),
        ({"radio": "failed", "reason": "D-Bus is gone"}, "its radio has failed: D-Bus is gone"),
        ({"radio": "silent"}, "its radio hears nothing"),
        ({"reason": "the server's certificate is not trusted"}, "the server's certificate is not trusted"),
        ({"spool_batches": 12}, "12 batches wait"),
        ({"dropped": 3}, "3 sightings were dropped"),
        ({"sent_at": NOON.timestamp() + 360}, "its clock is 6 min ahead"),
        ({"sent_at": NOON.timestamp() - 8}, "its clock is 8 s behind"),
    ],
)
def test_a_troubled_gateway_says_what_the_trouble_is(noon, changes, words):
    state = health(said(noon, **changes), noon)
    assert state.state == "troubled"
    assert words in " ".join(state.words)


def test_a_clock_that_is_almost_right_or_no_clock_at_all_is_no_trouble(noon):
    assert health(said(noon, sent_at=noon.timestamp() - 4), noon).state == "well"
    assert health(said(noon, sent_at=1e300), noon).state == "well"


def test_how_a_gateway_is_is_told_in_italian_too(noon):
    (words,) = health(said(noon, timedelta(minutes=14)), noon).words
    assert told(words, "it") == "tace da 14 min: controlla la corrente e la linea"
    (words,) = health(said(noon, radio="off", reason="hci0 is down"), noon).words
    assert told(words, "it") == "la sua radio è spenta: hci0 is down"


def test_a_gateway_hears_until_it_says_otherwise_or_nothing_at_all(noon):
    assert hears(said(noon), noon)
    assert hears(said(noon, radio="silent"), noon)
    assert not hears(said(noon, radio="off"), noon)
    assert not hears(said(noon, timedelta(minutes=2)), noon)


def test_the_list_of_what_is_ours_names_what_beacons_have_in_common():
    uuid = "6f1c0a9e-0000-4000-8000-0000000000a1"
    assert allow_list(
        [
            f"ibeacon:{uuid}:12:1",
            f"ibeacon:{uuid}:12:2",
            "altbeacon:0118:" + "a1" * 16 + "00010002",
            "altbeacon:0118:" + "a1" * 16 + "00010003",
            "eddystone-uid:" + "b2" * 10 + ":000000000001",
        ]
    ) == Ours((uuid,), ("0118:" + "a1" * 16,), ("b2" * 10,), eddystone_eid=False)


async def test_fobs_and_fixed_beacons_are_ours(database, noon):
    fob, fixed = (
        "ibeacon:0" + "0" * 7 + "-0000-4000-8000-000000000001:1:1",
        "eddystone-uid:" + "c3" * 10 + ":" + "0" * 12,
    )
    async with database.writing() as connection:
        await keep(connection, a_device(beacon=fob), a_device("d_2", eid_key=b"k" * 16))
        await anchors.put(connection, [anchors.Given(Anchor("an_1", "Window"), fixed)], noon)
        ours = await gateways.ours(connection)
    assert ours == Ours(("00000000-0000-4000-8000-000000000001",), (), ("c3" * 10,), eddystone_eid=True)


async def test_what_a_gateway_says_is_turned_to_our_clock(database, noon, door):
    slow = noon.timestamp() - 1_000  # what its clock shows at our noon
    heartbeat = {
        **WELL,
        "sent_at": slow,
        "started_at": slow - 60,
        "last_heard_at": slow - 1,
        "spool_oldest_at": slow - 30,
        "heard_per_s": 4.0,
        "restarts": 2,
    }
    async with database.writing() as connection:
        await gateways.heard_from(connection, "gw_door", heartbeat, noon)
    async with database.reading() as connection:
        words = await gateways.words(connection, None)
        word = words.new["an_1"]
        assert (word.said_at, word.hears, word.restarts) == (noon.timestamp(), True, 2)
        assert word.started_at == noon.timestamp() - 60
        assert word.last_heard_at == noon.timestamp() - 1
        assert word.waits_since == noon.timestamp() - 30
        later = await gateways.words(connection, words.newest_at)
    assert (later.new, later.anchors) == ({}, {"an_1"})


@pytest.mark.parametrize(
    ("radio", "hears"), [("hearing", True), ("silent", True), ("off", False), ("failed", False)]
)
async def test_a_radio_that_is_silent_listens_and_one_that_is_off_does_not(
    database, noon, door, radio, hears
):
    async with database.writing() as connection:
        await gateways.heard_from(connection, "gw_door", {**WELL, "radio": radio}, noon)
    async with database.reading() as connection:
        assert (await gateways.words(connection, None)).new["an_1"].hears is hears
