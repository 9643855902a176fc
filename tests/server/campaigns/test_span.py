from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.campaigns.span import LONGEST, read_span, write_span


@given(
    st.timedeltas(timedelta(seconds=1), LONGEST).map(
        lambda span: timedelta(seconds=int(span.total_seconds()))
    )
)
def test_what_is_written_reads_as_the_same_span(span):
    assert read_span(write_span(span)) == span


def test_a_span_is_written_in_the_longest_unit_that_fits():
    assert [write_span(timedelta(hours=hours)) for hours in (1, 24, 36, 168)] == ["1h", "1d", "36h", "1w"]


@pytest.mark.parametrize(
    "text",
    ["", "7", "d", "-7d", "1.5h", "7 d", "7d ", "7d\n", "\u0667d", "0s", "800d", 7, None, True, ["7d"]],
)
def test_what_is_no_span_is_refused_with_advice(text):
    with pytest.raises(ValueError, match=r"(such as '45m'|at most 731d)"):
        read_span(text)
