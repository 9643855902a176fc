"""The doors look for whom they do not know, and do not look all day."""

from server.ingest.looks import AGAIN_AFTER_S, MOST_DEVICES, MOST_LOOKS, Looks


def test_a_device_is_looked_for_once_a_second():
    looks = Looks()
    assert looks.worth(["d_1"], 100.0) == ["d_1"]
    assert looks.worth(["d_1", "d_2", "d_2"], 100.5) == ["d_2"]
    assert looks.worth(["d_1"], 100.0 + AGAIN_AFTER_S) == ["d_1"]


def test_a_flood_of_strangers_costs_so_many_looks_and_no_more():
    looks = Looks()
    asked = [looks.worth([f"d_{number}"], 100.0) for number in range(1_000)]
    assert sum(map(bool, asked)) == MOST_LOOKS
    assert looks.worth(["d_x"], 100.0 + AGAIN_AFTER_S) == ["d_x"]


def test_a_flood_in_few_bodies_is_held_back_too():
    looks = Looks()
    asked = [looks.worth([f"d_{body}_{number}" for number in range(5_000)], 100.0) for body in range(5)]
    assert sum(map(len, asked)) == MOST_DEVICES


def test_what_can_be_no_id_is_not_looked_for():
    looks = Looks()
    assert looks.worth(["", "d_\x00", "d_\ud800", "d_é", "d" * 101, "d_1"], 100.0) == ["d_1"]


def test_a_clock_that_is_set_back_does_not_stop_looking():
    looks = Looks()
    assert looks.worth(["d_1"], 100.0)
    assert looks.worth(["d_1"], 50.0) == ["d_1"]
