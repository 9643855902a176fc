"""Named segments: who belongs, said once, used by many campaigns and counted live.

In: a segment's document (a list of audience conditions), and the facts of a shopper. Out: whether they belong, and what they lack.
Campaigns name a segment (`{"kind": "segment", "name": "regulars"}`); `with_segments` puts what it asks for in that place, so that
each of its conditions gives its own reason.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Union

from pydantic import BaseModel, ConfigDict, Field, field_validator

from server.campaigns.campaign import Id
from server.campaigns.condition import AudienceCondition, Condition
from server.campaigns.conditions import CONDITIONS
from server.campaigns.conditions.segment import Segment
from server.campaigns.moment import Fact, ShopperFacts
from server.campaigns.words import Sentence

AUDIENCE = {kind: each for kind, each in CONDITIONS.items() if issubclass(each, AudienceCondition)}
"""kind -> condition, of those that look at the shopper alone."""

if TYPE_CHECKING:  # the union is made of what the folder holds, which a type checker cannot know
    AnyAudienceCondition = AudienceCondition
else:
    AnyAudienceCondition = Annotated[Union[tuple(AUDIENCE.values())], Field(discriminator="kind")]  # noqa: UP007


class SegmentRule(BaseModel):
    """Who belongs to a segment: all of these hold, wherever the shopper is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    conditions: tuple[AnyAudienceCondition, ...] = Field(min_length=1, max_length=50)

    @field_validator("conditions")
    @classmethod
    def _can_be_counted(cls, conditions: tuple[AudienceCondition, ...]) -> tuple[AudienceCondition, ...]:
        for each in conditions:
            if isinstance(each, Segment) and each.named:
                raise ValueError("a segment cannot name another segment")
            if not each.same_everywhere:
                raise ValueError(
                    f"{each.kind} asks about where it happens, and there is no 'here' when shoppers are counted: a zone must be named"
                )
        return conditions

    @property
    def needs(self) -> frozenset[Fact]:
        """The facts of a shopper that must be read besides."""
        return frozenset().union(*(each.needs for each in self.conditions))

    def lacks(self, shopper: ShopperFacts, now: datetime) -> tuple[Sentence, ...]:
        """What the shopper lacks to belong; empty if they do."""
        found = (each.lack(shopper, now, None) for each in self.conditions)
        return tuple(lack for lack in found if lack)

    def holds(self, shopper: ShopperFacts, now: datetime) -> bool:
        return all(each.lack(shopper, now, None) is None for each in self.conditions)


class NamedSegment(SegmentRule):
    """A segment as staff keep it: by its own id, which campaigns name, and what it is called on the screen."""

    id: Id
    name: str = Field(min_length=1, max_length=200)


def named_by(conditions: Iterable[Condition]) -> tuple[tuple[int, str], ...]:
    """The segments that these conditions stand for, each with its place among them."""
    return tuple(
        (place, each.name)
        for place, each in enumerate(conditions)
        if isinstance(each, Segment) and each.name is not None
    )


def with_segments(conditions: Iterable[Condition], rules: Mapping[str, SegmentRule]) -> tuple[Condition, ...]:
    """The conditions with what each named segment asks for in its place; a name that nobody knows stays, and objects."""
    substituted: list[Condition] = []
    for condition in conditions:
        name = condition.name if isinstance(condition, Segment) else None
        rule = rules.get(name) if name is not None else None
        substituted += rule.conditions if rule else (condition,)
    return tuple(substituted)
