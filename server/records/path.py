"""The transaction of the path: a batch's zone events, stays and decisions in, rows out; and the facts that decisions look at.

`Work` is what the trigger holds while its transaction is open: plain code without a wait in it, so that a whole batch is one visit
to the database (Database.committed). Reading and writing happen in the same transaction, so that a consent withdrawn or
an offer sent a moment ago is seen. Everything here may be done again with the same result.

Here are visits and stays; `facts.py` reads what decisions look at, `decided.py` keeps what was decided, `holds.py` what waits, and
`issues.py` counts what was given.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError, SQLAlchemyError

from server.presence.observe import Stay
from server.presence.visit import Evidence, Phase, ZoneEvent
from server.records.bulk import among, delete_rows, insert_rows, rows_among, update_rows
from server.records.database import Connection, Database, Transaction
from server.records.decided import Decided
from server.records.evidence import written
from server.records.facts import Facts
from server.records.holds import Holds
from server.records.issues import Issues
from server.records.tables import Table
from server.records.webhooks import Webhooks

T = TypeVar("T")

_visits, _stays = Table.metadata.tables["visits"], Table.metadata.tables["stays"]

_STAY = ("device_id", "zone_id")

#: A late visit this close to a known one is a part of it: nobody leaves a shop for less.
ONE_STAY = timedelta(seconds=60)

NO_RIVALS: Mapping[str, Collection[str]] = MappingProxyType({})


class NotDurable(Exception):
    """The transaction could not be committed: nothing of it counts, and it may be done again."""


class Work:
    """One open transaction of the path."""

    def __init__(self, connection: Transaction) -> None:
        self._connection = connection
        self.facts = Facts(connection)
        self.decided = Decided(connection)
        self.issues = Issues(connection)
        self.holds = Holds(connection)
        self.webhooks = Webhooks(connection)

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
        self._tell_of_ends(set(stays), at)
        still_open = sa.update(_visits).where(
            _visits.c.device_id == sa.bindparam("device"),
            _visits.c.zone_id == sa.bindparam("zone"),
            _visits.c.exited_at.is_(None),
        )
        self._connection.execute(
            still_open.values(exited_at=sa.bindparam("until"), closed_by=sa.bindparam("why")),
            [{"device": device, "zone": zone, "until": at, "why": why} for device, zone in stays],
        )

    def _tell_of_ends(self, stays: Collection[tuple[str, str]], at: datetime) -> None:
        """Other systems are told of visits that no zone event ends."""
        found = rows_among(self._connection, _open_visits_among, sorted({device for device, _ in stays}))
        ended = [each for each in found if (each.device_id, each.zone_id) in stays]
        events = [
            ZoneEvent(
                "exited",
                each.device_id,
                each.zone_id,
                each.id,
                at,
                each.entered_at,
                (at - each.entered_at).total_seconds(),
            )
            for each in ended
        ]
        shopper_of = {each.device_id: each.shopper_id for each in ended if each.shopper_id}
        self.webhooks.tell(events, (), shopper_of, at)


@cache
def _open_visits_among(dialect: str) -> sa.Select[Any]:
    return sa.select(_visits).where(_visits.c.exited_at.is_(None), among(dialect, _visits.c.device_id))


async def committed(database: Database, do: Callable[[Work], T]) -> T:
    """What `do` makes of a transaction of the path, once that is committed. Raises NotDurable where it could not be.

    What no database would ever take is raised as it is: trying again would only make others wait.
    """
    try:
        return await database.committed(lambda connection: do(Work(connection)))
    except (IntegrityError, DataError, ProgrammingError):
        raise
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


async def lately_left(connection: Connection, since: datetime) -> list[tuple[str, str, float]]:
    """Visits that ended at `since` or later: device, zone, epoch second. Those that began more than a day before are left out."""
    rows = await connection.execute(
        sa.select(_visits.c.device_id, _visits.c.zone_id, _visits.c.exited_at).where(
            _visits.c.entered_at >= since - timedelta(days=1), _visits.c.exited_at >= since
        )
    )
    return [(row.device_id, row.zone_id, row.exited_at.timestamp()) for row in rows]


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
