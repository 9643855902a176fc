"""Where the principal places of time zones lie."""

import pytest

from server.zones.principal import PRINCIPAL_PLACES, places_in


def test_the_principal_place_of_a_time_zone_is_its_city():
    assert PRINCIPAL_PLACES["Europe/Rome"] == pytest.approx((41.9, 12.4833), abs=0.01)
    assert PRINCIPAL_PLACES["America/Chicago"] == pytest.approx((41.85, -87.65), abs=0.01)
    assert PRINCIPAL_PLACES["Australia/Sydney"] == pytest.approx((-33.8667, 151.2167), abs=0.01)


def test_degrees_stand_with_and_without_seconds_on_either_side_of_zero():
    table = "# head\nXX\t-0030+00015\tA\nXX,YY\t+415100-0873900\tB\tcomment\nXX\tnowhere\tC\n\n"
    assert dict(places_in(table)) == {
        "A": pytest.approx((-0.5, 0.25)),
        "B": pytest.approx((41.85, -87.65)),
    }
