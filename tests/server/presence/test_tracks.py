"""What is remembered of a device, and that it can be forgotten."""

from server.presence.radio import AT_ONCE
from server.presence.tracks import MOTION
from server.zones.zone import AnchorSet
from tests.makers import QUICK, Walkthrough, a_department, a_shop, an_anchor, fix, heard


def test_who_is_forgotten_is_a_stranger_again():
    walk = Walkthrough(a_shop(manner=QUICK))
    walk.take(fix(0, device="ann"), fix(0, device="bob"))
    walk.tracks.forget(["ann", "nobody"])
    assert set(walk.tracks.slot_of) == {"bob"}
    assert "ann" not in walk.tracks.devices
    walk.wait_until(3_600)
    assert {event.device for event in walk.events if event.kind == "exited"} == {"bob"}
    walk.events.clear()
    walk.take(fix(4_000, device="ann"))
    assert walk.told("shop") == [("entered", 4_000)]


def test_the_row_of_who_was_forgotten_is_used_again_and_knows_nothing_of_them():
    walk = Walkthrough(a_shop(manner=QUICK))
    walk.take(fix(0, device="ann"), fix(0, device="bob"))
    walk.tracks.forget(["ann"])
    walk.take(fix(1, north_m=5_000, device="carl"))
    assert walk.tracks.slot_of["carl"] == 0
    assert len(walk.tracks.devices) == 2
    assert [event.device for event in walk.events] == ["ann", "bob"]
    walk.take(fix(2, device="carl"))
    assert walk.tracks.slot_of == {"bob": 1, "carl": 0}


def test_belief_among_anchors_is_forgotten_too():
    anchors = [an_anchor("a"), an_anchor("b")]
    walk = Walkthrough(a_shop(None), a_department("shoes", AnchorSet(("a",))), anchors=anchors)
    walk.take(*[heard(s, "a", -50, device) for s in range(5) for device in ("ann", "bob")])
    walk.tracks.forget(["ann"])
    (radio,) = walk.tracks.radio
    assert len(radio.slot_in) == 1
    walk.take(*[heard(s, "a", -50, "bob") for s in range(5, 8)])
    assert set(walk.tracks.slot_of) == {"bob"}


def test_what_gateways_tell_of_a_phone_leaves_where_it_is_on_the_map_as_it_was():
    walk = Walkthrough(
        a_shop(), a_department("shoes", AnchorSet(("a",))), anchors=[an_anchor("a"), an_anchor("b")]
    )
    walk.take(fix(0, north_m=20), fix(5, north_m=21))
    before = [getattr(walk.tracks.rows, name)[0] for name in sorted(MOTION)]
    walk.take(heard(6, "a", -50, device="phone"))
    walk.wait_until(60)
    assert [getattr(walk.tracks.rows, name)[0] for name in sorted(MOTION)] == before
    assert walk.tracks.rows.heard_at[0] > walk.tracks.rows.fix_at[0]


def test_of_a_crowd_larger_than_is_worked_on_at_once_everybody_gets_the_same_visits():
    crowd = [f"fob-{number}" for number in range(AT_ONCE + 10)]
    anchors = [an_anchor("a"), an_anchor("b")]
    walk = Walkthrough(a_shop(None), a_department("shoes", AnchorSet(("a",))), anchors=anchors)
    for second in range(20):
        walk.take(*[heard(second, "a", -50, device) for device in crowd])
    visits = {device: [] for device in crowd}
    for event in walk.events:
        visits[event.device].append((event.kind, event.zone, event.at))
    assert visits[crowd[0]]
    assert all(visits[device] == visits[crowd[0]] for device in crowd)


def test_what_one_shop_heard_is_worked_on_for_that_shop_alone():
    walk = Walkthrough(
        a_shop(None),
        a_department("shoes", AnchorSet(("a",))),
        a_shop(None, id="other"),
        a_department("hats", AnchorSet(("b",)), parent="other"),
        anchors=[an_anchor("a"), an_anchor("b", site="other")],
    )
    walk.take(*[heard(second, "a", -50, "ann") for second in range(5)])
    for second in range(5, 10):
        step = walk.take(heard(second, "b", -50, "bob"))
        assert [scans.map.anchors for scans in step.radio] == [("b",)]
    assert ("entered", 0.0) in walk.told("shoes")
    assert ("entered", 5.0) in walk.told("hats")
