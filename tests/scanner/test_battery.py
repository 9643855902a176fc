from hypothesis import given
from hypothesis import strategies as st

from scanner.battery import coin_cell_left


def test_a_fresh_cell_is_full_and_one_at_two_volts_is_empty():
    assert coin_cell_left(3000) == 1.0
    assert coin_cell_left(2500) == 0.5
    assert coin_cell_left(2000) == 0.0


@given(millivolts=st.integers(0, 0xFFFF))
def test_whatever_a_beacon_claims_it_is_a_share(millivolts):
    assert 0.0 <= coin_cell_left(millivolts) <= 1.0
