"""A clock that is set moves what was timed by it, and nothing else does."""

from scanner.clock import Clock


class Watch:
    """Two clocks to turn by hand."""

    def __init__(self, boot: str = "first boot") -> None:
        self.wall, self.steady = 1_000.0, 10.0
        self.clock = Clock(wall=lambda: self.wall, steady=lambda: self.steady, boot=boot)

    def wait(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


def test_time_that_passes_is_no_step():
    watch = Watch()
    before = watch.clock.reading()
    watch.wait(3600)
    assert watch.clock.set_since(before) == 0.0


def test_a_clock_set_forward_says_by_how_much():
    watch = Watch()
    before = watch.clock.reading()
    watch.wait(60)
    watch.wall += 7200
    assert watch.clock.set_since(before) == 7200.0


def test_slow_steering_leaves_times_as_they_were_said():
    watch = Watch()
    before = watch.clock.reading()
    watch.wall += 0.4
    assert watch.clock.set_since(before) == 0.0


def test_what_another_boot_timed_cannot_be_compared():
    before = Watch("first boot").clock.reading()
    after = Watch("second boot")
    after.wall += 9999
    assert after.clock.set_since(before) == 0.0


def test_the_machines_own_clock_agrees_with_itself():
    clock = Clock()
    assert clock.set_since(clock.reading()) == 0.0
