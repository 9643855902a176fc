"""Zones that nobody can hear are told before the first shopper is missed."""

from shapely import box

from server.zones import Anchor, AnchorSet, Disc, FloorPlan, FloorShape, Zone
from server.zones.blind import blind_spots

PLAN = FloorPlan("fp_1", "Ground", None, 60.0, 10.0)
DOOR = Anchor("an_door", "Door", plan="fp_1", x_m=2, y_m=5)
BACK = Anchor("an_back", "Back", plan="fp_1", x_m=50, y_m=5)


def blind(*zones, hearing=("an_door",)):
    found = blind_spots(zones, [DOOR, BACK], {"fp_1": PLAN}, hearing)
    return {each.zone.id: each.heard for each in found}


def test_a_zone_of_anchors_is_blind_when_none_of_them_hears():
    either = Zone("either", "Either", place=AnchorSet(("an_door", "an_back")))
    back = Zone("back", "Back", place=AnchorSet(("an_back",)))
    till = Zone("till", "Till", "shelf", place=Disc("an_back", 2.0))
    assert blind(either, back, till) == {"back": 0.0, "till": 0.0}
    assert blind(either, back, till, hearing=("an_door", "an_back")) == {}


def test_a_zone_on_a_floor_plan_is_blind_where_no_anchor_that_hears_is_near():
    near = Zone("near", "Near", place=FloorShape("fp_1", box(0, 0, 10, 10)))
    far = Zone("far", "Far", place=FloorShape("fp_1", box(40, 0, 60, 10)))
    half = Zone("half", "Half", place=FloorShape("fp_1", box(0, 0, 30, 10)))
    found = blind(near, far, half)
    assert list(found) == ["far", "half"]
    assert found["far"] == 0.0
    assert 0.5 < found["half"] < 0.6
    assert list(blind(near, hearing=())) == ["near"]


def test_closed_zones_and_zones_on_the_map_need_no_radio():
    shut = Zone("shut", "Shut", place=AnchorSet(("an_back",)), closed=True)
    assert blind(shut, Zone("city", "City")) == {}
