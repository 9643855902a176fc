"""What staff read about their campaigns and their shops, in the form they like."""

import csv
import io
from datetime import timedelta

import pyarrow.parquet as pq
import pytest

from server.campaigns import read_campaign
from server.records import campaigns
from server.web.reports import report_routes
from tests.server.campaigns.makers import a_document
from tests.server.records.rows import a_decision, a_receipt, a_redemption, a_visit, an_offer, keep
from tests.server.records.test_reports import DAY, HOUR, NOON, a_purchase, a_zone, an_exposure, credited

REPORTS = ("funnel", "visits", "stays", "flow", "footfall", "revenue")


@pytest.fixture
async def shop(database, guard, tokens, open_doors):
    """One day of a shop: two offers, one of them redeemed and bought with; three visits."""
    spring = read_campaign(a_document(id="spring-shoes", name="Spring shoes"))
    async with database.writing() as connection:
        await campaigns.put(connection, spring, NOON)
        await keep(
            connection,
            a_zone("shop"),
            a_zone("shoes", None, "shop"),
            a_visit("v_1", exited_at=NOON + timedelta(seconds=90)),
            a_visit("v_2", entered_at=NOON + HOUR, exited_at=NOON + HOUR + timedelta(seconds=31)),
            a_visit("v_3", shopper_id="sh_2", entered_at=NOON + HOUR),
            an_exposure("of_1"),
            an_exposure("of_2", shopper_id="sh_2"),
            an_exposure("of_3", shopper_id="sh_3", control="campaign"),
            an_offer("of_1", outcome="sent", taken_by="fcm"),
            an_offer("of_2"),
            a_receipt("of_1", "opened"),
            a_redemption("of_1"),
            credited("o_1", by="redemption", shop="shop", amount_milli=49_900, refunded_milli=9_900),
        )
    client = open_doors(report_routes(database, guard, clock=lambda: NOON + 10 * DAY))
    client.headers.update(tokens.headers("analyst"))
    return client


async def lines(shop, report, **asked):
    answer = await shop.get(f"/v1/reports/{report}", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["lines"]


async def test_the_funnel_says_how_far_offers_came(shop):
    (line,) = await lines(shop, "funnel")
    assert line == {
        "campaign": "spring-shoes",
        "version": 1,
        "variant": None,
        "step": 0,
        "day": "2026-06-10",
        "decided": 2,
        "sent": 1,
        "shown": 1,
        "opened": 1,
        "claimed": 0,
        "redeemed": 1,
        "held_out": 1,
    }
    assert await lines(shop, "funnel", campaign="hats") == []


async def test_visits_say_how_long_and_who_came_again(shop):
    (line,) = await lines(shop, "visits", zone="shoes")
    assert line == {
        "zone": "shoes",
        "day": "2026-06-10",
        "visits": 3,
        "new": 2,
        "returning": 1,
        "over": 2,
        "mean_stay_s": 60.5,
        "longest_stay_s": 90.0,
    }


async def test_stays_say_how_many_were_how_long(shop):
    assert await lines(shop, "stays", zone="shoes") == [
        {"zone": "shoes", "from_s": 0, "until_s": 60, "visits": 1},
        {"zone": "shoes", "from_s": 60, "until_s": 120, "visits": 1},
    ]


async def test_flow_says_where_people_went_from_where(shop, database):
    async with database.writing() as connection:
        await keep(
            connection,
            a_zone("tills", None, "shop"),
            a_visit("v_shop", zone_id="shop", device_id="d_4"),
            a_visit("v_shoes", zone_id="shoes", device_id="d_4", exited_at=NOON + HOUR),
            a_visit("v_tills", zone_id="tills", device_id="d_4", entered_at=NOON + HOUR),
        )
    assert await lines(shop, "flow") == [{"zone": "shoes", "next_zone": "tills", "went": 1}]
    assert await lines(shop, "flow", zone="elsewhere") == []


async def test_footfall_goes_by_the_shops_clock_and_is_spread_over_the_weeks(shop):
    """Noon UTC is 14:00 in Rome in June; of 28 days four are Wednesdays."""
    two, three = await lines(shop, "footfall")
    assert (two["weekday"], two["hour"], two["entered"], two["mean_entered"]) == (3, 14, 1, 0.25)
    assert (three["hour"], three["entered"], three["mean_entered"]) == (15, 2, 0.5)
    assert [each["mean_entered"] for each in await lines(shop, "footfall", first_day="2026-06-10")] == [
        0.5,
        1.0,
    ]


async def test_revenue_has_refunds_off(shop):
    (line,) = await lines(shop, "revenue")
    assert (line["orders"], line["redeemed"], line["currency"]) == (1, 1, "EUR")
    assert (line["paid"], line["refunded"], line["net"]) == (49.9, 9.9, 40.0)


async def test_lift_refuses_to_conclude_from_a_handful(shop):
    (line,) = await lines(shop, "lift", campaign="spring-shoes")
    assert (line["treated"], line["treated_came"], line["control"], line["control_came"]) == (2, 1, 1, 0)
    assert (line["more_of_100"], line["low_of_100"], line["high_of_100"]) == (None, None, None)
    assert line["words"] == "too few to say: the smaller group has 1 of the 100 shoppers that are needed"
    (tale,) = await lines(shop, "lift", campaign="spring-shoes", language="it")
    assert tale["words"].startswith("troppo pochi per concludere")


async def test_lift_says_between_which_bounds_a_campaign_helped(shop, database):
    async with database.writing() as connection:
        await keep(
            connection,
            *(an_exposure(f"of_t{i}", shopper_id=f"sh_t{i}") for i in range(400)),
            *(an_exposure(f"of_c{i}", shopper_id=f"sh_c{i}", control="campaign") for i in range(200)),
            *(credited(f"o_t{i}", shopper_id=f"sh_t{i}") for i in range(100)),
            *(credited(f"o_c{i}", shopper_id=f"sh_c{i}") for i in range(20)),
        )
    (line,) = await lines(shop, "lift", campaign="spring-shoes")
    assert (line["treated"], line["treated_came"], line["control"], line["control_came"]) == (
        402,
        101,
        201,
        20,
    )
    assert line["more_of_100"] == pytest.approx(15.174, abs=0.001)
    assert line["low_of_100"] < line["more_of_100"] < line["high_of_100"]
    assert line["words"] == "between 8.8 and 20.8 more of 100 came to the till"
    assert line["method"].startswith("Newcombe 1998")


async def test_lift_waits_until_the_offers_own_window_is_over(shop):
    (line,) = await lines(shop, "lift", campaign="spring-shoes", within_days=20)
    assert (line["too_early"], line["treated"], line["within_days"]) == (3, 0, 20.0)
    assert (await lines(shop, "lift", campaign="spring-shoes"))[0]["within_days"] == 7.0
    assert line["words"] == "too early to say: 3 shoppers have not had 20 days yet"
    (italian,) = await lines(shop, "lift", campaign="spring-shoes", within_days=20, language="it")
    assert italian["words"] == "troppo presto: 3 persone non hanno ancora avuto 20 giorni"
    (later,) = await lines(shop, "lift", campaign="spring-shoes", first_day="2026-06-11")
    assert (later["too_early"], later["treated"]) == (0, 0)


async def test_lift_of_all_campaigns_is_told_against_the_global_hold_out(shop, database):
    async with database.writing() as connection:
        await keep(
            connection,
            *(an_exposure(f"of_t{i}", shopper_id=f"sh_t{i}") for i in range(300)),
            *(an_exposure(f"of_c{i}", shopper_id=f"sh_c{i}", control="all") for i in range(150)),
            *(a_purchase(f"o_t{i}", shopper_id=f"sh_t{i}") for i in range(90)),
            *(a_purchase(f"o_c{i}", shopper_id=f"sh_c{i}") for i in range(15)),
        )
    (line,) = await lines(shop, "lift", within_days=7)
    assert (line["campaign"], line["control"], line["control_came"]) == (None, 150, 15)
    assert line["low_of_100"] > 0
    assert "more of 100 came to the till" in line["words"]
    (alone,) = await lines(shop, "lift", campaign="spring-shoes")
    assert alone["control"] == 1  # whom no campaign speaks to is nobody's control alone
    refused = await shop.get("/v1/reports/lift?variant=a")
    assert refused.status_code == 422


async def test_a_campaign_that_never_was_has_no_lift(shop):
    assert (await shop.get("/v1/reports/lift?campaign=ghosts")).status_code == 404


@pytest.mark.parametrize("report", REPORTS)
async def test_every_report_says_the_same_in_every_form(shop, report):
    told = await lines(shop, report)
    sheet = await shop.get(f"/v1/reports/{report}?format=csv")
    table = await shop.get(f"/v1/reports/{report}", headers={"Accept": "application/vnd.apache.parquet"})
    assert sheet.headers["content-type"].startswith("text/csv")
    assert [
        row["zone" if "zone" in row else "campaign"] for row in csv.DictReader(io.StringIO(sheet.text))
    ] == [line.get("zone") or line["campaign"] for line in told]
    rows = pq.read_table(io.BytesIO(table.content)).to_pylist()
    assert [{**row, **({"day": row["day"].isoformat()} if "day" in row else {})} for row in rows] == told


@pytest.mark.parametrize("report", REPORTS)
async def test_days_of_an_empty_shop_give_an_empty_report(shop, report):
    assert await lines(shop, report, first_day="2025-01-01", last_day="2025-12-31") == []


async def test_days_in_the_wrong_order_or_too_many_are_refused_with_the_reason(shop):
    turned = await shop.get("/v1/reports/visits?first_day=2026-06-11&last_day=2026-06-10")
    assert turned.status_code == 422
    assert turned.json()["errors"] == [
        {"place": "query.first_day", "reason": "is after the last day, 2026-06-10"}
    ]
    endless = await shop.get("/v1/reports/visits?first_day=2020-06-11&last_day=2026-06-10")
    assert "ask for a part at a time" in endless.text
    assert (await shop.get("/v1/reports/visits?first_day=9999-12-31")).status_code == 422
    assert (await shop.get("/v1/reports/visits?format=pdf")).status_code == 422


@pytest.mark.parametrize("report", [*REPORTS, "lift?campaign=spring-shoes"])
async def test_all_staff_and_the_shops_systems_read_reports_and_nobody_else(shop, tokens, report):
    for role in ("analyst", "marketer", "manager", "owner", "server"):
        assert (await shop.get(f"/v1/reports/{report}", headers=tokens.headers(role))).status_code == 200
    for kind in ("device", "gateway", "app"):
        assert (await shop.get(f"/v1/reports/{report}", headers=tokens.headers(kind))).status_code == 403


async def test_silences_say_which_gates_keep_a_campaign_silent(shop, database):
    quiet = [{"gate": "quiet_hours", "words": "quiet"}, {"gate": "stock", "words": "none left"}]
    async with database.writing() as connection:
        await keep(connection, a_decision("dec_8"), a_decision("dec_9", verdict="withhold", reasons=quiet))
    found = await lines(shop, "silences", language="it", first_day="2026-06-10", last_day="2026-06-10")
    assert [(each["verdict"], each["gate"], each["name"], each["decisions"]) for each in found] == [
        ("send", None, None, 1),
        ("withhold", None, None, 1),
        ("withhold", "quiet_hours", "ore di silenzio", 1),
        ("withhold", "stock", "scorta di offerte", 1),
    ]
    assert await lines(shop, "silences", campaign="hats") == []
    table = await shop.get("/v1/reports/silences?format=csv")
    assert table.text.splitlines()[0] == "campaign,verdict,gate,name,decisions"
