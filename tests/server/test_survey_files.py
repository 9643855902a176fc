"""Files that people make: what they may leave out, and what they are told when a line is wrong."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from server.survey_files import (
    BadFile,
    Calendar,
    read_marks,
    read_places,
    read_recording,
    write_recording,
)

ROME = ZoneInfo("Europe/Rome")
NOON_IN_ROME = datetime(2026, 6, 10, 12, 0, tzinfo=ROME).timestamp()


@pytest.fixture
def file(tmp_path):
    def write(text, name="walk.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_a_recording_says_where_each_packet_was_heard(file):
    read = read_recording(file("at,anchor,rssi,x,y\n10.5,an_1,-64,4.5,2\n\n11,an_2,-70.5,4.5,2\n"), {})
    assert read.at.tolist() == [10.5, 11]
    assert read.anchor == ["an_1", "an_2"]
    assert read.rssi_dbm.tolist() == [-64, -70.5]
    assert list(zip(read.x_m, read.y_m, strict=True)) == [(4.5, 2), (4.5, 2)]


def test_a_recording_may_name_places_or_leave_them_to_marks(file):
    named = read_recording(file("at,anchor,rssi,place\n1,an_1,-64,shoes\n"), {"shoes": (4.0, 3.0)})
    assert (named.x_m[0], named.y_m[0]) == (4, 3)
    assert read_recording(file("at,anchor,rssi\n1,an_1,-64\n"), {}).x_m is None


def test_a_table_program_writes_its_own_way(file):
    mine = "\ufeffAt;Anchor;RSSI;X;Y\r\n2026-06-10 12:00:00;an_1;-64;4,5;2,0\r\n"
    read = read_recording(file(mine), {}, ROME)
    assert (read.at[0], read.x_m[0]) == (NOON_IN_ROME, 4.5)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("12:00:00", NOON_IN_ROME),
        ("12:00", NOON_IN_ROME),
        ("2026-06-10T12:00:00", NOON_IN_ROME),
        ("2026-06-10T10:00:00Z", NOON_IN_ROME),
        ("2026-06-10T12:00:00+02:00", NOON_IN_ROME),
        ("12:00:00+02:00", NOON_IN_ROME),
        ("05:00:00-05:00", NOON_IN_ROME),
        ("10:00:00Z", NOON_IN_ROME),
        (str(NOON_IN_ROME), NOON_IN_ROME),
    ],
)
def test_a_time_is_the_shops_unless_it_says_otherwise(said, meant):
    assert Calendar(ROME, date(2026, 6, 10)).seconds(said) == meant


def test_marks_come_in_order_of_time_and_may_name_places(file):
    calendar = Calendar(ROME, date(2026, 6, 10))
    marks = read_marks(
        file("at,place,x,y\n12:00:30,shoes,,\n12:00:00,,1,2\n"), {"shoes": (4.0, 3.0)}, calendar
    )
    assert (marks.at - NOON_IN_ROME).tolist() == [0, 30]
    assert list(zip(marks.x_m, marks.y_m, strict=True)) == [(1, 2), (4, 3)]


def test_places_have_names(file):
    assert read_places(file("place,x,y\ntill,4.5,2\n")) == {"till": (4.5, 2)}


def test_what_is_written_can_be_read(tmp_path):
    packets = [(NOON_IN_ROME + 0.25, "an_1", -64.0), (NOON_IN_ROME + 1, "an_2", -70.5)]
    write_recording(tmp_path / "walk.csv", packets)
    read = read_recording(tmp_path / "walk.csv", {})
    assert list(zip(read.at, read.anchor, read.rssi_dbm, strict=True)) == packets


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no column at and no column anchor and no column rssi in its first line"),
        ("at,anchor,rssi\n", "walk.csv has no lines below the first"),
        ("at,anchor\n1,an_1\n", "has no column rssi"),
        ("at,anchor,rssi\n1,an_1\n", "line 2: has 2 fields where the first line has 3"),
        ("at,anchor,rssi\n1,an_1,-64\nsoon,an_1,-64\n", "line 3: 'soon' is no time"),
        ("at,anchor,rssi\ninf,an_1,-64\n", "'inf' is no time"),
        ("at,anchor,rssi\n1e300,an_1,-64\n", "line 2: '1e300' is no time between 1970 and 2286"),
        ("at,anchor,rssi\n-1,an_1,-64\n", "line 2: '-1' is no time between 1970 and 2286"),
        ("at,anchor,rssi\n0001-01-01T00:00:00,an_1,-64\n", "line 2: '0001-01-01T00:00:00' is no time"),
        ("at,anchor,rssi\n9999-12-31T23:00:00,an_1,-64\n", "line 2: '9999-12-31T23:00:00' is no time"),
        (f"at,anchor,rssi\n1,{'x' * 140_000},-64\n", "line 2: is no line of a table .field larger than"),
        ("at,anchor,rssi\n1,,-64\n", "line 2: a name is missing"),
        ("at,anchor,rssi\n1,an_1,loud\n", "line 2: 'loud' is no strength in dBm"),
        ("at,anchor,rssi\n1,an_1,64\n", "64 dBm is nothing that a radio hears"),
        ("at,anchor,rssi\n1,an_1,nan\n", "nan dBm is nothing that a radio hears"),
        ("at,anchor,rssi,x,y\n1,an_1,-64,here,2\n", "line 2: 'here' is no number of metres"),
        ("at,anchor,rssi,x,y\n1,an_1,-64,nan,2\n", "nan m is on no floor plan"),
        ("at,anchor,rssi,place\n1,an_1,-64,hats\n", "there is no place 'hats'; known here: shoes"),
        (b"at,anchor,rssi\n1,\xff,-64\n", "walk.csv is no text in UTF-8"),
    ],
)
def test_a_wrong_line_is_named_with_what_is_wrong(file, text, why):
    with pytest.raises(BadFile, match=why):
        read_recording(file(text), {"shoes": (1.0, 1.0)})


def test_marks_that_tell_nothing_are_refused(file):
    with pytest.raises(BadFile, match="says when, but not where"):
        read_marks(file("at\n1\n"), {}, Calendar(UTC))
    with pytest.raises(BadFile, match="fewer than two marks"):
        read_marks(file("at,x,y\n1,1,1\n"), {}, Calendar(UTC))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadFile, match=r"nowhere\.csv cannot be read: No such file"):
        read_places(tmp_path / "nowhere.csv")
    with pytest.raises(BadFile, match="cannot be written"):
        write_recording(tmp_path / "nowhere" / "walk.csv", [])
