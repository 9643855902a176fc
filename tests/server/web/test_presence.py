"""Where is Ann's phone now, and what would it take? Zones and how sure we are, never a position."""

from datetime import timedelta

import pytest

from server.presence.visit import Phase
from server.records import zones
from server.records.tables import StayRow
from server.records.zones import Given
from server.web.why import why_routes
from server.zones.zone import Manner
from tests.makers import a_department, a_shop
from tests.server.records.rows import a_device, a_shopper, keep

NORMAL, SURE = Manner("normal", 0.8, 0.2, 3.0, 10.0), Manner("sure", 0.9, 0.1, 15.0, 30.0)


def a_stay(zone, phase, since, **facts) -> StayRow:
    about = {"device_id": "d_1", "entered_at": since, "heard_at": since, "inside": 0.93}
    return StayRow(**{**about, "zone_id": zone, "phase": int(phase), "since_at": since, **facts})


@pytest.fixture
async def shop(database, guard, tokens, open_doors, noon):
    async with database.writing() as connection:
        given = (a_shop(time_zone="Europe/Rome", manner=NORMAL), a_department("shoes", manner=SURE))
        await zones.put(connection, [Given(zone) for zone in given], noon)
        await keep(
            connection,
            a_shopper(),
            a_device("d_1"),
            a_device("d_2"),
            a_stay(
                "shop",
                Phase.INSIDE,
                noon - timedelta(minutes=5),
                entered_at=noon - timedelta(minutes=10),
            ),
            a_stay("shoes", Phase.ARRIVING, noon - timedelta(seconds=4)),
            a_stay("gone", Phase.INSIDE, noon),
        )
    client = open_doors(why_routes(database, guard, lambda: noon))
    client.headers.update(tokens.headers("analyst"))
    return client


async def test_staff_see_the_zones_a_device_is_in_and_what_it_would_take(shop):
    told = (await shop.get("/v1/devices/d_1/presence")).json()["stays"]
    assert [(stay["zone"], stay["state"], stay["inside"]) for stay in told] == [
        ("shop", "inside", 0.93),
        ("shoes", "arriving", 0.93),
    ]
    assert [stay["words"] for stay in told] == [
        "Inside “Shop” from 13:50:00; at most 20 % for 10 s would end it, or a long silence.",
        "We have been 93 % sure for 4 s; it takes 90 % for 15 s.",
    ]


async def test_who_is_inside_has_been_since_they_entered_whatever_was_doubted_meanwhile(shop, noon):
    inside, arriving = (await shop.get("/v1/devices/d_1/presence")).json()["stays"]
    assert inside["since"] == "2026-06-10T11:50:00Z"
    assert arriving["since"] == "2026-06-10T11:59:56Z"


async def test_a_device_that_is_nowhere_has_no_stays_and_an_unknown_one_is_not_found(shop):
    assert (await shop.get("/v1/devices/d_2/presence")).json() == {"device": "d_2", "stays": []}
    assert (await shop.get("/v1/devices/d_9/presence")).status_code == 404


async def test_what_is_shown_holds_no_position(shop):
    (stay, *_) = (await shop.get("/v1/devices/d_1/presence?language=it")).json()["stays"]
    assert set(stay) == {"zone", "state", "since", "inside", "heard_at", "words"}
    assert stay["words"].startswith("Dentro «Shop» dalle 13:50:00")
