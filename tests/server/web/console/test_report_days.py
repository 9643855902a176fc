"""Days by name, and those before them to compare with."""

from datetime import date

import pytest

from server.web.console.report_days import Days, days_of

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("choice", "first", "count"),
    [
        ("today", date(2026, 11, 22), 1),
        ("7", date(2026, 11, 16), 7),
        ("28", date(2026, 10, 26), 28),
        ("month", date(2026, 11, 1), 22),
        ("nonsense", date(2026, 10, 26), 28),
    ],
)
def test_a_choice_ends_today(choice, first, count):
    days = days_of(choice, TODAY)
    assert (days.first, days.last, days.count) == (first, TODAY, count)
    assert len(days.each()) == count


def test_what_comes_before_is_as_long_and_ends_the_day_before():
    assert days_of("7", TODAY).before == Days(date(2026, 11, 9), date(2026, 11, 15))


def test_own_days_are_read_in_any_order_and_cut_to_a_year():
    assert days_of("own", TODAY, "2026-03-05", "2026-03-01") == Days(date(2026, 3, 1), date(2026, 3, 5))
    assert days_of("own", TODAY, "2001-01-01", "2026-03-01").count == 366
    assert days_of("own", TODAY, "soon", None).count == 7
