"""What is remembered when staff change the places."""

from server.presence.memory import recall, renumber
from server.zones.zone import Circle
from tests.makers import LAT, LON, NOON_S, Walkthrough, a_shop, fix


def test_a_dwell_that_a_new_campaign_waits_for_falls_due_without_another_ping():
    before, after = Walkthrough(a_shop()), Walkthrough(a_shop(), dwells_s={"shop": [60.0]})
    before.take(fix(0))
    before.wait_until(10)
    after.tracks = renumber(before.tracks, before.atlas, after.atlas, after.patience)
    after.wait_until(59)
    assert after.told() == []
    after.wait_until(60)
    assert after.told() == [("dwelled", 60.0)]


def restarted(before: Walkthrough, stays, seconds: float) -> Walkthrough:
    """The same places in a process that starts so many seconds after noon with the stays that records keep."""
    after = Walkthrough()
    after.atlas = before.atlas
    after.tracks = recall(before.atlas, stays, NOON_S + seconds, before.patience)
    return after


def test_a_phone_that_sends_a_fix_each_five_minutes_is_in_the_same_visit_after_a_restart():
    before = Walkthrough(a_shop())
    stays = (*before.take(fix(0)).stays, *before.wait_until(10).stays)
    before.take(fix(300))
    after = restarted(before, stays[-1:], 310)
    after.wait_until(599)
    after.take(fix(600))
    after.wait_until(900)
    assert after.told() == []


def test_a_phone_that_is_never_heard_after_a_restart_has_left():
    before = Walkthrough(a_shop())
    stays = (*before.take(fix(0)).stays, *before.wait_until(10).stays)
    after = restarted(before, stays[-1:], 20)
    after.wait_until(20 + before.patience.fix_least_s)
    assert [kind for kind, _ in after.told()] == ["exited"]


def test_a_car_on_the_way_through_while_the_server_restarts_is_not_taken_in():
    before = Walkthrough(a_shop(Circle(LAT, LON, 30.0)))
    stays = [
        stay
        for second in range(-20, 1, 2)
        for stay in before.take(fix(second, 12.0 * second, accuracy_m=5.0)).stays
    ]
    after = restarted(before, stays[-1:], 3)
    after.wait_until(6)
    after.take(fix(7, 84.0, accuracy_m=5.0))
    after.wait_until(60)
    assert (before.told(), after.told()) == ([], [])
