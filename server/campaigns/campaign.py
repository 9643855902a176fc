"""What to say where, when and to whom: a campaign as a frozen value, the same in JSON, in TOML and in the records.

In: a campaign's document (reading.py reads it and names what is wrong with it). Out: what compiled.py indexes and decide.py asks.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal, Self, Union

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from server.campaigns.channels import ChannelName
from server.campaigns.condition import Condition
from server.campaigns.conditions import CONDITIONS
from server.campaigns.offer import YEARS, Offer
from server.campaigns.span import Span
from server.presence.visit import EventKind

if TYPE_CHECKING:  # the union is made of what the folder holds, which a type checker cannot know
    AnyCondition = Condition
else:
    AnyCondition = Annotated[Union[tuple(CONDITIONS.values())], Field(discriminator="kind")]  # noqa: UP007

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
State = Literal["draft", "scheduled", "live", "paused", "ended"]

MOST_HELD_OUT = 0.9  # who would hold out everybody pauses the campaign
LEAST_PATIENCE_S = 10.0  # a phone needs some seconds to show an offer and to say so
LONGEST_DWELL_S = 86_400  # who stays longer than a day works there


def _each_channel_once(channels: tuple[ChannelName, ...]) -> tuple[ChannelName, ...]:
    if twice := sorted({name for name in channels if channels.count(name) > 1}):
        raise ValueError(f"each channel is tried once; {', '.join(twice)} is there twice")
    return channels


def _in_our_time(at: datetime) -> datetime:
    if at.year not in YEARS:
        raise ValueError(f"must lie between {YEARS[0]} and {YEARS[-1]}")
    return at.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_in_our_time)]

Channels = Annotated[
    tuple[ChannelName, ...], Field(min_length=1, max_length=8), AfterValidator(_each_channel_once)
]
"""The order in which channels are tried."""


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


class Hold(BaseModel):
    """Where only the hour stands against it (quiet hours), the campaign waits and looks again, for `at_most` this long.

    Then everything is checked anew: still in the shop, still open, still agreed to. Without it a campaign that may not speak now is
    silent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_most: Span


class Variant(BaseModel):
    """One of the texts that are tried against each other. Without an `offer` it is the campaign's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Id
    weight: float = Field(default=1.0, gt=0, le=1000, allow_inf_nan=False)
    offer: Offer | None = None


class FollowUp(BaseModel):
    """A step after the offer, with its own channels, and its own offer unless it repeats the campaign's.

    `not_opened`: not opened, nor redeemed, when `after` has passed, and still in the shop. `left_without_redeeming`: at the next visit to
    the shop, within `after`. `redeemed`: once it was redeemed, within `after`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    when: Literal["not_opened", "left_without_redeeming", "redeemed"]
    after: Span
    channels: Channels
    offer: Offer | None = None


class Campaign(BaseModel):
    """One campaign. `id` may be the owner's own; an edit makes a new `version`.

    Of several that could speak at a moment one wins: by `priority`, then the more specific zone, then `value` (what an answer is worth,
    in whatever unit the shop counts). Of those with `one_a_visit` one speaks in a visit to the shop. Caps may count over a `group`.
    `channels` are tried in this order; where no phone says within `receipt_s` seconds that it showed the offer, the next has its turn (the
    house's own patience where it is not given). `hold_out` is the share of shoppers who get nothing, so that what the campaign does can be
    told from what would have happened anyway; `variants` are tried against each other; `follow_ups` are
    the steps after the offer. What is scheduled goes live at `starts_at`; what is live or paused ends at `ends_at`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Id
    name: str = Field(min_length=1, max_length=200)
    state: State = "draft"
    trigger: Trigger
    conditions: tuple[AnyCondition, ...] = Field(default=(), max_length=50)
    offer: Offer
    priority: int = Field(default=0, ge=-1_000_000, le=1_000_000)
    value: float = Field(default=0.0, ge=-1e9, le=1e9, allow_inf_nan=False)
    group: str | None = Field(default=None, min_length=1, max_length=64)
    channels: Channels = ("fcm",)
    receipt_s: float | None = Field(default=None, ge=LEAST_PATIENCE_S, le=86_400, allow_inf_nan=False)
    one_a_visit: bool = False
    hold: Hold | None = None
    hold_out: float = Field(default=0.0, ge=0, le=MOST_HELD_OUT, allow_inf_nan=False)
    variants: tuple[Variant, ...] = Field(default=(), max_length=10)
    follow_ups: tuple[FollowUp, ...] = Field(default=(), max_length=3)
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    version: int = Field(default=1, ge=1)

    @field_validator("ends_at")
    @classmethod
    def _after_it_began(cls, ends_at: datetime | None, info: ValidationInfo) -> datetime | None:
        starts_at = info.data.get("starts_at")
        if ends_at and starts_at and ends_at <= starts_at:
            raise ValueError("must lie after starts_at")
        return ends_at

    @model_validator(mode="after")
    def _scheduled_for_some_time(self) -> Self:
        if self.state == "scheduled" and self.starts_at is None:
            raise ValueError("what is scheduled needs a starts_at: the time at which it goes live")
        return self

    @field_validator("variants")
    @classmethod
    def _something_to_compare(cls, variants: tuple[Variant, ...]) -> tuple[Variant, ...]:
        if len(variants) == 1:
            raise ValueError("give at least two variants: one alone is the campaign's offer")
        ids = [variant.id for variant in variants]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"there are two variants of the id {', '.join(map(repr, twice))}")
        if sum(variant.offer is None for variant in variants) > 1:
            raise ValueError("only one variant can be the campaign's own offer: give the others an `offer`")
        return variants

    @property
    def offers(self) -> tuple[Offer, ...]:
        """All offers that it may give: its variants', or the one that it has."""
        return tuple(variant.offer or self.offer for variant in self.variants) or (self.offer,)
