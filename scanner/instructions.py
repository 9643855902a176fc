"""What the server told this gateway to listen for, and the copy on disk that serves while the line is down.

In: the body of `GET /v1/gateways/me/settings`. Out: `Instructions`, and the same from the last time we had a line.
"""

import os
from pathlib import Path

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scanner.ours import OursSettings

log = structlog.get_logger(__name__)


class Instructions(BaseModel):
    """`etag` is the server's mark of this version, kept so that an unchanged one is not sent again."""

    # A newer server may say more than we understand: only what we use must be right.
    model_config = ConfigDict(extra="ignore", frozen=True)

    gateway: str = ""
    ours: OursSettings = OursSettings()
    window_s: float | None = Field(default=None, ge=0.1, le=60)
    version: str = ""
    etag: str | None = None


def load(path: Path) -> Instructions | None:
    """The copy on disk; None where there is none or it cannot be read (then we wait for the server's)."""
    try:
        return Instructions.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        log.warning("instructions_on_disk_unreadable", reason=type(error).__name__)
        return None


def save(path: Path, instructions: Instructions) -> None:
    """Replaces the copy in one step, so that a power cut leaves the old or the new one. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(instructions.model_dump_json().encode())
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
