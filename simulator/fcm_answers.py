"""What FCM says: reads one request body as FCM would, and words FCM's refusals. Pure.

In: the JSON body of a `messages:send`. Out: a Message, or an Answer (HTTP status and body) that refuses it.
Bodies are as published and as captured by others: firebase.google.com/docs/cloud-messaging/error-codes,
bloomberg.github.io/pushiko/fcm_responses, firebase-admin-java issue 1064.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

PAYLOAD_LIMIT_BYTES = 4096
LONGEST_TTL_S = 2_419_200  # four weeks
COLLAPSE_ID_LIMIT_BYTES = 64  # Apple's: "apns-collapse-id ... must not exceed 64 bytes"
TARGETS = ("fid", "token", "topic", "condition")

_MESSAGE_FIELDS = {*TARGETS, "name", "data", "notification", "android", "webpush", "apns", "fcm_options"}
_RESERVED_DATA_KEY = re.compile(r"from|gcm|google.*")
_TTL = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)s")
# Real installation ids have 22 of these and real tokens about 150; pretend phones may have shorter, speaking names.
_ADDRESS = re.compile(r"[A-Za-z0-9_:.-]{4,4096}")
_FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"


class Fault(StrEnum):
    """What may be scripted to go wrong. The first ones answer; the last four happen to the line."""

    UNREGISTERED = "unregistered"
    SENDER_ID_MISMATCH = "sender_id_mismatch"
    MALFORMED_ADDRESS = "malformed_address"
    BAD_PAYLOAD = "bad_payload"
    QUOTA_EXCEEDED = "quota_exceeded"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"
    THIRD_PARTY_AUTH_ERROR = "third_party_auth_error"
    UNAUTHENTICATED = "unauthenticated"
    PERMISSION_DENIED = "permission_denied"
    BAD_GATEWAY = "bad_gateway"
    SLOW = "slow"  # answers well, later
    DROPPED = "dropped"  # the line breaks before the message is taken
    CUT = "cut"  # the message is taken, and the line breaks before the answer


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Message:
    """A message that FCM would take. `ttl_s` in seconds; `collapse_key` None where every message stands alone."""

    kind: str
    address: str
    title: str | None
    body: str | None
    data: dict[str, str]
    collapse_key: str | None
    ttl_s: float
    priority: str
    validate_only: bool = False


def refusal(status: int, code: str, words: str, *details: Mapping[str, Any]) -> Answer:
    """A google.rpc.Status as Google's front end writes it."""
    error: dict[str, Any] = {"code": status, "message": words, "status": code}
    if details:
        error["details"] = list(details)
    return Answer(status, json.dumps({"error": error}, indent=2).encode())


def fcm_error(code: str) -> dict[str, str]:
    return {"@type": _FCM_ERROR, "errorCode": code}


def bad_field(place: str, words: str) -> Answer:
    """The first kind of INVALID_ARGUMENT: our payload is wrong, and where."""
    violation = {"field": place, "description": words}
    detail = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}
    return refusal(400, "INVALID_ARGUMENT", words, detail)


def malformed_address() -> Answer:
    """The second kind of INVALID_ARGUMENT: the address is no address."""
    words = "The registration token is not a valid FCM registration token"
    return refusal(400, "INVALID_ARGUMENT", words, fcm_error("INVALID_ARGUMENT"))


def unauthenticated() -> Answer:
    words = (
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other "
        "valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
    )
    return refusal(401, "UNAUTHENTICATED", words)


_ANSWERS: Mapping[Fault, Answer] = {
    Fault.UNREGISTERED: refusal(
        404, "NOT_FOUND", "Requested entity was not found.", fcm_error("UNREGISTERED")
    ),
    Fault.SENDER_ID_MISMATCH: refusal(
        403, "PERMISSION_DENIED", "SenderId mismatch", fcm_error("SENDER_ID_MISMATCH")
    ),
    Fault.MALFORMED_ADDRESS: malformed_address(),
    Fault.BAD_PAYLOAD: bad_field(
        "message.data[0].value", "Invalid value at 'message.data[0].value' (TYPE_STRING), 12"
    ),
    Fault.QUOTA_EXCEEDED: refusal(
        429,
        "RESOURCE_EXHAUSTED",
        "Quota exceeded for quota metric 'Send requests' and limit 'Send requests per minute'.",
        fcm_error("QUOTA_EXCEEDED"),
        {
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{"subject": "project", "description": "Send requests per minute"}],
        },
    ),
    Fault.UNAVAILABLE: refusal(
        503, "UNAVAILABLE", "The service is currently unavailable.", fcm_error("UNAVAILABLE")
    ),
    Fault.INTERNAL: refusal(500, "INTERNAL", "Internal error encountered.", fcm_error("INTERNAL")),
    Fault.THIRD_PARTY_AUTH_ERROR: refusal(
        401,
        "UNAUTHENTICATED",
        "Auth error from APNS or Web Push Service",
        fcm_error("THIRD_PARTY_AUTH_ERROR"),
        {
            "@type": "type.googleapis.com/google.firebase.fcm.v1.ApnsError",
            "statusCode": 403,
            "reason": "InvalidProviderToken",
        },
    ),
    Fault.UNAUTHENTICATED: unauthenticated(),
    Fault.PERMISSION_DENIED: refusal(
        403,
        "PERMISSION_DENIED",
        "Permission 'cloudmessaging.messages.create' denied on resource (or it may not exist).",
    ),
    Fault.BAD_GATEWAY: Answer(
        502, b"<!DOCTYPE html><title>Error 502 (Server Error)!!1</title>", content_type="text/html"
    ),
}


def answer_for(fault: Fault, retry_after: str | None = None) -> Answer:
    """The answer of a scripted fault, with a `Retry-After` (seconds or an HTTP date) where one is scripted.

    KeyError for the faults that happen to the line and have no answer of their own.
    """
    answer = _ANSWERS[fault]
    return answer if retry_after is None else replace(answer, headers={"Retry-After": retry_after})


def read_message(body: bytes) -> Message | Answer:
    """The message of a `messages:send` body, or FCM's refusal of it."""
    try:
        request = json.loads(body)
    except ValueError:
        return refusal(400, "INVALID_ARGUMENT", "Invalid JSON payload received. Unexpected token.")
    message = request.get("message") if isinstance(request, dict) else None
    if not isinstance(message, dict):
        return bad_field("message", "Message is not set.")
    return _objection(message) or _message(message, validate_only=request.get("validate_only") is True)


def _objection(message: dict[str, Any]) -> Answer | None:
    """The first thing that FCM would not accept, or None."""
    for name in message.keys() - _MESSAGE_FIELDS:
        words = f"Invalid JSON payload received. Unknown name \"{name}\" at 'message': Cannot find field."
        return bad_field("message", words)
    targets = [name for name in TARGETS if message.get(name) is not None]
    if not targets:
        return bad_field("message", "Recipient of the message is not set.")
    if len(targets) > 1:
        words = f"Invalid value (oneof), oneof field 'target' is already set. Cannot set '{targets[1]}'"
        return bad_field(f"message.{targets[1]}", words)
    return (
        _objection_to_texts("message.notification", message.get("notification", {}))
        or _objection_to_data(message.get("data", {}))
        or _objection_to_android(message.get("android", {}))
        or _objection_to_apns(message.get("apns", {}))
        or _objection_to_size(message)
        or _objection_to_address(message[targets[0]])
    )


def _objection_to_texts(place: str, fields: Any) -> Answer | None:
    if isinstance(fields, dict) and all(isinstance(text, str) for text in fields.values()):
        return None
    return bad_field(place, f"Invalid value at '{place}' (TYPE_STRING)")


def _objection_to_data(data: Any) -> Answer | None:
    if not isinstance(data, dict):
        return bad_field("message.data", "Invalid value at 'message.data' (type.googleapis.com/map)")
    for index, (key, text) in enumerate(data.items()):
        if not isinstance(text, str):
            place = f"message.data[{index}].value"
            return bad_field(place, f"Invalid value at '{place}' (TYPE_STRING), {text}")
        if _RESERVED_DATA_KEY.fullmatch(key):
            return bad_field("message.data", f"Invalid data payload key: {key}")
    return None


def _objection_to_android(android: Any) -> Answer | None:
    if not isinstance(android, dict):
        return bad_field("message.android", "Invalid value at 'message.android'")
    ttl = android.get("ttl", "0s")
    found = _TTL.fullmatch(ttl) if isinstance(ttl, str) else None
    if found is None or float(found[1]) > LONGEST_TTL_S:
        place = "message.android.ttl"
        return bad_field(
            place, f"Invalid value at '{place}' (type.googleapis.com/google.protobuf.Duration), {ttl}"
        )
    if not isinstance(android.get("collapse_key", ""), str):
        place = "message.android.collapse_key"
        return bad_field(place, f"Invalid value at '{place}' (TYPE_STRING)")
    if str(android.get("priority", "normal")).lower() not in ("normal", "high"):
        return bad_field(
            "message.android.priority", "Invalid value at 'message.android.priority' (TYPE_ENUM)"
        )
    return None


def _objection_to_apns(apns: Any) -> Answer | None:
    headers: Any = apns.get("headers", {}) if isinstance(apns, dict) else None
    objection = _objection_to_texts("message.apns.headers", headers)
    if objection is not None:
        return objection
    if len(headers.get("apns-collapse-id", "").encode(errors="replace")) > COLLAPSE_ID_LIMIT_BYTES:
        return bad_field("message.apns.headers", "Invalid value for apns-collapse-id: longer than 64 bytes")
    if not headers.get("apns-expiration", "0").isdecimal():
        return bad_field(
            "message.apns.headers", "Invalid value for apns-expiration: not a UNIX epoch in seconds"
        )
    return None


def _objection_to_size(message: dict[str, Any]) -> Answer | None:
    payload = {name: message[name] for name in ("notification", "data") if name in message}
    texts = [text for part in payload.values() for pair in part.items() for text in pair]
    size = len("".join(texts).encode(errors="replace"))
    if size > PAYLOAD_LIMIT_BYTES:
        words = "Android message is too big"
        return refusal(400, "INVALID_ARGUMENT", words, fcm_error("INVALID_ARGUMENT"))
    return None


def _objection_to_address(address: Any) -> Answer | None:
    if isinstance(address, str) and _ADDRESS.fullmatch(address):
        return None
    return malformed_address()


def _message(message: dict[str, Any], *, validate_only: bool) -> Message:
    kind = next(name for name in TARGETS if message.get(name) is not None)
    notification = message.get("notification", {})
    android = message.get("android", {})
    headers = message.get("apns", {}).get("headers", {})
    ttl = android.get("ttl")
    return Message(
        kind=kind,
        address=message[kind],
        title=notification.get("title"),
        body=notification.get("body"),
        data=message.get("data", {}),
        collapse_key=android.get("collapse_key") or headers.get("apns-collapse-id"),
        ttl_s=LONGEST_TTL_S if ttl is None else float(ttl[:-1]),
        priority=android.get("priority", "normal"),
        validate_only=validate_only,
    )
