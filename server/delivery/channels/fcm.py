"""Firebase Cloud Messaging, HTTP v1. In: a parcel. Out: FCM's name for the message, or why not.

firebase-admin makes the messages, authorises us, and reads the errors; the connections are our own pooled aiohttp
ones. Measured on one stand-in: firebase-admin's sender a fifteenth of this one's rate, and bare httpx with 100
connections a thirtieth of bare aiohttp.

What each error asks for: firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode and .../cloud-messaging/error-codes.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Self

import firebase_admin
import httpx
import structlog
from firebase_admin import _utils as firebase_errors
from firebase_admin import credentials, exceptions, messaging
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.auth.transport.requests import Request
from pydantic import Field, SecretStr, model_validator

from server.bus.phones import NOBODY, Phones
from server.delivery.bearer import Bearer, Grant
from server.delivery.channel import (
    ChannelDown,
    ChannelSettings,
    Receipt,
    Refused,
    SendError,
    TryAgain,
    Undeliverable,
)
from server.delivery.line import Line, opened, retry_after_s, usual_verdict
from server.records.parcels import Parcel

log = structlog.get_logger(__name__)

KINDS = frozenset({"fcm_fid", "fcm_token"})

_PAYLOAD_LIMIT_BYTES = 4096  # keys and values together
_LONGEST_TTL_S = 2_419_200  # four weeks
_APNS_COLLAPSE_ID_LIMIT_BYTES = 64
_LEAST_QUOTA_WAIT_S = 60.0  # the quota's bucket fills once a minute (.../cloud-messaging/scale-fcm)
# One foreign address is a leftover of an old app. Several in a row, with no success between, are a wrong service
# account, which would otherwise cost the shop every address it has.
_MISMATCHES_THAT_ARE_OURS = 5
_ADDRESS_FIELDS = {"message.token", "message.fid"}


class Settings(ChannelSettings):
    """Firebase Cloud Messaging. Without a service account offers are decided, and none is sent through it."""

    service_account_file: Path | None = Field(
        None, description="The JSON key file that the Firebase console made."
    )
    service_account: SecretStr | None = Field(
        None, description="The same JSON as text, for secret stores that hand out no files."
    )
    per_second: float = Field(
        10_000.0, gt=0, description="Offers a second at most: a Firebase project may send 600,000 a minute."
    )
    endpoint: str = Field(
        "https://fcm.googleapis.com",
        pattern=r"^https?://[^/\s]+$",
        description="Where FCM is. The simulator points it at its stand-in.",
    )
    timeout_s: float = Field(
        10.0,
        gt=0,
        le=60,
        description="How long one request may take. FCM answers within a second on a good day.",
    )
    connections: int = Field(
        100, ge=1, le=1000, description="Connections kept open at most: 100 carry some 6,000 offers a second."
    )

    @property
    def enabled(self) -> bool:
        return self.service_account_file is not None or self.service_account is not None

    @model_validator(mode="after")
    def _is_usable(self) -> Self:
        if self.enabled:
            self.certificate()
        return self

    def certificate(self) -> credentials.Certificate:
        """The service account as firebase-admin's credential; ValueError says what is wrong with it."""
        if (self.service_account_file is None) == (self.service_account is None):
            raise ValueError("give one of service_account_file and service_account")
        try:
            if self.service_account is not None:
                return credentials.Certificate(json.loads(self.service_account.get_secret_value()))
            return credentials.Certificate(str(self.service_account_file))
        except OSError as error:
            # Who mistook the key for the file's name must not find it in a log.
            file = "" if "{" in str(self.service_account_file) else f" {self.service_account_file}"
            raise ValueError(f"service_account_file{file} cannot be read: {error.strerror}") from error
        except json.JSONDecodeError as error:
            raise ValueError(f"the service account is not JSON: {error.msg}") from None


@asynccontextmanager
async def open(settings: Settings, _phones: Phones = NOBODY) -> AsyncIterator["Fcm"]:  # noqa: A001 - the contract's word
    """Open the channel. Nothing is asked of Google yet: a line that is down must not stop the shop's start."""
    certificate = settings.certificate()
    bearer = Bearer(_fetch_from(certificate))
    try:
        async with opened("FCM", connections=settings.connections, timeout_s=settings.timeout_s) as line:
            yield Fcm(settings.endpoint, certificate.project_id, bearer, line)
    finally:
        await bearer.aclose()


class Fcm:
    """The opened channel."""

    def __init__(self, endpoint: str, project: str, bearer: Bearer, line: Line) -> None:
        self._url = f"{endpoint}/v1/projects/{project}/messages:send"
        self._project = project
        self._bearer = bearer
        self._line = line
        self._mismatches = 0

    async def send(self, parcel: Parcel, now: datetime) -> Receipt:
        """See the contract. A bearer that FCM does not accept is renewed once before the channel counts as down."""
        body = encode(parcel, now)
        token = await self._bearer.current()
        try:
            receipt = await self._post(body, token, now)
        except _BearerRefused:
            receipt = await self._post(body, await self._bearer.instead_of(token), now)
        except _ForeignAddress as error:
            self._mismatches += 1
            log.critical(
                "fcm_sender_id_mismatch", offer=parcel.id, in_a_row=self._mismatches, project=self._project
            )
            if self._mismatches >= _MISMATCHES_THAT_ARE_OURS:
                raise ChannelDown(f"every address belongs to another project than {self._project}") from error
            raise
        self._mismatches = 0
        return receipt

    async def check(self) -> None:
        """Whether Google gives us a bearer."""
        await self._bearer.current()

    def health(self) -> dict[str, Any]:
        """Project, door, and until when the bearer holds."""
        good_until = self._bearer.good_until
        return {
            "project": self._project,
            "url": self._url,
            "bearer_good_until": None if good_until is None else good_until.isoformat(),
        }

    async def _post(self, body: bytes, token: str, now: datetime) -> Receipt:
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            # Asks for errors with details, as firebase-admin does.
            "X-GOOG-API-FORMAT-VERSION": "2",
            "X-FIREBASE-CLIENT": f"fire-admin-python/{firebase_admin.__version__}",
        }
        answer = await self._line.post(self._url, body, headers)
        if answer.status == 200:
            return Receipt(_name_in(answer.content))
        raise read_error(answer.status, answer.headers, answer.content, now)


class _BearerRefused(ChannelDown):
    """401 without any word of a third party: our bearer."""


class _ForeignAddress(Undeliverable):
    """The address belongs to another Firebase project."""


# -- messages


def encode(parcel: Parcel, now: datetime) -> bytes:
    """The request body for a parcel; raises Refused where firebase-admin or FCM's limits forbid it.

    The life that is left of the offer, and its collapse key, go to both systems' own fields, so that a phone that was
    off-line gets one message or none.
    """
    if parcel.address is None or parcel.address.kind not in KINDS:
        raise Refused(f"FCM cannot send to an address of kind {parcel.address and parcel.address.kind}")
    texts = [parcel.title, parcel.body, *parcel.data.keys(), *parcel.data.values()]
    message = messaging.Message(
        notification=messaging.Notification(title=parcel.title, body=parcel.body),
        data=dict(parcel.data),
        android=messaging.AndroidConfig(
            collapse_key=parcel.collapse_key,
            priority="high",
            ttl=min(max(int((parcel.expires_at - now).total_seconds()), 0), _LONGEST_TTL_S),
            # The tag replaces what is shown already; the collapse key only what is still on its way.
            notification=messaging.AndroidNotification(tag=parcel.collapse_key),
        ),
        apns=messaging.APNSConfig(
            headers={
                "apns-collapse-id": _apns_collapse_id(parcel.collapse_key),
                "apns-expiration": str(int(parcel.expires_at.timestamp())),
                "apns-priority": "10",
            }
        ),
    )
    # Set afterwards: the constructor calls tokens deprecated, yet apps that are out there have nothing else.
    setattr(message, parcel.address.kind.removeprefix("fcm_"), parcel.address.value)
    try:
        if len("".join(texts).encode()) > _PAYLOAD_LIMIT_BYTES:
            raise Refused(f"title, body and data are more than {_PAYLOAD_LIMIT_BYTES} bytes")
        # Text of a Message is its JSON, made and checked by firebase-admin's own encoder.
        return b'{"message":%s}' % str(message).encode()
    except (ValueError, TypeError) as error:
        raise Refused(f"not a message that FCM takes: {error}") from error


def _apns_collapse_id(collapse_key: str) -> str:
    if len(collapse_key.encode()) <= _APNS_COLLAPSE_ID_LIMIT_BYTES:
        return collapse_key
    return hashlib.blake2b(collapse_key.encode(), digest_size=_APNS_COLLAPSE_ID_LIMIT_BYTES // 2).hexdigest()


def _name_in(content: bytes) -> str:
    """FCM's name for the message. A 200 without one was taken all the same: sending again could only harm."""
    try:
        return str(json.loads(content)["name"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""


# -- errors

# The first that fits: each of firebase-admin's own classes is also one of Google's general ones.
_VERDICTS: tuple[tuple[type[exceptions.FirebaseError], type[SendError]], ...] = (
    (messaging.UnregisteredError, Undeliverable),
    (messaging.SenderIdMismatchError, _ForeignAddress),
    (messaging.ThirdPartyAuthError, ChannelDown),  # the APNs or web push key in the Firebase project
    (exceptions.UnauthenticatedError, _BearerRefused),
)


def read_error(status: int, headers: Mapping[str, str], content: bytes, now: datetime) -> SendError:
    """What an answer other than 200 asks us to do. Pure; `now` turns a Retry-After date into seconds."""
    error = _firebase_error(status, content)
    why = f"FCM {status} {error.code}: {error}"[:300]
    after_s = retry_after_s(headers.get("Retry-After"), now)
    for kind, verdict in _VERDICTS:
        if isinstance(error, kind):
            return verdict(why)
    if isinstance(error, exceptions.ResourceExhaustedError):
        return TryAgain(why, max(after_s or 0.0, _LEAST_QUOTA_WAIT_S))
    if isinstance(error, exceptions.InvalidArgumentError):
        return _read_invalid_argument(content, why)
    return usual_verdict(status, why, after_s)


def _firebase_error(status: int, content: bytes) -> exceptions.FirebaseError:
    """firebase-admin's reading of an answer. It offers this for its own httpx answers only, so we make one."""
    answer = httpx.Response(
        status, content=content, request=httpx.Request("POST", "https://fcm.googleapis.com")
    )
    error = httpx.HTTPStatusError(f"HTTP {status}", request=answer.request, response=answer)
    try:
        return firebase_errors.handle_platform_error_from_httpx(
            error,
            messaging._MessagingService._build_fcm_error_httpx,  # noqa: SLF001 - its one reader of FCM's codes
        )
    except (AttributeError, TypeError, UnicodeDecodeError, RecursionError):
        # JSON of another shape or without a bottom, or bytes that are no text: something between us and FCM speaks.
        return firebase_errors.handle_httpx_error(error)


def _read_invalid_argument(content: bytes, why: str) -> SendError:
    """INVALID_ARGUMENT is two things: BadRequest says our payload is wrong, FcmError alone that the address is.

    With two exceptions seen in the field: BadRequest may name the address's own field, and a message that is too big
    carries FcmError alone (firebase-admin-go issue 580). Without details it is the payload.
    """
    words, details = _words_and_details(content)
    if "BadRequest" in details:
        violations = details["BadRequest"].get("fieldViolations")
        fields = {str(one.get("field")) for one in violations} if isinstance(violations, list) else set()
        return Undeliverable(why) if fields and fields <= _ADDRESS_FIELDS else Refused(why)
    if "FcmError" in details and "too big" not in words:
        return Undeliverable(why)
    return Refused(why)


def _words_and_details(content: bytes) -> tuple[str, dict[str, dict[str, Any]]]:
    """The message of a google.rpc.Status and its details by the last part of their type; empty for other bodies."""
    try:
        error = json.loads(content)["error"]
        details = [detail for detail in error.get("details", []) if isinstance(detail, dict)]
        return str(error.get("message")), {str(one.get("@type")).rpartition(".")[2]: one for one in details}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return "", {}


# -- credentials


def _fetch_from(certificate: credentials.Certificate, timeout_s: float = 10.0) -> Callable[[], Grant]:
    """A way to get a bearer for this service account.

    Not `certificate.get_access_token()`, which does the same without a limit of time (two minutes by default) and
    keeps its connection for the life of the program.
    """
    credential = certificate.get_credential()

    def fetch() -> Grant:
        request = Request()
        try:
            credential.refresh(partial(request, timeout=timeout_s))
        except GoogleAuthError as error:
            if isinstance(error, RefreshError) and not error.retryable:
                raise ChannelDown(f"Google refuses the service account: {error}") from error
            raise TryAgain(f"no bearer from Google now: {error}") from error
        finally:
            request.session.close()
        return Grant(credential.token, credential.expiry.replace(tzinfo=UTC))

    return fetch
