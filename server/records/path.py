"""The transaction of the path: a batch's zone events, stays and decisions in, rows out; and the facts that decisions look at.

`Work` is what the trigger holds while its transaction is open: plain code without a wait in it, so that a whole batch is one visit
to the database (Database.committed). Reading and writing happen in the same transaction, so that a consent withdrawn or
an offer sent a moment ago is seen. Everything here may be done again with the same result.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from server.campaigns import (
    ConsentGiven,
    Daytime,
    Decision,
    DeviceFacts,
    Send,
    SentOffer,
    ShopperFacts,
)
from server.presence.observe import Stay
from server.presence.visit import Evidence, Phase, ZoneEvent
from server.records.bulk import among, delete_rows, ids, insert_rows, update_rows
from server.records.database import Connection, Database, Transaction
from server.records.evidence import written
from server.records.outbox import NO_LEASE
from server.records.tables import Table

T = TypeVar("T")

_devices, _shoppers = Table.metadata.tables["devices"], Table.metadata.tables["shoppers"]
_consents, _addresses = Table.metadata.tables["consents"], Table.metadata.tables["addresses"]
_visits, _stays = Table.metadata.tables["visits"], Table.metadata.tables["stays"]
_decisions, _outbox = Table.metadata.tables["decisions"], Table.metadata.tables["outbox"]

_STAY = ("device_id", "zone_id")

#: A late visit this close to a known one is a part of it: nobody leaves a shop for less.
ONE_STAY = timedelta(seconds=60)

NO_RIVALS: Mapping[str, Collection[str]] = MappingProxyType({})

#: Outcomes after which an offer never reached anybody: they count against no cap.
FAILED = ("undeliverable", "refused", "expired", "withdrawn")


class NotDurable(Exception):
    """The transaction could not be committed: nothing of it counts, and it may be done again."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A device with the shopper it belongs to, as decisions look at them."""

    device: DeviceFacts
    shopper: ShopperFacts


class Work:
    """One open transaction of the path."""

    def __init__(self, connection: Transaction) -> None:
        self._connection = connection

    def shoppers_of(self, devices: Collection[str]) -> dict[str, str]:
        """The shopper of each device; a device that was forgotten meanwhile is absent.

        They cannot be forgotten before the commit: on PostgreSQL their rows are locked against that, SQLite has one writer.
        """
        return {row.id: row.shopper_id for row in self._of(_shoppers_of, devices)}

    def owners_of(self, devices: Collection[str], since: datetime) -> dict[str, Owner]:
        """The facts of the shoppers of these devices, with the offers they got since `since` or in visits still open.

        Where several processes decide, the shoppers stay locked until the commit: two phones of one shopper take turns.
        """
        of_device = self._of(_devices_among, devices)
        shopper_ids = {row.shopper_id for row in of_device}
        shoppers = self._of(_shoppers_among, shopper_ids)
        consents = self._of(_consents_of, shopper_ids)
        addresses = self._of(_addresses_of, shopper_ids)
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
        rows = self._of(_sent_to, shoppers, since=since)
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

    def keep_visits(self, events: Sequence[ZoneEvent], shopper_of: dict[str, str]) -> None:
        """Opens, marks and closes visits as the events say, in their order."""
        opened = [
            {
                "id": event.visit,
                "shopper_id": shopper_of.get(event.device),
                "device_id": event.device,
                "zone_id": event.zone,
                "entered_at": event.entered_at,
                "exited_at": None,
                "dwelled_s": 0.0,
                "late": False,
                "opened_by": written(event.evidence),
            }
            for event in events
            if event.kind == "entered"
        ]
        # Of several dwells that fell due together the longest counts.
        dwelled = {e.visit: {"id": e.visit, "dwelled_s": e.dwelled_s} for e in events if e.kind == "dwelled"}
        closed = [
            {"id": e.visit, "exited_at": e.at, "closed_by": written(e.evidence)}
            for e in events
            if e.kind == "exited"
        ]
        taken_back = [
            {"id": e.visit, "dwelled_s": e.dwelled_s} for e in events if e.kind == "exited" and e.takes_back
        ]
        insert_rows(self._connection, _visits, opened)
        update_rows(self._connection, _visits, [*dwelled.values()], by=("id",))
        update_rows(self._connection, _visits, closed, by=("id",))
        update_rows(self._connection, _visits, taken_back, by=("id",))

    def keep_history(
        self,
        events: Sequence[ZoneEvent],
        shopper_of: dict[str, str],
        rivals: Mapping[str, Collection[str]] = NO_RIVALS,
    ) -> list[ZoneEvent]:
        """Puts late visits in their place. Out: the events of those that were not known in any part before.

        `events` come in pairs, entered and exited, of visits that are over. `rivals` are the zones next to a zone, where nobody is
        who is in it: one gateway's late part of what all heard does not put somebody where they all together did not.
        """
        new: list[ZoneEvent] = []
        entered = {event.visit: event for event in events if event.kind == "entered"}
        for exited in (event for event in events if event.kind == "exited"):
            event = entered[exited.visit]
            elsewhere = rivals.get(event.zone, ())
            if self._grow(event, exited) or self._known_in(elsewhere, event, exited.at):
                continue
            row = {
                "id": event.visit,
                "shopper_id": shopper_of.get(event.device),
                "device_id": event.device,
                "zone_id": event.zone,
                "entered_at": event.entered_at,
                "exited_at": exited.at,
                "dwelled_s": 0.0,
                "late": True,
                "opened_by": written(event.evidence),
                "closed_by": written(exited.evidence),
            }
            insert_rows(self._connection, _visits, [row])
            new += [event, exited]
        return new

    def _known_in(self, zones: Collection[str], event: ZoneEvent, until: datetime) -> bool:
        """Whether the device is known to have been in one of these zones all that time."""
        if not zones:
            return False
        asked = sa.select(_visits.c.id).where(
            _visits.c.device_id == event.device,
            _visits.c.zone_id.in_(zones),
            _visits.c.entered_at <= event.entered_at,
            sa.or_(_visits.c.exited_at.is_(None), _visits.c.exited_at >= until),
        )
        return self._connection.execute(asked.limit(1)).first() is not None

    def _grow(self, event: ZoneEvent, exited: ZoneEvent) -> bool:
        """Lets a known visit at that time reach back to the event and on to its end. False where there is none."""
        until = exited.at
        known = (
            self._connection.execute(
                sa.select(_visits.c.id, _visits.c.entered_at, _visits.c.exited_at)
                .where(
                    _visits.c.device_id == event.device,
                    _visits.c.zone_id == event.zone,
                    _visits.c.entered_at <= until + ONE_STAY,
                    sa.or_(_visits.c.exited_at.is_(None), _visits.c.exited_at >= event.entered_at - ONE_STAY),
                )
                .order_by(_visits.c.entered_at)
                .limit(1)
            )
        ).one_or_none()
        if known is None:
            return False
        wider: dict[str, Any] = {}
        if event.entered_at < known.entered_at:
            wider |= {"entered_at": event.entered_at, "opened_by": written(event.evidence)}
        if known.exited_at is not None and until > known.exited_at:
            wider |= {"exited_at": until, "closed_by": written(exited.evidence)}
        if wider:
            self._connection.execute(sa.update(_visits).where(_visits.c.id == known.id).values(**wider))
        return True

    def keep_stays(self, stays: Sequence[Stay], over: Sequence[tuple[str, str]]) -> None:
        """Writes the stays that changed, and drops those that are over."""
        delete_rows(self._connection, _stays, _STAY, over)
        insert_rows(
            self._connection,
            _stays,
            [_stay_row(stay) for stay in stays],
            replacing=("phase", "since_at", "entered_at", "heard_at", "dwelled_s", "usual_gap_s", "inside"),
        )

    def keep_last_words(self, stays: Sequence[Stay]) -> None:
        """Notes when the devices of these stays were last heard, where the stay is still kept."""
        heard = [
            {
                "device_id": stay.device,
                "zone_id": stay.zone,
                "heard_at": stay.heard,
                "usual_gap_s": stay.usual_gap_s,
                "inside": round(stay.inside, 3),
            }
            for stay in stays
        ]
        update_rows(self._connection, _stays, heard, by=_STAY)

    def close_visits(self, stays: Sequence[tuple[str, str]], at: datetime) -> None:
        """Ends the open visits of these (device, zone) at `at`: their zone is gone."""
        if not stays:
            return
        why = written(Evidence("zone_gone", at.timestamp()))
        still_open = sa.update(_visits).where(
            _visits.c.device_id == sa.bindparam("device"),
            _visits.c.zone_id == sa.bindparam("zone"),
            _visits.c.exited_at.is_(None),
        )
        self._connection.execute(
            still_open.values(exited_at=sa.bindparam("until"), closed_by=sa.bindparam("why")),
            [{"device": device, "zone": zone, "until": at, "why": why} for device, zone in stays],
        )

    def keep_decisions(self, decisions: Sequence[Decision], heard_at: datetime) -> list[Decision]:
        """Keeps decisions, and an outbox row for each that sends. Out: those that were not kept before.

        `heard_at` is when the evidence reached us: the start of heard-to-sent.
        """
        if not decisions:
            return []
        known = {row.id for row in self._of(_decisions_among, [decision.id for decision in decisions])}
        fresh = {decision.id: decision for decision in decisions if decision.id not in known}
        insert_rows(self._connection, _decisions, [_decision_row(decision) for decision in fresh.values()])
        offers = [_outbox_row(each, heard_at) for each in fresh.values() if isinstance(each, Send)]
        insert_rows(self._connection, _outbox, offers)
        return list(fresh.values())

    def _of(
        self, asked: Callable[[str], sa.Select[Any]], some: Collection[str], **more: object
    ) -> Sequence[sa.Row[Any]]:
        """The rows that a statement finds for these ids."""
        if not some:
            return []
        return self._connection.execute(asked(self._connection.dialect.name), {**ids(some), **more}).all()


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


@cache
def _decisions_among(dialect: str) -> sa.Select[Any]:
    return sa.select(_decisions.c.id).where(among(dialect, _decisions.c.id))


async def committed(database: Database, do: Callable[[Work], T]) -> T:
    """What `do` makes of a transaction of the path, once that is committed. Raises NotDurable where it could not be."""
    try:
        return await database.committed(lambda connection: do(Work(connection)))
    except (SQLAlchemyError, OSError) as error:
        raise NotDurable(f"{type(error).__name__}: {error}") from error


async def open_stays(connection: Connection) -> list[Stay]:
    """All stays that were not over when last written."""
    rows = await connection.execute(sa.select(_stays))
    return [
        Stay(
            device=row.device_id,
            zone=row.zone_id,
            phase=Phase(row.phase),
            since=row.since_at,
            entered=row.entered_at,
            heard=row.heard_at,
            dwelled_s=row.dwelled_s,
            usual_gap_s=row.usual_gap_s,
            inside=row.inside,
        )
        for row in rows
    ]


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


def _stay_row(stay: Stay) -> dict[str, Any]:
    return {
        "device_id": stay.device,
        "zone_id": stay.zone,
        "phase": int(stay.phase),
        "since_at": stay.since,
        "entered_at": stay.entered,
        "heard_at": stay.heard,
        "dwelled_s": stay.dwelled_s,
        "usual_gap_s": stay.usual_gap_s,
        "inside": round(stay.inside, 3),
    }


def _decision_row(decision: Decision) -> dict[str, Any]:
    return {
        "id": decision.id,
        "shopper_id": decision.shopper,
        "device_id": decision.event.device,
        "visit_id": decision.event.visit,
        "zone_id": decision.event.zone,
        "campaign_id": decision.campaign,
        "campaign_version": decision.campaign_version,
        "event": decision.event.kind,
        "verdict": decision.verdict,
        "reasons": [asdict(reason) for reason in decision.reasons],
        "saw": decision.saw,
        "happened_at": decision.event.at,
        "decided_at": decision.decided_at,
    }


def _outbox_row(send: Send, heard_at: datetime) -> dict[str, Any]:
    event, offer = send.event, send.offer
    data = dict(offer.data)
    if offer.url:
        data["url"] = offer.url
    if offer.image:
        data["image"] = offer.image
    data |= {
        "offer": send.offer_id,
        "visit": event.visit,
        "campaign": send.campaign,
        "expires_at": send.expires_at.isoformat(),
    }
    return {
        "id": send.offer_id,
        "decision_id": send.id,
        "shopper_id": send.shopper,
        "device_id": event.device,
        "visit_id": event.visit,
        "zone_id": event.zone,
        "campaign_id": send.campaign,
        "channel": "fcm",
        "address_id": None,
        "title": send.text.title,
        "body": send.text.body,
        "data": data,
        "collapse_key": send.offer_id,
        "happened_at": event.at,
        "heard_at": heard_at,
        "created_at": send.decided_at,
        "expires_at": send.expires_at,
        "due_at": send.decided_at,
        "leased_until": NO_LEASE,
        "attempts": 0,
        "settled_at": None,
        "outcome": None,
    }
