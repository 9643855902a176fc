"""What decisions look at, read in the path's own transaction: the owners of devices, what they agreed to, what they got.

In: devices. Out: facts of the campaigns room. Reading in the transaction that would send is what makes a consent withdrawn or an
offer given a moment ago count.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from server.campaigns import ConsentGiven, Daytime, DeviceFacts, SentOffer, ShopperFacts
from server.records.bulk import among, rows_among
from server.records.database import Transaction
from server.records.tables import Table

_devices, _shoppers = Table.metadata.tables["devices"], Table.metadata.tables["shoppers"]
_consents, _addresses = Table.metadata.tables["consents"], Table.metadata.tables["addresses"]
_visits, _outbox = Table.metadata.tables["visits"], Table.metadata.tables["outbox"]

#: Outcomes after which an offer never reached anybody: they count against no cap.
FAILED = ("undeliverable", "refused", "expired", "withdrawn", "dead_letter")


@dataclass(frozen=True, slots=True)
class Owner:
    """A device with the shopper it belongs to, as decisions look at them."""

    device: DeviceFacts
    shopper: ShopperFacts


class Facts:
    """The reading half of one open transaction of the path."""

    def __init__(self, connection: Transaction) -> None:
        self._connection = connection

    def shoppers_of(self, devices: Collection[str]) -> dict[str, str]:
        """The shopper of each device; a device that was forgotten meanwhile is absent.

        They cannot be forgotten before the commit: on PostgreSQL their rows are locked against that, SQLite has one writer.
        """
        return {row.id: row.shopper_id for row in rows_among(self._connection, _shoppers_of, devices)}

    def owners_of(self, devices: Collection[str], since: datetime) -> dict[str, Owner]:
        """The facts of the shoppers of these devices, with the offers they got since `since` or in visits still open.

        Where several processes decide, the shoppers stay locked until the commit: two phones of one shopper take turns.
        """
        of_device = rows_among(self._connection, _devices_among, devices)
        shopper_ids = {row.shopper_id for row in of_device}
        shoppers = rows_among(self._connection, _shoppers_among, shopper_ids)
        consents = rows_among(self._connection, _consents_of, shopper_ids)
        addresses = rows_among(self._connection, _addresses_of, shopper_ids)
        sent = self._sent(shopper_ids, since)
        given = _by_shopper(consents)
        reached = {row.device_id for row in addresses}
        reach = {row.shopper_id: frozenset({"fcm"}) for row in addresses}
        facts = {
            row.id: _shopper_facts(
                row, given.get(row.id, {}), tuple(sent.get(row.id, ())), reach.get(row.id, frozenset())
            )
            for row in shoppers
        }
        return {
            row.id: Owner(DeviceFacts(row.id, row.kind, row.id in reached), facts[row.shopper_id])
            for row in of_device
            if row.shopper_id in facts
        }

    def _sent(self, shoppers: Collection[str], since: datetime) -> dict[str, list[SentOffer]]:
        rows = rows_among(self._connection, _sent_to, shoppers, since=since)
        sent: dict[str, list[SentOffer]] = {}
        for row in rows:
            sent.setdefault(row.shopper_id, []).append(
                SentOffer(
                    campaign=row.campaign_id,
                    at=row.created_at,
                    visit=row.visit_id,
                    zone=row.zone_id,
                    device=row.device_id,
                    entered_at=row.entered_at or row.happened_at,
                    exited_at=row.exited_at,
                )
            )
        return sent


@cache
def _shoppers_of(dialect: str) -> sa.Select[Any]:
    found = sa.select(_devices.c.id, _devices.c.shopper_id).where(among(dialect, _devices.c.id))
    return found.order_by(_devices.c.id).with_for_update(read=True)


@cache
def _devices_among(dialect: str) -> sa.Select[Any]:
    found = sa.select(_devices.c.id, _devices.c.kind, _devices.c.shopper_id)
    return found.where(among(dialect, _devices.c.id))


@cache
def _shoppers_among(dialect: str) -> sa.Select[Any]:
    found = sa.select(_shoppers).where(among(dialect, _shoppers.c.id))
    return found.order_by(_shoppers.c.id).with_for_update()  # SQLite knows no row locks: left out


@cache
def _consents_of(dialect: str) -> sa.Select[Any]:
    found = sa.select(_consents).where(among(dialect, _consents.c.shopper_id))
    return found.where(_consents.c.superseded_at.is_(None))


@cache
def _addresses_of(dialect: str) -> sa.Select[Any]:
    found = sa.select(_addresses.c.shopper_id, _addresses.c.device_id)
    return found.where(among(dialect, _addresses.c.shopper_id), _addresses.c.dead_at.is_(None))


@cache
def _sent_to(dialect: str) -> sa.Select[Any]:
    recent = sa.or_(
        _outbox.c.created_at >= sa.bindparam("since", type_=_outbox.c.created_at.type),
        _visits.c.exited_at.is_(None),
    )
    counts = sa.or_(_outbox.c.outcome.is_(None), _outbox.c.outcome.not_in(FAILED))
    return (
        sa.select(_outbox, _visits.c.entered_at, _visits.c.exited_at)
        .select_from(_outbox.outerjoin(_visits, _visits.c.id == _outbox.c.visit_id))
        .where(among(dialect, _outbox.c.shopper_id), recent, counts)
    )


def _by_shopper(consents: Iterable[Any]) -> dict[str, dict[str, ConsentGiven]]:
    of: dict[str, dict[str, ConsentGiven]] = {}
    for row in consents:
        of.setdefault(row.shopper_id, {})[row.purpose] = ConsentGiven(row.granted, row.given_at)
    return of


def _shopper_facts(
    row: Any, consents: dict[str, ConsentGiven], sent: tuple[SentOffer, ...], reach: frozenset[str]
) -> ShopperFacts:
    quiet = None
    if row.quiet_from and row.quiet_until:
        quiet = Daytime(start=time.fromisoformat(row.quiet_from), end=time.fromisoformat(row.quiet_until))
    return ShopperFacts(
        id=row.id,
        language=row.language,
        time_zone=ZoneInfo(row.time_zone) if row.time_zone else None,
        quiet_hours=quiet,
        attributes=row.attributes,
        tags=frozenset(row.tags),
        consents=consents,
        sent=sent,
        reach=reach,
    )
