"""The benchmarks of deciding work on a small world: each event is decided once, and a dry run plays all visits."""

from simulator.bench import decide, dry_run


def test_each_event_is_decided_by_the_one_campaign_that_listens():
    figures = decide.measured(decide.Size(few=2, many=20, events=60, rounds=3))
    assert (figures["campaigns"], figures["against_campaigns"], figures["rounds"]) == (20, 2, 3)
    assert figures["cost_ratio"] > 0


def test_a_dry_run_plays_every_visit_with_caps_and_stock():
    figures = dry_run.measured(dry_run.Size(visits=1_000, shoppers=20, shops=2))
    assert figures["visits"] == 1_000
    assert 0 < figures["verdict_send"] <= 2 * 20
    assert figures["verdict_withhold"] > 0
