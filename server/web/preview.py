"""What a real shopper would read of a campaign's offer, now: for staff, before anything is sent.

In: a campaign that is kept, a shopper, and where they would stand. Out: the text in each language with its fields filled in, or why
it would not be sent; and which of them this shopper would get. Nothing is decided and nothing is kept.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from server.campaigns import DeviceFacts, Happening, Moment, ShopperFacts, ZoneFacts, read_campaign
from server.campaigns.campaign import Campaign
from server.campaigns.wording import NotWritten, facts_of, message_bytes, written
from server.presence.visit import ZoneEvent
from server.records import campaigns, shoppers, zones
from server.records.database import Connection, Database
from server.records.refusal import NotFound
from server.records.tables import ShopperRow
from server.web.clock import Clock, utc_now
from server.web.fields import Given, Id, OwnId, PlaceId
from server.web.guard import Guard
from server.zones.zone import Zone, lineage

CampaignPath = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")]


class PreviewGiven(Given):
    """One of the two names of a shopper; the zone is the campaign's first where it is left out."""

    shopper: Id | None = None
    own_id: OwnId | None = Field(None, description="the shop's own name for the shopper")
    zone: PlaceId | None = None


class TextShown(BaseModel):
    """One language: the text, or the reason why nothing would be sent."""

    language: str
    title: str | None = None
    body: str | None = None
    bytes: int | None = Field(None, description="of the whole message; phones take 4096")
    reason: str | None = None


class Preview(BaseModel):
    shopper: str
    zone: str | None
    gets: str = Field(description="the language that this shopper would get")
    texts: list[TextShown]
    told: dict[str, str] = Field(description="what the app is told besides, in that language")
    ends_at: datetime


def preview_routes(database: Database, guard: Guard, clock: Clock = utc_now) -> APIRouter:
    router = APIRouter(tags=["campaigns"])

    @router.post("/v1/campaigns/{campaign}/preview", responses={404: {}}, dependencies=[guard.marketer])
    async def preview(campaign: CampaignPath, body: PreviewGiven) -> Preview:
        """Shows what a real shopper would read, in every language of the offer. Nothing is sent."""
        async with database.reading() as connection:
            kept = read_campaign((await campaigns.find(connection, campaign)).campaign)
            shopper = await _shopper(connection, body)
            places = {zone.id: zone for zone in await zones.load(connection)}
        return _previewed(kept, shopper, _place(kept, body.zone, places), places, clock())

    return router


async def _shopper(connection: Connection, body: PreviewGiven) -> ShopperRow:
    if body.shopper is not None:
        return await shoppers.find(connection, body.shopper)
    found = await shoppers.listed(connection, own_id=body.own_id or "", limit=1)
    if not found:
        raise NotFound("there is no such shopper: name one by `shopper` or `own_id`")
    return found[0]


def _place(campaign: Campaign, asked: str | None, places: dict[str, Zone]) -> Zone | None:
    """Where the shopper is taken to stand: where staff say, else the first place that the campaign listens to."""
    if asked is not None:
        if asked not in places:
            raise NotFound(f"there is no zone {asked}")
        return places[asked]
    where = campaign.trigger.where
    named = [*where.zones, *([where.site] if where.site else [])]
    named += [zone.id for zone in places.values() if where.group and where.group in zone.groups]
    return next((places[zone] for zone in named if zone in places), None)


def _previewed(
    campaign: Campaign, row: ShopperRow, zone: Zone | None, places: dict[str, Zone], now: datetime
) -> Preview:
    moment, offer = _moment(campaign, row, zone, places, now), campaign.offer
    ends_at = offer.ends(now)
    facts = facts_of(moment, "of_preview", offer, ends_at, shop_name=_shop_name(zone, places))
    gets = offer.text_for(row.language, moment.zone.language).language
    texts = []
    for language in offer.title:
        text = written(offer, facts, language)
        texts.append(
            TextShown(language=language, reason=text.reason)
            if isinstance(text, NotWritten)
            else TextShown(
                language=language, title=text.title, body=text.body, bytes=message_bytes(offer, text)
            )
        )
    return Preview(
        shopper=row.id,
        zone=zone.id if zone else None,
        gets=gets,
        texts=texts,
        told=offer.told(gets),
        ends_at=ends_at,
    )


def _moment(
    campaign: Campaign, row: ShopperRow, zone: Zone | None, places: dict[str, Zone], now: datetime
) -> Moment:
    """As if the shopper had just done what the campaign waits for."""
    chain = lineage(zone, places) if zone else ()
    named = next((each.time_zone for each in chain if each.time_zone), None)
    after = timedelta(seconds=campaign.trigger.after_s)
    facts = ZoneFacts(
        id=zone.id if zone else "",
        name=zone.name if zone else "",
        level=zone.level if zone else "zone",
        time_zone=ZoneInfo(named) if named else UTC,
        groups=frozenset(zone.groups if zone else ()),
        ancestors=tuple(each.id for each in reversed(chain[1:])),
    )
    event = ZoneEvent(
        kind=campaign.trigger.on,
        device="d_preview",
        zone=facts.id,
        visit="v_preview",
        at=now,
        entered_at=now - after,
        dwelled_s=campaign.trigger.after_s,
    )
    shopper = ShopperFacts(
        id=row.id, language=row.language, attributes=row.attributes, tags=frozenset(row.tags)
    )
    return Moment(
        now=now, happenings=(Happening(event, facts),), device=DeviceFacts("d_preview"), shopper=shopper
    )


def _shop_name(zone: Zone | None, places: dict[str, Zone]) -> str | None:
    return lineage(zone, places)[-1].name if zone else None
