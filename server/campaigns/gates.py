"""What every campaign must pass before its own conditions are asked: nobody can leave these out of a campaign.

In: a campaign and the moment as it sees it. Out: objections. Two rows of gates: where one of the FIRST objects nothing else is
looked at, since without consent we may not look further, and for a stranger or for history there is nothing to say.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from server.campaigns import journey
from server.campaigns.campaign import Campaign
from server.campaigns.channels import PURPOSES, agreed, open_to
from server.campaigns.conditions.consent import Consent
from server.campaigns.conditions.sensitive_place import SensitivePlace
from server.campaigns.decision import on
from server.campaigns.moment import Moment, SentOffer
from server.campaigns.words import AllOf, Phrases, say
from server.presence.visit import ZoneEvent

PHRASES: Phrases = {
    "en": {
        "stranger": "we do not know whose device this is",
        "none_agreed": "the shopper has agreed to none of {purposes}",
        "old": "heard {age} ago, and after {limit} it is history",
        "late": "heard late, after newer news of this device: it is history",
        "over": "the offer ended on {day} at {time}",
        "unreachable": "the shopper has no device that can receive messages",
        "no_address": "the shopper has no address for {channels}",
        "quiet": "the shopper's quiet hours until {end}",
        "once": "already given in this visit, at {time}",
        "other_device": "already given for the same stay, heard on another device of this shopper",
        "won_elsewhere": "lost to '{winner}', which had this moment when another device of this shopper was heard",
        "one_a_visit": "'{winner}' has spoken in this visit to the shop, at {time}, and one of these a visit is enough",
        "left": "waited since {since}, and the shopper has left '{zone}' meanwhile",
        "closed": "waited since {since}, and '{zone}' is closed now",
    },
    "it": {
        "stranger": "non sappiamo di chi sia questo dispositivo",
        "none_agreed": "il cliente non ha acconsentito a nessuno di questi: {purposes}",
        "old": "sentito {age} fa, e dopo {limit} è storia",
        "late": "sentito in ritardo, dopo notizie più recenti di questo dispositivo: è storia",
        "over": "l'offerta è finita il {day} alle {time}",
        "unreachable": "il cliente non ha un dispositivo che riceva messaggi",
        "no_address": "il cliente non ha un indirizzo per {channels}",
        "quiet": "ore di quiete del cliente fino alle {end}",
        "once": "già data in questa visita, alle {time}",
        "other_device": "già data per la stessa permanenza, sentita su un altro dispositivo del cliente",
        "won_elsewhere": "ha perso contro '{winner}', che ha avuto questo momento quando si è sentito un altro dispositivo del cliente",
        "one_a_visit": "'{winner}' ha già parlato in questa visita al negozio, alle {time}, e una così a visita basta",
        "left": "ha atteso dalle {since}, e intanto il cliente ha lasciato '{zone}'",
        "closed": "ha atteso dalle {since}, e adesso '{zone}' è chiuso",
    },
}

#: Two devices of one shopper that tell of the same kind of event in two zones of a shop within this time tell of one moment: both
#: crossed one threshold, and one sees the shop where the other sees the shelf. Nobody walks from the door to a shelf sooner.
ONE_MOMENT = timedelta(seconds=10)


def _never(_: Campaign, __: Moment) -> datetime | None:
    return None


@dataclass(frozen=True, slots=True)
class Gate:
    """`kind` names it in the decision's reasons. `holds_until`: when (UTC) it would let the campaign pass, where it is the hour."""

    kind: str
    objection: Callable[[Campaign, Moment], str | None]
    holds_until: Callable[[Campaign, Moment], datetime | None] = _never


def _shopper_known(_: Campaign, moment: Moment) -> str | None:
    return None if moment.shopper else say(PHRASES, "stranger")


def _no_sensitive_place(_: Campaign, moment: Moment) -> str | None:
    return SensitivePlace().objection(moment)


def _location_agreed(_: Campaign, moment: Moment) -> str | None:
    return Consent(purpose="location").objection(moment) if moment.shopper else None


def _some_channel_agreed(campaign: Campaign, moment: Moment) -> str | None:
    """One channel that the shopper allows is enough; the others are left out of the order."""
    if moment.shopper is None or agreed(campaign.channels, moment):
        return None
    purposes = list(dict.fromkeys(PURPOSES[channel] for channel in campaign.channels))
    if len(purposes) == 1:
        return Consent(purpose=purposes[0]).objection(moment)
    asked = [Consent(purpose=purpose).say(purpose) for purpose in purposes]
    return say(PHRASES, "none_agreed", purposes=AllOf(asked))


def _fresh(_: Campaign, moment: Moment) -> str | None:
    """Late evidence makes history, never messages."""
    if moment.age_s > moment.freshness_limit_s:
        age, limit = timedelta(seconds=moment.age_s), timedelta(seconds=moment.freshness_limit_s)
        return say(PHRASES, "old", age=age, limit=limit)
    return say(PHRASES, "late") if moment.event.late else None


def _offer_alive(campaign: Campaign, moment: Moment) -> str | None:
    """All variants must be: one that is over would leave its group out of the comparison."""
    ends_at = min(offer.ends(moment.now) for offer in campaign.offers)
    if ends_at > moment.now:
        return None
    local = ends_at.astimezone(moment.zone.time_zone)
    return say(PHRASES, "over", day=local.date(), time=_to_the_minute(local))


def _reachable(campaign: Campaign, moment: Moment) -> str | None:
    if open_to(campaign.channels, moment):
        return None
    if campaign.channels == ("fcm",):
        return say(PHRASES, "unreachable")
    return say(PHRASES, "no_address", channels=AllOf(agreed(campaign.channels, moment)))


def _not_in_their_quiet_hours(_: Campaign, moment: Moment) -> str | None:
    quiet = moment.shopper.quiet_hours if moment.shopper else None
    if quiet and quiet.holds(moment.local_time("shopper")):
        return say(PHRASES, "quiet", end=quiet.end)
    return None


def _until_their_quiet_hours_end(_: Campaign, moment: Moment) -> datetime | None:
    quiet = moment.shopper.quiet_hours if moment.shopper else None
    return quiet.ends_after(moment.local_time("shopper")) if quiet else None


def _once_a_visit(campaign: Campaign, moment: Moment) -> str | None:
    for offer in _sent_of(campaign, moment):
        if offer.visit == moment.event.visit:
            return say(PHRASES, "once", time=_by_the_shops_clock(offer.at, moment))
    return None


def _once_a_stay_of_all_devices(campaign: Campaign, moment: Moment) -> str | None:
    """A phone and a fob in one pocket open two visits, but it is one shopper who came once."""
    if any(_of_the_same_stay(offer, moment.event) for offer in _sent_of(campaign, moment)):
        return say(PHRASES, "other_device")
    return None


def _one_winner_over_all_devices(campaign: Campaign, moment: Moment) -> str | None:
    """The second phone's news of the same moment gives no second winner, however much later it comes."""
    sent = moment.shopper.sent if moment.shopper and not moment.held else ()
    for offer in sent:
        if offer.campaign == campaign.id or offer.on != on(moment.event) or offer.step:
            continue
        if _of_the_same_stay(offer, moment.event) or _at_the_same_time(offer, moment):
            return say(PHRASES, "won_elsewhere", winner=offer.campaign)
    return None


def _one_winner_a_visit(campaign: Campaign, moment: Moment) -> str | None:
    """Of the campaigns that say so one speaks in a visit to the shop: from coming in by any door of it to leaving it."""
    if not campaign.one_a_visit or moment.shopper is None:
        return None
    shop = moment.zone.shop
    came_at = min(moment.shopper.here.get(shop, moment.event.entered_at), moment.event.entered_at)
    for offer in moment.shopper.sent:
        here = (offer.site or offer.zone) == shop
        if offer.one_a_visit and here and offer.at >= came_at and offer.campaign != campaign.id:
            return say(
                PHRASES, "one_a_visit", winner=offer.campaign, time=_by_the_shops_clock(offer.at, moment)
            )
    return None


def _still_there(_: Campaign, moment: Moment) -> str | None:
    """Who was held is spoken to where they still are; whoever was left or left behind is not there by any device."""
    if not moment.held or moment.held[0].step or moment.event.kind == "exited":
        return None
    if moment.shopper and moment.zone.id in moment.shopper.here:
        return None
    return say(
        PHRASES, "left", zone=moment.zone.name, since=_by_the_shops_clock(moment.held[0].since, moment)
    )


def _still_open(_: Campaign, moment: Moment) -> str | None:
    if moment.held and moment.zone.open is False:
        since = _by_the_shops_clock(moment.held[0].since, moment)
        return say(PHRASES, "closed", zone=moment.zone.name, since=since)
    return None


def _sent_of(campaign: Campaign, moment: Moment) -> Iterable[SentOffer]:
    sent = moment.shopper.sent if moment.shopper else ()
    return (offer for offer in sent if offer.campaign == campaign.id and not offer.step)


def _of_the_same_stay(offer: SentOffer, event: ZoneEvent) -> bool:
    """Whether it was given to another device for a stay in the same zone that overlaps the event's."""
    elsewhere = offer.zone != event.zone or offer.device == event.device
    before = offer.exited_at is not None and offer.exited_at < event.entered_at
    after = offer.entered_at > event.at
    return not (elsewhere or before or after)


def _at_the_same_time(offer: SentOffer, moment: Moment) -> bool:
    """Whether it was given for what another device told of the same shop at about the same time."""
    if offer.happened_at is None or offer.device == moment.device.id:
        return False
    here = (offer.site or offer.zone) == moment.zone.shop
    return here and abs(moment.event.at - offer.happened_at) <= ONE_MOMENT


def _by_the_shops_clock(at: datetime, moment: Moment) -> time:
    return _to_the_minute(at.astimezone(moment.zone.time_zone))


def _to_the_minute(local: datetime) -> time:
    return local.time().replace(second=0, microsecond=0)


FIRST: tuple[Gate, ...] = (
    Gate("shopper_known", _shopper_known),
    Gate("sensitive_place", _no_sensitive_place),
    Gate("consent", _location_agreed),
    Gate("consent", _some_channel_agreed),
    Gate("freshness", _fresh),
)

THEN: tuple[Gate, ...] = (
    Gate("still_there", _still_there),
    Gate("still_open", _still_open),
    Gate("journey", journey.objection),
    Gate("offer_life", _offer_alive),
    Gate("reachable", _reachable),
    Gate("shopper_quiet_hours", _not_in_their_quiet_hours, _until_their_quiet_hours_end),
    Gate("once_a_visit", _once_a_visit),
    Gate("other_device", _once_a_stay_of_all_devices),
    Gate("arbitration", _one_winner_over_all_devices),
    Gate("one_a_visit", _one_winner_a_visit),
)
