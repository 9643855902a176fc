"""What went wrong, told as RFC 9457 problem documents (`application/problem+json`), the same way at every door.

In: a `Problem` raised by a door, a `Refusal` raised by a verb of records, any HTTPException, FastAPI's own findings, or a
failure nobody foresaw. Out: {type, title, status, detail, errors?: [{place, reason}]}. `install` wires it to an
app, and makes the OpenAPI document say so.
"""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from server.campaigns.words import SPOKEN_LANGUAGE, Sentence
from server.records.database import UNWILLING
from server.records.refusal import NotFound, Refusal, Taken
from server.web.languages import VARY, ours_of

_STATUSES: Final[dict[type[Refusal], int]] = {NotFound: 404, Taken: 409}

MEDIA_TYPE: Final = "application/problem+json"

log = structlog.get_logger(__name__)


class Fault(TypedDict):
    """One thing that is wrong: where in the request (`body.features[3].geometry`), and why in plain words."""

    place: str
    reason: str


class Problem(HTTPException):
    """Ends a request with a problem document. `detail` is a sentence for whoever called: no secrets, nobody's data.

    A title or detail that is a `Sentence` is told in the caller's language.
    """

    def __init__(
        self,
        status: int,
        title: str | None = None,
        detail: str | None = None,
        *,
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.title = title or HTTPStatus(status).phrase
        super().__init__(status, detail or self.title, dict(headers or {}))
        self.errors = list(errors)


class ProblemDocument(BaseModel):
    """An error, as RFC 9457 describes it."""

    type: str = Field("about:blank", description="always about:blank: the status tells the kind")
    title: str
    status: int
    detail: str
    errors: list[Fault] | None = Field(None, description="what is wrong where, one by one")


def answer(problem: Problem, language: str = SPOKEN_LANGUAGE) -> Response:
    """The problem as a response; what of it are sentences, in this language."""
    title, detail = said_in(language, problem.title), said_in(language, problem.detail)
    body = ProblemDocument(
        type="about:blank", title=title, status=problem.status_code, detail=detail
    ).model_dump(exclude_none=True)
    if problem.errors:
        body["errors"] = problem.errors
    headers = dict(problem.headers or {})
    if isinstance(problem.detail, Sentence):
        headers |= {"Content-Language": language} | VARY
    return JSONResponse(body, problem.status_code, headers, MEDIA_TYPE)


def said_in(language: str, told: str | Refusal) -> str:
    """A text, or why a verb of records refused, in this language where it is a sentence; else as it is."""
    words = told.args[0] if isinstance(told, Refusal) and told.args else told
    return words.in_language(language) if isinstance(words, Sentence) else str(words)


def install(app: FastAPI) -> None:
    """Every error of this app is told as a problem document, and documented as one."""
    app.add_exception_handler(HTTPException, _told)  # type: ignore[arg-type]  # called with that kind alone
    app.add_exception_handler(Refusal, _refused)  # type: ignore[arg-type]  # as above
    app.add_exception_handler(RequestValidationError, _invalid)  # type: ignore[arg-type]  # as above
    for trouble in UNWILLING:
        app.add_exception_handler(trouble, _without_records)
    app.add_exception_handler(Exception, _unforeseen)
    documented = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _with_problems(documented())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI's documentation shows


def body_fault(place: Sequence[str | int], reason: str) -> Fault:
    """A fault at a place given in steps, as ("body", "features", 3, "geometry")."""
    return Fault(place=_place(place), reason=reason)


def first_of(invalid: ValidationError) -> tuple[str, str]:
    """The field of an item that is read by itself, and why it is wrong, for its verdict: the first that was found."""
    first = invalid.errors(include_url=False, include_context=False, include_input=False)[0]
    return ".".join(str(step) for step in first["loc"]), first["msg"].removeprefix("Value error, ")


async def _told(request: Request, told: HTTPException) -> Response:
    if isinstance(told, Problem):
        return answer(told, _language_of(request))
    return answer(Problem(told.status_code, None, str(told.detail), headers=told.headers))


async def _refused(request: Request, refused: Refusal) -> Response:
    status = next((status for kind, status in _STATUSES.items() if isinstance(refused, kind)), 422)
    words = refused.args[0] if refused.args else ""
    detail = words if isinstance(words, Sentence) else str(refused)
    return answer(Problem(status, None, detail), _language_of(request))


def _language_of(request: Request) -> str:
    return ours_of(request.headers.get("Accept-Language"))


async def _invalid(request: Request, invalid: RequestValidationError) -> Response:
    found = invalid.errors()
    if any(error["type"] == "json_invalid" for error in found):
        reason = str(found[0].get("ctx", {}).get("error", "it ends too early"))
        return answer(Problem(400, "The body is no JSON", f"The body could not be read as JSON: {reason}."))
    errors = [body_fault(error["loc"], _reason(error, request)) for error in found]
    things = "1 thing is" if len(errors) == 1 else f"{len(errors)} things are"
    return answer(Problem(422, "The request cannot be taken", f"{things} wrong: see errors.", errors=errors))


def _reason(error: Mapping[str, Any], request: Request) -> str:
    """What pydantic says of a field. A body that came under another name than JSON was never read as such."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if (
        tuple(error["loc"]) == ("body",)
        and isinstance(error.get("input"), bytes)
        and not kind.endswith("json")
    ):
        said = f"came as {kind[:60]}" if kind else "came without a Content-Type"
        return f"{said}: send Content-Type: application/json"
    return str(error["msg"]).removeprefix("Value error, ")


async def _without_records(request: Request, trouble: Exception) -> Response:
    """The disk is full, the lock is another's: no failure of ours, and soon over. A trace would say nothing."""
    route = request.scope.get("route")
    log.error("door_without_records", door=getattr(route, "path", None), why=type(trouble).__name__)
    detail = "The records cannot be reached just now: ask again in some seconds."
    return answer(Problem(503, None, detail, headers={"Retry-After": "5"}))


async def _unforeseen(request: Request, failure: Exception) -> Response:
    """Says nothing about the failure, which may carry a shopper's data; the server's own log has its trace."""
    route = request.scope.get("route")
    log.error("request_failed", route=getattr(route, "path", None), failure=type(failure).__name__)
    return answer(Problem(500, None, "The server failed to answer; its log says why. Nothing was changed."))


def _place(steps: Iterable[str | int]) -> str:
    place = ""
    for step in steps:
        if isinstance(step, int):
            place += f"[{step}]"
        else:
            place += f".{step}" if place else step
    return place


_METHODS: Final = frozenset({"get", "put", "post", "delete", "patch"})


def _with_problems(document: dict[str, Any]) -> dict[str, Any]:
    """Each operation tells which problems it can answer with, all in one shape."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    shape = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(shape.pop("$defs"))
    schemas["ProblemDocument"] = shape
    for methods in document.get("paths", {}).values():
        for method, operation in methods.items():
            if method in _METHODS:
                _document_problems(operation)
    return document


def _document_problems(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    statuses = {status for status in responses if status.startswith(("4", "5"))}
    if operation.get("security"):
        statuses |= {"401", "403"}
    if operation.get("requestBody"):
        statuses |= {"400", "413", "422"}
    if operation.get("parameters"):
        statuses |= {"422"}
    for status in sorted(statuses):
        said = responses.get(status, {}).get("description", "")
        responses[status] = {
            "description": said if said not in {"", "Validation Error"} else HTTPStatus(int(status)).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
        }
