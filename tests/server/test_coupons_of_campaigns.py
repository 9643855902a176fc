"""A shop changes a coupon's last day, and the campaigns that give it know at once."""

from datetime import timedelta

import pytest

from server import knowledge
from server.bus.contract import News
from server.web.coupons import coupon_routes
from server.web.edits import Edits
from server.web.why import why_routes
from tests.makers import QUICK, a_shop, fix
from tests.server.a_house import DECISIONS, NOON, House, an_offer

DAY = timedelta(days=1)
GIVES = an_offer(
    conditions=[{"kind": "redeemable", "left": "2d"}],
    offer={
        "title": {"en": "Hello"},
        "body": {"en": "20 % off"},
        "action": {"kind": "claim_coupon", "coupon": "spring"},
    },
)


@pytest.fixture
async def house(database) -> House:
    return House(database)


@pytest.fixture
def shop(house, database, bus, guard, tokens, open_doors):
    async def learn(_news: News) -> None:
        await house.trigger.learn(await knowledge.load(database))

    clock = lambda: house.now  # noqa: E731 - the house's clock moves
    client = open_doors(
        coupon_routes(database, guard, Edits(database, bus, learn), clock), why_routes(database, guard, clock)
    )
    client.headers.update(tokens.headers("server"))
    return client


async def until(shop, last_day):
    body = {"id": "spring", "name": "Spring", "ends_at": last_day.isoformat()}
    assert (await shop.put("/v1/coupons/spring", json=body)).is_success


async def test_who_could_not_use_the_coupon_in_time_is_not_called(house, shop):
    await house.define(a_shop(manner=QUICK), offers=[GIVES])
    await house.open()
    await until(shop, NOON + DAY)
    ann, bob = await house.meet("ann"), await house.meet("bob")
    await house.see(fix(0, device=ann))
    assert await house.rows(DECISIONS, "verdict") == ["withhold"]
    assert await house.reasons() == ["redeemable"]
    await until(shop, NOON + 7 * DAY)
    await house.see(fix(1, device=bob))
    assert await house.rows(DECISIONS, "verdict") == ["send", "withhold"]


async def test_why_says_the_same(house, shop):
    await house.define(a_shop(manner=QUICK), offers=[GIVES])
    await house.open()
    await until(shop, NOON + DAY)
    await house.meet("ann")
    asked = {"shopper": "ann", "campaign": "welcome"}
    said = (await shop.get("/v1/decisions/why", params=asked)).json()["now"]
    [look] = [each for each in said["looks"] if each["gate"] == "redeemable"]
    assert (said["verdict"], look["words"]) == (
        "withhold",
        "the offer can be used for 1 day only, at least 2 days are asked for",
    )
