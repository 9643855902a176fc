import numpy as np
import pytest

from simulator.air import Hearing
from simulator.sky import FixTrack
from simulator.truth import LINGER_S, OWED_AFTER_S, Evidence, runs, stays, true_visits
from simulator.walk import Path


def standing_at(spot) -> Path:
    return Path(np.array([0.0, 1.0]), np.full(2, spot[0]), np.full(2, spot[1]))


def heard_by(**strengths) -> list[Hearing]:
    """A fob heard twice a second for a minute, by each gateway at a constant strength."""
    at = np.arange(0.0, 60.0, 0.5)
    return [
        Hearing("fob", name.replace("_", "-"), at, np.full(len(at), dbm)) for name, dbm in strengths.items()
    ]


def fixes_at(spot, accuracy_m=8.0, every_s=2.0) -> FixTrack:
    at = np.arange(0.0, 60.0, every_s)
    columns = [np.full(len(at), value) for value in (*spot, accuracy_m, 0.0)]
    return FixTrack("phone", at, *columns, "gps")


def the_stay(evidence, world, place):
    """The one stay of a minute in this place; None where the evidence gives none."""
    found = [stay for stay in stays(evidence, world, 60.0) if stay.place == place]
    assert len(found) <= 1
    return found[0] if found else None


def test_who_walks_in_and_out_made_one_visit(world):
    path = Path(np.array([0.0, 30.0]), np.array([-15.0, 15.0]), np.array([8.0, 8.0]))
    (visit,) = true_visits("fob", path, world.places["passo-lieve"], 60.0)
    assert visit.entered_s == pytest.approx(15.0, abs=0.2)
    assert visit.left_s is None


def test_a_step_out_of_the_door_is_no_exit(world):
    path = Path(
        np.array([0.0, 10.0, 11.0, 13.0, 14.0, 30.0]), np.array([5, 5, -1, -1, 5, 5.0]), np.full(6, 8.0)
    )
    assert len(true_visits("fob", path, world.places["passo-lieve"], 40.0)) == 1


def test_loud_at_the_shelf_and_faint_elsewhere_is_a_clear_stay(world):
    evidence = Evidence(
        "fob", standing_at(world.ways["sneakers"]), heard_by(gw_sneaker=-60, gw_scarpe=-72, gw_casse=-80)
    )
    stay = the_stay(evidence, world, "scaffale-sneaker")
    assert stay.clear
    assert stay.must_from_s == pytest.approx(OWED_AFTER_S, abs=3.0)


def test_as_loud_next_door_is_the_border(world):
    evidence = Evidence(
        "fob", standing_at(world.ways["shoes"]), heard_by(gw_scarpe=-68, gw_borse=-67, gw_ingresso=-70)
    )
    assert not the_stay(evidence, world, "scarpe").clear
    assert not the_stay(evidence, world, "borse").clear


def test_loud_where_nobody_stands_is_never_owed(world):
    evidence = Evidence("fob", standing_at(world.ways["tills"]), heard_by(gw_sneaker=-58, gw_casse=-75))
    stay = the_stay(evidence, world, "scaffale-sneaker")
    assert not stay.clear


def test_who_may_be_at_the_shelf_may_be_in_the_shop(world):
    evidence = Evidence("fob", standing_at(world.ways["sneakers"]), heard_by(gw_sneaker=-60))
    assert the_stay(evidence, world, "passo-lieve").may_from_s <= 1.0


def test_a_fob_makes_no_visit_on_the_map(world):
    evidence = Evidence("fob", standing_at(world.ways["before_the_door"]), heard_by(gw_ingresso=-70))
    assert the_stay(evidence, world, "via-brera") is None


def test_good_fixes_well_inside_are_a_clear_stay(world):
    evidence = Evidence("phone", standing_at((-5.0, 8.0)), fixes=fixes_at((-5.0, 8.0)))
    assert the_stay(evidence, world, "via-brera").clear


@pytest.mark.parametrize(
    ("true", "shown", "accuracy_m"),
    [
        pytest.param((-5.0, 52.0), (-5.0, 50.0), 12.0, id="at the edge"),
        pytest.param((-5.0, 8.0), (-5.0, 8.0), 90.0, id="a claim as wide as the zone"),
        pytest.param((-5.0, 8.0), (-5.0, 70.0), 15.0, id="the fixes say elsewhere"),
        pytest.param((-5.0, 75.0), (-5.0, 8.0), 8.0, id="the fixes lie"),
    ],
)
def test_at_the_border_nothing_is_owed(world, true, shown, accuracy_m):
    evidence = Evidence("phone", standing_at(true), fixes=fixes_at(shown, accuracy_m))
    stay = the_stay(evidence, world, "via-brera")
    assert stay is not None
    assert not stay.clear


def test_far_away_by_truth_and_fixes_is_no_stay(world):
    evidence = Evidence("phone", standing_at((-5.0, 150.0)), fixes=fixes_at((-5.0, 145.0)))
    assert the_stay(evidence, world, "via-brera") is None


def test_runs_are_joined_across_short_gaps_only():
    flags = np.array([1, 1, 0, 1, 0, 0, 0, 0, 1, 0], dtype=bool)
    at = np.arange(10.0)
    assert runs(flags, at, 2.5) == [(0, 3), (8, 8)]
    assert runs(~flags & flags, at, LINGER_S) == []
