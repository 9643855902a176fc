"""Dry runs: the stored visits of the last days through a draft, without effect.

In: a campaign, the records. Out: who would have got what, withheld why. Nothing is written. The visits are read first and played on a
thread of their own, so that the path goes on meanwhile.
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from server.campaigns import Campaign, compile_campaigns
from server.campaigns.dry_run import LONGEST_STAY, Rehearsed, rehearse
from server.knowledge import Places
from server.records import coupons, replay, segments, zones
from server.records.database import Database
from server.records.facts import Asked


async def dry_run(
    database: Database,
    campaign: Campaign,
    now: datetime,
    days: int,
    *,
    global_hold_out: float = 0.0,
    most_shown: int = 100,
) -> Rehearsed:
    """Plays the visits of the last `days` through the campaign as if it had been live, and alone."""
    since = now - timedelta(days=days)
    async with database.reading() as connection:
        known = {zone.id: zone for zone in await zones.load(connection)}
        rules = await segments.load(connection)
        alone = campaign.model_copy(update={"state": "live", "starts_at": None, "ends_at": None})
        given = await coupons.load(connection, [alone])
        compiled = compile_campaigns([alone], known.values(), rules, given)
        # Who asks for earlier visits must see all of them.
        visits = await replay.past_visits(connection, None if "past" in compiled.needs else since, now)
        shoppers = {visit.shopper for visit in visits if visit.shopper and visit.entered_at >= since}
        asked = Asked(since - max(compiled.look_back, LONGEST_STAY), compiled.needs - {"past"})
        cast = await replay.cast(connection, shoppers, asked, global_hold_out)
    others = {
        name: replace(facts, sent=tuple(each for each in facts.sent if each.campaign != campaign.id))
        for name, facts in cast.shoppers.items()
    }
    cast = replace(cast, shoppers=others)
    return await asyncio.to_thread(
        rehearse, compiled, visits, since, cast, Places(known).happening, most_shown
    )
