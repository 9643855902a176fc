"""The moment as staff imagine it, to see what somebody would read: a shopper has just done what a campaign waits for.

In: a campaign, a shopper (kept, or made up), and where they would stand. Out: a moment that texts can be written from. Nothing is decided.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Self

from pydantic import Field, model_validator

from server.campaigns import DeviceFacts, Moment, ShopperFacts
from server.campaigns.campaign import Campaign
from server.campaigns.journey import as_step
from server.knowledge import Places
from server.presence.visit import ZoneEvent
from server.records import shoppers
from server.records.database import Connection
from server.records.refusal import NotFound
from server.records.tables import ShopperRow
from server.web.fields import Given, Language, Word
from server.web.guard import about
from server.web.known import AttributeGiven
from server.zones.zone import Zone


class PartAsked(Given):
    """Which of a campaign's texts is meant: its offer, unless a variant or a follow-up is named."""

    variant: Word | None = Field(None, description="which of the campaign's variants; else its offer")
    step: int = Field(0, ge=0, le=10, description="which of the campaign's follow-ups; 0 is the offer itself")

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if self.step and self.variant is not None:
            raise ValueError("a follow-up has no variants: give one of step and variant")
        return self


class MadeUp(Given):
    """A shopper whom nobody is."""

    language: Language | None = None
    attributes: dict[Word, AttributeGiven] = Field(default={}, max_length=200)
    tags: list[Word] = Field(default=[], max_length=200)

    def as_row(self, now: datetime) -> ShopperRow:
        return ShopperRow(
            id="sh_made_up",
            language=self.language,
            attributes=self.attributes,
            tags=self.tags,
            created_at=now,
        )


def meant(campaign: Campaign, asked: PartAsked) -> Campaign:
    """The campaign with the offer and the channels that are meant. Raises NotFound for a variant or a follow-up it has not."""
    if asked.step > len(campaign.follow_ups):
        raise NotFound(f"campaign {campaign.id} has no follow-up {asked.step}")
    if asked.step:
        return as_step(campaign, asked.step)
    if asked.variant is None:
        return campaign
    found = next((each for each in campaign.variants if each.id == asked.variant), None)
    if found is None:
        raise NotFound(f"campaign {campaign.id} has no variant {asked.variant}")
    return campaign.model_copy(update={"offer": found.offer or campaign.offer})


def parts_of(campaign: Campaign) -> Iterator[PartAsked]:
    """All texts that shoppers may get of it: the offer, or its variants where it has some; then its follow-ups."""
    yield from [PartAsked(variant=each.id) for each in campaign.variants] or [PartAsked()]
    yield from (PartAsked(step=number) for number in range(1, len(campaign.follow_ups) + 1))


async def shopper_named(connection: Connection, shopper: str | None, own_id: str | None) -> ShopperRow:
    """One of the two names of a shopper. Raises NotFound, where neither is given too."""
    if shopper is not None:
        found = [await shoppers.find(connection, shopper)]
    else:
        found = await shoppers.listed(connection, own_id=own_id or "", limit=1)
    if not found:
        raise NotFound("there is no such shopper: name one by `shopper` or `own_id`")
    about("shopper", found[0].id)
    return found[0]


def place_of(campaign: Campaign, asked: str | None, places: dict[str, Zone]) -> Zone | None:
    """Where the shopper is taken to stand: where staff say, else the first place that the campaign listens to."""
    if asked is not None:
        if asked not in places:
            raise NotFound(f"there is no zone {asked}")
        return places[asked]
    where = campaign.trigger.where
    named = [*where.zones, *([where.site] if where.site else [])]
    named += [zone.id for zone in places.values() if where.group and where.group in zone.groups]
    return next((places[zone] for zone in named if zone in places), None)


def moment_of(
    campaign: Campaign, row: ShopperRow, zone: Zone | None, places: dict[str, Zone], now: datetime
) -> Moment:
    """As if the shopper had just done what the campaign waits for; the zone is as the path would see it."""
    after = timedelta(seconds=campaign.trigger.after_s)
    event = ZoneEvent(
        kind=campaign.trigger.on,
        device="d_preview",
        zone=zone.id if zone else "",
        visit="v_preview",
        at=now,
        entered_at=now - after,
        dwelled_s=campaign.trigger.after_s,
    )
    shopper = ShopperFacts(
        id=row.id, language=row.language, attributes=row.attributes, tags=frozenset(row.tags)
    )
    happening = Places(places).happening(event, now)
    return Moment(now=now, happenings=(happening,), device=DeviceFacts("d_preview"), shopper=shopper)
