"""May this code be used now, at this till, for this much? Pure: the records lock the code, ask here, and write.

And which offer caused a purchase: one order, one credit.

In: a code as it stands and what the till asks. Out: how much of it is used and what is left; or why not, in words for whoever
stands at the till with a shopper before them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from server.campaigns.coupon import Coupon, amount, milli
from server.campaigns.words import Phrases, say, spoken_list

Why = Literal[
    "unknown", "mistyped", "forged", "too_early", "expired", "used", "wrong_shop", "minimum", "too_much"
]

PHRASES: Phrases = {
    "en": {
        "unknown": "there is no code {code}",
        "mistyped": "the code {code} was mistyped: read it again",
        "forged": "this code was not signed by us",
        "too_early": "this coupon holds from {time} on",
        "expired": "this coupon ended at {time}",
        "used": "this code was redeemed already, at {time}{where}",
        "used_up": "the whole value of this code was used, last at {time}{where}",
        "wrong_shop": "this coupon holds in {shops} only, not in {shop}",
        "no_shop": "this coupon holds in {shops} only, and the till did not say in which shop it is",
        "minimum": "this coupon holds for a purchase of {minimum} or more; this one is {paid}",
        "no_amount": "this coupon holds for a purchase of {minimum} or more, and the till did not say of how much this one is",
        "too_much": "{left} of this code is left, less than {asked}",
        "at_till": ", at till {till}",
        "in_shop": ", in {shop}",
    },
    "it": {
        "unknown": "non c'è un codice {code}",
        "mistyped": "il codice {code} è stato digitato male: rileggilo",
        "forged": "questo codice non è firmato da noi",
        "too_early": "questo buono vale dal {time}",
        "expired": "questo buono è scaduto il {time}",
        "used": "questo codice è già stato usato, il {time}{where}",
        "used_up": "tutto il valore di questo codice è stato usato, l'ultima volta il {time}{where}",
        "wrong_shop": "questo buono vale solo in {shops}, non in {shop}",
        "no_shop": "questo buono vale solo in {shops}, e la cassa non ha detto in quale negozio si trova",
        "minimum": "questo buono vale per una spesa di almeno {minimum}; questa è di {paid}",
        "no_amount": "questo buono vale per una spesa di almeno {minimum}, e la cassa non ha detto di quanto è questa",
        "too_much": "di questo codice restano {left}, meno di {asked}",
        "at_till": ", alla cassa {till}",
        "in_shop": ", in {shop}",
    },
}


@dataclass(frozen=True, slots=True)
class Use:
    """When and where a code was used before."""

    at: datetime
    till: str | None = None
    shop: str | None = None


@dataclass(frozen=True, slots=True)
class CodeAsItStands:
    """A code with what was done with it. Money in thousandths; times aware UTC."""

    coupon: Coupon
    starts_at: datetime | None
    ends_at: datetime | None
    used: int
    spent_milli: int
    last_use: Use | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a till asks. `paid_milli` is the purchase, `spend_milli` the part of a value coupon that is to be used.

    Without `spend_milli` all that is left is used, as far as the purchase goes.
    """

    at: datetime
    shop: str | None = None
    paid_milli: int | None = None
    spend_milli: int | None = None


@dataclass(frozen=True, slots=True)
class Redeemable:
    """It may be used: so much of its value goes, so much is left (None: it has no value that is used up)."""

    spend_milli: int
    left_milli: int | None


@dataclass(frozen=True, slots=True)
class Refused:
    """It may not. `words` are for the till's display."""

    why: Why
    words: str


def judged(code: CodeAsItStands, asked: Asked) -> Redeemable | Refused:
    """Whether the code may be used as asked. Used comes first: it is what tills must know of."""
    return _used(code) or _untimely(code, asked) or _elsewhere(code, asked) or _valued(code, asked)


def spoken_use(use: Use) -> str:
    """`2026-06-10 12:00:00 UTC, at till 3, in brera`."""
    return f"{spoken_instant(use.at)}{_where(use)}"


def spoken_instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _used(code: CodeAsItStands) -> Refused | None:
    last = code.last_use
    facts = {"time": spoken_instant(last.at) if last else "?", "where": _where(last) if last else ""}
    if code.coupon.most_uses is not None and code.used >= code.coupon.most_uses:
        return Refused("used", say(PHRASES, "used", **facts))
    if code.coupon.worth is not None and code.used and _left(code) == 0:
        return Refused("used", say(PHRASES, "used_up", **facts))
    return None


def _untimely(code: CodeAsItStands, asked: Asked) -> Refused | None:
    if code.starts_at and asked.at < code.starts_at:
        return Refused("too_early", say(PHRASES, "too_early", time=spoken_instant(code.starts_at)))
    if code.ends_at and asked.at >= code.ends_at:
        return Refused("expired", say(PHRASES, "expired", time=spoken_instant(code.ends_at)))
    return None


def _elsewhere(code: CodeAsItStands, asked: Asked) -> Refused | None:
    shops = code.coupon.shops
    if not shops or asked.shop in shops:
        return None
    told = spoken_list(shops)
    if asked.shop is None:
        return Refused("wrong_shop", say(PHRASES, "no_shop", shops=told))
    return Refused("wrong_shop", say(PHRASES, "wrong_shop", shops=told, shop=asked.shop))


def _valued(code: CodeAsItStands, asked: Asked) -> Redeemable | Refused:
    coupon = code.coupon
    if coupon.minimum:
        least = _money(coupon, milli(coupon.minimum))
        if asked.paid_milli is None:
            return Refused("minimum", say(PHRASES, "no_amount", minimum=least))
        if asked.paid_milli < milli(coupon.minimum):
            paid = _money(coupon, asked.paid_milli)
            return Refused("minimum", say(PHRASES, "minimum", minimum=least, paid=paid))
    if coupon.worth is None:
        return Redeemable(0, None)
    left = _left(code)
    spend = min(left, left if asked.paid_milli is None else asked.paid_milli)
    spend = spend if asked.spend_milli is None else asked.spend_milli
    if spend > left:
        return Refused(
            "too_much", say(PHRASES, "too_much", left=_money(coupon, left), asked=_money(coupon, spend))
        )
    return Redeemable(spend, left - spend)


def _left(code: CodeAsItStands) -> int:
    return milli(code.coupon.worth or 0) - code.spent_milli


def _money(coupon: Coupon, thousandths: int) -> str:
    return f"{amount(thousandths):.2f}" + (f" {coupon.currency}" if coupon.currency else "")


def _where(use: Use) -> str:
    till = say(PHRASES, "at_till", till=use.till) if use.till else ""
    return till + (say(PHRASES, "in_shop", shop=use.shop) if use.shop else "")


@dataclass(frozen=True, slots=True)
class GivenOffer:
    """An offer that a shopper was given, and how long after it a purchase may be its doing."""

    id: str
    campaign: str
    at: datetime
    window_s: float


def cause_of(purchased_at: datetime, offers: Iterable[GivenOffer]) -> GivenOffer | None:
    """The last offer that could have caused the purchase within its window; of two at once the greater id, always the same."""
    within = [
        offer
        for offer in offers
        if timedelta() <= purchased_at - offer.at <= timedelta(seconds=offer.window_s)
    ]
    return max(within, key=lambda offer: (offer.at, offer.id), default=None)
