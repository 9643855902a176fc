"""`/v1/unsubscribe/{token}`: the link under each e-mail. One POST takes the consent to e-mail back, without any log-in (RFC 8058).

In: the token of an e-mail. Out: consent withdrawn, for all that waits too. A GET only asks: mail scanners open every link they see.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse

from server.records import consents, outbox, shoppers
from server.records.consents import Wording
from server.records.database import Database
from server.unsubscribing import reader_of
from server.web.clock import Clock, utc_now
from server.web.edits import Edits
from server.web.problem import Problem

Token = Annotated[str, Path(max_length=300)]

_PAGE: Final = (
    '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>E-mail</title><body>{}</body>"
)
_ASK: Final = _PAGE.format('<form method="post"><button>No more e-mails / Niente più e-mail</button></form>')
_DONE: Final = _PAGE.format("<p>No more e-mails will come. Non arriveranno altre e-mail.</p>")


def unsubscribe_routes(
    database: Database, edits: Edits, key: str | None, *, clock: Clock = utc_now
) -> APIRouter:
    """`key` is what the links are signed with; without one no e-mail was ever sent, and no link holds."""
    router = APIRouter(tags=["phones"])

    @router.get("/v1/unsubscribe/{token}", response_class=HTMLResponse, responses={404: {}})
    async def ask(token: Token) -> HTMLResponse:
        """A page with one button."""
        _reader(key, token)
        return HTMLResponse(_ASK)

    @router.post("/v1/unsubscribe/{token}", response_class=HTMLResponse, responses={404: {}})
    async def withdraw(token: Token) -> HTMLResponse:
        """Takes the shopper's consent to e-mail back. Doing it again changes nothing."""
        reader = _reader(key, token)
        async with database.reading() as connection:
            shopper = await outbox.shopper_of(connection, reader) or reader
            known = await shoppers.is_known(connection, shopper)
        if known:  # whoever was forgotten gets no e-mail any more
            async with edits.of("consents", shopper=shopper) as connection:
                words = Wording(version="one-click", language=None, how="link in an e-mail")
                await consents.give(connection, shopper, {"email": False}, words, clock())
        return HTMLResponse(_DONE)

    return router


def _reader(key: str | None, token: str) -> str:
    reader = reader_of(key, token) if key else None
    if reader is None:
        raise Problem(404, None, "This link is none of ours: take it from the e-mail as it is.")
    return reader
