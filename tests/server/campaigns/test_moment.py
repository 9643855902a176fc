from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from server.campaigns import DeviceFacts, Happening, Moment, gather
from tests.server.campaigns.makers import (
    BAGS,
    NOON,
    SHELF,
    SHOES,
    STORE,
    a_happening,
    a_moment,
    a_shopper,
    an_event,
    sent,
    zone_facts,
)

MINUTE = timedelta(minutes=1)


def test_entering_a_department_and_its_shop_at_once_is_one_moment():
    together = gather([an_event(SHOES), an_event(STORE)])
    assert [[event.zone for event in events] for events in together] == [["z_shoes", "z_store"]]


def test_another_time_or_another_device_is_another_moment_and_time_orders_them():
    later = an_event(SHOES, "exited", NOON + MINUTE)
    fob = an_event(SHOES, device="d_fob")
    together = gather([later, an_event(SHOES), fob])
    assert [(events[0].device, events[0].at) for events in together] == [
        ("d_fob", NOON),
        ("d_phone", NOON),
        ("d_phone", NOON + MINUTE),
    ]


def test_how_the_events_arrived_does_not_change_their_moments():
    events = [an_event(SHOES), an_event(BAGS, "exited"), an_event(STORE), an_event(SHOES, at=NOON + MINUTE)]
    assert gather(events) == gather(reversed(events))


def test_a_moment_in_which_nothing_happened_is_none():
    with pytest.raises(ValueError, match="something that happened"):
        Moment(now=NOON, happenings=(), device=DeviceFacts("d_phone"))


def test_waiting_as_told_is_not_being_late():
    left = Happening(an_event(kind="exited"), zone_facts(), waited_s=180.0)
    assert a_moment(left, now=NOON + 4 * MINUTE).age_s == 60.0


def test_a_shelf_is_nearer_to_the_goods_than_its_department_and_that_than_the_shop():
    specificity = [zone_facts(zone).specificity for zone in (STORE, SHOES, SHELF)]
    assert specificity == sorted(specificity)
    assert len(set(specificity)) == 3


def test_a_zone_knows_its_site():
    assert [zone_facts(zone).site for zone in (STORE, SHELF)] == ["z_store", "z_store"]
    assert replace(zone_facts(SHOES), ancestors=()).site is None


def test_the_wall_clock_is_the_shops_unless_the_shoppers_is_asked_for_and_known():
    traveller = a_moment(shopper=a_shopper(time_zone=ZoneInfo("America/New_York")))
    assert [traveller.local_time(clock).hour for clock in ("shop", "shopper")] == [14, 8]
    assert a_moment(shopper=a_shopper(time_zone=None)).local_time("shopper").hour == 14


def test_what_a_shopper_got_meanwhile_is_remembered_and_a_stranger_has_no_memory():
    offer = sent()
    assert a_moment().with_sent((offer,)).shopper.sent == (offer,)
    stranger = Moment(NOON, (a_happening(),), DeviceFacts("d_phone"))
    assert stranger.with_sent((offer,)) is stranger
