"""How times, lists and sentences sound when Soglia explains a silence to a shop manager.

In: values. Out: text, in each of `LANGUAGES`. Each file that gives reasons keeps its sentences in a table of `Phrases` beside the
code that says them, by language, so that another language is a second table in the same file and no second code. A `Sentence` is
English text that remembers its phrase and its facts: it can be said in the other languages, and be said again when it is read
back from where it was kept (`retold`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Self

Phrases = Mapping[str, Mapping[str, str]]
"""language -> name of the phrase -> template of `str.format`."""

LANGUAGES: Final = ("en", "it")
SPOKEN_LANGUAGE: Final = "en"

MONTHS: Final = {
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    "it": (
        "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno",
        "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre",
    ),
}  # fmt: skip
WEEKDAYS: Final = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "it": ("lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"),
}

_DAYS: Final = {"en": ("1 day", "{} days"), "it": ("1 giorno", "{} giorni")}
_LAST: Final = {"en": {"all": "and", "any": "or"}, "it": {"all": "e", "any": "o"}}
_DATED: Final = {"en": "{day} at {time}", "it": "{day} alle {time}"}

_ARTICLE: Final = re.compile(r"(il |lo |la |i |gli |le |l')")
_VOWEL_DAY: Final = re.compile(r"(8|11) ")
_STEMS: Final = {"a": "a", "di": "de", "da": "da", "in": "ne", "su": "su"}
_ENDINGS: Final = {
    "il": "l ",
    "lo": "llo ",
    "la": "lla ",
    "i": "i ",
    "gli": "gli ",
    "le": "lle ",
    "l'": "ll'",
}

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AllOf:
    """A fact of several things: `a, b and c`."""

    things: Sequence[object]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """A fact of several things: `a, b or c`."""

    things: Sequence[object]


@dataclass(frozen=True, slots=True)
class DayName:
    """A fact that is a weekday, Monday being 0."""

    number: int


@dataclass(frozen=True, slots=True)
class Money:
    """A fact that is an amount in the shop's own money."""

    amount: float


class Sentence(str):
    """A sentence in English that can be said in other languages.

    `phrase` is its name in the table it was taken from; `facts` are JSON values that have no language (`fact`).
    """

    __slots__ = ("_phrases", "facts", "phrase")
    _phrases: Phrases
    phrase: str
    facts: dict[str, Any]

    def __new__(cls, phrases: Phrases, phrase: str, facts: dict[str, Any]) -> Self:
        self = super().__new__(cls, _spoken(phrases, phrase, facts, SPOKEN_LANGUAGE))
        self._phrases, self.phrase, self.facts = phrases, phrase, facts
        return self

    def __getnewargs__(self) -> tuple[Phrases, str, dict[str, Any]]:  # type: ignore[override]  # copying makes it as we do
        return self._phrases, self.phrase, self.facts

    def in_language(self, language: str) -> str:
        """The sentence in this language (`it-CH` is served by `it`), or in English where its table does not speak it."""
        ours = language.partition("-")[0].lower()
        spoken = ours if self.phrase in self._phrases.get(ours, {}) else SPOKEN_LANGUAGE
        return (
            str(self)
            if spoken == SPOKEN_LANGUAGE
            else _spoken(self._phrases, self.phrase, self.facts, spoken)
        )

    def in_all_languages(self) -> dict[str, str]:
        return {language: self.in_language(language) for language in LANGUAGES}


def say(phrases: Phrases, phrase: str, **facts: object) -> Sentence:
    """The sentence with its facts filled in.

    Facts are values, put into words by language: times, dates, lengths of time, numbers, `AllOf`, `AnyOf`, `DayName`, `Money`,
    sentences. Text stays as it is, so it must be a name that has no language.
    """
    return Sentence(phrases, phrase, {name: fact(value) for name, value in facts.items()})


def retold(phrases: Phrases, phrase: str, facts: Mapping[str, Any], language: str) -> str | None:
    """A kept sentence in this language; None where its table no longer says such a thing, and only the kept words remain."""
    try:
        return Sentence(phrases, phrase, dict(facts)).in_language(language)
    except (KeyError, IndexError, TypeError, ValueError):
        return None


def fact(value: object) -> Any:
    """A fact as a JSON value without a language: what a sentence keeps. TypeError for what we have no words for."""
    for known, keep in _KEPT:
        if isinstance(value, known):
            return keep(value)
    raise TypeError(f"no words are known for {type(value).__name__}")


def spoken_span(span: timedelta, language: str = SPOKEN_LANGUAGE) -> str:
    """A length of time as people say it: `45 s`, `14 min`, `3 h 20 min`, `2 days 4 h`. Never negative, never too exact."""
    span = max(span, timedelta())
    if span < _MINUTE:
        return f"{int(span.total_seconds())} s"
    if span < _HOUR:
        return f"{span // _MINUTE} min"
    if span < _DAY:
        return _joined(f"{span // _HOUR} h", span % _HOUR // _MINUTE, "min")
    days = span // _DAY
    one, many = _DAYS[language]
    return _joined(one if days == 1 else many.format(days), span % _DAY // _HOUR, "h")


def spoken_time(at: time | datetime) -> str:
    """`09:00`, with seconds only where there are some asked for (a plain time of day). The same in all our languages."""
    return at.strftime("%H:%M:%S") if isinstance(at, time) and at.second else at.strftime("%H:%M")


def spoken_day(day: date, language: str = SPOKEN_LANGUAGE) -> str:
    """`1 July 2026`, `1º luglio 2026`."""
    number = "1º" if language == "it" and day.day == 1 else str(day.day)
    return f"{number} {MONTHS[language][day.month - 1]} {day.year}"


def spoken_number(number: float, language: str = SPOKEN_LANGUAGE) -> str:
    """`2.5`, `2,5`; as exact as it was written."""
    return _with_mark(f"{number:.15g}", language)


def spoken_money(amount: float, language: str = SPOKEN_LANGUAGE) -> str:
    """`12.50`, `12,50`: which money it is the shop knows."""
    return _with_mark(f"{amount:.2f}", language)


def spoken_list(things: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " ".join((", ".join(things[:-1]), last, things[-1])) if len(things) > 1 else "".join(things)


def _spoken(phrases: Phrases, phrase: str, facts: Mapping[str, Any], language: str) -> str:
    spoken = {name: _spoken_fact(known, language) for name, known in facts.items()}
    template = phrases[language][phrase]
    if language == "it":
        for name, known in facts.items():
            if isinstance(known, Mapping):  # not a plain name: a shop's own words stay as they are
                template, spoken[name] = _melted(template, name, spoken[name])
    return template.format(**spoken)


def _melted(template: str, name: str, said: str) -> tuple[str, str]:
    """Italian prepositions melt into the article that follows (`a` and `i messaggi`: `ai messaggi`), and `il` shrinks before 8 and 11."""
    before = re.search(rf"\b(a|di|da|in|su|il) \{{{name}\}}", template)
    article = _ARTICLE.match(said)
    if before is None:
        return template, said
    joined = None
    if before[1] == "il":
        joined = f"l'{said}" if _VOWEL_DAY.match(said) else None
    elif article:
        joined = _STEMS[before[1]] + _ENDINGS[article[1].strip()] + said[article.end(1) :]
    if joined is None:
        return template, said
    return f"{template[: before.start()]}{{{name}}}{template[before.end() :]}", joined


def _spoken_fact(known: Any, language: str) -> str:
    """A fact in words, from its JSON value."""
    if isinstance(known, float):
        return spoken_number(known, language)
    if not isinstance(known, Mapping):
        return str(known)
    [(kind, value)] = known.items()
    return _TOLD[kind](value, language)


def _spoken_at(written: str, language: str) -> str:
    at = datetime.fromisoformat(written)
    return _DATED[language].format(day=spoken_day(at, language), time=spoken_time(at))


def _spoken_things(kind: str) -> Callable[[list[Any], str], str]:
    return lambda things, language: spoken_list(
        [_spoken_fact(thing, language) for thing in things], last=_LAST[language][kind]
    )


def _with_mark(number: str, language: str) -> str:
    return number.replace(".", ",") if language == "it" else number


def _joined(whole: str, rest: int, unit: str) -> str:
    return f"{whole} {rest} {unit}" if rest else whole


_KEPT: Final[tuple[tuple[type | tuple[type, ...], Callable[[Any], Any]], ...]] = (
    (Sentence, lambda said: {"say": said.in_all_languages()}),
    ((bool, int, float, str), lambda plain: plain),
    (timedelta, lambda span: {"span_s": span.total_seconds()}),
    (datetime, lambda at: {"at": at.replace(tzinfo=None, second=0, microsecond=0).isoformat()}),
    (date, lambda day: {"day": day.isoformat()}),  # after datetime, which is one too
    (time, lambda at: {"time": spoken_time(at)}),
    (DayName, lambda day: {"weekday": day.number}),
    (Money, lambda money: {"money": money.amount}),
    (AllOf, lambda several: {"all": [fact(thing) for thing in several.things]}),
    (AnyOf, lambda several: {"any": [fact(thing) for thing in several.things]}),
)
"""Kind of value -> what is kept of it; the first that fits."""

_TOLD: Final[Mapping[str, Callable[[Any, str], str]]] = {
    "say": lambda said, language: str(said[language]),
    "span_s": lambda seconds, language: spoken_span(timedelta(seconds=seconds), language),
    "at": _spoken_at,
    "day": lambda day, language: spoken_day(date.fromisoformat(day), language),
    "time": lambda at, _: str(at),
    "weekday": lambda number, language: WEEKDAYS[language][number],
    "money": spoken_money,
    "all": _spoken_things("all"),
    "any": _spoken_things("any"),
}
"""What was kept -> its words."""
