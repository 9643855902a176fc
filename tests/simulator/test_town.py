import numpy as np

from simulator.habits import DEMO_TOWN
from simulator.town import Mishaps, raise_town


def test_the_same_seed_raises_the_same_town(world):
    one, other = (raise_town(world, 11, 30.0) for _ in range(2))
    assert one.stays == other.stays
    assert one.visits == other.visits
    for device, evidence in one.evidence.items():
        for mine, theirs in zip(evidence.hearings, other.evidence[device].hearings, strict=True):
            assert np.array_equal(mine.rssi_dbm, theirs.rssi_dbm)


def test_another_seed_raises_another_town(world):
    assert raise_town(world, 11, 30.0).stays != raise_town(world, 12, 30.0).stays


def test_everybody_who_was_asked_for_lives_there(world):
    town = raise_town(world, 1, 30.0)
    assert len(town.shoppers) == sum(DEMO_TOWN.values())
    assert {shopper.habit for shopper in town.shoppers} == set(DEMO_TOWN)


def test_a_shortened_town_still_owes_offers_of_each_kind(world):
    # a shelf is owed where its one spot happens to lie in no fade: in one town of seven
    town = raise_town(world, 4, 40.0)
    clear = {stay.place for stay in town.stays if stay.clear}
    assert {"via-brera", "passo-lieve", "scarpe", "scaffale-sneaker"} <= clear


def test_one_more_shopper_changes_nothing_for_the_others(world):
    few = raise_town(world, 3, 30.0, {"browser": 1})
    many = raise_town(world, 3, 30.0, {"browser": 2})
    assert [s for s in many.stays if s.device.startswith("browser-1.")] == list(few.stays)


def test_a_deaf_gateway_hears_nothing_while_it_is_deaf(world):
    town = raise_town(world, 1, 40.0, {"browser": 2}, Mishaps(deaf={"gw-scarpe": (10.0, 30.0)}))
    heard = [h for e in town.evidence.values() for h in e.hearings if h.anchor == "gw-scarpe"]
    assert heard
    assert not any(((h.at_s >= 10.0) & (h.at_s < 30.0)).any() for h in heard)


def test_what_a_sleeping_phone_kept_to_itself_is_owed_no_message(world):
    awake = raise_town(world, 1, 40.0, {"neighbour": 1})
    asleep = raise_town(world, 1, 40.0, {"neighbour": 1}, Mishaps(asleep={"neighbour-1.phone": (0.0, 40.0)}))
    assert any(stay.clear for stay in awake.stays)
    assert not any(stay.clear for stay in asleep.stays)
    assert asleep.visits == awake.visits
