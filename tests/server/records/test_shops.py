"""What lies in which shop, on both databases: the site with all that lies in it, however deep."""

import pytest
import sqlalchemy as sa

from server.records import anchors, floor_plans, gateways, now, reports, shops, staff, visits, zones
from server.records.refusal import Refusal
from server.records.reports import Days
from server.records.silences import silences
from server.records.tables import AnchorRow, FloorPlanRow, GatewayRow, StaffRow, ZoneRow
from server.records.visits import VisitQuery
from tests.conftest import NOON
from tests.server.records.rows import a_decision, a_device, a_shopper, a_visit, keep

BRERA = frozenset({"brera"})
JUNE = Days(NOON.date().replace(day=1), NOON.date().replace(day=30))


def a_zone(name, parent=None, level="zone"):
    said = {"type": "Feature", "geometry": None, "properties": {"id": name, "name": name, "parent": parent}}
    return ZoneRow(
        id=name, name=name, level=level, parent_id=parent, feature=said, created_at=NOON, updated_at=NOON
    )


def a_plan(name, site):
    plan = {"id": name, "name": name, "site": site, "width_m": 5.0, "height_m": 5.0, "walls": []}
    return FloorPlanRow(id=name, name=name, site_id=site, plan=plan, updated_at=NOON)


@pytest.fixture
async def two_shops(database):
    async with database.writing() as connection:
        for shop in ("brera", "navigli"):
            ids = {"shopper_id": f"sh_{shop}", "device_id": f"d_{shop}", "zone_id": f"{shop}-boots"}
            await keep(
                connection,
                a_zone(shop, level="site"),
                a_zone(f"{shop}-shoes", shop),
                a_zone(f"{shop}-boots", f"{shop}-shoes", "shelf"),
                a_plan(f"plan-{shop}", shop),
                AnchorRow(id=f"an-{shop}", name="a", site_id=f"{shop}-shoes", created_at=NOON),
                AnchorRow(
                    id=f"drawn-{shop}", name="b", plan_id=f"plan-{shop}", x_m=1, y_m=1, created_at=NOON
                ),
                GatewayRow(id=f"gw-{shop}", name="g", anchor_id=f"drawn-{shop}", created_at=NOON),
                a_shopper(f"sh_{shop}"),
                a_device(f"d_{shop}", f"sh_{shop}"),
                a_visit(f"v_{shop}", **ids),
                a_decision(f"dec_{shop}", **ids, campaign_id=f"c_{shop}", verdict="withhold"),
            )
        await keep(connection, a_zone("nowhere"), a_plan("loose", None))
        await keep(connection, AnchorRow(id="lost", name="l", created_at=NOON))
    return database


async def test_a_shop_is_its_site_with_all_that_lies_in_it(two_shops):
    async with two_shops.reading() as connection:
        assert [row.id for row in await zones.listed(connection, shops=BRERA)] == [
            "brera",
            "brera-boots",
            "brera-shoes",
        ]
        assert [row.id for row in await anchors.listed(connection, shops=BRERA)] == [
            "an-brera",
            "drawn-brera",
        ]
        assert [row.id for row in await gateways.listed(connection, shops=BRERA)] == ["gw-brera"]
        assert [plan.id for plan in await floor_plans.listed(connection, shops=BRERA)] == ["plan-brera"]
        assert [row.id for row in await visits.listed(connection, VisitQuery(shops=BRERA))] == ["v_brera"]
        assert len(await zones.listed(connection)) == 7


@pytest.mark.parametrize(
    "kind", ["zone", "plan", "anchor", "gateway", "visit", "decision", "shopper", "device"]
)
async def test_what_is_of_another_shop_or_of_none_is_elsewhere(two_shops, kind):
    name = {"zone": "{}", "plan": "plan-{}", "anchor": "an-{}", "gateway": "gw-{}", "visit": "v_{}"} | {
        "decision": "dec_{}", "shopper": "sh_{}", "device": "d_{}"
    }  # fmt: skip
    asked = [name[kind].format(shop) for shop in ("brera", "navigli", "atlantis")]
    loose = {"zone": "nowhere", "plan": "loose", "anchor": "lost"}.get(kind)
    async with two_shops.reading() as connection:
        found = await shops.elsewhere(connection, kind, [*asked, *([loose] if loose else [])], BRERA)
        assert found == {asked[1], *([loose] if loose else [])}
        assert await shops.elsewhere(connection, kind, asked, None) == set()


async def test_reports_count_what_was_in_the_shops(two_shops):
    async with two_shops.reading() as connection:
        counted = [
            await reports.visits(connection, JUNE, shops=BRERA),
            await reports.footfall(connection, JUNE, shops=BRERA),
            await now.present(connection, BRERA),
            await now.lately(connection, 10, BRERA),
        ]
        for lines in counted:
            assert {line.zone.partition("-")[0] for line in lines} == {"brera"}
        assert {line.campaign for line in await silences(connection, JUNE, shops=BRERA)} == {"c_brera"}
        for report in (reports.stays, reports.ways, reports.funnel, reports.revenue):
            assert not await report(connection, JUNE, shops=BRERA)
        _, today, _ = await now.stretches(connection, NOON, BRERA)
        assert (await now.figures(connection, today, BRERA)).visits == 0  # nobody came into the site itself


@pytest.mark.parametrize(
    ("role", "of"), [("owner", ["brera"]), ("manager", []), ("manager", ["brera-shoes"]), ("cashier", ["x"])]
)
async def test_only_those_who_work_in_shops_are_of_some_and_shops_are_sites(two_shops, role, of):
    async with two_shops.writing() as connection:
        with pytest.raises(Refusal):
            await staff.add(connection, "a@b.example", "A", role, "none", NOON, shops=of)


async def test_who_becomes_one_who_sees_all_is_of_all_shops(two_shops):
    async with two_shops.writing() as connection:
        row = await staff.add(connection, "a@b.example", "A", "manager", "none", NOON, shops=["brera"])
        await staff.change(connection, row.id, role="marketer")
        kept = await connection.scalar(sa.select(StaffRow.__table__.c.shops))
    assert kept is None
