"""What is remembered when staff change the places."""

from server.presence.memory import renumber
from tests.makers import Walkthrough, a_shop, fix


def test_a_dwell_that_a_new_campaign_waits_for_falls_due_without_another_ping():
    before, after = Walkthrough(a_shop()), Walkthrough(a_shop(), dwells_s={"shop": [60.0]})
    before.take(fix(0))
    before.wait_until(10)
    after.tracks = renumber(before.tracks, before.atlas, after.atlas, after.patience)
    after.wait_until(59)
    assert after.told() == []
    after.wait_until(60)
    assert after.told() == [("dwelled", 60.0)]
