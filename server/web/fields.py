"""Fields that many bodies share: texts that every database can hold, times that every calendar can.

In: what JSON or a query said. Out: a value that is safe to keep; or a sentence why not, which becomes a fault of a 422.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, Final, Self, cast
from zoneinfo import available_timezones

from fastapi import Path
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from server.campaigns.campaign import Id as CampaignId
from server.campaigns.coupon import in_thousandths
from server.web.plain import is_keepable
from server.zones.feature import OWN_ID
from server.zones.hours import NOWHERE

#: No control characters: PostgreSQL keeps no NUL, and nobody's name or number has a line break.
_PLAIN: Final = r"^[^\x00-\x1f\x7f]*$"

#: Before Soglia, or beyond anybody's plans: a clock or a unit went wrong, and offsets near year 1 or 9999 would overflow.
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)

_BEACON: Final = re.compile(
    r"ibeacon:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:(0|[1-9][0-9]{0,4}):(0|[1-9][0-9]{0,4})"
    r"|altbeacon:[0-9a-f]{4}:[0-9a-f]{40}"
    r"|eddystone-uid:[0-9a-f]{20}:[0-9a-f]{12}"
)


def _in_our_words(given: Any, read: ValidatorFunctionWrapHandler) -> datetime:
    try:
        return cast("datetime", read(given))
    except ValidationError:
        raise ValueError(
            "must be a time such as 2026-06-10T12:00:00Z, with its offset from UTC, or UTC epoch seconds"
        ) from None


def _within_reason(given: datetime) -> datetime:
    if not _EARLIEST <= given <= _LATEST:
        raise ValueError("must lie between the years 2000 and 2200")
    return given.astimezone(UTC)


@lru_cache(1)
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones()) - NOWHERE


def _known_time_zone(given: str) -> str:
    if given not in _time_zones():
        raise ValueError("must be a time zone by its IANA name, such as Europe/Rome")
    return given


def _beacon(given: str) -> str:
    """The id text of a fixed beacon (`iBeacon`, AltBeacon, Eddystone-UID), in lower case."""
    given = given.lower()
    if not _BEACON.fullmatch(given):
        raise ValueError(
            "must be ibeacon:<uuid>:<major>:<minor>, altbeacon:<company, 4 hex>:<id, 40 hex> or "
            "eddystone-uid:<namespace, 20 hex>:<instance, 12 hex>"
        )
    if given.startswith("ibeacon:") and any(int(number) > 0xFFFF for number in given.split(":")[2:]):
        raise ValueError("major and minor of an iBeacon lie between 0 and 65535")
    return given


class Given(BaseModel):
    """A body: a field that is not asked for is a mistake of whoever sent it, and is said."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    @model_validator(mode="wrap")
    @classmethod
    def _can_be_kept(cls, given: Any, read: ModelWrapValidatorHandler[Self]) -> Self:
        understood = read(given)  # first: a field that takes no such text says so in its own place
        if isinstance(given, dict) and not is_keepable(given):
            raise ValueError("holds a text that cannot be kept: with a NUL, or with half of a surrogate pair")
        return understood


Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True, pattern=_PLAIN)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_PLAIN)]

#: An id of ours in a path or a body: never longer, never stranger.
Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]

#: The shop's own id of a zone, a floor plan, an anchor or a gateway.
PlaceId = Annotated[str, StringConstraints(max_length=64, pattern=f"^{OWN_ID.pattern}$")]

#: The shop's own name for somebody: whatever the shop's systems use.
OwnId = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_PLAIN)]

#: BCP 47, as far as texts are chosen by it: it, pt-BR, zh-Hant-TW.
Language = Annotated[str, StringConstraints(max_length=35, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]

#: The shop's own id of a campaign, where it stands in a path.
CampaignPath = Annotated[CampaignId, Path()]

TimeZone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known_time_zone)]

#: RFC 3339 with its offset, or UTC epoch seconds; UTC inside.
Time = Annotated[AwareDatetime, WrapValidator(_in_our_words), AfterValidator(_within_reason)]

#: In the shop's currency: a number (true is none, nor is "3"), and no finer than the books, which know thousandths.
Money = Annotated[
    float, Field(strict=True, ge=0, le=1e9, allow_inf_nan=False), AfterValidator(in_thousandths)
]

#: Money of which there is some.
SomeMoney = Annotated[Money, Field(gt=0)]

BeaconId = Annotated[str, StringConstraints(max_length=80), AfterValidator(_beacon)]
