"""For whom a campaign is: attributes and tags that the shop gave to its shoppers."""

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field, FiniteFloat, model_validator

from server.campaigns.condition import Condition
from server.campaigns.moment import Moment, ShopperFacts
from server.campaigns.words import Phrases, spoken_list

Value = str | int | FiniteFloat | bool


class Segment(Condition, frozen=True):
    """The shopper has these tags and attributes: all that is given must hold, and what is not known does not hold.

    `equals`: the attribute has this value. `one_of`: one of these values. `at_least`: it is a number, this or more.
    """

    # The reasons name what was asked for, not what the shopper has: decisions are read by more people than profiles.
    phrases: ClassVar[Phrases] = {
        "en": {
            "nobody": "nobody is known who could belong to the segment",
            "has": "the shopper does not have the tag '{name}'",
            "lacks": "the shopper has the tag '{name}'",
            "equals": "the shopper's '{name}' is not {wanted}",
            "at_least": "the shopper's '{name}' is not {wanted} or more",
            "or": "or",
            "and": "and",
        }
    }
    kind: Literal["segment"] = "segment"
    has_tags: tuple[str, ...] = ()
    lacks_tags: tuple[str, ...] = ()
    equals: dict[str, Value] = Field(default_factory=dict)
    one_of: dict[str, tuple[Value, ...]] = Field(default_factory=dict)
    at_least: dict[str, FiniteFloat] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not (self.has_tags or self.lacks_tags or self.equals or self.one_of or self.at_least):
            raise ValueError("give tags or attributes: has_tags, lacks_tags, equals, one_of or at_least")
        return self

    def objection(self, moment: Moment) -> str | None:
        if moment.shopper is None:
            return self.say("nobody")
        lacking = [*self._tags_against(moment.shopper), *self._attributes_against(moment.shopper)]
        return spoken_list(lacking, last=self.say("and")) or None

    def _tags_against(self, shopper: ShopperFacts) -> Iterator[str]:
        yield from (self.say("has", name=tag) for tag in self.has_tags if tag not in shopper.tags)
        yield from (self.say("lacks", name=tag) for tag in self.lacks_tags if tag in shopper.tags)

    def _attributes_against(self, shopper: ShopperFacts) -> Iterator[str]:
        wanted = {name: (value,) for name, value in self.equals.items()}
        for name, values in [*wanted.items(), *self.one_of.items()]:
            if not any(_same(shopper.attributes.get(name), value) for value in values):
                spoken = spoken_list([f"'{value}'" for value in values], last=self.say("or"))
                yield self.say("equals", name=name, wanted=spoken)
        for name, least in self.at_least.items():
            given = shopper.attributes.get(name)
            if isinstance(given, bool) or not isinstance(given, int | float) or not given >= least:
                yield self.say("at_least", name=name, wanted=f"{least:g}")


def _same(given: object, wanted: Value) -> bool:
    """Equal, but for Python's True == 1."""
    return isinstance(given, bool) == isinstance(wanted, bool) and given == wanted
