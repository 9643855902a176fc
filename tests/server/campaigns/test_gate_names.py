"""Gates and conditions have names that people read, in both languages."""

import pytest

from server.campaigns import CONDITIONS, gates
from server.campaigns.explaining import told_again
from server.campaigns.gate_names import NAMES, gate_name

EVERY_GATE = sorted({gate.kind for gate in (*gates.FIRST, *gates.THEN)} | set(CONDITIONS))


@pytest.mark.parametrize("gate", EVERY_GATE)
def test_every_gate_of_ours_has_an_italian_name(gate):
    assert gate in NAMES["it"]
    assert "_" not in gate_name(gate, "it") + gate_name(gate, "en")


def test_a_condition_that_a_shop_added_reads_as_its_own_words():
    assert gate_name("full_moon", "it") == "full moon"


def test_who_left_during_a_journey_is_told_so_in_italian_too():
    said = told_again("journey", "the shopper has left the shop", "left", {}, "it")
    assert said == "il cliente ha lasciato il negozio"
