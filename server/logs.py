"""What the server says of itself, in one form: facts, bound, a line an event. Never positions, names or tokens.

In: `log.info("offer_queued", campaign=...)` of ours, and lines of libraries. Out: JSON or console lines on standard error.
Two processors stand behind everybody's care: one drops fields that tell of somebody, the other blots out tokens in texts.
Tracebacks are printed without the values of variables.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Final, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor

#: Fields that tell of somebody or open a door. Ids (device, shopper, visit, key) are no names: they tell nothing outside.
UNSAID: Final = frozenset(
    {
        *(
            "lat",
            "lon",
            "latitude",
            "longitude",
            "position",
            "positions",
            "accuracy",
            "geometry",
            "x_m",
            "y_m",
        ),
        *(
            "name",
            "email",
            "phone",
            "own_id",
            "loyalty",
            "attributes",
            "address",
            "value",
            "beacon",
            "ip",
            "client",
        ),
        *(
            "token",
            "authorization",
            "password",
            "password_hash",
            "secret",
            "signing_key",
            "signature",
            "proof",
        ),
        *("eid_key", "idempotency_key", "headers", "body", "parameters", "url"),
    }
)

_TOKEN: Final = re.compile(r"(sog_(?:app|server|gateway|device|staff)_)[A-Za-z0-9_-]+")


def leave_unsaid(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Drops what must not be said, at any depth, and says which fields that were: somebody should mend the caller."""
    dropped: set[str] = set()
    kept = _without(event, dropped)
    if dropped:
        kept["unsaid"] = sorted(dropped)
    return kept


def blot_tokens(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Blots out tokens within texts: in a message of a library, in a traceback."""
    for field, said in event.items():
        if isinstance(said, str) and "sog_" in said:
            event[field] = _TOKEN.sub(r"\1***", said)
    return event


class _NotEachSocket(logging.Filter):
    """Keeps out that uvicorn tells of every web socket, with the name by which a page acts in its address."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        return "WebSocket" not in said and not said.startswith("connection ")


def configure(
    level: str = "info", form: Literal["json", "console"] = "console", to: TextIO | None = None
) -> None:
    """From now on all that is logged, ours and the libraries', goes one way: to `to`, or standard error."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        leave_unsaid,
    ]
    handler = logging.StreamHandler(to or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _named_by_library],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                blot_tokens,
                _renderer(form),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Libraries that count each request, each look at the clock and each look at the schema among the news.
    for chatty in ("alembic", "httpx", "httpcore", "apscheduler", "aiosqlite", "asyncio", "google.auth"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
    logging.getLogger("uvicorn.error").addFilter(_NotEachSocket())
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,  # rooms take their logger when imported, before anybody configures
    )


def _renderer(form: Literal["json", "console"]) -> Processor:
    if form == "json":
        return structlog.processors.JSONRenderer(default=str)
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )


def _named_by_library(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Which library spoke: its lines have no names of events."""
    record = event.get("_record")
    if isinstance(record, logging.LogRecord):
        event["library"] = record.name
    return event


def _without(said: Mapping[str, Any], dropped: set[str]) -> MutableMapping[str, Any]:
    kept: dict[str, Any] = {}
    for field, value in said.items():
        if field.lower() in UNSAID:
            dropped.add(field)
        elif isinstance(value, Mapping) and not field.startswith("_"):
            kept[field] = _without(value, dropped)
        else:
            kept[field] = value
    return kept
