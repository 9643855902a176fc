"""For whom a campaign is: attributes and tags that the shop gave to its shoppers, or a named segment."""

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar, Literal, Self

from pydantic import Field, FiniteFloat, model_validator

from server.campaigns.condition import AudienceCondition
from server.campaigns.moment import ShopperFacts, ZoneFacts
from server.campaigns.words import AllOf, AnyOf, Phrases, Sentence

Value = str | int | FiniteFloat | bool


class Segment(AudienceCondition, frozen=True):
    """The shopper has these tags and attributes: all that is given must hold, and what is not known does not hold.

    `equals`: the attribute has this value. `one_of`: one of these values. `at_least`: it is a number, this or more. Or `name` alone:
    the shopper belongs to the segment of this name.
    """

    # The reasons name what was asked for, not what the shopper has: decisions are read by more people than profiles.
    phrases: ClassVar[Phrases] = {
        "en": {
            "nobody": "nobody is known who could belong to the segment",
            "no_segment": "there is no segment '{name}'",
            "lacking": "{lacking}",
            "has": "the shopper does not have the tag '{name}'",
            "lacks": "the shopper has the tag '{name}'",
            "equals": "the shopper's '{name}' is not {wanted}",
            "at_least": "the shopper's '{name}' is not {wanted} or more",
            "value": "'{value}'",
        },
        "it": {
            "nobody": "non si sa chi possa far parte del segmento",
            "no_segment": "non c'è un segmento '{name}'",
            "lacking": "{lacking}",
            "has": "il cliente non ha l'etichetta '{name}'",
            "lacks": "il cliente ha l'etichetta '{name}'",
            "equals": "'{name}' del cliente non è {wanted}",
            "at_least": "'{name}' del cliente non è {wanted} o più",
            "value": "'{value}'",
        },
    }
    form: ClassVar[Phrases] = {
        "en": {
            "title": "Only who belongs to a segment",
            "help": "Choose a named segment alone, or tags and attributes that must all hold.",
            "name": "The named segment",
            "has_tags": "Has all of these tags",
            "lacks_tags": "Has none of these tags",
            "equals": "Attributes that are",
            "one_of": "Attributes that are one of",
            "at_least": "Attributes that are at least",
        },
        "it": {
            "title": "Solo chi fa parte di un segmento",
            "help": "Scegli da solo un segmento con nome, oppure etichette e attributi che devono valere tutti.",
            "name": "Il segmento",
            "has_tags": "Ha tutte queste etichette",
            "lacks_tags": "Non ha nessuna di queste etichette",
            "equals": "Attributi uguali a",
            "one_of": "Attributi tra",
            "at_least": "Attributi di almeno",
        },
    }
    kind: Literal["segment"] = "segment"
    name: str | None = Field(
        default=None, min_length=1, max_length=64, json_schema_extra={"x-names": "segment"}
    )
    has_tags: tuple[str, ...] = ()
    lacks_tags: tuple[str, ...] = ()
    equals: dict[str, Value] = Field(default_factory=dict)
    one_of: dict[str, tuple[Value, ...]] = Field(default_factory=dict)
    at_least: dict[str, FiniteFloat] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        asks = bool(self.has_tags or self.lacks_tags or self.equals or self.one_of or self.at_least)
        if asks == self.named:
            raise ValueError(
                "give tags or attributes (has_tags, lacks_tags, equals, one_of or at_least), or the name of a segment alone"
            )
        return self

    @property
    def named(self) -> bool:
        """Stands for a named segment, and is substituted by what that asks for before anybody decides (segment_rule.py)."""
        return self.name is not None

    def lack(self, shopper: ShopperFacts, now: datetime, here: ZoneFacts | None) -> Sentence | None:
        del now, here
        if self.name is not None:  # nothing was substituted for it
            return self.say("no_segment", name=self.name)
        lacking = [*self._tags_against(shopper), *self._attributes_against(shopper)]
        return self.say("lacking", lacking=AllOf(lacking)) if lacking else None

    def _tags_against(self, shopper: ShopperFacts) -> Iterator[Sentence]:
        yield from (self.say("has", name=tag) for tag in self.has_tags if tag not in shopper.tags)
        yield from (self.say("lacks", name=tag) for tag in self.lacks_tags if tag in shopper.tags)

    def _attributes_against(self, shopper: ShopperFacts) -> Iterator[Sentence]:
        wanted = {name: (value,) for name, value in self.equals.items()}
        for name, values in [*wanted.items(), *self.one_of.items()]:
            if not any(_same(shopper.attributes.get(name), value) for value in values):
                yield self.say(
                    "equals", name=name, wanted=AnyOf([self.say("value", value=v) for v in values])
                )
        for name, least in self.at_least.items():
            given = shopper.attributes.get(name)
            if isinstance(given, bool) or not isinstance(given, int | float) or not given >= least:
                yield self.say("at_least", name=name, wanted=least)


def _same(given: object, wanted: Value) -> bool:
    """Equal, but for Python's True == 1."""
    return isinstance(given, bool) == isinstance(wanted, bool) and given == wanted
