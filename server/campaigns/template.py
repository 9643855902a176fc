"""Liquid, tamed: the texts that marketers write with fields in them, read once and filled in for each shopper.

In: a text and the facts for its fields. Out: the text that a shopper reads, or why it cannot be written. A template can look at
nothing but its facts: it includes no other, asks no clock, and does no work beyond its limits, whatever somebody writes.
Errors of this room: BadTemplate (it can never be written), Unwritable (not with these facts).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache, wraps
from typing import Any, Final

from liquid import BoundTemplate, Environment, Mode, RenderContext, StrictUndefined
from liquid.ast import Node
from liquid.builtin import content, illegal, output
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.filters import array, math, misc, string
from liquid.builtin.tags import assign_tag, capture_tag, case_tag, comment_tag, for_tag, if_tag, unless_tag
from liquid.exceptions import (
    LiquidError,
    LiquidTypeError,
    LiquidValueError,
    ResourceLimitError,
    UndefinedError,
)
from liquid.expression import Expression
from liquid.filter import liquid_filter

from server.zones.complaint import did_you_mean

#: What a template may name; what is in them follows from the moment (wording.py).
ROOTS: Final = ("shopper", "visit", "zone", "shop", "offer")

#: No value on the way is longer or greater: a text for a phone has some hundred characters, a price some digits.
LONGEST_VALUE: Final = 2000
MOST_ITEMS: Final = 100
GREATEST_NUMBER: Final = 1e15  # beyond it a float no longer tells cents
MOST_DECIMALS: Final = 10
#: What a template may write in all, in bytes: above what FCM takes, so that a text too long is told as such.
LONGEST_OUTPUT_BYTES: Final = 8000

#: %d %-d %B ...: no widths such as %1000000d, which would fill the memory.
_DATE_FORMAT: Final = re.compile(r"(?:[^%]|%-?[aAbBdeHIjmMpSyY]|%%)*")
_LONGEST_DATE_FORMAT: Final = 100

#: `{{` and `{%` open a field or a tag; a text without is nothing but itself.
_OPENS: Final = re.compile(r"\{[{%]")


class BadTemplate(ValueError):
    """The template is none; the text says where (`line 1, column 7`) and why."""


class Unwritable(Exception):
    """The template cannot be written with these facts. `field` is the one that is missing, where that is why."""

    def __init__(self, why: str, field: str | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.field = field


def check(text: str) -> None:
    """Raises BadTemplate where the text could never be written."""
    if _OPENS.search(text):
        _parsed(text)


def fill(text: str, facts: Mapping[str, Mapping[str, object]]) -> str:
    """The text with its fields filled in. Raises BadTemplate or Unwritable; never anything else, and never runs long.

    A fact that is None or empty is taken as missing: `default` and `if` see that, and a plain field stops the writing.
    """
    if not _OPENS.search(text):
        return text
    template = _parsed(text)
    try:
        return template.render({root: _known(facts.get(root, {})) for root in ROOTS})
    except UndefinedError as missing:
        if " is undefined" not in str(missing.message):  # an index: there are fewer
            raise Unwritable("a list is shorter than the text expects") from None
        field = str(missing.message).removesuffix(" is undefined").strip("'")
        raise Unwritable(f"{field} is missing", field) from None
    except ResourceLimitError:
        raise Unwritable("it does more than a text may: make it simpler") from None
    except LiquidError as wrong:
        raise Unwritable(_in_words(wrong)) from None
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        # Filters meet values that they were not written for; a text must never harm the batch that it rides in.
        raise Unwritable("a filter meets a value that it cannot work with") from None


class _Missing(StrictUndefined):
    """A field that is not there: it may be asked whether it is, and given a default; all else stops the writing."""

    force_liquid_default = True
    allowed_properties = StrictUndefined.allowed_properties | {"__bool__", "__class__", "__liquid__"}

    def __bool__(self) -> bool:
        return False

    def __liquid__(self) -> object:
        return None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Missing) or other is None

    def __hash__(self) -> int:
        return hash(None)


class _Group(dict[str, object]):
    """Facts by name. It has no text of its own: a shopper must not read a dictionary."""

    def __str__(self) -> str:
        raise LiquidTypeError("names a group of fields: name one of them, after a dot", token=None)

    __repr__ = __str__


class _Tamed(Environment):
    """The tags and filters that a short text needs, and limits that a hasty one never meets."""

    block_nesting_limit = 10
    context_depth_limit = 10
    loop_iteration_limit = MOST_ITEMS
    local_namespace_limit = 50_000
    output_stream_limit = LONGEST_OUTPUT_BYTES

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        del extra
        for tag in _TAGS:
            self.add_tag(tag)
        for name, filter_ in _FILTERS.items():
            self.add_filter(name, _bounded(filter_))


def _bounded(filter_: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(filter_)
    def bounded(value: object, *given: object, **named: Any) -> object:
        for each in (value, *given):
            _refuse_huge(each)
        made = filter_(value, *given, **named)
        _refuse_huge(made)
        return made

    return bounded


def _refuse_huge(value: object) -> None:
    if isinstance(value, str):
        huge = len(value) > LONGEST_VALUE
    elif isinstance(value, list | tuple):
        huge = len(value) > MOST_ITEMS
    elif isinstance(value, int | float):
        huge = not abs(value) <= GREATEST_NUMBER  # NaN is huge too
    else:
        huge = False
    if huge:
        raise LiquidValueError("makes a value that is too long or too great for a text", token=None)


@liquid_filter
def _date(value: object, form: Any = "%d/%m/%Y") -> str:
    """A day or a time in a form of strftime's letters. Facts bring times by the shop's clock."""
    if not isinstance(form, str) or len(form) > _LONGEST_DATE_FORMAT or not _DATE_FORMAT.fullmatch(form):
        raise LiquidValueError("needs a form such as '%d/%m/%Y' or '%H:%M'", token=None)
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise LiquidValueError("needs a day such as 2026-06-10", token=None) from None
    if not isinstance(value, date):
        raise LiquidValueError("needs a day or a time", token=None)
    return value.strftime(form)


@liquid_filter
def _replace(text: object, old: object, new: object = "") -> str:
    """As Liquid's, but that it sees before how long the answer would be."""
    whole, before, after = str(text), str(old), str(new)
    if len(whole) + whole.count(before) * len(after) > LONGEST_VALUE:
        raise LiquidValueError("makes a text that is too long", token=None)
    return whole.replace(before, after)


@liquid_filter
def _round(number: object, decimals: object = 0) -> object:
    """As Liquid's, to so many decimals that a price may have."""
    if not isinstance(decimals, int) or not 0 <= decimals <= MOST_DECIMALS:
        raise LiquidValueError(f"rounds to 0 to {MOST_DECIMALS} decimals", token=None)
    return math.round_(number, decimals)


_TAGS: Final = (
    content.Literal, output.Output, illegal.Illegal, if_tag.IfTag, unless_tag.UnlessTag, case_tag.CaseTag,
    for_tag.ForTag, for_tag.BreakTag, for_tag.ContinueTag, assign_tag.AssignTag, capture_tag.CaptureTag,
    comment_tag.CommentTag,
)  # fmt: skip

_FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "default": misc.default, "size": misc.size, "date": _date,
    "upcase": string.upcase, "downcase": string.downcase, "capitalize": string.capitalize, "strip": string.strip,
    "append": string.append, "prepend": string.prepend, "replace": _replace, "truncate": string.truncate,
    "truncatewords": string.truncatewords, "split": string.split,
    "first": array.first, "last": array.last, "join": array.join,
    "plus": math.plus, "minus": math.minus, "times": math.times, "divided_by": math.divided_by,
    "modulo": math.modulo, "round": _round, "ceil": math.ceil, "floor": math.floor, "abs": math.abs_,
    "at_least": math.at_least, "at_most": math.at_most,
}  # fmt: skip

_environment: Final = _Tamed(undefined=_Missing, tolerance=Mode.STRICT)
_STATIC: Final = RenderContext(
    _environment.from_string("")
)  # what walking a template asks for, and never looks into


@lru_cache(4096)
def _parsed(text: str) -> BoundTemplate:
    """Raises BadTemplate. The shop's texts are few and used often."""
    try:
        template = _environment.from_string(text)
    except LiquidError as wrong:
        raise BadTemplate(_with_place(text, wrong)) from None
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
        raise BadTemplate("cannot be read as a Liquid template") from None
    _refuse_foreign(text, template)
    return template


def _refuse_foreign(text: str, template: BoundTemplate) -> None:
    """Refuses names that nothing stands for, at the desk and not when the first shopper comes by."""
    found = template.analyze(include_partials=False)
    for name, uses in found.globals.items():
        if name not in ROOTS:
            near = did_you_mean(name, ROOTS) or ";"
            place = _place(text, uses[0].span.index)
            raise BadTemplate(f"{place}: there is no {name!r}{near} There are {', '.join(ROOTS)}")
    for name, spans in found.filters.items():
        if name not in _FILTERS:
            near = did_you_mean(name, _FILTERS)
            raise BadTemplate(f"{_place(text, spans[0].index)}: there is no filter {name!r}{near}")
    for expression in _expressions(template.nodes):
        if isinstance(expression, RangeLiteral):  # its end may be any number, and a text has nothing to count
            raise BadTemplate(f"{_place(text, expression.token.start_index)}: a range has no place in a text")


def _expressions(nodes: Iterable[Node]) -> Iterator[Expression]:
    for node in nodes:
        for expression in node.expressions():
            yield from _within(expression)
        yield from _expressions(node.children(_STATIC, include_partials=False))


def _within(expression: Expression) -> Iterator[Expression]:
    yield expression
    for child in expression.children():
        yield from _within(child)


def _with_place(text: str, wrong: LiquidError) -> str:
    if wrong.token is None or wrong.token.start_index < 0:
        return _in_words(wrong)
    return f"{_place(text, wrong.token.start_index)}: {_in_words(wrong)}"


def _place(text: str, index: int) -> str:
    """Both counted from 1, as editors do."""
    before = text[:index]
    return f"line {before.count(chr(10)) + 1}, column {index - before.rfind(chr(10))}"


def _in_words(wrong: LiquidError) -> str:
    return str(wrong.message or "it cannot be read")


def _known(facts: Mapping[str, object]) -> _Group:
    return _Group(
        (name, _known(value) if isinstance(value, Mapping) else value)
        for name, value in facts.items()
        if value is not None and value not in ("", ())
    )
