"""The line to the server: signed, compressed requests, and what its answers mean for us.

In: sightings, a heartbeat, the version of our instructions. Out: `Taken`, `Refused` or `NotNow`: what to do next.
Nothing is repeated here; whoever asks decides when to ask again.
"""

import gzip
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import ValidationError

from scanner.backoff import retry_after_s
from scanner.instructions import Instructions
from scanner.sighting import Sighting

REFUSED = {
    httpx.codes.BAD_REQUEST: "the server calls it malformed",
    httpx.codes.REQUEST_ENTITY_TOO_LARGE: "the server calls it too large",
    httpx.codes.UNPROCESSABLE_ENTITY: "the server calls it malformed",
}
"""Answers that the same bytes will always get: sending them again would block the spool for ever."""

TO_MEND = {
    httpx.codes.UNAUTHORIZED: "the server does not take our token (401): see server.token_file",
    httpx.codes.FORBIDDEN: "our token is not a gateway's (403): see server.token_file",
    httpx.codes.NOT_FOUND: "there is no Soglia at this address (404): see server.url",
}
"""Answers that only people can change: nothing is lost meanwhile, and they are told in log and heartbeat."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The server has it: `verdicts` counts what it said of each sighting."""

    verdicts: Mapping[str, int]
    first_problem: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The server will never take this body. In smaller pieces, most of it."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotNow:
    """Try again, not before `after_s` where the server asked for that; `needs_people` where only they can mend it."""

    reason: str
    after_s: float | None = None
    needs_people: bool = False


def signature(token: str, body: bytes, at: int) -> str:
    """The Soglia-Signature of a body as it is sent, at a time in whole UTC epoch seconds."""
    key = hmac.digest(token.encode(), b"soglia-signature-v1", hashlib.sha256)
    return f"t={at},v1={hmac.digest(key, f'{at}.'.encode() + body, hashlib.sha256).hex()}"


def on_the_wire(sighting: Sighting) -> dict[str, Any]:
    said: dict[str, Any] = {
        "at": sighting.at,
        "id": sighting.id,
        "rssi": sighting.rssi,
        "count": sighting.count,
    }
    if sighting.tx is not None:
        said["tx"] = sighting.tx
    if sighting.battery is not None:
        said["battery"] = sighting.battery
    return said


class Uplink:
    """Speaks for one gateway. `client` has the server's address as its base; `now` gives UTC epoch seconds."""

    def __init__(self, client: httpx.AsyncClient, token: str, now: Callable[[], float]) -> None:
        self._client = client
        self._token = token
        self._now = now
        self._server_ahead_s = 0.0

    async def send(self, sightings: Sequence[Sighting]) -> Taken | Refused | NotNow:
        answer = await self._post("v1/sightings", {"sightings": [on_the_wire(each) for each in sightings]})
        if not isinstance(answer, httpx.Response):
            return answer
        said = _object(answer)
        verdicts = said.get("verdicts") if said is not None else None
        if answer.status_code == httpx.codes.ACCEPTED and said is not None:
            return Taken(Counter(queued=len(sightings)))
        # A guest network's login page answers 200 too: only an answer about each sighting is the server's.
        if said is None or not isinstance(verdicts, list) or len(verdicts) != len(sightings):
            return NotNow("something other than a Soglia server answered", needs_people=True)
        return Taken(Counter(map(str, verdicts)), _first_problem(said.get("problems")))

    async def beat(self, heartbeat: Mapping[str, Any]) -> float | NotNow | Refused | None:
        """Tells how we are. Returns by how many seconds the server's clock is ahead of ours, where it says."""
        answer = await self._post("v1/gateways/me/heartbeat", heartbeat)
        if not isinstance(answer, httpx.Response):
            return answer
        said = _object(answer) or {}
        server_time = said.get("server_time")
        if not isinstance(server_time, int | float):
            return None
        self._server_ahead_s = server_time - self._now()
        return self._server_ahead_s

    async def instructions(self, etag: str | None) -> Instructions | NotNow | None:
        """What we are to listen for; None where it has not changed since `etag`."""
        headers = {"If-None-Match": etag} if etag else {}
        try:
            answer = await self._client.get("v1/gateways/me/settings", headers=headers)
        except httpx.HTTPError as error:
            return NotNow(_trouble_of_the_line(error))
        if answer.status_code == httpx.codes.NOT_MODIFIED:
            return None
        meaning = self._meaning(answer)
        if meaning is not None:
            return meaning if isinstance(meaning, NotNow) else NotNow(meaning.reason)
        try:
            read = Instructions.model_validate_json(answer.content)
        except ValidationError as error:
            fault = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, fault["loc"])) or "the answer"
            return NotNow(f"the server's settings cannot be read: {where}: {fault['msg']}", needs_people=True)
        return read.model_copy(update={"etag": answer.headers.get("ETag")})

    async def _post(self, path: str, body: Mapping[str, Any]) -> httpx.Response | Refused | NotNow:
        now = self._now()
        written = json.dumps({"sent_at": round(now, 3), **body}, separators=(",", ":"))
        packed = gzip.compress(written.encode(), compresslevel=6, mtime=0)
        headers = {
            "Content-Type": "application/json",
            "Content-Encoding": "gzip",
            # By the server's clock as far as we know it: a machine that believes it is 1970 must still be heard.
            "Soglia-Signature": signature(self._token, packed, int(now + self._server_ahead_s)),
        }
        try:
            answer = await self._client.post(path, content=packed, headers=headers)
        except httpx.HTTPError as error:
            return NotNow(_trouble_of_the_line(error))
        return self._meaning(answer) or answer

    def _meaning(self, answer: httpx.Response) -> Refused | NotNow | None:
        """What an answer other than success asks us to do; None for success."""
        status = answer.status_code
        if answer.is_success:
            return None
        if status in REFUSED:
            return Refused(f"{REFUSED[httpx.codes(status)]} ({status}){_detail(answer)}")
        if status in TO_MEND:
            return NotNow(TO_MEND[httpx.codes(status)] + _detail(answer), needs_people=True)
        after_s = retry_after_s(answer.headers.get("Retry-After"), self._now())
        if status == httpx.codes.TOO_MANY_REQUESTS or answer.is_server_error:
            return NotNow(f"the server is busy or ailing ({status})", after_s)
        return NotNow(f"the server answered {status}: see server.url", after_s, needs_people=True)


def _trouble_of_the_line(error: httpx.HTTPError) -> str:
    return f"no line to the server: {type(error).__name__} {error}".strip()


def _object(answer: httpx.Response) -> dict[str, Any] | None:
    try:
        said = answer.json()
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _detail(answer: httpx.Response) -> str:
    """The detail of an RFC 9457 problem document, shortened; nothing where there is none."""
    said = _object(answer) or {}
    detail = said.get("detail") or said.get("title")
    return f": {str(detail)[:200]}" if detail else ""


def _first_problem(problems: object) -> str | None:
    if not isinstance(problems, list) or not problems or not isinstance(problems[0], dict):
        return None
    first = problems[0]
    return f"{first.get('verdict')}: {first.get('field')}: {first.get('reason')}"[:200]
