"""What screens ask for every second: counts and happenings, of nobody."""

import asyncio
import csv
import io
from datetime import timedelta

import pyarrow.parquet as pq
import pytest

from server.records.tables import VisitRow
from server.web.now import now_routes
from tests.conftest import NOON
from tests.server.records.rows import a_decision, a_visit, keep, rows_of
from tests.server.records.test_reports import a_zone

HELD = {
    "gate": "cooldown",
    "words": "the last offer of this campaign was 2 min ago, the wait is 1 day",
}


@pytest.fixture
def clock():
    return [NOON]


@pytest.fixture
async def shop(database, guard, tokens, open_doors, clock):
    async with database.writing() as connection:
        await keep(
            connection,
            a_zone("shop"),
            a_zone("shoes", None, "shop"),
            a_visit("v_1", zone_id="shop", entered_at=NOON - timedelta(minutes=1)),
            a_visit("v_2"),
            a_decision("dec_1", verdict="withhold", decided_at=NOON, reasons=[HELD]),
        )
    client = open_doors(now_routes(database, guard, clock=lambda: clock[0]))
    client.headers.update(tokens.headers("analyst"))
    return client


async def lines(shop, report, **asked):
    answer = await shop.get(f"/v1/reports/{report}", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["lines"]


async def test_every_zone_says_how_many_are_there_and_as_of_when(shop):
    at = "2026-06-10T12:00:00Z"
    assert await lines(shop, "present") == [
        {"zone": "shoes", "name": "shoes", "people": 1, "as_of": at},
        {"zone": "shop", "name": "shop", "people": 1, "as_of": at},
    ]


async def test_an_answer_serves_whoever_asks_within_a_second(shop, database, clock):
    many = await asyncio.gather(*(lines(shop, "present") for _ in range(5)))
    async with database.writing() as connection:
        await keep(connection, a_visit("v_3", device_id="d_3", shopper_id="sh_3"))
    assert len(await rows_of(database, VisitRow)) == 3
    assert await lines(shop, "present") == many[0] == many[4]
    clock[0] += timedelta(seconds=1)
    assert [each["people"] for each in await lines(shop, "present")] == [2, 1]


async def test_happenings_name_zone_and_campaign_and_nobody(shop):
    assert await lines(shop, "lately", limit=1) == [
        {
            "at": "2026-06-10T12:00:00Z",
            "kind": "withhold",
            "zone": "shoes",
            "campaign": "spring-shoes",
            "why": HELD["words"],
        }
    ]
    text = (await shop.get("/v1/reports/lately")).text
    assert not any(name in text for name in ("sh_1", "d_1", "v_1"))
    assert (await shop.get("/v1/reports/lately?limit=101")).status_code == 422


async def test_today_stands_beside_the_same_weekday_a_week_before(shop):
    told = await lines(shop, "so-far")
    assert [(each["day"], each["figure"], each["value"]) for each in told][:2] == [
        ("2026-06-10", "visits", 1.0),
        ("2026-06-10", "sent", 0.0),
    ]
    assert {each["day"] for each in told} == {"2026-06-10", "2026-06-03"}
    assert told[0]["clock"] == "Europe/Rome"


@pytest.mark.parametrize(("report", "count"), [("present", 2), ("lately", 3), ("so-far", 8)])
async def test_each_comes_as_a_table_too(shop, report, count):
    read = await shop.get(f"/v1/reports/{report}?format=csv")
    assert len([*csv.DictReader(io.StringIO(read.text))]) == count
    packed = await shop.get(f"/v1/reports/{report}", headers={"Accept": "application/vnd.apache.parquet"})
    assert pq.read_table(io.BytesIO(packed.content)).num_rows == count


async def test_a_phone_is_not_let_in(shop, tokens):
    for report in ("present", "lately", "so-far"):
        answer = await shop.get(f"/v1/reports/{report}", headers=tokens.headers("device"))
        assert answer.status_code == 403
