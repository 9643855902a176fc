"""A length of time as a shop writes it: `"45m"`, `"24h"`, `"7d"`, `"2w"`.

In: such a text from a campaign's document. Out: a `timedelta`, and back to the same text.
"""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

UNITS = {  # the longest first, so that a span is written in the fewest figures
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}

LONGEST = timedelta(days=731)  # two years: what was sent before that may be gone from the records

_PATTERN = r"[0-9]{1,8}[smhdw]"


def read_span(given: object) -> timedelta:
    """ValueError with advice where the text is no span, is nothing, or is longer than what we remember."""
    if isinstance(given, timedelta):
        span = given
    elif isinstance(given, str) and re.fullmatch(_PATTERN, given):
        span = int(given[:-1]) * UNITS[given[-1]]
    else:
        raise ValueError("write a whole number and its unit (s, m, h, d, w), such as '45m', '24h' or '7d'")
    if not timedelta() < span <= LONGEST:
        raise ValueError(f"must be longer than nothing and at most {write_span(LONGEST)}")
    return span


def write_span(span: timedelta) -> str:
    """The text that `read_span` reads as the same span (whole seconds)."""
    unit = next((name for name, length in UNITS.items() if not span % length), "s")
    return f"{span // UNITS[unit]}{unit}"


Span = Annotated[
    timedelta,
    BeforeValidator(read_span),
    PlainSerializer(write_span, return_type=str),
    WithJsonSchema(
        {"type": "string", "format": "span", "pattern": f"^{_PATTERN}$", "examples": ["45m", "24h", "7d"]}
    ),
]
