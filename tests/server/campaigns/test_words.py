from datetime import time, timedelta

import pytest

from server.campaigns.words import spoken_list, spoken_span, spoken_time


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=59.9), "59 s"),
        (timedelta(minutes=14, seconds=20), "14 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(hours=3, minutes=20), "3 h 20 min"),
        (timedelta(hours=24), "1 day"),
        (timedelta(days=2, hours=4, minutes=59), "2 days 4 h"),
    ],
)
def test_lengths_of_time_sound_as_people_say_them(span, said):
    assert spoken_span(span) == said


def test_a_list_ends_in_a_word_and_not_in_a_comma():
    assert [spoken_list(list(names)) for names in ("", "a", "ab", "abc")] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_seconds_are_said_only_where_staff_wrote_some():
    assert (spoken_time(time(9)), spoken_time(time(9, 0, 30))) == ("09:00", "09:00:30")
