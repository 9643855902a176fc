"""The contract of a condition, and how the conditions of a folder are found and checked when the house starts.

In: a moment. Out: None, or an objection: one sentence a shop manager understands, in each of our languages. A condition is a
frozen pydantic model; its fields are the form in the console, its docstring the form's help. It never raises for a moment,
whatever is unknown in it. Those that look at the shopper alone (`AudienceCondition`) may stand in a named segment too.

To add one: write `conditions/<kind>.py` with a single class. Nothing else in the house changes.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import datetime, timedelta
from importlib import import_module
from pkgutil import iter_modules
from string import Formatter
from types import ModuleType
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from server.campaigns.moment import Fact, Moment, ShopperFacts, ZoneFacts
from server.campaigns.words import LANGUAGES, SPOKEN_LANGUAGE, Phrases, Sentence, say

About = Literal["when", "whom", "often"]
"""Which question a condition answers: when it speaks, to whom, how often. Forms are grouped by it."""


class BrokenCondition(TypeError):
    """A file among the conditions breaks their contract: the house does not start."""


class Condition(BaseModel, ABC):
    """What may hold a campaign back. `needs`: the facts that the records read only where a live campaign asks for them.

    `about` and `form` (form.py) are for whoever draws its form; without words of its own it is shown by its docstring.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    phrases: ClassVar[Phrases]
    needs: ClassVar[frozenset[Fact]] = frozenset()
    about: ClassVar[About] = "when"
    form: ClassVar[Phrases] = {}
    kind: str

    @abstractmethod
    def objection(self, moment: Moment) -> Sentence | None:
        """Why the campaign must be silent at this moment, or None. Unknown facts object; nothing raises."""

    def holds_until(self, moment: Moment) -> datetime | None:
        """When (UTC, after now) this condition alone would let the campaign speak, where it objects for the hour only.

        A decision may be held until then, when everything is looked at again. None where waiting is of no use.
        """
        del moment
        return None

    def tally(self, moment: Moment) -> Sentence | None:
        """How far it has counted, also while it lets the campaign speak; None for a condition that counts nothing."""
        del moment
        return None

    @property
    def look_back(self) -> timedelta:
        """How far back it must see what was sent; the records read no more than the furthest of all."""
        return timedelta()

    def say(self, phrase: str, **facts: object) -> Sentence:
        return say(self.phrases, phrase, **facts)


class AudienceCondition(Condition, ABC):
    """What is asked of the shopper, whatever happens. Its `phrases` have a "nobody" for a device that is nobody's."""

    about: ClassVar[About] = "whom"

    @abstractmethod
    def lack(self, shopper: ShopperFacts, now: datetime, here: ZoneFacts | None) -> Sentence | None:
        """What the shopper lacks, or None. `here` is where it happens; None where shoppers are only counted."""

    @property
    def same_everywhere(self) -> bool:
        """Whether `here` makes no difference. If it does, the condition cannot stand in a named segment."""
        return True

    def objection(self, moment: Moment) -> Sentence | None:
        if moment.shopper is None:
            return self.say("nobody")
        return self.lack(moment.shopper, moment.now, moment.zone)


def conditions_in(package: str, path: Iterable[str]) -> dict[str, type[Condition]]:
    """Kind -> condition, of every file in the folder. BrokenCondition names the file and what it lacks."""
    modules = (import_module(f"{package}.{found.name}") for found in iter_modules(path))
    return {condition_of(module).model_fields["kind"].default: condition_of(module) for module in modules}


def condition_of(module: ModuleType) -> type[Condition]:
    """The one condition that a file defines. BrokenCondition where there is none, or where it breaks the contract."""
    defined = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Condition) and value.__module__ == module.__name__
    ]
    if len(defined) != 1:
        raise BrokenCondition(f"{module.__name__} must define one condition, it defines {len(defined)}")
    condition = defined[0]
    if lack := _lack(condition, kind=module.__name__.rpartition(".")[2]):
        raise BrokenCondition(f"{module.__name__}.{condition.__name__} {lack}")
    return condition


def _lack(condition: type[Condition], kind: str) -> str | None:
    """What a condition's class lacks of the contract, or None."""
    if condition.model_fields["kind"].default != kind:
        return f'must have `kind: Literal["{kind}"] = "{kind}"`, as its file is called'
    if condition.__abstractmethods__:
        return "must define `objection(self, moment)`"
    if not (condition.model_config.get("frozen") and condition.model_config.get("extra") == "forbid"):
        return "must be frozen and forbid unknown fields"
    if not (condition.__doc__ or "").strip():
        return "must have a docstring: it is the help of its form"
    return lack_of_words(getattr(condition, "phrases", {}))


def lack_of_words(phrases: Phrases) -> str | None:
    """What a table lacks to be said in all our languages with the same facts, or None."""
    spoken = phrases.get(SPOKEN_LANGUAGE, {})
    for language in LANGUAGES:
        told = phrases.get(language, {})
        if not told or not all(template.strip() for template in told.values()):
            return f"must have `phrases` in {language!r}, none of them empty"
        if {name: _facts(text) for name, text in told.items()} != {
            name: _facts(text) for name, text in spoken.items()
        }:
            return f"must have the same phrases with the same facts in {language!r} as in {SPOKEN_LANGUAGE!r}"
    return None


def _facts(template: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(template) if name)
