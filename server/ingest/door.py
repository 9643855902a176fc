"""The hot doors: bytes in, a verdict for each item out, when what follows from it is durable.

Each request goes the same way: who speaks, how large, what does it say, whose is it, when was it; what is left goes to the bus
as one batch. Nothing here knows HTTP beyond a status and headers, so that the same doors serve FastAPI and bare ASGI.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from server.bus.contract import Bus, BusFull, NotTaken
from server.bus.measures import Measures
from server.ingest.clocks import Clocks
from server.ingest.directory import Directory
from server.ingest.formats import gateway, owntracks, phone_ping
from server.ingest.formats.reading import Fault, Items, Unreadable
from server.ingest.trust import Garbled, TooLarge, Untrusted, bearer, check_signature, unpacked
from server.presence.sighting import Batch, Fix, Fixes, Heard, Heards, Verdict, Verdicts
from server.records.keys import Keyring, Principal

_WORDS = [verdict.word for verdict in Verdict]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a door takes: bytes, items, and how old or how far ahead an item may be (seconds)."""

    body_bytes: int = 2 * 1024 * 1024
    items: int = 5_000
    oldest_s: float = 7 * 86_400.0
    ahead_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Posted:
    """A request: header names in lower case, the body as sent."""

    headers: Mapping[bytes, bytes]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    kind: bytes = b"application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Refused(Exception):
    """The request as a whole: an HTTP status and the reason in words."""

    def __init__(self, status: int, why: str, **headers: str) -> None:
        super().__init__(why)
        self.status, self.why, self.headers = status, why, headers


@dataclass(slots=True)
class Sorted:
    """Verdicts of all items of a body, with words for those that need them; `use` are the read rows that go on."""

    verdicts: Verdicts
    faults: list[Fault] = field(default_factory=list)

    def refuse(self, items: Items, bad: NDArray[np.bool_], verdict: Verdict, name: str, reason: str) -> None:
        where = items.index[bad]
        self.verdicts[where] = verdict
        self.faults += [Fault(int(i), name, reason) for i in where]


class Door:
    """All hot doors of a process."""

    def __init__(
        self,
        bus: Bus,
        keyring: Keyring,
        directory: Directory,
        measures: Measures,
        limits: Limits,
        clock: Callable[[], float],
    ) -> None:
        self._bus = bus
        self._keyring = keyring
        self._directory = directory
        self._measures = measures
        self.limits = limits
        self._clock = clock
        self._clocks = Clocks()

    async def pings(self, posted: Posted) -> Answer:
        """`POST /v1/pings`: a phone for itself, or a server key for the phones it names."""
        return await self._guarded(self._pings(posted))

    async def sightings(self, posted: Posted) -> Answer:
        """`POST /v1/sightings`: a gateway that heard devices, or a phone that heard shop beacons."""
        return await self._guarded(self._sightings(posted))

    async def owntracks(self, posted: Posted) -> Answer:
        """`POST /ingest/owntracks`: 200 `[]` to whoever may speak, whatever it says: a 4xx would lose the phone's point."""
        return await self._guarded(self._owntracks(posted))

    async def _guarded(self, work: Awaitable[Answer]) -> Answer:
        try:
            return await work
        except Refused as refused:
            return problem(refused.status, refused.why, refused.headers)
        except tuple(_REFUSALS) as error:
            status, headers = _REFUSALS[type(error)]
            return problem(status, str(error), headers)

    async def _pings(self, posted: Posted) -> Answer:
        now = self._clock()
        principal, body = await self._opened(posted, ("device", "server"))
        pings = phone_ping.read(body)
        items = pings.items
        self._check_count(items)
        owner = principal.owner if principal.kind == "device" else None
        device = [owner or named or "" for named in pings.device]
        foreign = np.array([bool(owner and named and named != owner) for named in pings.device], np.bool_)
        sorting = _sorting(items)
        sorting.refuse(items, foreign, Verdict.UNKNOWN_DEVICE, "device", "a device speaks for itself only")
        at = self._clocks.corrected(principal.key, pings.at, items.sent_at, now)
        self._check_times(items, at, now, sorting)
        await self._check_devices(items, device, sorting)
        use = np.flatnonzero(sorting.verdicts[items.index] == Verdict.ACCEPTED)
        fixes = Fixes(
            device if len(use) == len(device) else [device[i] for i in use],
            at[use],
            pings.lat[use],
            pings.lon[use],
            pings.accuracy_m[use],
            pings.speed_mps[use],
            np.array(pings.mock, np.bool_)[use],
        )
        return await self._carried(Batch(fixes, _NO_HEARDS), items, use, sorting)

    async def _sightings(self, posted: Posted) -> Answer:
        now = self._clock()
        principal, body = await self._opened(posted, ("gateway", "device"))
        links = gateway.read(body)
        items = links.items
        self._check_count(items)
        device, anchor = self._ends(principal, links.beacon)
        sorting = _sorting(items)
        at = self._clocks.corrected(principal.key, links.at, items.sent_at, now)
        self._check_times(items, at, now, sorting)
        strange = np.array([not each for each in anchor], np.bool_)
        sorting.refuse(
            items, strange, Verdict.UNKNOWN_ANCHOR, "id", "no anchor of the shop is known by this id"
        )
        await self._check_devices(items, device, sorting)
        use = np.flatnonzero(sorting.verdicts[items.index] == Verdict.ACCEPTED)
        heards = Heards(
            [device[i] for i in use], [anchor[i] for i in use], at[use], links.rssi_dbm[use], links.count[use]
        )
        return await self._carried(Batch(_NO_FIXES, heards), items, use, sorting)

    async def _owntracks(self, posted: Posted) -> Answer:
        now = self._clock()
        principal, body = await self._opened(posted, ("device",))
        said, owner = owntracks.read(body), principal.owner or ""
        sighting: Fix | Heard | None = None
        if isinstance(said, owntracks.Located):
            sighting = Fix(owner, said.at, said.lat, said.lon, said.accuracy_m, said.speed_mps)
        elif said is not None and (anchor := self._directory.anchor_of_beacon(said.beacon)):
            sighting = Heard(owner, anchor, now, said.rssi_dbm)
        if sighting is not None and now - self.limits.oldest_s <= sighting.at <= now + self.limits.ahead_s:
            verdict = await self._known(owner)
            if verdict == Verdict.ACCEPTED:
                self._measures.sightings(await self._bus.carry(Batch.of([sighting])))
            else:
                self._measures.sightings(np.array([verdict], np.uint8))
        return Answer(200, b"[]")

    async def _opened(self, posted: Posted, kinds: tuple[str, ...]) -> tuple[Principal, bytes]:
        """Who speaks, and the plain body."""
        principal = await bearer(self._keyring, posted.headers)
        if principal.kind not in kinds:
            raise Refused(403, f"this door is for {' or '.join(kinds)} tokens, not {principal.kind} tokens")
        check_signature(principal, posted.headers.get(b"soglia-signature"), posted.body, self._clock())
        return principal, unpacked(
            posted.body, posted.headers.get(b"content-encoding"), self.limits.body_bytes
        )

    def _ends(self, principal: Principal, beacons: list[str]) -> tuple[list[str], list[str]]:
        """The device and the anchor of each link, "" where unknown."""
        directory = self._directory
        if principal.kind == "device":
            return [principal.owner or ""] * len(beacons), [
                directory.anchor_of_beacon(beacon) or "" for beacon in beacons
            ]
        anchor = directory.anchor_of_gateway(principal.owner or "") or ""
        return [directory.device(beacon) or "" for beacon in beacons], [anchor] * len(beacons)

    def _check_count(self, items: Items) -> None:
        if items.count > self.limits.items:
            raise Refused(413, f"{items.count} items in one request; this door takes {self.limits.items}")

    def _check_times(self, items: Items, at: NDArray[np.float64], now: float, sorting: Sorted) -> None:
        old, ahead = now - at > self.limits.oldest_s, at - now > self.limits.ahead_s
        if old.any():
            days = self.limits.oldest_s / 86_400
            sorting.refuse(items, old, Verdict.TOO_OLD, "at", f"older than {days:g} days")
        if ahead.any():
            sorting.refuse(
                items,
                ahead,
                Verdict.IN_THE_FUTURE,
                "at",
                "ahead of our clock; send `sent_at` to correct yours",
            )

    async def _check_devices(self, items: Items, device: list[str], sorting: Sorted) -> None:
        verdicts = {each: self._directory.verdict(each) for each in set(device)}
        unknown = [each for each, v in verdicts.items() if each and v == Verdict.UNKNOWN_DEVICE]
        if unknown:
            await self._directory.learn_devices(unknown)
            verdicts |= {each: self._directory.verdict(each) for each in unknown}
        if all(verdict == Verdict.ACCEPTED for verdict in verdicts.values()):
            return
        found = np.array([verdicts[each] for each in device], np.uint8)
        open_still = sorting.verdicts[items.index] == Verdict.ACCEPTED
        for verdict, reason in _DEVICE_REASONS.items():
            sorting.refuse(items, open_still & (found == verdict), verdict, "device", reason)

    async def _known(self, device: str) -> Verdict:
        verdict = self._directory.verdict(device)
        if verdict == Verdict.UNKNOWN_DEVICE:
            await self._directory.learn_devices([device])
            verdict = self._directory.verdict(device)
        return verdict

    async def _carried(self, batch: Batch, items: Items, use: NDArray[np.intp], sorting: Sorted) -> Answer:
        if len(batch):
            sorting.verdicts[items.index[use]] = await self._bus.carry(batch)
        self._measures.sightings(sorting.verdicts)
        return Answer(200, _verdicts_body(sorting))


#: What each room's refusal is on the web.
_REFUSALS: dict[type[Exception], tuple[int, dict[str, str]]] = {
    Untrusted: (401, {"www-authenticate": 'Bearer realm="soglia"'}),
    Garbled: (400, {}),
    Unreadable: (400, {}),
    TooLarge: (413, {}),
    BusFull: (429, {"retry-after": "2"}),
    NotTaken: (503, {"retry-after": "5"}),
}
_NO_FIXES, _NO_HEARDS = Fixes.of([]), Heards.of([])
_DEVICE_REASONS = {
    Verdict.UNKNOWN_DEVICE: "no such device is registered",
    Verdict.NO_CONSENT: "its shopper has not agreed to being located",
}
_encode = msgspec.json.Encoder().encode


def _sorting(items: Items) -> Sorted:
    verdicts = np.full(items.count, Verdict.ACCEPTED, np.uint8)
    for fault in items.faults:
        verdicts[fault.index] = Verdict.MALFORMED
    return Sorted(verdicts, list(items.faults))


def _verdicts_body(sorting: Sorted) -> bytes:
    words = [_WORDS[verdict] for verdict in sorting.verdicts.tolist()]
    problems = [
        {"index": each.index, "verdict": words[each.index], "field": each.field, "reason": each.reason}
        for each in sorted(sorting.faults, key=lambda fault: fault.index)
    ]
    return _encode({"accepted": words.count("accepted"), "verdicts": words, "problems": problems})


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Answer:
    """A problem document (RFC 9457)."""
    body = _encode({"type": "about:blank", "title": _TITLES[status], "status": status, "detail": detail})
    more = tuple((name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items())
    return Answer(status, body, b"application/problem+json", more)


_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    413: "Content Too Large",
    429: "Too Many Requests",
    503: "Service Unavailable",
}
