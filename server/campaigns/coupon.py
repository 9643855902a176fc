"""Coupons: what a code is worth, to whom and until when; and codes that survive being read out at a till.

In: a coupon's document; letters drawn elsewhere. Out: a frozen value; codes with a character that tells a slip of the pen.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from server.campaigns.actions.claim_coupon import CouponId

#: No 0 O 1 I L, which people mix up. 31 of them, a prime: so the check finds every wrong character and every two that swapped.
ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
#: 31^11 codes: who guesses a billion times meets one of a million claimed ones with a chance of 4 in 100.
LETTERS: Final = 11
_GROUP: Final = 4

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{1,38}[A-Za-z0-9]$")]
Amount = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]

_MILLI: Final = 1000
#: Adding up a basket in binary fractions errs by less than this, and nobody means so little money.
_DUST: Final = 1e-6


class Coupon(BaseModel):
    """What a code gives. `codes`: made one by one ("generated"), brought by the shop ("pool"), or one for all ("shared").

    `stock` is how many may be claimed (none: any number), `per_person` by one shopper, `uses` how often one code may be used
    (a shared code: any number unless said). `worth` makes it a value coupon, which may be used in parts. Below the `minimum`
    that is bought it does not hold. `shops` are site ids; none: all. It holds from `starts_at` to `ends_at`, and `life_s`
    seconds from its claim.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: CouponId
    name: str = Field(min_length=1, max_length=200)
    codes: Literal["generated", "pool", "shared"] = "generated"
    code: Code | None = None
    stock: int | None = Field(default=None, ge=0, le=100_000_000)
    per_person: int = Field(default=1, ge=1, le=1000)
    uses: int | None = Field(default=None, ge=1, le=100_000_000)
    worth: Amount | None = None
    minimum: Amount | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    shops: tuple[str, ...] = Field(default=(), max_length=200)
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    life_s: float | None = Field(default=None, gt=0, le=10 * 365 * 86_400)

    @field_validator("starts_at", "ends_at")
    @classmethod
    def _in_our_time(cls, at: datetime | None) -> datetime | None:
        if at and not 2000 <= at.year < 2200:
            raise ValueError("must lie between 2000 and 2200")
        return at.astimezone(UTC) if at else None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.codes == "shared") != (self.code is not None):
            raise ValueError("give the `code` of a shared coupon, and of no other")
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValueError("it ends before it starts")
        if self.codes == "shared" and self.worth is not None:
            raise ValueError("a value that is used up in parts needs a code of its own for each shopper")
        return self

    @property
    def most_uses(self) -> int | None:
        """How often one code may be used; None: any number. A value coupon: until its value is used up."""
        if self.uses is not None or self.codes == "shared" or self.worth is not None:
            return self.uses
        return 1

    def holds_until(self, claimed_at: datetime) -> datetime | None:
        """The end of a code claimed at this time (aware UTC); None: it has none."""
        ends = [self.ends_at] if self.ends_at else []
        if self.life_s is not None:
            ends.append(claimed_at + timedelta(seconds=self.life_s))
        return min(ends, default=None)


def milli(amount: float) -> int:
    """An amount of money in thousandths, to be added up exactly."""
    return round(amount * _MILLI)


def in_thousandths(amount: float) -> float:
    """The amount, rid of what computing left behind (0.1 + 0.2). ValueError for one finer than a thousandth: it would be another's."""
    exact = round(amount, 3)
    if abs(amount - exact) > _DUST:
        raise ValueError("must have at most three decimals")
    return exact


def amount(thousandths: int) -> float:
    return thousandths / _MILLI


def normal(code: str) -> str:
    """A code as it is compared: capitals, without spaces and hyphens."""
    return "".join(code.upper().replace("-", "").split())


def code_of(letters: str) -> str:
    """The letters with their check character. `letters` are LETTERS of ALPHABET."""
    return letters + ALPHABET[-_weight(letters) * _inverse(len(letters) + 1) % len(ALPHABET)]


def shown(code: str) -> str:
    """In groups of four, as people read out: K7QX-2MPA-9TRB."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def is_mistyped(code: str) -> bool:
    """Whether a normal code looks like one of our making, and cannot be one: somebody read or typed it wrongly."""
    ours = len(code) == LETTERS + 1 and set(code) <= set(ALPHABET)
    return ours and _weight(code) != 0


def _weight(code: str) -> int:
    """The sum of places times values, modulo 31: 0 for a whole code (as ISBN-10's check, which is modulo 11)."""
    return sum(place * ALPHABET.index(letter) for place, letter in enumerate(code, 1)) % len(ALPHABET)


def _inverse(place: int) -> int:
    return pow(place, -1, len(ALPHABET))
