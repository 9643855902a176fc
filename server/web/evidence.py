"""Why was this a visit? What opened and closed it, in words, in figures and as a small plot; and what it would have taken.

In: a visit's id, a language. Out: its evidence, for staff: probabilities, which anchor or position spoke, and the zone's manner at the
time. Where the shopper was inside the zone is in none of it: nobody keeps that.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from server.presence.explain import Language, Speech, Subject, Told, closed, opened
from server.presence.visit import Evidence, Weighing
from server.records import anchors, evidence, shops, visits, zones
from server.records.database import Connection, Database
from server.records.evidence import Explained
from server.records.keys import Principal
from server.records.refusal import NotFound
from server.records.tables import VisitRow, ZoneRow
from server.records.visits import VisitQuery
from server.web.fields import Id
from server.web.guard import Guard
from server.web.plot import Scene, draw
from server.web.shops import without
from server.zones.zone import Manner

Spoken = Annotated[Language, Query(description="the language of the words")]


class SvgResponse(Response):
    """A picture that may load nothing and run nothing, wherever it is shown."""

    media_type = "image/svg+xml"

    def __init__(
        self, content: str, status_code: int = 200
    ) -> None:  # FastAPI documents the code it finds here
        super().__init__(content, status_code, {"Content-Security-Policy": "default-src 'none'"})


class WeighingShown(BaseModel):
    """A moment at which belief changed: the probability of being in the zone, and what spoke."""

    at: datetime
    inside: float
    by: Literal["radio", "fix", "memory"] = Field(
        description="memory: nobody spoke then, it was known from before a restart or before the zone was drawn or changed"
    )
    anchor: str | None = Field(description="the loudest anchor of those that heard the device")
    dbm: float | None = Field(description="how loud it was there")
    others: int = Field(description="how many other anchors heard it in the same half second")
    accuracy_m: float | None = Field(description="the radius that the position claimed")

    @classmethod
    def of(cls, each: Weighing) -> Self:
        by_fix = each.anchor is None
        spoke: Literal["radio", "fix"] = "fix" if by_fix else "radio"
        return cls(
            at=datetime.fromtimestamp(each.at, UTC),
            inside=each.inside,
            by="memory" if each.strength is None else spoke,
            anchor=each.anchor,
            dbm=None if by_fix else each.strength,
            others=each.others,
            accuracy_m=each.strength if by_fix else None,
        )


class Thresholds(BaseModel):
    """What the zone asked for at the time."""

    manner: str
    enter_at: float
    leave_at: float
    enter_after_s: float
    leave_after_s: float

    @classmethod
    def of(cls, manner: Manner) -> Self:
        return cls(
            manner=manner.word,
            enter_at=manner.enter_at,
            leave_at=manner.leave_at,
            enter_after_s=manner.enter_after_s,
            leave_after_s=manner.leave_after_s,
        )


class EvidenceShown(BaseModel):
    words: list[str] = Field(description="what was, a sentence each")
    otherwise: list[str] = Field(description="what it would have taken to be otherwise, a sentence each")
    why: str | None = Field(
        description="believed, implied, left, sibling, silence, …; null: nothing was kept of why"
    )
    known_at: datetime | None = Field(description="when it was certain")
    heard_at: datetime | None = Field(description="the last word of the device until then")
    usual_gap_s: float | None = Field(description="what is usual between two words of this device")
    zone: str | None = Field(description="the other zone that brought it about, where one did")
    thresholds: Thresholds | None
    weighings: list[WeighingShown] = Field(
        description="the last moments at which belief changed, oldest first"
    )

    @classmethod
    def of(cls, kept: Evidence | None, told: Told) -> Self:
        words = {"words": list(told.was), "otherwise": list(told.otherwise)}
        if kept is None:
            nothing = dict.fromkeys(("why", "known_at", "heard_at", "usual_gap_s", "zone", "thresholds"))
            return cls.model_validate({**words, **nothing, "weighings": []})
        return cls(
            **words,
            why=kept.why,
            known_at=datetime.fromtimestamp(kept.known_at, UTC),
            heard_at=None if kept.heard_at is None else datetime.fromtimestamp(kept.heard_at, UTC),
            usual_gap_s=kept.usual_gap_s,
            zone=kept.zone,
            thresholds=Thresholds.of(kept.manner) if kept.manner else None,
            weighings=[WeighingShown.of(each) for each in kept.weighings],
        )


class VisitEvidence(BaseModel):
    """What opened a visit and what closed it; `closed` is null while it lasts."""

    visit: str
    zone: str
    entered_at: datetime
    exited_at: datetime | None
    opened: EvidenceShown
    closed: EvidenceShown | None


def add_evidence(router: APIRouter, database: Database, guard: Guard) -> None:
    """`/v1/visits/{visit}/evidence`, and the same as a plot."""

    @router.get("/v1/visits/{visit}/evidence", responses={404: {}})
    async def get_evidence(
        visit: Id, caller: Annotated[Principal, guard.reader], language: Spoken = "en"
    ) -> VisitEvidence:
        """What opened and closed a visit, and what it would have taken to be otherwise."""
        known = await _known(database, visit)
        row, (entered, exited) = known.visit, _told(known, language)
        shown = VisitEvidence(
            visit=row.id,
            zone=row.zone_id,
            entered_at=row.entered_at,
            exited_at=row.exited_at,
            opened=EvidenceShown.of(known.explained.opened_by, entered),
            closed=EvidenceShown.of(known.explained.closed_by, exited) if exited else None,
        )
        return VisitEvidence.model_validate(without(shown.model_dump(), await _others(database, caller)))

    @router.get("/v1/visits/{visit}/evidence.svg", responses={404: {}}, response_class=SvgResponse)
    async def get_evidence_plot(visit: Id, language: Spoken = "en") -> SvgResponse:
        """The same as a small plot: how sure we were over time, with what the zone asks for."""
        return SvgResponse(_drawn(await _known(database, visit), language))


async def _others(database: Database, caller: Principal) -> frozenset[str]:
    """The zones and anchors of shops that are not the caller's."""
    async with database.reading() as connection:
        zones_there = await shops.zones_elsewhere(connection, caller.shops)
        return zones_there | await shops.anchors_elsewhere(connection, caller.shops)


def speech_in(language: Language, time_zone: str | None, names: Mapping[str, str] | None = None) -> Speech:
    """Words in a language, times of day as clocks show them in the shop; in UTC where nobody said where it is."""
    return Speech(language, ZoneInfo(time_zone) if time_zone else None, names or {})


@dataclass(frozen=True, slots=True)
class _Known:
    """What records have of a visit, and of its zone as it is now."""

    explained: Explained
    subject: Subject
    time_zone: str | None

    @property
    def visit(self) -> VisitRow:
        return self.explained.visit

    def speech(self, language: Language) -> Speech:
        return speech_in(language, self.time_zone, self.explained.names)


async def _known(database: Database, visit: str) -> _Known:
    """Raises NotFound."""
    async with database.reading() as connection:
        known = await evidence.explained(connection, visit)
        subject = await _subject(connection, known)
        time_zone = known.time_zone
        if subject.state == "deleted":
            time_zone = await _time_zone_there(connection, known)
    return _Known(known, subject, time_zone)


async def _subject(connection: Connection, known: Explained) -> Subject:
    row, closed_by = known.visit, known.closed_by
    try:
        zone = await zones.find(connection, row.zone_id)
    except NotFound:
        return Subject(row.zone_id, "deleted")
    entered_at, changed_at = row.entered_at.timestamp(), zone.updated_at.timestamp()
    during = closed_by is not None and entered_at < changed_at <= closed_by.known_at
    state: Literal["open", "closed"] = "closed" if await _is_closed(connection, zone) else "open"
    return Subject(row.zone_id, state, changed_at if during else None)


async def _is_closed(connection: Connection, zone: ZoneRow) -> bool:
    """Whether a zone, or what it lies in, is closed now."""
    while not zone.feature["properties"].get("closed"):
        if zone.parent_id is None:
            return False
        zone = await zones.find(connection, zone.parent_id)
    return True


async def _time_zone_there(connection: Connection, known: Explained) -> str | None:
    """The time zone of a zone that is gone: that of where else the device was meanwhile, or of the anchors that heard it there."""
    row = known.visit
    others = await visits.listed(connection, VisitQuery(device=row.device_id, until=row.exited_at))
    meanwhile = (each.zone_id for each in others if each.exited_at is None or each.exited_at > row.entered_at)
    heard_by = {
        each.anchor
        for one in (known.opened_by, known.closed_by)
        for each in (one.weighings if one else ())
        if each.anchor
    }
    for zone in meanwhile:
        if time_zone := await evidence.time_zone_of(connection, zone):
            return time_zone
    for anchor in sorted(heard_by):
        with suppress(NotFound):
            site = (await anchors.find(connection, anchor)).site_id
            if time_zone := await evidence.time_zone_of(connection, site):
                return time_zone
    return None


def _told(known: _Known, language: Language) -> tuple[Told, Told | None]:
    row, explained, speech = known.visit, known.explained, known.speech(language)
    entered = opened(explained.opened_by, row.entered_at.timestamp(), known.subject, speech)
    if row.exited_at is None:
        return entered, None
    return entered, closed(explained.closed_by, row.exited_at.timestamp(), known.subject, speech)


def _drawn(known: _Known, language: Language) -> str:
    row, speech, (entered, exited) = known.visit, known.speech(language), _told(known, language)
    opened_by, closed_by = known.explained.opened_by, known.explained.closed_by
    scenes = []
    if opened_by is not None:
        at = row.entered_at.timestamp()
        scenes.append(Scene(speech.say("entered", at=speech.time(at)), at, opened_by))
    if closed_by is not None and row.exited_at is not None:
        at = row.exited_at.timestamp()
        scenes.append(Scene(speech.say("exited", at=speech.time(at)), at, closed_by))
    words = " ".join((*entered.was, *(exited.was if exited else ())))
    return draw(scenes, row.id, speech.say("plot", zone=speech.name(row.zone_id)), words, speech)
