"""Two things measured in turns."""

from simulator.bench.rounds import Compared, in_turns


def test_both_run_in_turns_and_the_yardstick_first_and_last():
    said = []

    def named(name):
        return lambda turn: said.append((name, turn)) or 1.0

    in_turns(2, named("path"), named("floor"))
    assert said == [("floor", 0), ("path", 0), ("floor", 0), ("path", 1), ("floor", 1)]


def test_each_round_is_compared_with_the_rounds_beside_it():
    compared = Compared(measured=[10.0, 30.0], against=[80.0, 120.0, 180.0])
    assert compared.ratios == [0.1, 0.2]
    figures = compared.figures("path_per_s", "floor_per_s")
    assert (figures["ratio"], figures["path_per_s"], figures["floor_per_s"]) == (0.15, 20, 120)
