"""Many campaigns at once, as a file has them: what would change, whether all that they name is there, and keeping them.

In: campaigns that the campaigns room has read. Out: a plan, faults with their places, changes. Verbs take an open connection and never
commit. Campaigns that are not in the file stay as they are: a file says what is, not what else is not.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from server.campaigns import Campaign, Fault, named_by, read_campaign, write_campaign
from server.campaigns.offer import Offer
from server.campaigns.reading import lacking_a_group
from server.records import campaigns, references, zones
from server.records.refusal import NotFound
from server.records.rows import Change


@dataclass(frozen=True, slots=True)
class Planned:
    """What keeping a campaign does: `fields` are those of its document that change."""

    id: str
    change: Change
    fields: tuple[str, ...] = ()


async def all_kept(connection: AsyncConnection) -> list[Campaign]:
    """All campaigns but those that have ended, by id."""
    kept: list[Campaign] = []
    after = ""
    while rows := await campaigns.listed(connection, after=after):
        after = rows[-1].id
        kept += [read_campaign(row.campaign) for row in rows if row.state != "ended"]
    return kept


async def plan(connection: AsyncConnection, given: Sequence[Campaign]) -> list[Planned]:
    """What keeping these would change, in their order."""
    return [await _planned(connection, campaign) for campaign in given]


async def keep(connection: AsyncConnection, given: Sequence[Campaign], now: datetime) -> list[Planned]:
    """Keeps them all. Raises Taken for a state that one of them cannot come to any more; then nothing is kept."""
    planned = await plan(connection, given)
    for campaign in given:
        await campaigns.put(connection, campaign, now)
    return planned


async def missing(connection: AsyncConnection, campaign: Campaign) -> AsyncIterator[Fault]:
    """What the campaign listens to, is for, gives or counts, and is not there; with its place in the document."""
    for fault in lacking_a_group(campaign):
        yield fault
    where = campaign.trigger.where
    unknown = await references.unknown(
        connection, "zones", [*where.zones, *([where.site] if where.site else [])]
    )
    for index, zone in enumerate(where.zones):
        if zone in unknown:
            yield Fault(f"trigger.where.zones[{index}]", f"there is no zone {zone!r}")
    if where.site in unknown:
        yield Fault("trigger.where.site", f"there is no zone {where.site!r}")
    if where.group is not None and where.group not in await zones.groups(connection):
        yield Fault("trigger.where.group", f"no zone is in a group {where.group!r}")
    named = named_by(campaign.conditions)
    unknown = await references.unknown(connection, "segments", [name for _, name in named])
    for index, name in named:
        if name in unknown:
            yield Fault(f"conditions[{index}].name", f"there is no segment {name!r}")
    given = dict(_coupons(campaign))
    unknown = await references.unknown(connection, "coupons", given.values())
    for place, coupon in given.items():
        if coupon in unknown:
            yield Fault(f"{place}.action.coupon", f"there is no coupon {coupon!r}")


async def missing_of_all(connection: AsyncConnection, given: Sequence[Campaign]) -> list[Fault]:
    """The same for a file of campaigns."""
    return [
        Fault(f"campaigns[{index}].{fault.place}", fault.reason)
        for index, campaign in enumerate(given)
        async for fault in missing(connection, campaign)
    ]


async def _planned(connection: AsyncConnection, campaign: Campaign) -> Planned:
    try:
        row = await campaigns.find(connection, campaign.id)
    except NotFound:
        return Planned(campaign.id, "created")
    before, after = row.campaign, write_campaign(campaign)
    names = [*after, *(name for name in before if name not in after)]
    fields = tuple(name for name in names if name != "version" and before.get(name) != after.get(name))
    return Planned(campaign.id, "changed" if fields else "same", fields)


def _coupons(campaign: Campaign) -> Iterator[tuple[str, str]]:
    """The coupons that the campaign's offers give, each with the place of its offer."""
    offers: list[tuple[str, Offer | None]] = [("offer", campaign.offer)]
    offers += [(f"variants[{i}].offer", each.offer) for i, each in enumerate(campaign.variants)]
    offers += [(f"follow_ups[{i}].offer", each.offer) for i, each in enumerate(campaign.follow_ups)]
    for place, offer in offers:
        if offer is not None and offer.coupon is not None:
            yield place, offer.coupon
