"""What follows an offer: at most a few steps, as data on the campaign, each through the same gates as the offer itself.

In: an offer that was sent. Out: the steps that wait for what happens to it; and of a step that is due, the campaign that it is then, or
why it is silent: what it waited for did not happen, or what it would remind of did.

A step stands in nobody's way but its own: it is not counted as another issue of the stock, its own campaign's caps do not count the offer
that it follows, and it never waits. Whoever is held out has no journey: the effect that is measured is that of the whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from server.campaigns.campaign import Campaign, FollowUp
from server.campaigns.decision import Send
from server.campaigns.moment import Held, Moment
from server.campaigns.words import Phrases, Sentence, say
from server.zones.naming import derived_id

PHRASES: Phrases = {
    "en": {
        "opened": "the offer was opened",
        "redeemed": "the offer was redeemed",
        "away": "the shopper did not come back within {within}",
        "unused": "the offer was not redeemed within {within}",
        "gone": "the campaign has no such follow-up any more",
        "left": "the shopper has left the shop",
    },
    "it": {
        "opened": "l'offerta è stata aperta",
        "redeemed": "l'offerta è stata usata",
        "away": "il cliente non è tornato entro {within}",
        "unused": "l'offerta non è stata usata entro {within}",
        "gone": "la campagna non ha più questo seguito",
        "left": "il cliente ha lasciato il negozio",
    },
}


@dataclass(frozen=True, slots=True)
class Step:
    """A step that waits for what happens to an offer: until `due_at` (aware UTC), or until something wakes it before."""

    id: str
    send: Send
    number: int
    when: str
    due_at: datetime


def steps_after(campaign: Campaign, send: Send) -> Iterator[Step]:
    """The steps that wait once an offer is sent; none after a step."""
    if send.step:
        return
    for number, follow_up in enumerate(campaign.follow_ups, start=1):
        step = derived_id("fu", send.offer_id, number)
        yield Step(step, send, number, follow_up.when, send.decided_at + follow_up.after)


def as_step(campaign: Campaign, number: int) -> Campaign:
    """The campaign as it is in this step: with the step's own channels and offer, without what only the offer itself has."""
    follow_up = _follow_up(campaign, number)
    return campaign.model_copy(
        update={
            "channels": follow_up.channels if follow_up else campaign.channels,
            "offer": (follow_up.offer if follow_up else None) or campaign.offer,
            "conditions": tuple(each for each in campaign.conditions if "issued" not in each.needs),
            "variants": (),
            "hold": None,
            "hold_out": 0.0,
            "one_a_visit": False,
        }
    )


def without_its_offer(moment: Moment, held: Held) -> Moment:
    """The moment as a step sees it: the offer that it follows is not in its way."""
    if moment.shopper is None:
        return moment
    others = tuple(
        offer
        for offer in moment.shopper.sent
        if not (offer.campaign == held.campaign and offer.visit == held.visit)
    )
    return replace(moment, shopper=replace(moment.shopper, sent=others))


def objection(campaign: Campaign, moment: Moment) -> Sentence | None:
    """Why a step that is due must be silent, or None; None too for what is no step."""
    held = moment.held[0] if moment.held else None
    if held is None or not held.step:
        return None
    follow_up = _follow_up(campaign, held.step)
    if follow_up is None:
        return say(PHRASES, "gone")
    if follow_up.when == "redeemed":
        return None if held.redeemed else say(PHRASES, "unused", within=follow_up.after)
    if held.redeemed or (held.opened and follow_up.when == "not_opened"):
        return say(PHRASES, "redeemed" if held.redeemed else "opened")
    if follow_up.when == "left_without_redeeming" and not held.woken:
        return say(PHRASES, "away", within=follow_up.after)
    here = moment.shopper.here if moment.shopper else {}
    return None if {moment.zone.id, moment.zone.site} & here.keys() else say(PHRASES, "left")


def _follow_up(campaign: Campaign, number: int) -> FollowUp | None:
    return campaign.follow_ups[number - 1] if number <= len(campaign.follow_ups) else None
