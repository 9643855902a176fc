"""How often each campaign spoke, and what kept it silent."""

from datetime import date, timedelta

import pytest

from server.records import decisions
from server.records.decisions import DecisionQuery
from server.records.reports import Days
from server.records.silences import Silence, silences
from tests.conftest import NOON
from tests.server.records.rows import a_decision, keep
from tests.server.records.test_reports import a_zone

DAY = timedelta(days=1)
THAT_DAY = Days(date(2026, 6, 10), date(2026, 6, 10))


def silent(id, *gates, **changes):
    reasons = [{"gate": gate, "words": "no"} for gate in gates]
    return a_decision(id, **{"verdict": "withhold", "reasons": reasons, **changes})


@pytest.fixture
async def shop(database):
    async with database.writing() as connection:
        await keep(
            connection,
            a_zone(),
            a_zone("shoes", None, "shop"),
            a_decision("dec_1"),
            silent("dec_2", "quiet_hours", "frequency_cap"),
            silent("dec_3", "quiet_hours"),
            silent("dec_4", "consent", "consent"),
            silent("dec_5", "arbitration", "hold_out", verdict="hold_out"),
            silent("dec_6", "quiet_hours", campaign_id="hats"),
            silent("dec_7", "quiet_hours", decided_at=NOON + DAY),
            # 00:30 in Rome: the next day by the shop's clock
            silent("dec_8", "stock", decided_at=NOON + timedelta(hours=10, minutes=30)),
        )


async def test_each_gate_is_counted_and_all_of_them_once(database, shop):
    async with database.reading() as connection:
        found = await silences(connection, THAT_DAY, campaign="spring-shoes")
    assert list(found.items()) == [
        (Silence("spring-shoes", "hold_out", None), 1),
        (Silence("spring-shoes", "hold_out", "arbitration"), 1),
        (Silence("spring-shoes", "hold_out", "hold_out"), 1),
        (Silence("spring-shoes", "send", None), 1),
        (Silence("spring-shoes", "withhold", None), 3),
        (Silence("spring-shoes", "withhold", "quiet_hours"), 2),
        (Silence("spring-shoes", "withhold", "consent"), 1),
        (Silence("spring-shoes", "withhold", "frequency_cap"), 1),
    ]


async def test_days_go_by_the_shops_clock_and_campaigns_are_told_apart(database, shop):
    next_day = Days(date(2026, 6, 11), date(2026, 6, 11))
    async with database.reading() as connection:
        assert Silence("hats", "withhold", "quiet_hours") in await silences(connection, THAT_DAY)
        assert await silences(connection, next_day) == {
            Silence("spring-shoes", "withhold", None): 2,
            Silence("spring-shoes", "withhold", "quiet_hours"): 1,
            Silence("spring-shoes", "withhold", "stock"): 1,
        }


async def test_decisions_are_found_by_the_gate_that_spoke(database, shop):
    async with database.reading() as connection:
        asked = DecisionQuery(campaign="spring-shoes", gate="frequency_cap")
        assert [row.id for row in await decisions.listed(connection, asked)] == ["dec_2"]
        asked = DecisionQuery(gate="quiet_hours", until=NOON + DAY)
        assert {row.id for row in await decisions.listed(connection, asked)} == {"dec_2", "dec_3", "dec_6"}
