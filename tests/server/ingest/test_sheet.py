"""The first verdict against an item stands; what nothing was said against gets the path's."""

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from server.ingest.format import Fault, Items
from server.ingest.sheet import Sheet
from server.presence.sighting import Verdict

AGAINST = [Verdict.TOO_OLD, Verdict.UNKNOWN_ANCHOR, Verdict.NO_CONSENT]


@given(st.lists(st.tuples(st.booleans(), *[st.booleans()] * len(AGAINST)), max_size=12))
def test_each_item_has_one_verdict_and_at_most_one_reason(rows):
    """In each row: whether it can be read, then what speaks against it, in order."""
    faults = [Fault(i, "lat", "no number") for i, row in enumerate(rows) if not row[0]]
    readable = [i for i, row in enumerate(rows) if row[0]]
    sheet = Sheet(Items(len(rows), np.array(readable, np.intp), faults))
    for number, verdict in enumerate(AGAINST, start=1):
        bad = np.array([rows[i][number] for i in readable], np.bool_)
        sheet.refuse(bad, verdict, "at", verdict.word)
    sheet.settle(np.full(int(sheet.standing.sum()), Verdict.DUPLICATE, np.uint8))

    def expected(row) -> str:
        if not row[0]:
            return "malformed"
        return next((v.word for v, against in zip(AGAINST, row[1:], strict=True) if against), "duplicate")

    said = json.loads(sheet.answer())
    assert said["verdicts"] == [expected(row) for row in rows]
    assert said["accepted"] == 0
    assert [p["index"] for p in said["problems"]] == [
        i for i, row in enumerate(rows) if expected(row) != "duplicate"
    ]
    assert all(p["verdict"] == said["verdicts"][p["index"]] for p in said["problems"])


def test_a_fix_that_is_too_inaccurate_for_the_path_is_told_so_in_words():
    sheet = Sheet(Items(3, np.arange(3), []))
    sheet.refuse(np.array([True, False, False]), Verdict.TOO_OLD, "at", "older than 7 days")
    sheet.settle(np.array([Verdict.TOO_INACCURATE, Verdict.ACCEPTED], np.uint8))
    said = json.loads(sheet.answer())
    assert said["verdicts"] == ["too_old", "too_inaccurate", "accepted"]
    assert [(p["index"], p["field"]) for p in said["problems"]] == [(0, "at"), (1, "accuracy")]
    assert "more than 3,000 m" in said["problems"][1]["reason"]
