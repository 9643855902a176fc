"""The push benchmark's figures are true: every phone got its offer once, from both senders."""

import pytest

from simulator.bench.push import Size, Untrue, _rate, measured


def test_both_senders_reach_every_phone_and_are_compared():
    figures = measured(Size(ours=40, theirs=20, rounds=1))
    assert figures["ratio"] > 0
    assert figures["pushes_a_round"] == 40


class Arrivals:
    """A stand-in's answers, as the benchmark reads them."""

    def __init__(self, *addresses):
        at = "2026-06-10T12:00:00Z"
        self.messages = [{"address": address, "arrived_at": at} for address in addresses]

    def get(self, path):
        self.body = {"arrived": len(self.messages)} if path.endswith("count") else {"messages": self.messages}
        return self

    def json(self):
        return self.body

    def delete(self, _path):
        return self

    def raise_for_status(self):
        return self


def test_a_phone_that_was_told_twice_makes_the_figures_void():
    with pytest.raises(Untrue, match="2 pushes arrived for 2 phones"):
        _rate(Arrivals("ann", "ann"), {"ann", "bob"})
