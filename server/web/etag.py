"""Entity tags (RFC 9110, section 8.8.3): "you have it already", and "somebody changed it since you looked".

In: what is about to be answered, and the request's conditions. Out: a tag, the same for the same content.
"""

import hashlib
import json
from typing import Any

from starlette.requests import Request

from server.web.problem import Problem


def etag_of(content: Any) -> str:
    """A strong tag of plain JSON content."""
    written = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return f'"{hashlib.blake2b(written.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()}"'


def has_it_already(request: Request, etag: str) -> bool:
    """Whether If-None-Match names what would be answered: then 304 says it all."""
    return _names(request.headers.get("If-None-Match"), etag)


def refuse_lost_update(request: Request, etag: str) -> None:
    """Raises Problem (412) where If-Match names another version than the one that is kept."""
    condition = request.headers.get("If-Match")
    if condition is not None and not _names(condition, etag):
        raise Problem(412, "It has changed", "Somebody changed this since you read it: read it again first.")


def _names(condition: str | None, etag: str) -> bool:
    """Weak tags count too: proxies that compress make our strong tags weak."""
    if condition is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in condition.split(",")}
    return "*" in tags or etag in tags
