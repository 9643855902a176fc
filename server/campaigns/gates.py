"""What every campaign must pass before its own conditions are asked: nobody can leave these out of a campaign.

In: a campaign and the moment as it sees it. Out: objections. Two rows of gates: where one of the FIRST objects nothing else is
looked at, since without consent we may not look further, and for a stranger or for history there is nothing to say.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from server.campaigns.campaign import Campaign
from server.campaigns.conditions.consent import Consent
from server.campaigns.moment import Moment, SentOffer
from server.campaigns.words import Phrases, say, spoken_day, spoken_span, spoken_time

PHRASES: Phrases = {
    "en": {
        "stranger": "we do not know whose device this is",
        "old": "heard {age} ago, and after {limit} it is history",
        "late": "heard late, after newer news of this device: it is history",
        "over": "the offer ended on {day} at {time}",
        "unreachable": "the shopper has no device that can receive messages",
        "quiet": "the shopper's quiet hours until {end}",
        "once": "already given in this visit, at {time}",
        "other_device": "already given for the same stay, heard on another device of this shopper",
    }
}


@dataclass(frozen=True, slots=True)
class Gate:
    """`kind` names it in the decision's reasons."""

    kind: str
    objection: Callable[[Campaign, Moment], str | None]


def _shopper_known(_: Campaign, moment: Moment) -> str | None:
    return None if moment.shopper else say(PHRASES, "stranger")


def _location_agreed(_: Campaign, moment: Moment) -> str | None:
    return Consent(purpose="location").objection(moment) if moment.shopper else None


def _push_agreed(_: Campaign, moment: Moment) -> str | None:
    return Consent(purpose="push").objection(moment) if moment.shopper else None


def _fresh(_: Campaign, moment: Moment) -> str | None:
    """Late evidence makes history, never messages."""
    if moment.age_s > moment.freshness_limit_s:
        age, limit = timedelta(seconds=moment.age_s), timedelta(seconds=moment.freshness_limit_s)
        return say(PHRASES, "old", age=spoken_span(age), limit=spoken_span(limit))
    return say(PHRASES, "late") if moment.event.late else None


def _offer_alive(campaign: Campaign, moment: Moment) -> str | None:
    ends_at = campaign.offer.ends(moment.now)
    if ends_at > moment.now:
        return None
    local = ends_at.astimezone(moment.zone.time_zone)
    return say(PHRASES, "over", day=spoken_day(local), time=spoken_time(local))


def _reachable(_: Campaign, moment: Moment) -> str | None:
    reachable = moment.device.has_address or (moment.shopper is not None and moment.shopper.reachable)
    return None if reachable else say(PHRASES, "unreachable")


def _not_in_their_quiet_hours(_: Campaign, moment: Moment) -> str | None:
    quiet = moment.shopper.quiet_hours if moment.shopper else None
    if quiet and quiet.holds(moment.local_time("shopper")):
        return say(PHRASES, "quiet", end=spoken_time(quiet.end))
    return None


def _once_a_visit(campaign: Campaign, moment: Moment) -> str | None:
    for offer in _sent_of(campaign, moment):
        if offer.visit == moment.event.visit:
            return say(PHRASES, "once", time=spoken_time(offer.at.astimezone(moment.zone.time_zone)))
    return None


def _once_a_stay_of_all_devices(campaign: Campaign, moment: Moment) -> str | None:
    """A phone and a fob in one pocket open two visits, but it is one shopper who came once."""
    event = moment.event
    for offer in _sent_of(campaign, moment):
        elsewhere = offer.zone != event.zone or offer.device == event.device
        before = offer.exited_at is not None and offer.exited_at < event.entered_at
        after = offer.entered_at > event.at
        if not (elsewhere or before or after):
            return say(PHRASES, "other_device")
    return None


def _sent_of(campaign: Campaign, moment: Moment) -> tuple[SentOffer, ...]:
    sent = moment.shopper.sent if moment.shopper else ()
    return tuple(offer for offer in sent if offer.campaign == campaign.id)


FIRST: tuple[Gate, ...] = (
    Gate("shopper_known", _shopper_known),
    Gate("consent", _location_agreed),
    Gate("consent", _push_agreed),
    Gate("freshness", _fresh),
)

THEN: tuple[Gate, ...] = (
    Gate("offer_life", _offer_alive),
    Gate("reachable", _reachable),
    Gate("shopper_quiet_hours", _not_in_their_quiet_hours),
    Gate("once_a_visit", _once_a_visit),
    Gate("other_device", _once_a_stay_of_all_devices),
)
