"""One writer for all reports: the same lines as JSON, CSV and Parquet."""

import csv
import io
from datetime import date

import pyarrow.parquet as pq
import pytest
from pydantic import BaseModel
from starlette.requests import Request

from server.web.tabular import form_of, written


class Sold(BaseModel):
    campaign: str
    variant: str | None
    day: date
    orders: int
    net: float | None


LINES = [
    Sold(campaign="shoes", variant=None, day=date(2026, 6, 10), orders=3, net=12.5),
    Sold(campaign='città, "vecchia"', variant="=1+1", day=date(2026, 6, 11), orders=0, net=None),
]


def wanting(accept: str) -> Request:
    return Request({"type": "http", "headers": [(b"accept", accept.encode())] if accept else []})


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "json"),
        ("*/*", "json"),
        ("text/html, application/xhtml+xml", "json"),
        ("text/csv", "csv"),
        ("Text/CSV; charset=utf-8", "csv"),
        ("application/json, text/csv;q=0.9", "json"),
        ("application/json;q=0.5, application/vnd.apache.parquet", "parquet"),
        ("text/csv;q=0", "json"),
        ("text/csv;q=much, application/vnd.apache.parquet;q=0.1", "parquet"),
    ],
)
def test_a_caller_gets_what_it_likes_best_of_what_we_have(accept, form):
    assert form_of(wanting(accept), None) == form


def test_what_is_asked_for_by_name_goes_before_what_is_liked():
    assert form_of(wanting("text/csv"), "parquet") == "parquet"


def test_json_tells_nothing_as_null():
    answer = written(LINES, Sold, "json", "sold")
    assert answer.media_type == "application/json"
    assert answer.body.startswith(
        b'{"lines":[{"campaign":"shoes","variant":null,"day":"2026-06-10","orders":3,"net":12.5}'
    )


def test_a_spreadsheet_reads_the_csv_and_runs_nothing_in_it():
    answer = written(LINES, Sold, "csv", "sold")
    assert answer.headers["content-disposition"] == 'attachment; filename="sold.csv"'
    header, first, second = csv.reader(io.StringIO(answer.body.decode(), newline=""))
    assert header == ["campaign", "variant", "day", "orders", "net"]
    assert first == ["shoes", "", "2026-06-10", "3", "12.5"]
    assert second == ['città, "vecchia"', "'=1+1", "2026-06-11", "0", ""]


@pytest.mark.parametrize(
    "sign", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\ufe66"]
)
def test_whatever_a_spreadsheet_takes_for_a_formula_stays_text(sign):
    line = LINES[0].model_copy(update={"campaign": f"{sign}1+1"})
    body = written([line], Sold, "csv", "sold").body.decode()
    assert next(csv.DictReader(io.StringIO(body, newline="")))["campaign"] == f"'{sign}1+1"


def test_a_number_below_zero_is_no_formula():
    loss = LINES[0].model_copy(update={"net": -12.5})
    assert written([loss], Sold, "csv", "sold").body.endswith(b",-12.5\r\n")


def test_parquet_gives_back_the_lines_with_their_types():
    table = pq.read_table(io.BytesIO(written(LINES, Sold, "parquet", "sold").body))
    assert table.to_pylist() == [dict(line) for line in LINES]
    assert [str(kind) for kind in table.schema.types] == [
        "string",
        "string",
        "date32[day]",
        "int64",
        "double",
    ]


@pytest.mark.parametrize("form", ["json", "csv", "parquet"])
def test_a_report_of_nothing_has_its_columns_all_the_same(form):
    answer = written([], Sold, form, "sold")
    if form == "json":
        assert answer.body == b'{"lines":[]}'
    elif form == "csv":
        assert answer.body == b"campaign,variant,day,orders,net\r\n"
    else:
        assert pq.read_table(io.BytesIO(answer.body)).column_names == list(Sold.model_fields)
