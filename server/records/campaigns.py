"""The campaigns that are kept: each as its document, found by its own id, with a version that grows at each change.

In: campaigns that the campaigns room has read. Out: campaigns again. Verbs take an open connection and never commit.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.campaigns.campaign import Campaign, State
from server.campaigns.reading import read_campaign, write_campaign
from server.records.refusal import Taken
from server.records.rows import Change, by_id, page
from server.records.tables import CampaignRow, Table

_campaigns = Table.metadata.tables["campaigns"]


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

    Decisions name the version that they were made by. Raises Taken where a campaign that has ended would live again: its
    caps and its report are closed, a new one starts with a new id.
    """
    kept = (
        (await connection.execute(sa.select(_campaigns).where(_campaigns.c.id == campaign.id)))
        .mappings()
        .one_or_none()
    )
    if kept is None:
        row = _row(campaign, 1, now, now)
        await connection.execute(sa.insert(_campaigns).values(**row.model_dump()))
        return "created", row
    row = _row(campaign, kept["version"], kept["created_at"], kept["updated_at"])
    if row.campaign == kept["campaign"]:
        return "same", row
    if kept["state"] == "ended":
        raise Taken(f"campaign {campaign.id} has ended; make a new one")
    row = _row(campaign, kept["version"] + 1, kept["created_at"], now)
    await connection.execute(
        sa.update(_campaigns).where(_campaigns.c.id == campaign.id).values(**row.model_dump(exclude={"id"}))
    )
    return "changed", row


async def remove(connection: AsyncConnection, campaign: str) -> None:
    """Forgets a draft. Raises NotFound, or Taken for one that may have spoken: it is ended, not removed, so that its decisions can be explained."""
    row = await find(connection, campaign)
    if row.state != "draft":
        raise Taken(f"campaign {campaign} is {row.state}: end it instead, its decisions are kept with it")
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


def _row(campaign: Campaign, version: int, created_at: datetime, updated_at: datetime) -> CampaignRow:
    return CampaignRow(
        id=campaign.id,
        name=campaign.name,
        state=campaign.state,
        version=version,
        campaign=write_campaign(campaign.model_copy(update={"version": version})),
        created_at=created_at,
        updated_at=updated_at,
    )
