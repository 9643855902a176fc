"""What to say where, when and to whom: a campaign as a frozen value, the same in JSON, in TOML and in the records.

In: a campaign's document (reading.py reads it and names what is wrong with it). Out: what compiled.py indexes and decide.py asks.
"""

from typing import TYPE_CHECKING, Annotated, Literal, Self, Union

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from server.campaigns.condition import Condition
from server.campaigns.conditions import CONDITIONS
from server.campaigns.offer import Offer
from server.presence.visit import EventKind

if TYPE_CHECKING:  # the union is made of what the folder holds, which a type checker cannot know
    AnyCondition = Condition
else:
    AnyCondition = Annotated[Union[tuple(CONDITIONS.values())], Field(discriminator="kind")]  # noqa: UP007

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
State = Literal["draft", "live", "paused", "ended"]

LONGEST_DWELL_S = 86_400  # who stays longer than a day works there


class Where(BaseModel):
    """The zones a campaign listens to: these zones, or all of a group, or a site with every zone in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zones: tuple[str, ...] = ()
    group: str | None = Field(default=None, min_length=1)
    site: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one_way_of_saying_it(self) -> Self:
        if sum((bool(self.zones), self.group is not None, self.site is not None)) != 1:
            raise ValueError("give one of zones, group or site")
        return self


class Trigger(BaseModel):
    """What wakes a campaign: a zone was entered, left, or `after_s` seconds were spent in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    on: EventKind
    where: Where
    after_s: float = Field(default=0.0, ge=0, le=LONGEST_DWELL_S, validate_default=True)

    @field_validator("after_s")
    @classmethod
    def _belongs_to_a_dwell(cls, after_s: float, info: ValidationInfo) -> float:
        if "on" in info.data and (after_s > 0) != (info.data["on"] == "dwelled"):
            raise ValueError("give the seconds after which a dwell counts, and only for a dwell")
        return after_s


class Campaign(BaseModel):
    """One campaign. `id` may be the owner's own; the greater `priority` wins a moment; an edit makes a new `version`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Id
    name: str = Field(min_length=1, max_length=200)
    state: State = "draft"
    trigger: Trigger
    conditions: tuple[AnyCondition, ...] = Field(default=(), max_length=50)
    offer: Offer
    priority: int = Field(default=0, ge=-1_000_000, le=1_000_000)
    version: int = Field(default=1, ge=1)
