"""Lines of a report as JSON, CSV or Parquet: one writer for all reports, so that a new one has all three at once.

In: lines of one model, whose fields are the columns; how they are wanted (`?format=`, else the `Accept` header, else JSON). Out: the
answer. CSV is RFC 4180 in UTF-8; Parquet has real types (dates are dates, an empty column still has its own).
"""

import csv
import io
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from types import NoneType
from typing import Any, Final, Generic, Literal, TypeVar, get_args

import pyarrow as pa
import pyarrow.parquet as pq
from fastapi import Response
from pydantic import BaseModel
from starlette.requests import Request

Form = Literal["json", "csv", "parquet"]

Line = TypeVar("Line", bound=BaseModel)

MEDIA_TYPES: Final[dict[Form, str]] = {
    "json": "application/json",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
}

#: What the OpenAPI document says of an answer in any of the forms.
IN_ANY_FORM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {
            MEDIA_TYPES["csv"]: {"schema": {"type": "string"}},
            MEDIA_TYPES["parquet"]: {"schema": {"type": "string", "format": "binary"}},
        }
    }
}

#: A cell that begins so is run as a formula by spreadsheets (OWASP, CSV injection): it gets an apostrophe before it. Some
#: read the signs of East Asian keyboards (U+FF1D and its like) as the plain ones, which is what NFKC makes of them.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")

_ARROW: Final = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    date: pa.date32(),
    datetime: pa.timestamp("us", "UTC"),
}


class Report(BaseModel, Generic[Line]):
    """Lines in order."""

    lines: list[Line]


def form_of(request: Request, asked: Form | None) -> Form:
    """What was asked for by name, else what the caller says it likes best of what we have, else JSON."""
    if asked is not None:
        return asked
    liked: list[tuple[float, Form]] = []
    for part in request.headers.get("Accept", "").split(","):
        media_type, *parameters = (each.strip().lower() for each in part.split(";"))
        liked += [(_weight(parameters), form) for form, ours in MEDIA_TYPES.items() if media_type == ours]
    weight, best = max(liked, key=lambda each: each[0], default=(0.0, "json"))
    return best if weight > 0 else "json"


def written(lines: Sequence[Line], line: type[Line], form: Form, name: str) -> Response:
    """The answer in this form. CSV and Parquet come as a file of this name."""
    write = {"json": _json, "csv": _csv, "parquet": _parquet}[form]
    headers = {"Vary": "Accept"}
    if form != "json":
        headers["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return Response(write(lines, line), media_type=MEDIA_TYPES[form], headers=headers)


def _weight(parameters: Sequence[str]) -> float:
    """The `q` of a media type, 1 where there is none, 0 where it is no number: nobody likes what they cannot say."""
    said = next((each.removeprefix("q=") for each in parameters if each.startswith("q=")), "1")
    try:
        return min(max(float(said), 0.0), 1.0)
    except ValueError:
        return 0.0


def _json(lines: Sequence[Line], line: type[Line]) -> bytes:
    # The lines are ours and were checked when they were made: checking them again would take longer than writing them.
    return Report[line].model_construct(lines=list(lines)).model_dump_json().encode()  # type: ignore[valid-type]


def _csv(lines: Sequence[Line], line: type[Line]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(line.model_fields)
    for each in lines:
        writer.writerow([_cell(value) for _, value in each])
    return text.getvalue().encode()


def _cell(value: object) -> object:
    if isinstance(value, str) and unicodedata.normalize("NFKC", value[:1]).startswith(_FORMULA):
        return f"'{value}"
    return value


def _parquet(lines: Sequence[Line], line: type[Line]) -> bytes:
    schema = pa.schema([(name, _arrow(field.annotation)) for name, field in line.model_fields.items()])
    table = pa.Table.from_pylist([dict(each) for each in lines], schema=schema)
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def _arrow(annotation: Any) -> Any:
    """The column's type; of a field that may be empty, the type that it has otherwise."""
    plain = next((each for each in get_args(annotation) if each is not NoneType), annotation)
    return _ARROW[type(plain) if isinstance(plain, str) else plain]  # a Literal is one of its words
