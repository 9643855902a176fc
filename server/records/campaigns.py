"""The campaigns that are kept: each as its document, found by its own id, with all of its versions.

In: campaigns that the campaigns room has read. Out: campaigns again. Verbs take an open connection and never commit.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.campaigns.campaign import Campaign, State
from server.campaigns.lifetime import may_become, turned, turns_at
from server.campaigns.reading import read_campaign, write_campaign
from server.campaigns.segment_rule import named_by
from server.records.refusal import NotFound, Taken
from server.records.rows import Change, by_id, page
from server.records.tables import CampaignRow, CampaignVersionRow, Table

_campaigns, _versions = Table.metadata.tables["campaigns"], Table.metadata.tables["campaign_versions"]


async def listed(
    connection: AsyncConnection, *, state: State | None = None, after: str = "", limit: int = 100
) -> list[CampaignRow]:
    """Campaigns by id, from behind `after`; of one state, where given."""
    where = () if state is None else (_campaigns.c.state == state,)
    return await page(connection, CampaignRow, after, limit, *where)


async def find(connection: AsyncConnection, campaign: str) -> CampaignRow:
    """One campaign by its id. Raises NotFound."""
    return await by_id(connection, CampaignRow, campaign, "campaign")


async def load(connection: AsyncConnection) -> list[Campaign]:
    """All live campaigns as values, by id: to be compiled."""
    found = await connection.scalars(
        sa.select(_campaigns.c.campaign).where(_campaigns.c.state == "live").order_by(_campaigns.c.id)
    )
    return [read_campaign(document) for document in found]


async def put(connection: AsyncConnection, campaign: Campaign, now: datetime) -> tuple[Change, CampaignRow]:
    """Keeps a campaign by its id. A change makes the next version, whatever version was given; the same keeps its own.

    Every version stays: decisions name the one that they were made by. Raises Taken for a state that it cannot come to any
    more (lifetime.py): what has ended stays ended, and what may have spoken is no draft again.
    """
    kept = (
        (
            await connection.execute(
                sa.select(_campaigns).where(_campaigns.c.id == campaign.id).with_for_update()
            )
        )
        .mappings()
        .one_or_none()
    )
    if kept is None:
        row = _row(campaign, 1, now, now)
        await connection.execute(sa.insert(_campaigns).values(**row.model_dump()))
        await _keep_version(connection, row)
        return "created", row
    before = CampaignRow(**kept)
    row = _row(campaign, before.version, before.created_at, before.updated_at)
    if row.campaign == before.campaign:
        return "same", row
    _refuse_state(campaign, read_campaign(before.campaign).state)
    row = _row(campaign, before.version + 1, before.created_at, now)
    await connection.execute(
        sa.update(_campaigns).where(_campaigns.c.id == campaign.id).values(**row.model_dump(exclude={"id"}))
    )
    await _keep_version(connection, row)
    return "changed", row


async def versions(
    connection: AsyncConnection, campaign: str, *, before: int | None = None, limit: int = 100
) -> list[CampaignVersionRow]:
    """All versions of a campaign that are kept, the newest first, from before the version `before`. Raises NotFound."""
    await find(connection, campaign)
    asked = sa.select(_versions).where(_versions.c.campaign_id == campaign)
    if before is not None:
        asked = asked.where(_versions.c.version < before)
    found = await connection.execute(asked.order_by(_versions.c.version.desc()).limit(limit))
    return [CampaignVersionRow(**row) for row in found.mappings()]


async def version(connection: AsyncConnection, campaign: str, number: int) -> CampaignVersionRow:
    """One version of a campaign. Raises NotFound."""
    asked = sa.select(_versions).where(_versions.c.campaign_id == campaign, _versions.c.version == number)
    found = (await connection.execute(asked)).mappings().one_or_none()
    if found is None:
        raise NotFound(f"there is no version {number} of campaign {campaign}")
    return CampaignVersionRow(**found)


async def next_turn(connection: AsyncConnection) -> datetime | None:
    """When the next campaign starts or ends by itself."""
    at: datetime | None = await connection.scalar(
        sa.select(_campaigns.c.turns_at)
        .where(_campaigns.c.turns_at.is_not(None))
        .order_by(_campaigns.c.turns_at)
        .limit(1)
    )
    return at


async def turn(connection: AsyncConnection, now: datetime) -> list[str]:
    """Lets what is due start or end, each as a new version; gives their ids. Whoever does it second finds it done."""
    due = await connection.scalars(
        sa.select(_campaigns.c.campaign)
        .where(_campaigns.c.turns_at <= now)
        .order_by(_campaigns.c.id)
        .with_for_update()
    )
    campaigns = [turned(read_campaign(document), now) for document in due]
    for campaign in campaigns:
        await put(connection, campaign, now)
    return [campaign.id for campaign in campaigns]


async def remove(connection: AsyncConnection, campaign: str) -> None:
    """Forgets a draft. Raises NotFound, or Taken for one that may have spoken: it is ended, not removed, so that its decisions can be explained."""
    row = await find(connection, campaign)
    if row.state != "draft":
        raise Taken(f"campaign {campaign} is {row.state}: end it instead, its decisions are kept with it")
    await connection.execute(sa.delete(_versions).where(_versions.c.campaign_id == campaign))
    await connection.execute(sa.delete(_campaigns).where(_campaigns.c.id == campaign))


async def naming_zone(connection: AsyncConnection, zone: str) -> list[str]:
    """The campaigns that have not ended and listen to this zone or site by its id."""
    found = await connection.scalars(
        sa.select(_campaigns.c.campaign).where(_campaigns.c.state != "ended").order_by(_campaigns.c.id)
    )
    return [
        campaign.id
        for campaign in map(read_campaign, found)
        if zone in campaign.trigger.where.zones or zone == campaign.trigger.where.site
    ]


async def naming_segment(connection: AsyncConnection, segment: str) -> list[str]:
    """The campaigns that have not ended and are for this segment."""
    found = await connection.scalars(
        sa.select(_campaigns.c.campaign).where(_campaigns.c.state != "ended").order_by(_campaigns.c.id)
    )
    return [
        campaign.id
        for campaign in map(read_campaign, found)
        if segment in {name for _, name in named_by(campaign.conditions)}
    ]


def _refuse_state(campaign: Campaign, before: State) -> None:
    if before == "ended":
        raise Taken(f"campaign {campaign.id} has ended; make a new one")
    if not may_become(before, campaign.state):
        raise Taken(
            f"campaign {campaign.id} is {before} and may have spoken: it cannot be {campaign.state} again, pause or end it"
        )


async def _keep_version(connection: AsyncConnection, row: CampaignRow) -> None:
    made = CampaignVersionRow(
        campaign_id=row.id,
        version=row.version,
        state=row.state,
        campaign=row.campaign,
        made_at=row.updated_at,
    )
    await connection.execute(sa.insert(_versions).values(**made.model_dump()))


def _row(campaign: Campaign, version: int, created_at: datetime, updated_at: datetime) -> CampaignRow:
    return CampaignRow(
        id=campaign.id,
        name=campaign.name,
        state=campaign.state,
        version=version,
        campaign=write_campaign(campaign.model_copy(update={"version": version})),
        created_at=created_at,
        updated_at=updated_at,
        turns_at=turns_at(campaign),
    )
