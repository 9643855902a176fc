"""E-mail by SMTP. In: a parcel. Out: a receipt, or why not.

Text and HTML side by side; `List-Unsubscribe` with one click (RFC 2369, 8058), as Gmail and Yahoo ask of whoever sends offers. The
Message-ID follows from the offer, so that a repeat is known as one. What a server says is read by its enhanced code (RFC 3463).
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from email.headerregistry import Address as Mailbox
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.policy import Policy
from email.utils import format_datetime, parseaddr
from html import escape
from typing import Any, Final, Literal, Self

import aiosmtplib
from pydantic import Field, SecretStr, model_validator

from server.bus.phones import NOBODY, Phones
from server.delivery.channel import (
    ChannelDown,
    ChannelSettings,
    Receipt,
    Refused,
    SendError,
    TryAgain,
    Undeliverable,
)
from server.records.parcels import Parcel
from server.unsubscribing import token_for

KINDS = frozenset({"email"})

#: What the link under each e-mail says, by the language of the text above it.
LEAVE_WORDS: Final = {"en": "No more e-mails like this", "it": "Non voglio più e-mail come questa"}

_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")


class Settings(ChannelSettings):
    """E-mail. Without a host none is sent."""

    secrets = frozenset({"password", "unsubscribe_key"})
    host: str | None = Field(None, min_length=1, description="Your mail server.")
    port: int = Field(587, ge=1, le=65_535, description="Its door for submission: 587, or 465 with tls.")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="none only for a mail server on this machine."
    )
    username: str | None = Field(None, description="Who we are there, where it asks.")
    password: SecretStr | None = Field(None, description="And our password.")
    sender: str | None = Field(None, description='Whom it comes from: "Brera <offers@shop.example>".')
    unsubscribe_url: str | None = Field(
        None,
        pattern=r"^https?://[!-~]*[!-.0-~]$",  # ASCII: it stands in a header
        max_length=800,  # and a header's line has 998 characters at most (RFC 5322, 2.1.1)
        description="Where this server is reached from outside, with /v1/unsubscribe: every e-mail carries a link to it.",
    )
    unsubscribe_key: SecretStr | None = Field(
        None, min_length=16, description="What those links are signed with: any long random text, for good."
    )
    unsubscribe_words: str | None = Field(
        None,
        min_length=1,
        description="What the link under each e-mail says; else No more e-mails like this, in the e-mail's language (English, Italian).",
    )
    timeout_s: float = Field(
        10.0, gt=0, le=12, description="How long one step with the mail server may take."
    )
    connections: int = Field(4, ge=1, le=100, description="Connections kept open at most.")
    per_second: float = Field(10.0, gt=0, description="E-mails a second at most: many servers allow no more.")

    @property
    def enabled(self) -> bool:
        return self.host is not None

    @model_validator(mode="after")
    def _is_usable(self) -> Self:
        if self.enabled:
            for key in ("sender", "unsubscribe_url", "unsubscribe_key"):
                if getattr(self, key) is None:
                    raise ValueError(f"{key} is missing: an e-mail needs a sender and a way to end it")
            if "@" not in parseaddr(self.sender or "")[1]:
                raise ValueError("sender is no e-mail address")
        return self


@asynccontextmanager
async def open(settings: Settings, _phones: Phones = NOBODY) -> AsyncIterator["Email"]:  # noqa: A001 - the contract's word
    """Open the channel. Nothing is asked of the mail server yet."""
    channel = Email(settings)
    try:
        yield channel
    finally:
        await channel.aclose()


class Email:
    """The opened channel: some connections, each used by one e-mail at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._free: asyncio.LifoQueue[aiosmtplib.SMTP] = asyncio.LifoQueue()
        for _ in range(settings.connections):
            self._free.put_nowait(self._a_connection())

    async def send(self, parcel: Parcel, now: datetime) -> Receipt:
        """See the contract."""
        message = written(parcel, self._settings, now)
        connection = await self._free.get()
        try:
            await self._connected(connection)
            await connection.send_message(message)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise read_error(error) from error
        except asyncio.CancelledError:
            connection.close()  # in the middle of a word: nobody can go on from there
            raise
        finally:
            self._free.put_nowait(connection)
        return Receipt(str(message["Message-ID"]))

    async def check(self) -> None:
        """Whether the mail server lets us in."""
        connection = self._a_connection()
        try:
            await connection.connect()
            await connection.quit()
        except (aiosmtplib.SMTPException, OSError) as error:
            raise read_error(error) from error
        finally:
            connection.close()

    def health(self) -> dict[str, Any]:
        """Which server."""
        return {"host": self._settings.host, "port": self._settings.port}

    async def aclose(self) -> None:
        """Hang up."""
        while not self._free.empty():
            self._free.get_nowait().close()

    async def _connected(self, connection: aiosmtplib.SMTP) -> None:
        """Servers hang up on whoever is silent for minutes: so an idle connection is asked first."""
        if connection.is_connected:
            try:
                await connection.noop()
            except aiosmtplib.SMTPException:
                connection.close()
        if not connection.is_connected:
            await connection.connect()

    def _a_connection(self) -> aiosmtplib.SMTP:
        settings = self._settings
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            username=settings.username,
            password=settings.password.get_secret_value() if settings.password else None,
            timeout=settings.timeout_s,
        )


# -- messages


class _OnOneLine(UnstructuredHeader, BaseHeader):
    """A header that is never folded: Python would fold a long URL into encoded words (RFC 2047), which no mail program follows."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


def _with_whole_links() -> HeaderRegistry:
    headers = HeaderRegistry()
    headers.map_to_type("list-unsubscribe", _OnOneLine)
    return headers


_POLICY: Final = SMTP_POLICY.clone(header_factory=_with_whole_links())


def written(parcel: Parcel, settings: Settings, now: datetime) -> EmailMessage:
    """The e-mail for a parcel; raises Refused where a header cannot be, Undeliverable where the address is none."""
    name, mailbox = parseaddr(settings.sender or "")
    domain = mailbox.rpartition("@")[2]
    key = settings.unsubscribe_key.get_secret_value() if settings.unsubscribe_key else ""
    leave = f"{settings.unsubscribe_url}/{token_for(key, parcel.shopper)}"
    words = settings.unsubscribe_words or _leave_words(parcel.data.get("language", ""))
    message = EmailMessage(_POLICY)
    try:
        message["To"] = Mailbox(addr_spec=parcel.address.value if parcel.address else "")
    except (ValueError, IndexError, AttributeError) as error:
        raise Undeliverable("not an e-mail address") from error
    try:
        message["From"] = Mailbox(name, addr_spec=mailbox)
        message["Subject"] = parcel.title
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{parcel.id}@{domain}>"
        message["List-Unsubscribe"] = f"<{leave}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(_text(parcel, leave, words))
        message.add_alternative(_html(parcel, leave, words), subtype="html")
        message.as_bytes()
    except (ValueError, UnicodeError) as error:
        raise Refused(f"not an e-mail: {error}") from error
    return message


def _leave_words(language: str) -> str:
    return LEAVE_WORDS.get(language.partition("-")[0].lower(), LEAVE_WORDS["en"])


def _text(parcel: Parcel, leave: str, words: str) -> str:
    link = f"\n\n{parcel.data['url']}" if "url" in parcel.data else ""
    return f"{parcel.title}\n\n{parcel.body}{link}\n\n-- \n{words}: {leave}\n"


def _html(parcel: Parcel, leave: str, words: str) -> str:
    picture = f'<p><img src="{escape(parcel.data["image"])}" alt=""></p>' if "image" in parcel.data else ""
    title = escape(parcel.title)
    if "url" in parcel.data:
        title = f'<a href="{escape(parcel.data["url"])}">{title}</a>'
    return (
        f"<!doctype html><html><body><h1>{title}</h1>{picture}<p>{escape(parcel.body)}</p>"
        f'<hr><p><small><a href="{escape(leave)}">{escape(words)}</a></small></p></body></html>\n'
    )


# -- errors


def read_error(error: Exception) -> SendError:
    """What a mail server's word asks us to do."""
    if isinstance(error, aiosmtplib.SMTPAuthenticationError | aiosmtplib.SMTPNotSupported):
        return ChannelDown(f"the mail server does not let us in: {type(error).__name__}")
    if isinstance(error, aiosmtplib.SMTPSenderRefused) and error.code >= 500:
        return ChannelDown(f"the mail server does not take our sender: {error.code}")
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused) and error.recipients:
        error = error.recipients[0]
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _read_answer(error.code, error.message, to_address=_about_address(error))
    if isinstance(error, ValueError):
        return Refused(f"not an e-mail: {type(error).__name__}")
    return TryAgain(f"no line to the mail server: {type(error).__name__}")


def _about_address(error: aiosmtplib.SMTPResponseException) -> bool:
    return isinstance(error, aiosmtplib.SMTPRecipientRefused)


def _read_answer(code: int, said: str, *, to_address: bool) -> SendError:
    """4xx passes. Of 5xx the enhanced code tells whose fault it is: x.1 and x.2 the mailbox's, x.7 that of policy."""
    enhanced = _ENHANCED.search(said)
    subject, detail = (enhanced[2], enhanced[3]) if enhanced else ("", "")
    why = f"the mail server answered {code} {enhanced[0] if enhanced else ''}".rstrip()
    if code < 500 or (subject, detail) == ("2", "2"):  # a mailbox that is full will be emptied
        return TryAgain(why)
    if subject in {"1", "2"} or (to_address and not subject):
        return Undeliverable(why)
    return Refused(why)
