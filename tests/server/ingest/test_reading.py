"""Bodies of our own formats: what is wrong is said by its place, and only of what is wrong."""

import msgspec
import pytest

from server.ingest.format import Fault, Unreadable
from server.ingest.reading import Moment, column, epoch, read_items
from tests.makers import NOON_S


class Apple(msgspec.Struct):
    at: Moment
    grams: float


class Basket(msgspec.Struct):
    items: list[Apple] = msgspec.field(name="apples")
    sent_at: Moment | None = None


class Loose(msgspec.Struct):
    items: list[msgspec.Raw] = msgspec.field(name="apples")
    sent_at: Moment | None = None


def read(body: bytes):
    whole, loose, one = (msgspec.json.Decoder(kind).decode for kind in (Basket, Loose, Apple))
    return read_items(body, "apples", whole, loose, one)


def test_sound_bodies_are_read_in_one():
    apples, items = read(b'{"apples":[{"at":1,"grams":150}],"sent_at":"1970-01-01T00:00:02Z"}')
    assert ([apple.grams for apple in apples], items.count, items.sent_at) == ([150.0], 1, 2.0)
    assert items.index.tolist() == [0]


def test_each_fault_has_its_number_its_field_and_words():
    _, items = read(
        b'{"apples":[{"at":1},{"at":1,"grams":2},{"at":1,"grams":"\xff"},7,{"at":"now","grams":1}]}'
    )
    assert items.index.tolist() == [1]
    assert items.faults == [
        Fault(0, "grams", "Object missing required field `grams`"),
        Fault(2, "grams", "Expected `float`, got `str`"),
        Fault(3, "", "Expected `object`, got `int`"),
        Fault(4, "at", "Invalid RFC3339 encoded datetime"),
    ]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{}", "missing required field `apples`"),
        (b'{"apples":[],"sent_at":[]}', "sent_at"),
        (b'{"x":' * 2_000, "nested too deeply"),
        (b'{"apples":[' + b"[" * 2_000, "nested too deeply"),
    ],
)
def test_what_is_no_basket_is_unreadable(body, words):
    with pytest.raises(Unreadable, match=words):
        read(body)


def test_a_moment_is_a_number_or_a_text_with_its_zone():
    as_text = msgspec.json.decode(b'"2026-06-10T14:00:00.5+02:00"', type=Moment)
    assert [epoch(as_text), epoch(NOON_S)] == [NOON_S + 0.5, NOON_S]


def test_what_is_not_given_is_no_number():
    assert str(column([1.0, None, 2]).tolist()) == "[1.0, nan, 2.0]"
