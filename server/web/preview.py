"""What a real shopper would read of a campaign's offer, now: for staff, before anything is sent.

In: a campaign that is kept, which of its texts is meant, a shopper, and where they would stand. Out: the text in each language with its
fields filled in, or why it would not be sent; which of them this shopper would get; and which of the campaign's variants and follow-ups
could not be written for them. Nothing is decided and nothing is kept.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, Field

from server.campaigns import Moment, read_campaign
from server.campaigns.campaign import Campaign
from server.campaigns.offer import Offer
from server.campaigns.wording import Facts, NotWritten, facts_of, message_bytes, written
from server.records import campaigns, zones
from server.records.database import Connection, Database
from server.records.tables import ShopperRow
from server.web.campaigns import read_document
from server.web.clock import Clock, utc_now
from server.web.fields import CampaignPath, Id, OwnId, PlaceId
from server.web.guard import Guard
from server.web.imagined import MadeUp, PartAsked, meant, moment_of, parts_of, place_of, shopper_named
from server.web.shown import ShownAs

#: The id of an offer that nobody gives.
_NO_OFFER: Final = "of_preview"


class PreviewGiven(PartAsked):
    """One of the two names of a shopper, or one made up; the zone is the campaign's first where it is left out."""

    shopper: Id | None = None
    own_id: OwnId | None = Field(None, description="the shop's own name for the shopper")
    made_up: MadeUp | None = Field(None, description="a shopper whom nobody is, where none is named")
    zone: PlaceId | None = None
    document: Annotated[dict[str, Any], ShownAs(Campaign, may_lack="id")] | None = Field(
        None, description="shown instead of what is kept of this campaign, which there need not be yet"
    )


class OfferTextShown(BaseModel):
    """One language: the text, or the reason why nothing would be sent."""

    language: str
    title: str | None = None
    body: str | None = None
    bytes: int | None = Field(None, description="of the whole message; phones take 4096")
    reason: str | None = None


class NotWrittenShown(BaseModel):
    """One of the campaign's texts that this shopper would not get, and why."""

    variant: str | None
    step: int = Field(description="which follow-up; 0 is the offer itself or its variant")
    language: str
    reason: str


class Preview(BaseModel):
    """`texts` are of the variant or follow-up that was asked for; `unwritten` tells of all that the campaign may send."""

    shopper: str
    zone: str | None
    variant: str | None
    step: int
    gets: str = Field(description="the language that this shopper would get")
    texts: list[OfferTextShown]
    told: dict[str, str] = Field(description="what the app is told besides, in that language")
    ends_at: datetime
    unwritten: list[NotWrittenShown] = Field(
        description="the offer, variants and follow-ups that could not be written for this shopper, in the language that they would get"
    )


def preview_routes(database: Database, guard: Guard, clock: Clock = utc_now) -> APIRouter:
    router = APIRouter(tags=["campaigns"])

    @router.post("/v1/campaigns/{campaign}/preview", responses={404: {}}, dependencies=[guard.marketer])
    async def preview(campaign: CampaignPath, body: PreviewGiven) -> Preview:
        """Shows what a real shopper would read of the offer, a variant or a follow-up, in its every language. Nothing is sent."""
        async with database.reading() as connection:
            kept = await _shown_campaign(connection, campaign, body.document)
            shopper = await _reader(connection, body, clock())
            places = {zone.id: zone for zone in await zones.load(connection)}
        zone, now = place_of(kept, body.zone, places), clock()
        moment = moment_of(kept, shopper, zone, places, now)
        asked = _previewed(meant(kept, body).offer, moment, now)
        return Preview(
            shopper=shopper.id,
            zone=zone.id if zone else None,
            variant=body.variant,
            step=body.step,
            unwritten=list(_unwritten(kept, moment, now)),
            **asked,
        )

    return router


async def _shown_campaign(connection: Connection, campaign: str, document: dict[str, Any] | None) -> Campaign:
    """The campaign as it was sent along, else as it is kept. Raises NotFound, and Problem for a document that is none."""
    if document is not None:
        return read_document(campaign, document, "body.document")
    return read_campaign((await campaigns.find(connection, campaign)).campaign)


async def _reader(connection: Connection, body: PreviewGiven, now: datetime) -> ShopperRow:
    if body.made_up is not None and body.shopper is None and body.own_id is None:
        return body.made_up.as_row(now)
    return await shopper_named(connection, body.shopper, body.own_id)


def _previewed(offer: Offer, moment: Moment, now: datetime) -> dict[str, Any]:
    """What the answer tells of the one text that was asked for."""
    ends_at = offer.ends(now)
    facts = facts_of(moment, _NO_OFFER, offer, ends_at)
    gets = _language_for(offer, moment)
    return {
        "gets": gets,
        "texts": [_shown(offer, facts, language) for language in offer.title],
        "told": offer.told(gets),
        "ends_at": ends_at,
    }


def _shown(offer: Offer, facts: Facts, language: str) -> OfferTextShown:
    text = written(offer, facts, language)
    if isinstance(text, NotWritten):
        return OfferTextShown(language=language, reason=text.reason)
    return OfferTextShown(
        language=language, title=text.title, body=text.body, bytes=message_bytes(offer, text)
    )


def _unwritten(campaign: Campaign, moment: Moment, now: datetime) -> Iterator[NotWrittenShown]:
    for part in parts_of(campaign):
        offer = meant(campaign, part).offer
        language = _language_for(offer, moment)
        text = written(offer, facts_of(moment, _NO_OFFER, offer, offer.ends(now)), language)
        if isinstance(text, NotWritten):
            yield NotWrittenShown(variant=part.variant, step=part.step, language=language, reason=text.reason)


def _language_for(offer: Offer, moment: Moment) -> str:
    """The language that the shopper of this moment would get the offer in."""
    theirs = moment.shopper.language if moment.shopper else None
    return offer.text_for(theirs, moment.zone.language).language
