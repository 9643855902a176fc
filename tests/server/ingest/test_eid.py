"""The id that a fob sends in each turn, as others compute it too."""

import json

import pytest

from server.ingest.eid import Rotation, ephemeral_id


@pytest.fixture(scope="session")
def vectors(data_dir):
    known = json.loads((data_dir / "adverts.json").read_text())["eid_crypto"]
    return [each for each in known if "eid" in each]


def test_ids_are_those_of_other_implementations(vectors):
    assert vectors
    for each in vectors:
        key = bytes.fromhex(each["identity_key"])
        assert ephemeral_id(key, each["k"], each["beacon_time_s"]).hex() == each["eid"]
        rotation = Rotation(key, each["k"], epoch_s=1_700_000_000.0)
        turn = rotation.turn(1_700_000_000.0 + each["beacon_time_s"])
        assert rotation.id(turn) == f"eddystone-eid:{each['eid']}"


@pytest.mark.parametrize("exponent", [0, 4, 10, 15])
def test_an_id_stays_for_its_turn_and_then_is_another(exponent):
    rotation = Rotation(b"k" * 16, exponent, epoch_s=1_000.0)
    turn_s = 2**exponent
    assert [rotation.turn(1_000 + s) for s in (0, turn_s - 0.001, turn_s, -0.001)] == [0, 0, 1, -1]
    assert rotation.begins_s(3) == 1_000 + 3 * turn_s
    assert len({rotation.id(turn) for turn in range(-5, 50)}) == 55


def test_the_beacons_counter_has_32_bits():
    rotation = Rotation(b"k" * 16, 10, epoch_s=0.0)
    around = 2**32 // 2**10
    assert rotation.id(around + 7) == rotation.id(7)
    assert rotation.id(-1) == rotation.id(around - 1)
