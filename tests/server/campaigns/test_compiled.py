from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.campaigns import compile_campaigns
from server.zones.zone import Zone
from tests.server.campaigns.makers import ZONES, a_campaign, listens
from tests.server.campaigns.strategies import campaigns


def woken(compiled, kind, zone, dwelled_s=0.0) -> list[str]:
    return [campaign.id for campaign in compiled.listening(kind, zone, dwelled_s)]


def test_a_campaign_hears_its_zones_its_group_or_all_of_its_site():
    compiled = compile_campaigns(
        [
            a_campaign("shelf", trigger=listens(zones=["z_shelf", "z_bags", "z_shelf"])),
            a_campaign("fashion", trigger=listens(group="fashion")),
            a_campaign("store", trigger=listens(site="z_store")),
        ],
        ZONES,
    )
    assert woken(compiled, "entered", "z_shelf") == ["shelf", "fashion", "store"]
    assert woken(compiled, "entered", "z_shoes") == ["fashion", "store"]
    assert woken(compiled, "entered", "z_store") == ["store"]
    assert woken(compiled, "exited", "z_shelf") == []
    assert woken(compiled, "entered", "z_elsewhere") == []


def test_only_live_campaigns_listen():
    states = ["draft", "live", "paused", "ended"]
    compiled = compile_campaigns([a_campaign(state, state=state) for state in states], ZONES)
    assert woken(compiled, "entered", "z_shoes") == ["live"]


def test_a_dwell_wakes_whoever_waited_just_as_long():
    short = a_campaign("short", trigger=listens("dwelled", after_s=60, zones=["z_shoes"]))
    long = a_campaign("long", trigger=listens("dwelled", after_s=300, zones=["z_shoes"]))
    compiled = compile_campaigns([short, long], ZONES)
    assert woken(compiled, "dwelled", "z_shoes", 60.0) == ["short"]
    assert woken(compiled, "dwelled", "z_shoes", 300.0) == ["long"]
    assert woken(compiled, "dwelled", "z_shoes", 61.0) == []


def test_the_length_of_a_stay_does_not_matter_to_who_listens_for_its_end():
    compiled = compile_campaigns([a_campaign(trigger=listens("exited", zones=["z_shoes"]))], ZONES)
    assert woken(compiled, "exited", "z_shoes", 1234.5) == ["shoes"]


def test_presence_learns_which_dwells_to_watch_where():
    compiled = compile_campaigns(
        [
            a_campaign("a", trigger=listens("dwelled", after_s=300, site="z_store")),
            a_campaign("b", trigger=listens("dwelled", after_s=60, group="fashion")),
            a_campaign("c", trigger=listens("dwelled", after_s=300, zones=["z_bags"])),
            a_campaign("d", state="draft", trigger=listens("dwelled", after_s=5, zones=["z_bags"])),
        ],
        ZONES,
    )
    assert compiled.dwells == {
        "z_store": (300.0,),
        "z_shoes": (60.0, 300.0),
        "z_shelf": (60.0, 300.0),
        "z_bags": (60.0, 300.0),
    }


def test_zones_without_a_dwell_are_not_watched():
    assert compile_campaigns([a_campaign()], ZONES).dwells == {}


def test_a_live_campaign_that_no_zone_can_wake_is_shown_to_staff():
    compiled = compile_campaigns(
        [
            a_campaign("gone", trigger=listens(zones=["z_gone"])),
            a_campaign("half", trigger=listens(zones=["z_gone", "z_bags"])),
        ],
        ZONES,
    )
    assert compiled.unplaced == ("gone",)


def test_the_records_must_look_back_as_far_as_the_longest_memory():
    caps = [{"kind": "frequency_cap", "at_most": 1, "window": "7d"}, {"kind": "cooldown", "wait": "24h"}]
    assert compile_campaigns([a_campaign("a", *caps)], ZONES).look_back == timedelta(days=7)
    assert compile_campaigns([a_campaign()], ZONES).look_back == timedelta()


def test_two_live_campaigns_of_one_id_are_refused():
    with pytest.raises(ValueError, match="share the id 'shoes'"):
        compile_campaigns([a_campaign(), a_campaign()], ZONES)


def test_zones_that_lie_in_each_other_do_not_trap_us():
    circle = [Zone("a", "A", parent="b"), Zone("b", "B", parent="a")]
    compiled = compile_campaigns([a_campaign(trigger=listens(site="a"))], circle)
    assert woken(compiled, "entered", "b") == ["shoes"]


@given(campaigns(), st.randoms(use_true_random=False))
def test_the_order_of_campaigns_and_zones_changes_nothing(some, chance):
    shuffled, zones = list(some), list(ZONES)
    chance.shuffle(shuffled)
    chance.shuffle(zones)
    one, other = compile_campaigns(some, ZONES), compile_campaigns(shuffled, zones)
    assert (one.dwells, one.unplaced, one.look_back) == (other.dwells, other.unplaced, other.look_back)
    for zone in ZONES:
        for kind in ("entered", "dwelled", "exited"):
            assert one.listening(kind, zone.id, 60.0) == other.listening(kind, zone.id, 60.0)


@given(campaigns())
def test_every_dwell_that_is_watched_wakes_somebody_and_no_other_does(some):
    compiled = compile_campaigns(some, ZONES)
    for zone in ZONES:
        heard = {after for after in (60.0, 300.0) if compiled.listening("dwelled", zone.id, after)}
        assert heard == set(compiled.dwells.get(zone.id, ()))
