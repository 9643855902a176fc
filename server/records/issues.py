"""How many offers campaigns have given, and what they cost: counted in the path's own transaction, so that no stock is oversold.

In: the campaigns that ask, and the days by the shops' clocks. Out: counts; and what was given is added. Whoever counts a campaign holds
its one row without day and site until the commit, on PostgreSQL by a row lock, on SQLite as the one writer: of two processes that would
give the last one the second waits, reads that it is gone, and withholds.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from server.campaigns import Issued, Send
from server.campaigns.moment import Spent
from server.records.bulk import Row, among, insert_rows, rows_among
from server.records.database import Transaction
from server.records.tables import Table

_issues, _exposures = Table.metadata.tables["issues"], Table.metadata.tables["exposures"]

#: campaign, day, site: both empty for ever and everywhere, no site for a day in all shops.
Place = tuple[str, str, str]

_NEVER_COUNTED = -1  # as the version that counted: no campaign has it


@dataclass(slots=True)
class Tally:
    """How many and how much."""

    given: int = 0
    spent: float = 0.0


class Issues:
    """The counters of one open transaction of the path."""

    def __init__(self, connection: Transaction) -> None:
        self._connection = connection
        self._tallies: dict[Place, Tally] = {}
        self._versions: Mapping[str, int] = {}

    def count(self, campaigns: Mapping[str, int], since: str) -> None:
        """Takes the counters of these campaigns (id -> version) until the commit; of days from `since` (ISO) on."""
        self._versions = dict(campaigns)
        ever = self._locked(campaigns)
        missing = campaigns.keys() - ever.keys()
        if missing:
            fresh = [_row((name, "", ""), _NEVER_COUNTED, Tally()) for name in sorted(missing)]
            insert_rows(self._connection, _issues, fresh)
            ever = self._locked(campaigns)
        for row in rows_among(self._connection, _counters_of, campaigns, since=since):
            self._tallies[row.campaign_id, row.day, row.site_id] = Tally(row.given, row.spent)
        anew = [name for name, version in ever.items() if version != campaigns[name]]
        if anew:
            self._count_anew(anew)

    def as_of(self, day: str, site: str) -> tuple[dict[str, Issued], dict[str, Spent]]:
        """What the counted campaigns have given and spent: ever, on this day, on this day at this site."""
        issued, spent = {}, {}
        for campaign in self._versions:
            ever, today, here = (
                self._tallies.get((campaign, *where), Tally()) for where in (("", ""), (day, ""), (day, site))
            )
            issued[campaign] = Issued(ever.given, today.given, here.given)
            spent[campaign] = Spent(ever.spent, today.spent)
        return issued, spent

    def add(self, sends: Iterable[Send]) -> None:
        """Counts what was given, of the campaigns that are counted."""
        changed: set[Place] = set()
        for send in sends:
            if send.campaign in self._versions:
                changed |= self._add(send.campaign, send.day, send.site, 1, send.cost)
        self._write(changed)

    def _add(self, campaign: str, day: str, site: str, given: int, spent: float) -> set[Place]:
        places = {(campaign, "", ""), (campaign, day, ""), (campaign, day, site)}
        for place in places:
            tally = self._tallies.setdefault(place, Tally())
            tally.given += given
            tally.spent += spent
        return places

    def _count_anew(self, campaigns: Collection[str]) -> None:
        """What was given while nobody counted is in the exposures; what they have forgotten since is in the counters."""
        kept = {place: tally for place, tally in self._tallies.items() if place[0] in campaigns}
        self._tallies = {place: tally for place, tally in self._tallies.items() if place[0] not in campaigns}
        changed = set(kept)
        for row in rows_among(self._connection, _given_by, campaigns):
            changed |= self._add(row.campaign_id, row.day, row.site_id, row.given, row.spent)
        for place in {(name, "", "") for name in campaigns} | kept.keys():
            tally, before = self._tallies.setdefault(place, Tally()), kept.get(place, Tally())
            tally.given, tally.spent = max(tally.given, before.given), max(tally.spent, before.spent)
            changed.add(place)
        self._write(changed)

    def _write(self, places: Iterable[Place]) -> None:
        rows = [_row(place, self._versions[place[0]], self._tallies[place]) for place in sorted(places)]
        insert_rows(self._connection, _issues, rows, replacing=("campaign_version", "given", "spent"))

    def _locked(self, campaigns: Collection[str]) -> dict[str, int]:
        return {
            row.campaign_id: row.campaign_version for row in rows_among(self._connection, _ever, campaigns)
        }


def _row(place: Place, version: int, tally: Tally) -> Row:
    campaign, day, site = place
    return {
        "campaign_id": campaign,
        "day": day,
        "site_id": site,
        "campaign_version": version,
        "given": tally.given,
        "spent": tally.spent,
    }


@cache
def _ever(dialect: str) -> sa.Select[Any]:
    """In the order of their ids, so that two processes that count the same campaigns never wait for one another in a circle."""
    found = sa.select(_issues.c.campaign_id, _issues.c.campaign_version)
    found = found.where(among(dialect, _issues.c.campaign_id), _issues.c.day == "")
    return found.order_by(_issues.c.campaign_id).with_for_update()


@cache
def _counters_of(dialect: str) -> sa.Select[Any]:
    lately = sa.or_(_issues.c.day == "", _issues.c.day >= sa.bindparam("since", type_=sa.String()))
    return sa.select(_issues).where(among(dialect, _issues.c.campaign_id), lately)


@cache
def _given_by(dialect: str) -> sa.Select[Any]:
    columns = (_exposures.c.campaign_id, _exposures.c.day, _exposures.c.site_id)
    found = sa.select(*columns, sa.func.count().label("given"), sa.func.sum(_exposures.c.cost).label("spent"))
    given = (_exposures.c.control.is_(None), _exposures.c.step == 0)
    return found.where(among(dialect, _exposures.c.campaign_id), *given).group_by(*columns)
