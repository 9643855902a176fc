"""What decisions look at, read in the path's own transaction: the owners of devices, what they agreed to, what they got.

In: devices. Out: facts of the campaigns room. Reading in the transaction that would send is what makes a consent withdrawn or an
offer given a moment ago count. What costs a look-up of its own is read only where a campaign asks for it (`Asked`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from server.campaigns import (
    ConsentGiven,
    Daytime,
    DeviceFacts,
    Fact,
    RedeemedOffer,
    SentOffer,
    ShopperFacts,
    ZonePast,
)
from server.records.bulk import among, rows_among
from server.records.database import Transaction
from server.records.tables import Table

_devices, _shoppers = Table.metadata.tables["devices"], Table.metadata.tables["shoppers"]
_consents, _addresses = Table.metadata.tables["consents"], Table.metadata.tables["addresses"]
_visits, _outbox = Table.metadata.tables["visits"], Table.metadata.tables["outbox"]
_remembered = Table.metadata.tables["remembered"]
_exposures, _redemptions = Table.metadata.tables["exposures"], Table.metadata.tables["redemptions"]

#: Outcomes after which an offer never reached anybody: they count against no cap and cause no purchase.
FAILED = ("undeliverable", "refused", "expired", "withdrawn", "dead_letter")

#: Channels that need no address: who has the app finds what is in it.
IN_THE_APP = frozenset({"inbox", "live"})


@dataclass(frozen=True, slots=True)
class Owner:
    """A device with the shopper it belongs to, as decisions look at them."""

    device: DeviceFacts
    shopper: ShopperFacts


@dataclass(frozen=True, slots=True)
class Asked:
    """What decisions want to know: offers since `since`; by `needs` what is past or redeemed; where the shopper is now (`here`).

    `but` are the visits that are happening, which are no past.
    """

    since: datetime
    needs: frozenset[Fact] = frozenset()
    here: bool = False
    but: frozenset[str] = frozenset()


class Facts:
    """The reading half of one open transaction of the path."""

    def __init__(self, connection: Transaction) -> None:
        self._connection = connection

    def shoppers_of(self, devices: Collection[str]) -> dict[str, str]:
        """The shopper of each device; a device that was forgotten meanwhile is absent.

        They cannot be forgotten before the commit: on PostgreSQL their rows are locked against that, SQLite has one writer.
        """
        return {row.id: row.shopper_id for row in rows_among(self._connection, _shoppers_of, devices)}

    def owners_of(self, devices: Collection[str], asked: Asked) -> dict[str, Owner]:
        """The facts of the shoppers of these devices, with the offers they got lately or in visits still open.

        Where several processes decide, the shoppers stay locked until the commit: two phones of one shopper take turns.
        """
        of_device = rows_among(self._connection, _devices_among, devices)
        shopper_ids = {row.shopper_id for row in of_device}
        shoppers = rows_among(self._connection, _shoppers_among, shopper_ids)
        addresses = rows_among(self._connection, _addresses_of, shopper_ids)
        reached = {row.device_id for row in addresses if row.kind.partition("_")[0] == "fcm"}
        facts = self._facts_of(shoppers, addresses, asked)
        return {
            row.id: Owner(DeviceFacts(row.id, row.kind, row.id in reached), facts[row.shopper_id])
            for row in of_device
            if row.shopper_id in facts
        }

    def shoppers_after(self, after: str, limit: int, asked: Asked) -> list[ShopperFacts]:
        """The facts of shoppers by id, from behind `after`: to be looked at, not to be decided about. Nobody is locked."""
        page = sa.select(_shoppers).where(_shoppers.c.id > after).order_by(_shoppers.c.id).limit(limit)
        return list(self._looked_at(self._connection.execute(page).all(), asked).values())

    def shoppers_among(self, shoppers: Collection[str], asked: Asked) -> dict[str, ShopperFacts]:
        """The facts of these shoppers by id, likewise; who was forgotten is absent."""
        return self._looked_at(rows_among(self._connection, _shoppers_looked_at, shoppers), asked)

    def _looked_at(self, shoppers: Sequence[sa.Row[Any]], asked: Asked) -> dict[str, ShopperFacts]:
        addresses = rows_among(self._connection, _addresses_of, {row.id for row in shoppers})
        return self._facts_of(shoppers, addresses, asked)

    def _facts_of(
        self, shoppers: Sequence[sa.Row[Any]], addresses: Sequence[sa.Row[Any]], asked: Asked
    ) -> dict[str, ShopperFacts]:
        """What is known of the shoppers of these rows, in their order."""
        shopper_ids = {row.id for row in shoppers}
        given = _by_shopper(rows_among(self._connection, _consents_of, shopper_ids))
        reach = self._reach(addresses, shopper_ids)
        sent = self._sent(shopper_ids, asked.since)
        past = self._past(shopper_ids, asked) if "past" in asked.needs else None
        redeemed = self._redeemed(shopper_ids) if "redeemed" in asked.needs else None
        here = self._here(shopper_ids) if asked.here else {}
        return {
            row.id: replace(
                _shopper_facts(row),
                consents=given.get(row.id, {}),
                sent=tuple(sent.get(row.id, ())),
                reach=frozenset(reach.get(row.id, ())),
                past=None if past is None else past.get(row.id, {}),
                redeemed=None if redeemed is None else tuple(redeemed.get(row.id, ())),
                here=here.get(row.id, {}),
            )
            for row in shoppers
        }

    def _reach(self, addresses: Sequence[sa.Row[Any]], shoppers: Collection[str]) -> dict[str, set[str]]:
        """The channels by which shoppers can be reached: by the kinds of their addresses, and in an app that they have."""
        reach: defaultdict[str, set[str]] = defaultdict(set)
        for row in addresses:
            reach[row.shopper_id].add(row.kind.partition("_")[0])
        for row in rows_among(self._connection, _phones_of, shoppers):
            reach[row.shopper_id] |= IN_THE_APP
        return reach

    def _sent(self, shoppers: Collection[str], since: datetime) -> dict[str, list[SentOffer]]:
        sent: defaultdict[str, list[SentOffer]] = defaultdict(list)
        for row in rows_among(self._connection, _sent_to, shoppers, since=since):
            sent[row.shopper_id].append(
                SentOffer(
                    campaign=row.campaign_id,
                    at=row.at,
                    visit=row.visit_id,
                    zone=row.zone_id,
                    device=row.device_id,
                    entered_at=row.entered_at or row.happened_at,
                    exited_at=row.exited_at,
                    group=row.campaign_group,
                    channel=row.channel,
                    site=row.site_id,
                    on=row.woken_by,
                    happened_at=row.happened_at,
                    one_a_visit=row.one_a_visit,
                    held_out=row.control is not None,
                    step=row.step,
                )
            )
        for row in rows_among(self._connection, _remembered_of, shoppers, since=since):
            sent[row.shopper_id].append(_of_somewhere(row))
        return sent

    def _past(self, shoppers: Collection[str], asked: Asked) -> dict[str, dict[str, ZonePast]]:
        """Visits that ended, by shopper and zone. Two devices that were there together were there once."""
        past: defaultdict[str, dict[str, ZonePast]] = defaultdict(dict)
        stays: defaultdict[tuple[str, str], list[list[datetime]]] = defaultdict(list)
        for row in rows_among(self._connection, _ended_visits, shoppers):
            if row.id in asked.but:
                continue
            so_far = stays[row.shopper_id, row.zone_id]
            if so_far and row.entered_at <= so_far[-1][1]:
                so_far[-1][1] = max(so_far[-1][1], row.exited_at)
            else:
                so_far.append([row.entered_at, row.exited_at])
        for (shopper, zone), each in stays.items():
            past[shopper][zone] = ZonePast(
                visits=len(each),
                first_at=each[0][0],
                last_entered_at=each[-1][0],
                last_exited_at=each[-1][1],
                longest_s=max((out - entered).total_seconds() for entered, out in each),
            )
        return past

    def _redeemed(self, shoppers: Collection[str]) -> dict[str, list[RedeemedOffer]]:
        redeemed: defaultdict[str, list[RedeemedOffer]] = defaultdict(list)
        for row in rows_among(self._connection, _redeemed_by, shoppers):
            redeemed[row.shopper_id].append(RedeemedOffer(row.campaign_id, row.at, row.amount))
        return redeemed

    def _here(self, shoppers: Collection[str]) -> dict[str, dict[str, datetime]]:
        """The zones in which some device of a shopper is now, each since when."""
        here: defaultdict[str, dict[str, datetime]] = defaultdict(dict)
        for row in rows_among(self._connection, _open_visits, shoppers):
            here[row.shopper_id].setdefault(row.zone_id, row.entered_at)  # the first device to come
        return here


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
def _shoppers_looked_at(dialect: str) -> sa.Select[Any]:
    return sa.select(_shoppers).where(among(dialect, _shoppers.c.id)).order_by(_shoppers.c.id)


@cache
def _consents_of(dialect: str) -> sa.Select[Any]:
    found = sa.select(_consents).where(among(dialect, _consents.c.shopper_id))
    return found.where(_consents.c.superseded_at.is_(None))


@cache
def _addresses_of(dialect: str) -> sa.Select[Any]:
    found = sa.select(_addresses.c.shopper_id, _addresses.c.device_id, _addresses.c.kind)
    return found.where(among(dialect, _addresses.c.shopper_id), _addresses.c.dead_at.is_(None))


@cache
def _phones_of(dialect: str) -> sa.Select[Any]:
    found = sa.select(_devices.c.shopper_id).distinct()
    return found.where(among(dialect, _devices.c.shopper_id), _devices.c.kind == "phone")


@cache
def _sent_to(dialect: str) -> sa.Select[Any]:
    recent = sa.or_(
        _exposures.c.at >= sa.bindparam("since", type_=_exposures.c.at.type),
        _visits.c.exited_at.is_(None),
    )
    counts = sa.or_(_outbox.c.outcome.is_(None), _outbox.c.outcome.not_in(FAILED))
    joined = _exposures.outerjoin(_visits, _visits.c.id == _exposures.c.visit_id)
    return (
        sa.select(_exposures, _visits.c.entered_at, _visits.c.exited_at)
        .select_from(joined.outerjoin(_outbox, _outbox.c.id == _exposures.c.id))
        .where(among(dialect, _exposures.c.shopper_id), recent, counts)
    )


@cache
def _remembered_of(dialect: str) -> sa.Select[Any]:
    """What was given in shops that forget, without where."""
    since = sa.bindparam("since", type_=_remembered.c.at.type)
    return sa.select(_remembered).where(among(dialect, _remembered.c.shopper_id), _remembered.c.at >= since)


@cache
def _ended_visits(dialect: str) -> sa.Select[Any]:
    columns = (
        _visits.c.id,
        _visits.c.shopper_id,
        _visits.c.zone_id,
        _visits.c.entered_at,
        _visits.c.exited_at,
    )
    found = sa.select(*columns).where(among(dialect, _visits.c.shopper_id), _visits.c.exited_at.is_not(None))
    return found.order_by(_visits.c.entered_at)


@cache
def _open_visits(dialect: str) -> sa.Select[Any]:
    columns = (_visits.c.shopper_id, _visits.c.zone_id, _visits.c.entered_at)
    found = sa.select(*columns).where(among(dialect, _visits.c.shopper_id), _visits.c.exited_at.is_(None))
    return found.order_by(_visits.c.entered_at)


@cache
def _redeemed_by(dialect: str) -> sa.Select[Any]:
    """What tills took of a shopper's offers; what they rolled back is no redemption any more."""
    columns = (_redemptions.c.shopper_id, _redemptions.c.at, _redemptions.c.amount, _outbox.c.campaign_id)
    found = sa.select(*columns).join_from(_redemptions, _outbox, _outbox.c.id == _redemptions.c.outbox_id)
    return found.where(among(dialect, _redemptions.c.shopper_id)).order_by(_redemptions.c.at)


def _by_shopper(consents: Iterable[Any]) -> dict[str, dict[str, ConsentGiven]]:
    of: dict[str, dict[str, ConsentGiven]] = {}
    for row in consents:
        of.setdefault(row.shopper_id, {})[row.purpose] = ConsentGiven(
            row.granted, row.given_at, lapsed=row.lapsed_at is not None
        )
    return of


def _of_somewhere(row: Any) -> SentOffer:
    """Nothing that happens now can be the same stay: it is over, and nobody knows where it was."""
    return SentOffer(
        campaign=row.campaign_id,
        at=row.at,
        visit="",
        zone="",
        device="",
        entered_at=row.at,
        exited_at=row.at,
        group=row.campaign_group,
        held_out=row.held_out,
        step=row.step,
    )


def _shopper_facts(row: Any) -> ShopperFacts:
    """What the shopper's own row says."""
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
    )
