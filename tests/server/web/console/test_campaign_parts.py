"""What the editor of campaigns is made of: differences that can be read, fields that write back what they read."""

import pytest

from server.web.console.api import Fault
from server.web.console.campaign_versions import differences
from server.web.console.campaign_work import without_empty
from server.web.console.fields import Sheet, _read, _spelt


def a_document(**changes):
    return {
        "id": "shoes",
        "version": 3,
        "name": "Shoes",
        "conditions": [{"kind": "cooldown", "wait": "1d"}, {"kind": "segment", "has_tags": ["gold", "blue"]}],
        "offer": {"title": {"en": "Off"}},
        **changes,
    }


def told(before, after):
    return [(each.place, each.before, each.after) for each in differences(before, after)]


def test_a_changed_field_is_told_with_what_it_was_and_what_it_is():
    after = a_document(name="Boots", version=4, offer={"title": {"en": "Off", "it": "Sconto"}})
    assert told(a_document(), after) == [("name", "Shoes", "Boots"), ("offer / title / it", None, "Sconto")]


def test_a_condition_that_comes_before_others_changes_nothing_of_theirs():
    stock = {"kind": "stock", "total": 5}
    after = a_document(conditions=[stock, *a_document()["conditions"]])
    assert told(a_document(), after) == [
        ("conditions / stock", None, "✓"),
        ("conditions / stock / kind", None, "stock"),
        ("conditions / stock / total", None, "5"),
    ]


def test_a_list_of_words_is_told_whole():
    after = a_document()
    after["conditions"][1]["has_tags"] = ["gold"]
    assert told(a_document(), after) == [("conditions / segment / has_tags", "gold, blue", "gold")]


@pytest.mark.parametrize("value", ["Milano", "7", "true", "", '"quoted"', 7, 7.5, True, False, "null", "[1]"])
def test_a_plain_value_is_read_as_it_was_spelt(value):
    read = _read(_spelt(value))
    assert (read, type(read)) == (value, type(value))


def test_an_empty_list_says_as_much_as_none():
    assert without_empty({"conditions": [], "name": "x", "hold": None}) == {"name": "x"}


def test_a_fault_is_shown_at_the_nearest_field_that_there_is():
    document = a_document()
    shown = {}
    sheet = Sheet(None, True, lambda: None)
    first, second = document["conditions"]
    sheet.faulty(first, "wait", lambda reason: shown.update(wait=reason))
    sheet.faulty(second, "", lambda reason: shown.update(second=reason))
    sheet.faulty(document["offer"], "title", lambda reason: shown.update(title=reason))
    homeless = sheet.show(
        document,
        [
            Fault("body.conditions[0].wait", "too long"),
            Fault("body.conditions[1]", "asks nothing"),
            Fault("body.offer.title.en", "is empty"),
            Fault("body.priority", "is no number"),
        ],
    )
    assert shown == {"wait": "too long", "second": "asks nothing", "title": "is empty"}
    assert [fault.place for fault in homeless] == ["body.priority"]
    document["conditions"].reverse()
    sheet.show(document, [Fault("body.conditions[1].wait", "still too long")])
    assert shown == {"wait": "still too long", "second": None, "title": None}
