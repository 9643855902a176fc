"""Who is heard elsewhere is no longer here; and what is told late, twice or absurdly changes nothing that is known better."""

from dataclasses import replace

import pytest
from shapely import box

from server.presence.memory import recall
from server.presence.phases import MOST_STAYS
from server.presence.sighting import Fix
from server.zones.zone import AnchorSet, Circle, FloorPlan, FloorShape, Zone
from tests.makers import (
    LAT,
    LON,
    NOON_S,
    QUICK,
    Walkthrough,
    a_department,
    a_shop,
    a_word,
    an_anchor,
    fix,
    heard,
)

CORNERS = ((3.0, 3.0), (17.0, 3.0), (3.0, 17.0), (17.0, 17.0))


def hung(plan: str, site: str = "shop"):
    return [an_anchor(f"{plan}-{i}", site=site, plan=plan, x_m=x, y_m=y) for i, (x, y) in enumerate(CORNERS)]


def near_all(plan: str, seconds: int, nearest: int = 0):
    """A second of a fob that stands near one corner of a floor."""
    return [
        heard(seconds + 0.1 * i, f"{plan}-{i}", -64.0 if i == nearest else -82.0) for i in range(len(CORNERS))
    ]


def kinds(shop: Walkthrough, zone: str) -> list[str]:
    return [kind for kind, _ in shop.told(zone)]


def two_shops(**more) -> Walkthrough:
    sites = [Zone(f"{name}-shop", name, "site") for name in ("here", "there")]
    floors = [
        a_department(f"{name}-floor", FloorShape(name, box(0, 0, 20, 20)), parent=f"{name}-shop")
        for name in ("here", "there")
    ]
    plans = [FloorPlan(name, name, f"{name}-shop", 20.0, 20.0) for name in ("here", "there")]
    anchors = [*hung("here", "here-shop"), *hung("there", "there-shop")]
    return Walkthrough(*sites, *floors, anchors=anchors, plans=plans, **more)


def test_who_walks_on_into_the_shop_next_door_has_left_the_first_before_a_dwell_falls_due_there():
    mall = two_shops(dwells_s={"here-floor": [120.0]})
    for second in range(60):
        mall.take(*near_all("here", second))
    for second in range(70, 300):
        mall.take(*near_all("there", second))
        mall.wait_until(second + 0.9)
    assert kinds(mall, "here-floor") == kinds(mall, "here-shop") == ["entered", "exited"]
    assert kinds(mall, "there-shop") == ["entered"]


def test_who_is_at_a_shelf_upstairs_has_left_the_department_downstairs():
    plans = [FloorPlan(name, name, "shop", 20.0, 20.0) for name in ("ground", "upstairs")]
    house = Walkthrough(
        a_shop(place=None),
        a_department("women", FloorShape("ground", box(0, 0, 20, 20))),
        a_department("kids", FloorShape("upstairs", box(0, 0, 20, 20))),
        a_department(
            "toys", FloorShape("upstairs", box(0, 0, 10, 10)), parent="kids", level="shelf", manner=QUICK
        ),
        anchors=[*hung("ground"), *hung("upstairs")],
        plans=plans,
    )
    for second in range(30):
        house.take(*near_all("ground", second))
    for second in range(33, 60):
        house.take(*near_all("upstairs", second))
    assert kinds(house, "women") == ["entered", "exited"]
    assert house.told("women")[-1][1] <= house.told("kids")[0][1]
    assert kinds(house, "shop") == kinds(house, "kids") == kinds(house, "toys") == ["entered"]


@pytest.mark.parametrize("together", [True, False])
def test_an_upload_of_fixes_from_the_way_here_ends_no_visit_that_gateways_tell_of(together):
    shop = Walkthrough(
        a_shop(), a_department("hall", AnchorSet(("door",)), manner=QUICK), anchors=[an_anchor("door")]
    )
    for second in range(60):
        shop.take(heard(second, "door", -65.0))
    way_here = [fix(second, north_m=300.0, accuracy_m=5.0, device="fob") for second in range(-50, 0, 10)]
    for part in [way_here] if together else [[each] for each in way_here]:
        shop.take(*part)
    for second in range(61, 120):
        shop.take(heard(second, "door", -65.0))
    assert kinds(shop, "hall") == kinds(shop, "shop") == ["entered"]


def test_a_gateway_that_starts_again_and_again_keeps_nobody_for_longer_than_one_that_is_gone():
    shop = Walkthrough(
        a_shop(place=None),
        a_department("hall", AnchorSet(("door",)), manner=QUICK),
        anchors=[an_anchor("door")],
    )
    shop.hear_from("door", a_word(0))
    for second in range(30):
        shop.take(heard(second, "door", -65.0))
    for second in range(45, 3 * 3_600, 45):  # it runs for 40 s, is off for 5 s, and says so as it comes up
        shop.hear_from("door", a_word(second, run=float(second), started_at=NOON_S + second - 1))
        shop.wait_until(second)
    assert kinds(shop, "hall") == ["entered", "exited"]


def test_a_batch_that_comes_again_after_a_restart_opens_nothing_twice():
    halves = [FloorShape("here", box(0, 0, 10, 20)), FloorShape("here", box(10, 0, 20, 20))]
    shop = Walkthrough(
        a_shop(place=None),
        *(
            a_department(name, half, manner=QUICK)
            for name, half in zip(("men", "women"), halves, strict=True)
        ),
        anchors=hung("here"),
        plans=[FloorPlan("here", "Here", "shop", 20.0, 20.0)],
    )
    batch = [each for second in range(60) for each in near_all("here", second, nearest=second // 20 % 2)]
    step = shop.take(*batch)
    left = [(e.device, e.zone, e.at.timestamp()) for e in shop.events if e.kind == "exited"]
    visits = {event.visit for event in shop.events}
    assert len(visits) >= 4  # the shop, and from one side to the other and back
    shop.tracks = recall(shop.atlas, step.stays, NOON_S + 65, shop.patience, left)
    again = shop.take(*batch)
    assert [event for event in again.events if event.visit not in visits] == []
    assert len(again.late) == len(batch)


@pytest.mark.parametrize("speed_mps", [1e308, 1e9, 400.0])
def test_a_phone_that_claims_an_absurd_speed_is_where_it_says_all_the_same(speed_mps):
    shop = Walkthrough(a_shop(place=Circle(LAT, LON, 40.0)))
    for second in range(0, 30, 5):
        shop.take(replace(Fix("phone", NOON_S + second, LAT, LON, 8.0), speed_mps=speed_mps))
    shop.wait_until(40)
    assert kinds(shop, "shop") == ["entered"]


def test_hundreds_of_zones_drawn_over_each_other_cost_no_more_than_people_can_be_in():
    town = Walkthrough(*(Zone(f"ring-{i}", "Ring", "zone", place=Circle(LAT, LON, 30.0)) for i in range(200)))
    town.take(fix(0))
    town.wait_until(10)
    assert len(town.events) == MOST_STAYS == town.tracks.rows.stays
