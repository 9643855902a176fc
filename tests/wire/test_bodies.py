"""Bodies as apps send them, a file each (fields and their order as the sources of the apps write them): what each is taken for.

A new file needs a line here: what is not said to be understood is not known to be.
"""

from pathlib import Path

import pytest

from tests.makers import LAT, LON, NOON_S

BODIES = Path(__file__).parent / "bodies"
WALL = "ibeacon:ca271eae-5fa8-4e80-8f08-2a302a95a959:1:1"

#: (seconds after noon, latitude, longitude, accuracy in metres) of each fix.
FIXES = {
    "owntracks_android_location": [(-1, LAT, LON, 14)],
    "owntracks_ios_location": [(-10, LAT, LON, 8)],
    "owntracks_ios_without_zeros": [(-5, LAT, LON, 50)],
    "owntracks_android_transition": [(-4, 45.4725, 9.1873, 77.6)],
    "phone_ping_swift": [(0.125, LAT, LON, 4.7360976255429795), (5, 45.47221, 9.18712, 4.7)],
    "phone_ping_kotlin": [(0.125, LAT, LON, 12), (5, 45.47221, 9.18712, 11.5)],
}
#: (seconds after noon, dBm) of each hearing of the beacon on the wall.
HEARDS = {
    "owntracks_ios_beacon": [(7, -64)],  # when it came, not what it says
    "gateway_ios_ranging": [(1, -64), (2, -66)],
}
SILENT = {
    "owntracks_ios_beacon_lost",
    "owntracks_android_waypoints",
    "owntracks_android_status",
    "owntracks_encrypted",
    "owntracks_friend_deleted",
}
DOORS = {"owntracks": "/ingest/owntracks", "phone": "/v1/pings", "gateway": "/v1/sightings"}


@pytest.fixture
async def post(shop):
    """Sends a file as a phone that has agreed; the server's clock is at noon and 7 s."""
    await shop.gateway("wall", beacon=WALL)
    phone = await shop.phone()
    await shop.learn()
    shop.now = NOON_S + 7

    async def send(name: str):
        body = (BODIES / f"{name}.json").read_bytes()
        answer = await shop.post(DOORS[name.partition("_")[0]], body, phone)
        assert answer.status_code == 200
        return shop.taken

    return send


def test_every_body_has_its_meaning_here():
    assert {file.stem for file in BODIES.iterdir()} == FIXES.keys() | HEARDS.keys() | SILENT


@pytest.mark.parametrize("name", FIXES)
async def test_it_tells_where_the_phone_is(post, name):
    (batch,) = await post(name)
    fixes = batch.fixes
    columns = (fixes.at - NOON_S, fixes.lat, fixes.lon, fixes.accuracy_m)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    assert [tuple(row) for row in rows] == [pytest.approx(row, abs=1e-6) for row in FIXES[name]]
    assert len(batch.heards) == 0


@pytest.mark.parametrize("name", HEARDS)
async def test_it_tells_which_beacon_the_phone_hears(post, name):
    (batch,) = await post(name)
    assert set(batch.heards.anchor) == {"an_wall"}
    rows = zip((batch.heards.at - NOON_S).tolist(), batch.heards.rssi_dbm.tolist(), strict=True)
    assert list(rows) == HEARDS[name]
    assert len(batch.fixes) == 0


@pytest.mark.parametrize("name", sorted(SILENT))
async def test_it_tells_nothing_of_where_the_phone_is(post, shop, name):
    assert await post(name) == []
    assert shop.counted() == {}


async def test_what_swift_calls_an_unknown_speed_is_no_speed_backwards(post):
    (batch,) = await post("phone_ping_swift")
    assert not (batch.fixes.speed_mps >= 0).any()


async def test_a_mock_position_stays_known_as_one(post):
    (batch,) = await post("phone_ping_kotlin")
    assert batch.fixes.mock.tolist() == [False, True]
