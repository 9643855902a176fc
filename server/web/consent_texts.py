"""What shoppers are asked: owners publish texts, apps show them in the phone's language, and staff see who agreed to which words.

In: a version of a purpose's text, in languages; a phone's Accept-Language. Out: what is asked now; all that a shopper ever answered, each
with the words that they read, which is the proof.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, Field, StringConstraints
from starlette.requests import Request

from server.campaigns.moment import Purpose
from server.records import consent_texts, consents, shoppers
from server.records.consent_texts import Text, language_among
from server.records.database import Database
from server.records.keys import Principal
from server.records.tables import ConsentRow, ConsentTextRow
from server.web.clock import Clock, utc_now
from server.web.edits import Edits
from server.web.etag import etag_of, has_it_already
from server.web.fields import Given, Id, Language, Word
from server.web.guard import Guard
from server.web.known import ConsentShown
from server.web.languages import VARY, spoken_by

#: Who says nothing of languages, or only such as a text is not there in, reads this one where it is there.
_USUAL = "en"

Words = Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=r"^[^\x00]*$")]


class TextGiven(Given):
    """One version of what is asked for a purpose."""

    texts: dict[Language, Words] = Field(
        min_length=1, max_length=100, description="the words by language; more languages may follow"
    )
    asks_anew: bool = Field(
        False,
        description="true: who agreed to an earlier version counts as not having agreed until they answer this one",
    )


class ConsentTextShown(BaseModel):
    purpose: Purpose
    version: str
    asks_anew: bool
    published_at: datetime
    published_by: str
    texts: dict[str, str]

    @classmethod
    def of(cls, row: ConsentTextRow) -> Self:
        return cls.model_validate(row, from_attributes=True)


class TextPut(ConsentTextShown):
    change: Literal["created", "changed", "same"]


class ConsentTextVersions(BaseModel):
    versions: list[ConsentTextShown]


class TextAsked(BaseModel):
    """What the app shows, and what it says back with the answer (`version`, `language`)."""

    purpose: Purpose
    version: str
    language: str
    text: str
    asks_anew: bool


class AskedNow(BaseModel):
    texts: list[TextAsked]


class Answer(ConsentShown):
    """One answer of a shopper, with the words that they read where the shop published them."""

    granted: bool = Field(
        description="what they said then; whether it still counts `superseded_at` and `lapsed_at` tell"
    )
    purpose: Purpose
    device: str | None
    superseded_at: datetime | None
    lapsed_at: datetime | None
    text: str | None


class ConsentProof(BaseModel):
    """All that a shopper ever answered, the oldest first."""

    shopper: str
    answers: list[Answer]


def consent_text_routes(
    database: Database, guard: Guard, edits: Edits, *, clock: Clock = utc_now
) -> APIRouter:
    router = APIRouter(tags=["consents"])
    _for_apps(router, database)
    _for_staff(router, database, guard, edits, clock)
    return router


def _for_apps(router: APIRouter, database: Database) -> None:
    @router.get("/v1/consent-texts", response_model=AskedNow, responses={304: {}})
    async def asked_now(
        request: Request, accept_language: Annotated[str | None, Header(max_length=500)] = None
    ) -> Response:
        """What is asked now, each purpose in the language that fits best; open to everybody."""
        async with database.reading() as connection:
            newest = await consent_texts.asked_now(connection)
        wanted = spoken_by(accept_language)
        answer = AskedNow(texts=[_asked(row, wanted) for _, row in sorted(newest.items())])
        headers = {
            "ETag": etag_of(answer.model_dump()),
            "Cache-Control": "no-cache",
            **VARY,
        }
        if has_it_already(request, headers["ETag"]):
            return Response(None, 304, headers)
        return Response(answer.model_dump_json(), 200, headers, "application/json")


def _for_staff(router: APIRouter, database: Database, guard: Guard, edits: Edits, clock: Clock) -> None:
    @router.get("/v1/consent-texts/versions", dependencies=[guard.reader])
    async def versions(purpose: Annotated[Purpose | None, Query()] = None) -> ConsentTextVersions:
        """All that ever was asked, the newest first."""
        async with database.reading() as connection:
            rows = await consent_texts.listed(connection, purpose)
        return ConsentTextVersions(versions=[ConsentTextShown.of(row) for row in rows])

    @router.put("/v1/consent-texts/{purpose}/{version}", responses={409: {}})
    async def publish(
        purpose: Purpose, version: Word, body: TextGiven, caller: Annotated[Principal, guard.owner]
    ) -> TextPut:
        """Publishes a version. Words that are published stay as they are: people agreed to them."""
        text = Text(purpose, version, body.texts, body.asks_anew)
        async with edits.of("consents") as connection:
            change, row = await consents.ask(connection, text, caller.owner or caller.key, clock())
        return TextPut(change=change, **dict(ConsentTextShown.of(row)))

    @router.get("/v1/shoppers/{shopper}/consents", responses={404: {}}, dependencies=[guard.host])
    async def proof(shopper: Id) -> ConsentProof:
        """Who agreed to which words, when and how; and what took its place."""
        async with database.reading() as connection:
            await shoppers.find(connection, shopper)
            rows = await consents.trail(connection, shopper)
            texts = {(row.purpose, row.version): row.texts for row in await consent_texts.listed(connection)}
        return ConsentProof(
            shopper=shopper,
            answers=[_answer(row, texts.get((row.purpose, row.text_version), {})) for row in rows],
        )


def _asked(row: ConsentTextRow, wanted: list[str]) -> TextAsked:
    fitting = (language_among(each, row.texts) for each in (*wanted, _USUAL))
    language = next((each for each in fitting if each), min(row.texts))
    return TextAsked(
        purpose=row.purpose,
        version=row.version,
        language=language,
        text=row.texts[language],
        asks_anew=row.asks_anew,
    )


def _answer(row: ConsentRow, texts: Mapping[str, str]) -> Answer:
    language = language_among(row.language, texts)
    return Answer(
        **{**dict(ConsentShown.of(row)), "granted": row.granted},
        purpose=row.purpose,
        device=row.device_id,
        superseded_at=row.superseded_at,
        lapsed_at=row.lapsed_at,
        text=texts[language] if language else None,
    )
