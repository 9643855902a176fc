"""A file that breaks the contract stops the start, and says which file and what it lacks."""

import sys
from types import ModuleType
from typing import ClassVar, Literal

import pytest

from server.campaigns import BrokenCondition, Condition
from server.campaigns.condition import condition_of, conditions_in

PHRASES = {"en": {"rain": "it rains in {town}"}, "it": {"rain": "a {town} piove"}}
GOOD = '''
from typing import ClassVar, Literal
from server.campaigns.condition import Condition

class Weather(Condition, frozen=True):
    """Only in the dry."""
    phrases: ClassVar = {"en": {"rain": "it rains"}, "it": {"rain": "piove"}}
    kind: Literal["weather"] = "weather"
    def objection(self, moment):
        return self.say("rain")
'''


class Weather(Condition, frozen=True):
    """Only in the dry."""

    phrases: ClassVar = PHRASES
    kind: Literal["weather"] = "weather"

    def objection(self, moment):
        return self.say("rain", town=moment.zone.name)


class Nameless(Weather, frozen=True):
    """Is called as another file."""

    kind: Literal["rain"] = "rain"


class Undocumented(Weather, frozen=True):
    pass


class Changeable(Weather, frozen=False):
    """May change after it was read."""


class Open(Weather, frozen=True, extra="allow"):
    """Takes fields that it does not know."""


class Wordless(Weather, frozen=True):
    """Has nothing to say."""

    phrases: ClassVar = {}


class Mumbling(Weather, frozen=True):
    """Says nothing at length."""

    phrases: ClassVar = {"en": {"rain": " "}, "it": {"rain": "piove"}}


class HalfTranslated(Weather, frozen=True):
    """Forgets the town in Italian."""

    phrases: ClassVar = PHRASES | {"it": {"rain": "piove"}}


class Untranslated(Weather, frozen=True):
    """Speaks no Italian."""

    phrases: ClassVar = {"en": PHRASES["en"]}


class Silent(Condition, frozen=True):
    """Never answers."""

    phrases: ClassVar = PHRASES
    kind: Literal["weather"] = "weather"


def a_file(*defined: type, name: str = "shop.conditions.weather") -> ModuleType:
    module = ModuleType(name)
    for each in defined:
        vars(module)[each.__name__] = type(each)(
            each.__name__,
            (each,),
            {"__module__": name, "__doc__": each.__doc__, "__qualname__": each.__name__},
        )
    return module


def test_a_file_with_one_whole_condition_is_taken():
    assert condition_of(a_file(Weather)).__name__ == "Weather"


@pytest.mark.parametrize(
    ("broken", "lack"),
    [
        (Nameless, "as its file is called"),
        (Undocumented, "docstring"),
        (Changeable, "frozen"),
        (Open, "forbid unknown fields"),
        (Wordless, "phrases"),
        (Mumbling, "none of them empty"),
        (Untranslated, "in 'it'"),
        (HalfTranslated, "in 'it' as in 'en'"),
        (Silent, "objection"),
    ],
)
def test_a_broken_condition_stops_the_start_and_is_named(broken, lack):
    with pytest.raises(BrokenCondition, match=rf"shop\.conditions\.weather\.{broken.__name__} .*{lack}"):
        condition_of(a_file(broken))


def test_a_file_holds_one_condition_no_fewer_and_no_more():
    with pytest.raises(BrokenCondition, match="it defines 0"):
        condition_of(a_file())
    with pytest.raises(BrokenCondition, match="it defines 2"):
        condition_of(a_file(Weather, Changeable))


def test_a_condition_that_is_only_imported_is_not_the_files_own():
    module = a_file(Weather)
    vars(module)["Borrowed"] = Weather
    assert condition_of(module).__name__ == "Weather"


def test_a_file_put_into_the_folder_is_found_with_no_other_change(tmp_path, monkeypatch):
    folder = tmp_path / "pretend_conditions"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "weather.py").write_text(GOOD)
    monkeypatch.syspath_prepend(tmp_path)
    try:
        assert list(conditions_in("pretend_conditions", [str(folder)])) == ["weather"]
    finally:
        for name in ("pretend_conditions", "pretend_conditions.weather"):
            sys.modules.pop(name, None)
