"""What one shopper reads: an offer's texts with their fields filled in, or why they cannot be written for this shopper.

In: an offer and the facts of the moment. Out: the text in the shopper's language; or a reason in a shop manager's words, which
makes the decision a silence. Nobody ever reads "Hello {{": a field that is missing has a default, or stops the send.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias
from unicodedata import category

from server.campaigns.moment import Moment
from server.campaigns.offer import LONGEST_BODY, LONGEST_TITLE, Offer, OfferText
from server.campaigns.template import BadTemplate, Unwritable, fill
from server.campaigns.words import Phrases, say

#: `shopper.first_name` and its like, by the name before the dot (template.ROOTS).
Facts: TypeAlias = Mapping[str, Mapping[str, object]]

#: FCM takes 4,096 bytes; web push promises as many (RFC 8030, 7.2).
LONGEST_MESSAGE_BYTES: Final = 4096
#: What the sender adds: the offer's, visit's and campaign's ids and the end, with their names, and the JSON round them.
_OURS_BYTES: Final = 400

#: Unicode's categories of control characters and of halves of pairs, which no message can carry.
_UNSEEN: Final = frozenset({"Cc", "Cs"})

PHRASES: Phrases = {
    "en": {
        "field": "the {part} ({language}) needs {field}, which is not known here: give it a default, as in "
        "{{{{ {field} | default: '...' }}}}",
        "broken": "the {part} ({language}) cannot be written: {why}",
        "empty": "the {part} ({language}) is empty for this shopper",
        "long": "the {part} ({language}) has {length} characters for this shopper, {most} at most",
        "heavy": "the message has {bytes} bytes for this shopper, and phones take {most}: shorten the texts, the links or the data",
    },
    "it": {
        "field": "nel testo '{part}' ({language}) serve {field}, che qui non è noto: dagli un valore di riserva, come "
        "{{{{ {field} | default: '...' }}}}",
        "broken": "il testo '{part}' ({language}) non si può scrivere: {why}",
        "empty": "il testo '{part}' ({language}) è vuoto per questa persona",
        "long": "il testo '{part}' ({language}) ha {length} caratteri per questa persona, al massimo {most}",
        "heavy": "il messaggio ha {bytes} byte per questa persona, e i telefoni ne accettano {most}: accorcia i testi, i link o i dati",
    },
}


@dataclass(frozen=True, slots=True)
class NotWritten:
    """The texts cannot be written for this shopper at this moment."""

    reason: str


def written(offer: Offer, facts: Facts, *languages: str | None) -> OfferText | NotWritten:
    """The text in the first of these languages that there is, with its fields filled in. Never raises, never runs long."""
    text = offer.text_for(*languages)
    parts = {
        "title": _part("title", text.title, text.language, facts, LONGEST_TITLE),
        "body": _part("body", text.body, text.language, facts, LONGEST_BODY),
    }
    for part in parts.values():
        if isinstance(part, NotWritten):
            return part
    done = OfferText(text.language, str(parts["title"]), str(parts["body"]))
    weight = message_bytes(offer, done)
    if weight > LONGEST_MESSAGE_BYTES:
        return NotWritten(say(PHRASES, "heavy", bytes=weight, most=LONGEST_MESSAGE_BYTES))
    return done


def message_bytes(offer: Offer, text: OfferText) -> int:
    """How many bytes a message with this text has, written as JSON and reckoned generously."""
    notification = {"title": text.title, "body": text.body, "image": offer.image}
    message = {"notification": notification, "data": offer.told(text.language)}
    return len(json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")) + _OURS_BYTES


def facts_of(moment: Moment, offer_id: str, offer: Offer, ends_at: datetime) -> Facts:
    """All that texts may name, of a moment. Times are by the shop's clock; what is not known is left out.

    A shopper's attributes are named like fields of theirs: `shopper.first_name`, where the shop keeps one.
    """
    zone, event, shopper = moment.zone, moment.event, moment.shopper
    here = zone.time_zone
    about: dict[str, object] = {}
    if shopper is not None:
        about = {**shopper.attributes, "language": shopper.language, "tags": sorted(shopper.tags)}
    return {
        "shopper": about,
        "visit": {
            "entered_at": event.entered_at.astimezone(here),
            "minutes": int((moment.now - event.entered_at).total_seconds() // 60),
        },
        "zone": {"id": zone.id, "name": zone.name, "level": zone.level, "groups": sorted(zone.groups)},
        "shop": {
            "id": zone.site,
            "name": zone.name if zone.level == "site" else zone.shop_name,
            "now": moment.now.astimezone(here),
        },
        "offer": {
            "id": offer_id,
            "url": offer.url,
            "coupon": offer.coupon,
            "ends_at": ends_at.astimezone(here),
            "until": ends_at.astimezone(here).strftime("%H:%M"),
        },
    }


def _part(part: str, template: str, language: str, facts: Facts, longest: int) -> str | NotWritten:
    told = {"part": part, "language": language}
    try:
        text = fill(template, facts)
    except Unwritable as unwritable:
        if unwritable.field:
            return NotWritten(say(PHRASES, "field", field=unwritable.field, **told))
        return NotWritten(say(PHRASES, "broken", why=unwritable.why, **told))
    except BadTemplate as bad:  # kept before templates were, or read by another version
        return NotWritten(say(PHRASES, "broken", why=str(bad), **told))
    text = _plain(text)
    if not text:
        return NotWritten(say(PHRASES, "empty", **told))
    if len(text) > longest:
        return NotWritten(say(PHRASES, "long", length=len(text), most=longest, **told))
    return text


def _plain(text: str) -> str:
    """Without control characters, which facts may hold and no phone shows; line breaks stay."""
    return "".join(letter for letter in text if letter == "\n" or category(letter) not in _UNSEEN).strip()
