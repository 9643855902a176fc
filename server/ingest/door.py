"""The hot doors: a body in, a verdict for each item out, when what follows from it is durable.

Each request goes the same way, whatever its format: who speaks, is it what they sent, what does it say, when was it, whose is it; what
is left goes to the bus as one batch. The first verdict against an item stands, in that order: malformed (the format), unknown_device
(a device speaking for another), too_old or in_the_future, unknown_anchor, unknown_device, no_consent; the path adds too_inaccurate
and duplicate. Nothing is kept of what is refused, and nothing of anybody is logged.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import structlog
from numpy.typing import NDArray

from server.bus.contract import Bus, BusFull, NotTaken
from server.bus.measures import Measures
from server.bus.walks import Walks
from server.ingest.answer import Answer, CutShort, Posted, TooSlow, problem
from server.ingest.clocks import Clocks
from server.ingest.directory import Directory
from server.ingest.format import Fault, Floats, Format, Items, Links, Positions, Unreadable
from server.ingest.sheet import Sheet
from server.ingest.trust import Untrusted, bearer, check_signature
from server.ingest.unpacking import ENCODINGS, Garbled, TooLarge, UnknownEncoding, unpacked
from server.presence.sighting import Batch, Fixes, Heards, Verdict
from server.records.database import UNREACHABLE
from server.records.keys import Keyring, Principal

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a door takes: bytes, items, and how old or how far ahead an item may be (seconds)."""

    body_bytes: int = 2 * 1024 * 1024
    items: int = 5_000
    oldest_s: float = 7 * 86_400.0
    ahead_s: float = 60.0


class NotForYou(Exception):
    """The token is good, but this door is not for its kind: 403."""


class Door:
    """All hot doors of a process. `clock` gives UTC epoch seconds; `walks` are told what gateways hear while staff walk with a fob."""

    def __init__(
        self,
        bus: Bus,
        keyring: Keyring,
        directory: Directory,
        measures: Measures,
        limits: Limits,
        clock: Callable[[], float],
        walks: Walks | None = None,
    ) -> None:
        self.limits = limits
        self._walks = walks
        self._bus = bus
        self._keyring = keyring
        self._directory = directory
        self._measures = measures
        self._clock = clock
        self._clocks = Clocks()

    async def enter(self, form: Format, posted: Posted) -> Answer:
        """One request in one format; answers whatever happens."""
        try:
            return await self._entered(form, posted)
        except BusFull as full:
            # Apps that cannot read verdicts drop a point on 4xx and keep it on 5xx.
            return problem(429 if form.ALWAYS is None else 503, str(full), {"retry-after": "2"})
        except tuple(_REFUSALS) as refusal:
            status, headers = _REFUSALS[type(refusal)]
            return problem(status, str(refusal), headers)
        except UNREACHABLE as trouble:
            # No failure of ours: its trace would say nothing.
            log.error("door_without_records", door=form.PATH, why=type(trouble).__name__)  # noqa: TRY400
            return problem(503, "the records cannot be reached just now", {"retry-after": "5"})
        except Exception:
            # The edge of a request. The trace tells where, never what was sent.
            log.exception("door_failed", door=form.PATH)
            return problem(500, "the server failed to answer; its log says why")

    async def _entered(self, form: Format, posted: Posted) -> Answer:
        now = self._clock()  # of the arrival, however long the body takes
        principal = await bearer(self._keyring, posted.headers)
        if principal.kind not in form.SPEAKERS:
            kinds = " or ".join(sorted(form.SPEAKERS))
            raise NotForYou(f"this door is for {kinds} tokens, not for {principal.kind} tokens")
        try:
            said = form.read(await self._opened(principal, posted, now), now)
            sheet = Sheet(_NO_ITEMS) if said is None else await self._judged(principal, said, now)
        except _UNTAKEABLE:
            if form.ALWAYS is None:
                raise
            sheet = Sheet(_JUNK)
        self._measures.sightings(sheet.verdicts)
        return Answer(200, sheet.answer() if form.ALWAYS is None else form.ALWAYS)

    async def _opened(self, principal: Principal, posted: Posted, now: float) -> bytes:
        """The plain body."""
        body = await posted.body()
        check_signature(principal, posted.headers.get(b"soglia-signature"), body, now)
        return unpacked(body, posted.headers.get(b"content-encoding"), self.limits.body_bytes)

    async def _judged(self, principal: Principal, said: Positions | Links, now: float) -> Sheet:
        """The verdicts of all items, when what follows from those that could be taken is durable."""
        items = said.items
        if items.count > self.limits.items:
            raise TooLarge(f"{items.count} items in one request; this door takes {self.limits.items}")
        sheet = Sheet(items)
        at = self._clocks.corrected(principal.key, said.at, items.sent_at, now)
        anchor: Sequence[str] = ()
        if isinstance(said, Positions):
            device = _spoken_for(principal, said.device, sheet)
            self._refuse_times(sheet, at, now)
        else:
            device, anchor = self._ends(principal, said.beacon, at)
            if self._walks and principal.kind == "gateway":
                self._walks.hear(said.beacon, anchor, at, said.rssi_dbm)
            self._refuse_times(sheet, at, now)
            _refuse_strange_anchors(principal, anchor, sheet)
        await self._refuse_people(sheet, device, now)
        batch = _batch(said, device, anchor, at, sheet.standing)
        if len(batch):
            sheet.settle(await self._bus.carry(batch))
        return sheet

    def _ends(
        self, principal: Principal, beacons: Sequence[str], at: Floats
    ) -> tuple[Sequence[str], Sequence[str]]:
        """The device and the anchor of each link, "" where unknown."""
        directory = self._directory
        if principal.kind == "device":  # a phone that hears the beacons of the shop
            device = [principal.owner or ""] * len(beacons)
            return device, [directory.anchor_of_beacon(beacon) or "" for beacon in beacons]
        anchor = directory.anchor_of_gateway(principal.owner or "") or ""
        heard = zip(beacons, at.tolist(), strict=True)
        return [directory.device(beacon, when) or "" for beacon, when in heard], [anchor] * len(beacons)

    def _refuse_times(self, sheet: Sheet, at: Floats, now: float) -> None:
        oldest, latest = now - self.limits.oldest_s, now + self.limits.ahead_s
        if ((at >= oldest) & (at <= latest)).all():
            return
        sheet.refuse(at < oldest, Verdict.TOO_OLD, "at", f"older than {self.limits.oldest_s / 86_400:g} days")
        sheet.refuse(
            at > latest, Verdict.IN_THE_FUTURE, "at", "ahead of our clock; send `sent_at` to correct yours"
        )

    async def _refuse_people(self, sheet: Sheet, device: Sequence[str], now: float) -> None:
        refused = self._directory.refused(device)
        if not refused:
            return
        if refused != {""}:
            await self._directory.look_again(refused - {""}, now)
            refused = self._directory.refused(device)  # of all anew: looking took time
        verdicts = {each: self._directory.verdict(each) for each in refused}
        found = np.array([verdicts.get(each, Verdict.ACCEPTED) for each in device], np.uint8)
        for verdict, reason in _NOT_THESE_PEOPLE.items():
            sheet.refuse(found == verdict, verdict, "device", reason)


def _spoken_for(principal: Principal, named: Sequence[str | None], sheet: Sheet) -> Sequence[str]:
    """The device that each item is about: a phone speaks for itself, a server for the devices it names."""
    if principal.kind != "device":
        return [each or "" for each in named]
    owner = principal.owner or ""
    if any(each not in {None, owner} for each in named):
        foreign = np.array([each not in {None, owner} for each in named], np.bool_)
        sheet.refuse(foreign, Verdict.UNKNOWN_DEVICE, "device", "a device speaks for itself only")
    return [owner] * len(named)


def _refuse_strange_anchors(principal: Principal, anchor: Sequence[str], sheet: Sheet) -> None:
    strange = np.array([not each for each in anchor], np.bool_)
    if principal.kind == "device":
        sheet.refuse(strange, Verdict.UNKNOWN_ANCHOR, "id", "no fixed beacon of the shop is known by this id")
    else:
        sheet.refuse(strange, Verdict.UNKNOWN_ANCHOR, "", "no anchor of the shop belongs to this gateway")


def _batch(
    said: Positions | Links,
    device: Sequence[str],
    anchor: Sequence[str],
    at: Floats,
    standing: NDArray[np.bool_],
) -> Batch:
    """What stands of a body, as evidence."""
    use: slice | NDArray[np.intp] = slice(None)  # mostly all of it, as it is
    if not standing.all():
        use = np.flatnonzero(standing)
        device, anchor = (
            [device[row] for row in use.tolist()],
            [anchor[row] for row in use.tolist() if anchor],
        )
    if isinstance(said, Positions):
        fixes = Fixes(
            device,
            at[use],
            said.lat[use],
            said.lon[use],
            said.accuracy_m[use],
            said.speed_mps[use],
            said.mock[use],
        )
        return Batch(fixes, _NO_HEARDS)
    heards = Heards(device, anchor, at[use], said.rssi_dbm[use], said.count[use])
    return Batch(_NO_FIXES, heards)


#: What each room's refusal is on the web.
_REFUSALS: dict[type[Exception], tuple[int, dict[str, str]]] = {
    Untrusted: (401, {"www-authenticate": 'Bearer realm="soglia", Basic realm="soglia"'}),
    NotForYou: (403, {}),
    CutShort: (400, {}),
    Garbled: (400, {}),
    Unreadable: (400, {}),
    TooSlow: (408, {}),
    TooLarge: (413, {}),
    UnknownEncoding: (415, {"accept-encoding": ", ".join(ENCODINGS)}),
    NotTaken: (503, {"retry-after": "5"}),
}
#: Bodies that will never be taken, sent how often they may.
_UNTAKEABLE = (Garbled, TooLarge, UnknownEncoding, Unreadable)
_NO_FIXES, _NO_HEARDS = Fixes.of([]), Heards.of([])
_NO_ITEMS = Items(0, np.empty(0, np.intp))
_JUNK = Items(1, np.empty(0, np.intp), (Fault(0, "", "cannot be read"),))
_NOT_THESE_PEOPLE = {
    Verdict.UNKNOWN_DEVICE: "no such device is registered",
    Verdict.NO_CONSENT: "its shopper has not agreed to being located",
}
