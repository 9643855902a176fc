"""What the shopper gets: texts in the shop's languages, a picture, what they can do with it, how long it lives.

In: the `offer` of a campaign's document. Out: the text for a shopper's language as it was written (wording.py fills in its
fields), what the app is told besides, and when the offer ends (UTC).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Union

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from server.campaigns.action import UNSAFE_SCHEMES, Action, Language
from server.campaigns.actions import ACTIONS
from server.campaigns.template import check

if TYPE_CHECKING:  # the union is made of what the folder holds, which a type checker cannot know
    AnyAction = Action
else:
    AnyAction = Annotated[Union[tuple(ACTIONS.values())], Field(discriminator="kind")]  # noqa: UP007


def _is_a_template(text: str) -> str:
    check(text)
    return text


LONGEST_TITLE, LONGEST_BODY = 200, 1500
Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TITLE),
    AfterValidator(_is_a_template),
]
Body = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_BODY),
    AfterValidator(_is_a_template),
]

#: What a message carries besides the offer's own data.
OUR_KEYS = frozenset(
    {"offer", "visit", "campaign", "expires_at", "action", "label", "coupon", "service", "topic", "stars"}
)
FCM_KEYS = ("from", "message_type", "google.", "gcm.")  # FCM refuses a message whose data keys begin so
LONGEST_DATA_BYTES = 2000  # FCM takes 4096 bytes in all: half is left for title, body and picture
LONGEST_LIFE_S = 28 * 86_400  # four weeks: the longest that FCM keeps a message for a phone without a line
USUAL_LIFE_S = 7200.0  # a shopper in the street may finish lunch first; tomorrow the offer would be a puzzle

YEARS = range(
    2000, 2200
)  # what lies outside is a slip of the pen, and the calendar's own ends make arithmetic fail
USUAL_ATTRIBUTION_S = (
    7 * 86_400.0
)  # who is moved by an offer buys within the week; later something else was the cause
LONGEST_ATTRIBUTION_S = 90 * 86_400.0


@dataclass(frozen=True, slots=True)
class OfferText:
    """What one shopper reads."""

    language: str
    title: str
    body: str


def _first_language(read: dict[str, Any]) -> str:
    return str(next(iter(read["title"])))


class Offer(BaseModel):
    """Title and body by language, both in the same languages. Ends `life_s` seconds after it is given, or at `ends_at`.

    Where both are given the earlier holds. `default_language` is for shoppers who speak none of the others: the first
    of the title unless it is named. Title and body may have fields in Liquid, as {{ shopper.first_name | default: "you" }}.
    `action` is what the button does. `cost` is what one costs the shop, in its own money, for budgets. A purchase within `attribution_s` seconds of the offer may count as its doing. `data`
    goes to the app as it is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: dict[Language, Title] = Field(min_length=1)
    body: dict[Language, Body]
    default_language: Language = Field(default_factory=_first_language)
    url: str | None = Field(default=None, max_length=2000, pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$")
    image: str | None = Field(default=None, max_length=2000, pattern=r"^https://\S+$")
    life_s: float = Field(default=USUAL_LIFE_S, gt=0, le=LONGEST_LIFE_S)
    ends_at: AwareDatetime | None = None
    action: AnyAction | None = None
    cost: float | None = Field(default=None, ge=0, le=1e9, allow_inf_nan=False)
    attribution_s: float = Field(default=USUAL_ATTRIBUTION_S, gt=0, le=LONGEST_ATTRIBUTION_S)
    data: dict[str, str] = Field(default_factory=dict)

    @field_validator("body")
    @classmethod
    def _in_the_languages_of_the_title(cls, body: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        title = info.data.get("title", body)
        if title.keys() != body.keys():
            raise ValueError(f"title and body differ in {', '.join(sorted(title.keys() ^ body.keys()))}")
        return body

    @field_validator("default_language")
    @classmethod
    def _among_the_languages(cls, language: str, info: ValidationInfo) -> str:
        if language not in info.data.get("title", {language}):
            raise ValueError(f"there is no text in {language!r}")
        return language

    @field_validator("url")
    @classmethod
    def _safe_to_open(cls, url: str | None) -> str | None:
        if url and url.partition(":")[0].lower() in UNSAFE_SCHEMES:
            raise ValueError("must be a web address or a link into your app")
        return url

    @field_validator("ends_at")
    @classmethod
    def _in_our_time(cls, ends_at: datetime | None) -> datetime | None:
        if ends_at and ends_at.year not in YEARS:
            raise ValueError(f"must lie between {YEARS[0]} and {YEARS[-1]}")
        return ends_at.astimezone(UTC) if ends_at else None

    @field_validator("data")
    @classmethod
    def _fits_a_message(cls, data: dict[str, str]) -> dict[str, str]:
        for key in data:
            if not key or key in OUR_KEYS or key.startswith(FCM_KEYS):
                raise ValueError(f"the key {key!r} is taken by the message itself")
        if sum(len(text.encode()) for pair in data.items() for text in pair) > LONGEST_DATA_BYTES:
            raise ValueError(f"must not be longer than {LONGEST_DATA_BYTES} bytes in all")
        return data

    @field_validator("action")
    @classmethod
    def _labelled_for_all(cls, action: Action | None, info: ValidationInfo) -> Action | None:
        if action and action.label and (missing := info.data.get("title", {}).keys() - action.label.keys()):
            raise ValueError(f"the label is missing in {', '.join(sorted(missing))}")
        return action

    @property
    def coupon(self) -> str | None:
        """The id of the coupon that can be claimed with it."""
        return self.action.told().get("coupon") if self.action else None

    def told(self, language: str) -> dict[str, str]:
        """What a message tells the app besides its text and whose offer it is; the label in this language of ours."""
        told: dict[str, str] = dict(self.data)
        if self.url:
            told["url"] = self.url
        if self.image:
            told["image"] = self.image
        if self.action:
            told |= {"action": self.action.kind, **self.action.told()}
            told |= {"label": self.action.label[language]} if language in self.action.label else {}
        return told

    def text_for(self, *languages: str | None) -> OfferText:
        """The text in the first of these languages that there is (`it-CH` is served by `it`), else in the default."""
        ours = {language.lower(): language for language in self.title}
        for wanted in (language.lower().replace("_", "-") for language in languages if language):
            found = ours.get(wanted) or ours.get(wanted.partition("-")[0])
            if found:
                return OfferText(found, self.title[found], self.body[found])
        return OfferText(
            self.default_language, self.title[self.default_language], self.body[self.default_language]
        )

    def ends(self, given_at: datetime) -> datetime:
        """When an offer given at this time ends (aware UTC, as `given_at`); not after `given_at` for one that is over."""
        alive = given_at + timedelta(seconds=self.life_s)
        return min(alive, self.ends_at) if self.ends_at else alive
