"""May this code be used now, at this till, for this much? Pure: the records lock the code, ask here, and write.

And which offer caused a purchase: one order, one credit.

In: a code as it stands and what the till asks. Out: how much of it is used and what is left; or why not, in words for whoever
stands at the till with a shopper before them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, Literal

from server.campaigns.coupon import Coupon, amount, milli
from server.campaigns.words import AllOf, Money, Phrases, Sentence, say

#: A till's clock may lag behind ours by this much, as it may run ahead: a code is used before it was given out by so much at most.
CLOCKS_APART: Final = timedelta(seconds=60)

Why = Literal[
    "unknown",
    "mistyped",
    "forged",
    "unclaimed",
    "too_early",
    "expired",
    "used",
    "wrong_shop",
    "minimum",
    "too_much",
    "nothing",
]

PHRASES: Phrases = {
    "en": {
        "unknown": "there is no code {code}",
        "mistyped": "the code {code} was mistyped: read it again",
        "forged": "this code was not signed by us",
        "unclaimed": "this offer gives a coupon that was not claimed yet: the shopper claims it in the app first",
        "too_early": "this coupon holds from {time} on",
        "not_given_yet": "this code was given out at {time} and cannot have been used before",
        "expired": "this coupon ended at {time}",
        "used": "this code was redeemed already, at {time}{till}{shop}",
        "used_up": "the whole value of this code was used, last at {time}{till}{shop}",
        "wrong_shop": "this coupon holds in {shops} only, not in {shop}",
        "no_shop": "this coupon holds in {shops} only, and the till did not say in which shop it is",
        "minimum": "this coupon holds for a purchase of {minimum} or more; this one is {paid}",
        "no_amount": "this coupon holds for a purchase of {minimum} or more, and the till did not say of how much this one is",
        "too_much": "{left} of this code is left, less than {asked}",
        "nothing": "the purchase is of nothing, and the till did not say how much of this code to use",
        "at_till": ", at till {till}",
        "in_shop": ", in {shop}",
        "money": "{amount} {currency}",
        "never_given": "no offer {offer} was ever given",
        "offer_used": "this offer was redeemed already, at {time}",
        "other_code": "a redemption {use} was told before, of another code",
        "no_use": "there is no redemption {use}",
        "offer_not_used": "offer {offer} was not redeemed",
    },
    "it": {
        "unknown": "non c'è un codice {code}",
        "mistyped": "il codice {code} è stato digitato male: rileggilo",
        "forged": "questo codice non è firmato da noi",
        "unclaimed": "questa offerta dà un buono che non è ancora stato ritirato: prima il cliente lo ritira nell'app",
        "too_early": "questo buono vale dal {time}",
        "not_given_yet": "questo codice è stato dato il {time} e non può essere stato usato prima",
        "expired": "questo buono è scaduto il {time}",
        "used": "questo codice è già stato usato, il {time}{till}{shop}",
        "used_up": "tutto il valore di questo codice è stato usato, l'ultima volta il {time}{till}{shop}",
        "wrong_shop": "questo buono vale solo in {shops}, non in {shop}",
        "no_shop": "questo buono vale solo in {shops}, e la cassa non ha detto in quale negozio si trova",
        "minimum": "questo buono vale per una spesa di almeno {minimum}; questa è di {paid}",
        "no_amount": "questo buono vale per una spesa di almeno {minimum}, e la cassa non ha detto di quanto è questa",
        "too_much": "di questo codice restano {left}, meno di {asked}",
        "nothing": "la spesa è di zero, e la cassa non ha detto quanto usare di questo codice",
        "at_till": ", alla cassa {till}",
        "in_shop": ", in {shop}",
        "money": "{amount} {currency}",
        "never_given": "nessuna offerta {offer} è mai stata data",
        "offer_used": "questa offerta è già stata usata, il {time}",
        "other_code": "un uso {use} è già stato comunicato, di un altro codice",
        "no_use": "non c'è un uso {use}",
        "offer_not_used": "l'offerta {offer} non è stata usata",
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
    """A code with what was done with it. Money in thousandths; times aware UTC. `given_at`: since when anybody can have had it."""

    coupon: Coupon
    starts_at: datetime | None
    ends_at: datetime | None
    used: int
    spent_milli: int
    last_use: Use | None = None
    given_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a till asks. `paid_milli` is the purchase, `spend_milli` the part of a value coupon that is to be used.

    Without `spend_milli` all that is left is used, as far as the purchase goes. Times are told by `clock`: the shop's.
    """

    at: datetime
    shop: str | None = None
    paid_milli: int | None = None
    spend_milli: int | None = None
    clock: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class Redeemable:
    """It may be used: so much of its value goes, so much is left (None: it has no value that is used up)."""

    spend_milli: int
    left_milli: int | None


@dataclass(frozen=True, slots=True)
class Refused:
    """It may not. `words` are for the till's display."""

    why: Why
    words: Sentence


def judged(code: CodeAsItStands, asked: Asked) -> Redeemable | Refused:
    """Whether the code may be used as asked. Used comes first: it is what tills must know of."""
    return _used(code, asked) or _untimely(code, asked) or _elsewhere(code, asked) or _valued(code, asked)


def spoken_instant(at: datetime, clock: tzinfo = UTC) -> str:
    """`2026-11-22 09:06:13 Europe/Rome`: to the second and with whose clock it is, the same in all our languages."""
    return f"{at.astimezone(clock):%Y-%m-%d %H:%M:%S} {clock}"


def _used(code: CodeAsItStands, asked: Asked) -> Refused | None:
    last = code.last_use
    facts: dict[str, object] = {"time": spoken_instant(last.at, asked.clock) if last else "?"}
    facts["till"] = say(PHRASES, "at_till", till=last.till) if last and last.till else ""
    facts["shop"] = say(PHRASES, "in_shop", shop=last.shop) if last and last.shop else ""
    if code.coupon.most_uses is not None and code.used >= code.coupon.most_uses:
        return Refused("used", say(PHRASES, "used", **facts))
    if code.coupon.worth is not None and code.used and _left(code) == 0:
        return Refused("used", say(PHRASES, "used_up", **facts))
    return None


def _untimely(code: CodeAsItStands, asked: Asked) -> Refused | None:
    if code.given_at and asked.at < code.given_at - CLOCKS_APART:
        given = spoken_instant(code.given_at, asked.clock)
        return Refused("too_early", say(PHRASES, "not_given_yet", time=given))
    if code.starts_at and asked.at < code.starts_at:
        return Refused(
            "too_early", say(PHRASES, "too_early", time=spoken_instant(code.starts_at, asked.clock))
        )
    if code.ends_at and asked.at >= code.ends_at:
        return Refused("expired", say(PHRASES, "expired", time=spoken_instant(code.ends_at, asked.clock)))
    return None


def _elsewhere(code: CodeAsItStands, asked: Asked) -> Refused | None:
    shops = code.coupon.shops
    if not shops or asked.shop in shops:
        return None
    told = AllOf(shops)
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
    if left and not spend:  # else a code could be used for ever, and each time its offer would count
        return Refused("nothing", say(PHRASES, "nothing"))
    return Redeemable(spend, left - spend)


def _left(code: CodeAsItStands) -> int:
    return milli(code.coupon.worth or 0) - code.spent_milli


def _money(coupon: Coupon, thousandths: int) -> Sentence | Money:
    plain = Money(amount(thousandths))
    return say(PHRASES, "money", amount=plain, currency=coupon.currency) if coupon.currency else plain


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
