"""Cursors lead to the next page and nowhere else."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.web.cursor import next_after, read_id, read_mark, write_cursor
from server.web.problem import Problem

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(texts.filter(bool))
def test_a_list_goes_on_behind_the_last_id(last):
    assert read_id(write_cursor(last)) == last


@given(st.datetimes(timezones=st.just(UTC)), texts)
def test_a_list_by_time_goes_on_behind_the_last_row(at, last):
    assert read_mark(write_cursor(at, last)) == (at, last)


def test_only_behind_a_full_page_may_there_be_another():
    full = [SimpleNamespace(id="z_1"), SimpleNamespace(id="z_2")]
    assert read_id(next_after(full, 2)) == "z_2"
    assert (next_after(full, 3), next_after([], 2)) == (None, None)


def test_a_list_that_goes_by_time_begins_again_behind_the_time_and_id_of_its_last_row():
    last = SimpleNamespace(id="v_1", entered_at=datetime(2026, 6, 10, tzinfo=UTC))
    assert read_mark(next_after([last], 1, "entered_at", "id")) == (last.entered_at, "v_1")


def test_without_a_cursor_a_list_begins():
    assert (read_id(None), read_mark(None), read_mark("")) == ("", None, None)


@given(st.text())
def test_a_cursor_made_up_by_hand_is_read_or_refused(junk):
    assert verdict(read_id, junk) in ("read", 422)
    assert verdict(read_mark, junk) in ("read", 422)


def verdict(read, cursor):
    try:
        read(cursor)
    except Problem as refused:
        return refused.status_code
    return "read"


@pytest.mark.parametrize("parts", [("yesterday", "id"), (datetime(2026, 6, 10).isoformat(), "id"), ("id",)])  # noqa: DTZ001
def test_a_mark_has_a_time_with_its_zone(parts):
    with pytest.raises(Problem):
        read_mark(write_cursor(*parts))


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_leads_out_of_the_calendar_is_no_place_in_a_list(at):
    with pytest.raises(Problem) as refused:
        read_mark(write_cursor(at, "v_1"))
    assert refused.value.status_code == 422
