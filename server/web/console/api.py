"""The console's way to the API: the same doors as for everybody, without leaving the process.

In: a path and what is asked or given, as an HTTP client would. Out: the parsed answer, or `Refused` with the problem document's own words
(RFC 9457). Nothing is decided here.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import httpx
from starlette.types import ASGIApp

#: No request of the console waits longer: a report over a year of visits takes some seconds.
_WITHIN_S: Final = 120.0

#: A list is read to its end, but not without end.
_MOST_PAGES: Final = 200


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field, and where it stands (`body.offer.title`)."""

    place: str
    reason: str


class Refused(Exception):
    """The API said no. `detail` is for people; `faults` name the fields."""

    def __init__(self, status: int, title: str, detail: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(f"{status} {title}: {detail}")
        self.status = status
        self.title = title
        self.detail = detail
        self.faults = tuple(faults)


class Api:
    """The doors, for one member of staff (`token`; None before they are logged in) at `address` (host, port)."""

    def __init__(
        self,
        application: ASGIApp,
        token: str | None,
        language: str,
        address: tuple[str, int] = ("127.0.0.1", 0),
    ) -> None:
        self._application, self._language, self._address = application, language, address
        headers = {"Accept-Language": language}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        transport = httpx.ASGITransport(application, raise_app_exceptions=False, client=address)
        self._http = httpx.AsyncClient(
            transport=transport, base_url="http://console", headers=headers, timeout=_WITHIN_S
        )

    def speaking_as(self, token: str) -> "Api":
        """The same doors with another token: a phone's, a system's."""
        return Api(self._application, token, self._language, self._address)

    async def get(self, path: str, **asked: Any) -> Any:
        """What a door shows; what is None is not asked for."""
        return await self._answer("GET", path, params=_known(asked))

    async def raw(self, path: str, **asked: Any) -> httpx.Response:
        """The same as it came: a picture, a table, a file. Raises Refused."""
        return await self._sent("GET", path, params=_known(asked))

    async def post(self, path: str, body: Any = None, **asked: Any) -> Any:
        """Does something once: a repeat by an impatient finger is a new request, a repeat by the line is not."""
        headers = {"Idempotency-Key": str(uuid4())}
        return await self._answer("POST", path, json=body, params=_known(asked), headers=headers)

    async def put(self, path: str, body: Any, **asked: Any) -> Any:
        return await self._answer("PUT", path, json=body, params=_known(asked))

    async def patch(self, path: str, body: Any) -> Any:
        return await self._answer("PATCH", path, json=body)

    async def delete(self, path: str) -> None:
        await self._answer("DELETE", path)

    async def send(self, method: str, path: str, content: bytes, kind: str) -> Any:
        """A file as it is, by its media type."""
        return await self._answer(method, path, content=content, headers={"Content-Type": kind})

    async def all(self, path: str, key: str, **asked: Any) -> list[Any]:
        """A whole list, page by page; `key` is what the list is called in the answer."""
        return [each async for each in self._each(path, key, asked)]

    async def _each(self, path: str, key: str, asked: Mapping[str, Any]) -> AsyncIterator[Any]:
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = await self.get(path, cursor=cursor, **asked)
            for each in page[key]:
                yield each
            cursor = page.get("next")
            if cursor is None:
                return

    async def _answer(self, method: str, path: str, **sent: Any) -> Any:
        answer = await self._sent(method, path, **sent)
        if not answer.content:
            return None
        return answer.json() if "json" in answer.headers.get("content-type", "") else answer.text

    async def _sent(self, method: str, path: str, **sent: Any) -> httpx.Response:
        answer = await self._http.request(method, path, **{k: v for k, v in sent.items() if v is not None})
        if answer.is_success:
            return answer
        raise _refusal(answer)


def _known(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if value is not None}


def _refusal(answer: httpx.Response) -> Refused:
    try:
        said = answer.json()
    except ValueError:
        said = {}
    faults = [
        Fault(str(each.get("place", "")), str(each.get("reason", ""))) for each in said.get("errors") or ()
    ]
    return Refused(
        answer.status_code,
        str(said.get("title") or answer.reason_phrase),
        str(said.get("detail") or ""),
        faults,
    )
