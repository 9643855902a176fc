import pytest

from server.zones.hours import OpeningHours
from server.zones.zone import MANNERS, Zone, lineage, manner


def test_a_lineage_runs_from_the_zone_to_the_outermost_that_is_known():
    known = {
        zone.id: zone for zone in (Zone("shoes", "Shoes", parent="shop"), Zone("shop", "Shop", parent="mall"))
    }
    shelf = Zone("shelf", "Shelf", parent="shoes")
    assert [zone.id for zone in lineage(shelf, known)] == ["shelf", "shoes", "shop"]


def test_a_circle_of_parents_is_walked_once():
    known = {zone.id: zone for zone in (Zone("a", "A", parent="b"), Zone("b", "B", parent="a"))}
    assert [zone.id for zone in lineage(known["a"], known)] == ["a", "b"]


def test_each_word_is_surer_and_slower_than_the_one_before():
    quick, normal, sure = MANNERS["quick"], MANNERS["normal"], MANNERS["sure"]
    assert quick.enter_after_s == 0.0 < normal.enter_after_s < sure.enter_after_s
    assert quick.leave_after_s < normal.leave_after_s < sure.leave_after_s
    assert quick.enter_at <= normal.enter_at < sure.enter_at


@pytest.mark.parametrize("word", MANNERS)
def test_leaving_is_never_hastier_than_entering(word):
    how = MANNERS[word]
    assert how.word == word
    assert how.leave_after_s > how.enter_after_s


def test_staff_may_override_one_number_and_keep_the_others():
    how = manner("sure", leave_after_s=60.0)
    assert (how.word, how.enter_after_s, how.leave_after_s) == ("sure", 15.0, 60.0)


@pytest.mark.parametrize(
    "numbers",
    [
        {"enter_at": 0.1},
        {"leave_at": 0.8},
        {"leave_at": 0.0},
        {"enter_at": 1.0},
        {"enter_at": float("nan")},
        {"enter_after_s": -1.0},
        {"leave_after_s": 3601.0},
        {"leave_after_s": float("inf")},
    ],
)
def test_numbers_that_make_no_hysteresis_are_refused(numbers):
    with pytest.raises(ValueError, match="must lie"):
        manner("normal", **numbers)


def test_a_zone_cannot_keep_hours_of_another_time_zone():
    hours = OpeningHours(((), (), (), (), (), (), ()), "Europe/Rome")
    with pytest.raises(ValueError, match="own time zone"):
        Zone("duomo", "Duomo", hours=hours, time_zone="Asia/Kathmandu")
