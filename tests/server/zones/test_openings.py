"""When zones are open, for arrays of zones and times: the same as each zone's own hours say, one by one."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.zones.hours import read_hours
from server.zones.openings import WEEK_S, Openings

ROME = "Europe/Rome"
SHOP = read_hours(
    {"mon-fri": ["09:30-13:00", "15:00-19:30"], "sat": ["10:00-18:00"], "2026-12-24": []}, "h", ROME
)
BAR = read_hours({"mon-sun": ["18:00-02:30"]}, "h", ROME)
ALWAYS = read_hours({"mon-sun": ["00:00-24:00"]}, "h", ROME)
AWAY = read_hours({"mon-sun": ["09:00-18:00"], "2026-08-01/2026-08-31": []}, "h", ROME)

#: 0: no hours. 1, 2: one's own. 3: a bar in the shop. 4: never shut. 5: shut for a month.
OPENINGS = Openings([[], [SHOP], [BAR], [BAR, SHOP], [ALWAYS], [AWAY]])
SAY = [None, [SHOP], [BAR], [BAR, SHOP], [ALWAYS], [AWAY]]

moments = st.floats(1_767_225_600.0, 1_803_600_000.0)  # from 2026 into 2027, over both changes of the clock


@given(at=st.lists(st.tuples(st.integers(0, 5), moments), min_size=1, max_size=20))
def test_a_zone_is_open_while_all_hours_that_hold_for_it_say_so(at):
    zone, times = np.array([z for z, _ in at]), np.array([t for _, t in at])
    expected = [
        SAY[z] is None or all(hours.is_open(datetime.fromtimestamp(t, UTC)) for hours in SAY[z])
        for z, t in at
    ]
    assert OPENINGS.is_open(zone, times).tolist() == expected


@given(zone=st.integers(1, 5), at=moments)
def test_it_closes_where_it_was_open_until_then_and_is_not_any_more(zone, at):
    (closing,) = OPENINGS.closes_after(np.array([zone]), np.array([at]))
    if np.isinf(closing):
        assert zone in {4, 5}
        return
    assert closing > at
    just_before, then = np.array([closing - 1.0]), np.array([closing])
    assert OPENINGS.is_open(np.array([zone]), just_before).all()
    assert not OPENINGS.is_open(np.array([zone]), then).any()


def test_a_zone_without_hours_never_closes_nor_opens():
    none = Openings([[], []])
    assert not none.any
    assert none.is_open(np.array([0, 1]), np.array([0.0, 1e9])).all()
    assert np.isinf(none.closes_after(np.array([0, 1]), np.array([0.0, 1e9]))).all()
    assert none.opens_after(0.0) == np.inf


def test_openings_follow_each_other_and_name_who_opens():
    at = datetime(2026, 6, 10, 0, 0, tzinfo=UTC).timestamp()  # Wednesday, 02:00 in Rome: the bar is open
    seen = []
    while len(seen) < 5:
        at = OPENINGS.opens_after(at)
        seen += [
            (datetime.fromtimestamp(at, UTC).strftime("%H:%M"), zone) for zone in OPENINGS.opening_at(at)
        ]
    assert seen == [("07:00", 5), ("07:30", 1), ("13:00", 1), ("16:00", 2), ("16:00", 3)]


def test_a_month_of_holidays_ends():
    last_day = datetime(2026, 7, 31, 17, 0, tzinfo=UTC).timestamp()
    at, looks = last_day, 0
    away = Openings([[AWAY]])
    while not away.opening_at(at):
        at, looks = away.opens_after(at), looks + 1
    assert datetime.fromtimestamp(at, UTC) == datetime(2026, 9, 1, 7, 0, tzinfo=UTC)
    assert looks <= timedelta(days=31) / timedelta(seconds=WEEK_S) + 2


@pytest.mark.parametrize("weeks", [0, 1, 53])
def test_what_is_worked_out_for_a_week_holds_at_its_edges(weeks):
    edge = (2_950 + weeks) * WEEK_S
    for at in (edge - 0.5, edge, edge + 0.5):
        assert OPENINGS.is_open(np.array([2]), np.array([at])).all() == BAR.is_open(
            datetime.fromtimestamp(at, UTC)
        )
