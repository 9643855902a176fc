from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from server.campaigns.conditions.quiet_hours import QuietHours
from tests.server.campaigns.makers import a_moment, a_shopper

NEW_YORK = ZoneInfo("America/New_York")
NIGHT = QuietHours(start="21:00", end="09:00")


def asked(quiet: QuietHours, utc: str, time_zone: ZoneInfo | None = None) -> str | None:
    now = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    return quiet.objection(a_moment(now=now, shopper=a_shopper(time_zone=time_zone)))


def test_the_reason_says_until_when():
    assert asked(NIGHT, "2026-06-10T20:00") == "quiet hours of this campaign until 09:00"


@pytest.mark.parametrize(
    ("utc", "quiet"),
    [  # the shop stands in Milan; the shopper's clock is not known
        ("2026-06-10T18:59:59", False),
        ("2026-06-10T19:00", True),  # 21:00 in summer
        ("2026-06-11T06:59:59", True),
        ("2026-06-11T07:00", False),
        ("2026-12-10T19:00", False),  # 20:00 in winter
        ("2026-12-10T20:00", True),
        ("2026-03-29T00:30", True),  # 01:30, the hour before the clock jumps
        ("2026-03-29T06:59", True),  # 08:59 already in summer time
        ("2026-03-29T07:00", False),
        ("2026-10-25T07:30", True),  # 08:30: winter time again
        ("2026-10-25T08:00", False),
    ],
)
def test_nights_are_nights_by_the_wall_clock_also_when_the_clocks_change(utc, quiet):
    assert bool(asked(NIGHT, utc)) is quiet


def test_quiet_hours_hold_until_they_end_and_never_where_they_have_no_end():
    night = datetime(2026, 6, 10, 20, 0, tzinfo=UTC)  # 22:00 in Milan
    assert NIGHT.holds_until(a_moment(now=night)) == datetime(2026, 6, 11, 7, 0, tzinfo=UTC)
    assert NIGHT.holds_until(a_moment()) is None
    assert QuietHours(start="00:00", end="24:00").holds_until(a_moment(now=night)) is None


def test_a_traveller_is_left_to_sleep_by_their_own_clock_unless_the_shops_is_meant():
    evening_in_milan = "2026-06-10T20:00"  # 16:00 in New York
    assert asked(NIGHT, evening_in_milan, NEW_YORK) is None
    assert asked(QuietHours(start="21:00", end="09:00", clock="shop"), evening_in_milan, NEW_YORK)
