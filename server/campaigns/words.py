"""How times, lists and sentences sound when Soglia explains a silence to a shop manager.

In: values. Out: English text. Each room that gives reasons keeps its sentences in a table of `Phrases` beside the code
that says them, by language, so that another language is a second table in the same file and no second code.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

Phrases = Mapping[str, Mapping[str, str]]
"""language -> name of the phrase -> template of `str.format`."""

SPOKEN_LANGUAGE = "en"

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


def say(phrases: Phrases, phrase: str, **facts: object) -> str:
    """The sentence with its facts filled in. Facts come as text, already put into words."""
    return phrases[SPOKEN_LANGUAGE][phrase].format(**facts)


def spoken_span(span: timedelta) -> str:
    """A length of time as people say it: `45 s`, `14 min`, `3 h 20 min`, `2 days 4 h`. Never negative, never too exact."""
    span = max(span, timedelta())
    if span < _MINUTE:
        return f"{int(span.total_seconds())} s"
    if span < _HOUR:
        return f"{span // _MINUTE} min"
    if span < _DAY:
        return _joined(f"{span // _HOUR} h", span % _HOUR // _MINUTE, "min")
    days = span // _DAY
    return _joined("1 day" if days == 1 else f"{days} days", span % _DAY // _HOUR, "h")


def spoken_time(at: time | datetime) -> str:
    """`09:00`, with seconds only where there are some asked for (a plain time of day)."""
    return at.strftime("%H:%M:%S") if isinstance(at, time) and at.second else at.strftime("%H:%M")


def spoken_day(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def spoken_list(things: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " ".join((", ".join(things[:-1]), last, things[-1])) if len(things) > 1 else "".join(things)


def _joined(whole: str, rest: int, unit: str) -> str:
    return f"{whole} {rest} {unit}" if rest else whole
