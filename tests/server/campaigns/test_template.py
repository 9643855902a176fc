"""Whatever somebody writes into a text: it is refused at the desk, filled in, or stops the send with a reason. Nothing else."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.campaigns.template import _FILTERS as KNOWN
from server.campaigns.template import LONGEST_OUTPUT_BYTES, BadTemplate, Unwritable, check, fill

FACTS = {
    "shopper": {"first_name": "Ann", "size": 38, "tags": ["gold", "shoes"], "nickname": None, "city": ""},
    "visit": {"entered_at": datetime(2026, 6, 10, 14, 5, tzinfo=UTC), "minutes": 12},
    "zone": {"name": "Scarpe"},
    "offer": {"id": "of_1"},
}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("20 % off {today}", "20 % off {today}"),
        ("Hello {{ shopper.first_name }}", "Hello Ann"),
        ("Size {{ shopper.size | plus: 1 }}", "Size 39"),
        ("Hello {{ shopper.nickname | default: 'you' }}", "Hello you"),
        ("Hello {{ shopper.city | default: 'you' }}", "Hello you"),
        ("Hello {{ shopper.address.street | default: 'you' }}", "Hello you"),
        ("Hello {{ shopper.nickname | default: shopper.first_name | upcase }}", "Hello ANN"),
        ("{% if shopper.nickname %}{{ shopper.nickname }}{% else %}Hello{% endif %}", "Hello"),
        ("{% unless shopper.nickname == 'x' %}Hello{% endunless %}", "Hello"),
        ("{% case zone.name %}{% when 'Scarpe' %}Shoes{% else %}?{% endcase %}", "Shoes"),
        ("{% for tag in shopper.tags %}{{ tag }};{% endfor %}", "gold;shoes;"),
        ("{{ shopper.tags | join: ', ' }}", "gold, shoes"),
        ("In since {{ visit.entered_at | date: '%H:%M' }}", "In since 14:05"),
        ("{% assign half = shopper.size | divided_by: 2 %}{{ half }}", "19"),
    ],
)
def test_fields_are_filled_in(text, read):
    check(text)
    assert fill(text, FACTS) == read


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("Hello {{ shopper.nickname }}", "shopper.nickname"),
        ("Hello {{ shopper.city | upcase }}", "shopper.city"),
        ("Hello {{ shopper.address.street }}", "shopper.address"),
        ("Hello {{ shop.name }}", "shop.name"),
        ("Hello {{ shopper.nickname | default: shopper.city }}", "shopper.city"),
    ],
)
def test_a_missing_field_without_a_default_stops_the_writing(text, field):
    check(text)
    with pytest.raises(Unwritable) as stopped:
        fill(text, FACTS)
    assert stopped.value.field == field


@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ("Hello {{", "line 1, column 7", "}}"),
        ("Hello {{ name }}", "line 1, column 10", "there is no 'name'"),
        ("Hello {{ shoper.name }}", "line 1, column 10", "did you mean 'shopper'"),
        ("Hello\n{{ shopper.name | upcas }}", "line 2, column 19", "did you mean 'upcase'"),
        ("{% include 'other' %}", "line 1", "include"),
        ("{% render 'other' %}", "line 1", "render"),
        ("{% for i in (1..1000000000) %}x{% endfor %}", "line 1", "range"),
        ("{{ now | date: '%Y' }}", "line 1", "there is no 'now'"),
        ("{% endif %}", "line 1", "endif"),
        ("{% if shopper.name %}never closed", "", "endif"),
    ],
)
def test_what_can_never_be_written_is_refused_with_its_place(text, where, why):
    with pytest.raises(BadTemplate) as refused:
        check(text)
    assert where in str(refused.value)
    assert why in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "{{ shopper }}",
        "{{ 1 | divided_by: 0 }}",
        "{{ 'now' | date: '%Y' }}",
        "{{ visit.entered_at | date: '%100000000d' }}",
        "{{ 1.5 | round: 999999999 }}",
        "{{ 5 | round: -999999999 }}",
        "{% assign a = 'xxxxxxxxxx' %}" + "{% assign a = a | append: a %}" * 30 + "{{ a }}",
        "{% assign a = 'aaaaaaaaaa' %}" + "{% assign a = a | replace: 'a', a %}" * 9 + "{{ a }}",
        "{% assign n = 9 %}" + "{% assign n = n | times: n %}" * 20 + "{{ n }}",
        "{{ '" + "x," * 400 + "' | split: ',' | join: ';' }}",
    ],
)  # fmt: skip
def test_what_would_grow_or_ask_the_clock_is_stopped(text):
    with pytest.raises((BadTemplate, Unwritable)):
        fill(text, FACTS)


names = st.sampled_from(
    ["shopper.first_name", "shopper.size", "shopper.tags", "shopper", "zone.name", "offer.x.y", "visit.entered_at", "tag",
     "a", "'text'", "''", "1", "-2.5", "1e9", "nil", "true", "empty", "blank", "(1..9)", "(1..a)", "shopper['size']",
     "shopper.tags[0]", "shopper.tags[-9]", "shopper[zone.name]", "999999999999999999999", "shopper.tags.first", "forloop.index"]
)  # fmt: skip
filters = st.sampled_from(sorted([*KNOWN, "nonsense"]))
calls = st.builds(
    lambda filter_, given: f" | {filter_}" + (f": {', '.join(given)}" if given else ""),
    filters,
    st.lists(names, max_size=3),
)
expressions = st.builds(lambda name, chain: name + "".join(chain), names, st.lists(calls, max_size=4))
pieces = st.one_of(
    st.text(max_size=8),
    expressions.map(lambda each: f"{{{{ {each} }}}}"),
    expressions.map(lambda each: f"{{% assign a = {each} %}}"),
    st.builds(lambda a, b, op: f"{{% if {a} {op} {b} %}}", names, names,
              st.sampled_from(["==", "!=", "<", ">", "contains", "and", "or", "<>"])),
    names.map(lambda each: f"{{% for tag in {each} limit: 999999999 offset: {each} reversed %}}"),
    names.map(lambda each: f"{{% case {each} %}}{{% when {each} %}}"),
    st.sampled_from(
        ["{{", "}}", "{%", "%}", "{% endif %}", "{% else %}", "{% endfor %}", "{% endcase %}", "{% break %}", "{%- raw -%}",
         "{% capture a %}", "{% endcapture %}", "{% comment %}", "{% endraw %}", "{% cycle 1, 2 %}", "{% tablerow i in a %}",
         "{% increment a %}", "{% liquid\necho a %}", "{{ a[" + "a[" * 300, "|" * 40, "'" * 9, "\x00", "\ud800"]
    ),
)  # fmt: skip


def filled_or_refused(text) -> str:
    """What a shopper would read, or the reason why not; anything else that is raised fails the test."""
    try:
        return fill(text, FACTS)
    except (BadTemplate, Unwritable) as refused:
        return str(refused) or pytest.fail("refused without a reason")


@given(st.lists(pieces, max_size=14).map("".join))
@settings(max_examples=250)
def test_no_template_raises_anything_else_or_writes_too_much(text):
    read = filled_or_refused(text)
    assert len(read.encode("utf-8", "surrogatepass")) <= max(LONGEST_OUTPUT_BYTES, len(text) * 4)
    assert "{{" not in read or "{{" in text


@given(st.text(min_size=1, max_size=1500))
def test_no_text_at_all_raises_anything_else(text):
    assert filled_or_refused(text)


def test_the_greatest_loops_that_a_text_can_hold_end():
    """Within every bound at once: 100 turns of nested loops, thirty times, each with all the filters that fit."""
    tags = {"shopper": {"tags": ["x" * 100] * 10}}
    inner = "{% for a in shopper.tags %}{% for b in shopper.tags %}{% assign c = b | replace: 'x', b %}"
    text = inner + "{% endfor %}{% endfor %}"
    with pytest.raises(Unwritable, match="too long"):
        fill(text, tags)
    harmless = (
        inner.replace("replace: 'x', b", "upcase | downcase | append: b") + "{% endfor %}{% endfor %}"
    ) * 12
    assert fill(harmless, tags) == ""
