"""Every setting of the server, typed, with its default and its reason.

In: one TOML file and the environment (`SOGLIA_DATABASE__URL`; a secret may come from a file: `SOGLIA_FCM__SERVICE_ACCOUNT_FILE`).
The environment wins. Out: a frozen `Settings`. A wrong key or value stops the start: `BadSettings` names it and says why.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class BadSettings(Exception):
    """What is wrong with the settings, a line each: where and why."""


class Section(BaseModel):
    """A table of the file. Unknown keys are refused: a typo must not be silent."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerSection(Section):
    host: str = Field(
        "127.0.0.1", description="Address to listen on. 0.0.0.0 for all; put a TLS proxy in front then."
    )
    port: int = Field(
        8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one and says which."
    )
    body_limit_bytes: int = Field(
        2 * 1024 * 1024,
        ge=1024,
        description="The largest body a door takes, unpacked: 5,000 sightings are about 600 kB.",
    )
    batch_limit: int = Field(5_000, ge=1, le=20_000, description="The most items in one request.")


class DatabaseSection(Section):
    url: str = Field(
        "sqlite+aiosqlite:///soglia.sqlite3",
        description="Where everything is kept. SQLite needs nothing installed; postgresql+asyncpg://user@host/name for the scaled size.",
    )


class BusSection(Section):
    room: int = Field(
        200_000,
        ge=1,
        description="Sightings that may wait for the path. Beyond it doors answer 429: better than growing.",
    )


class FreshnessSection(Section):
    limit_s: float = Field(
        120.0,
        gt=0,
        description="Evidence older than this makes history, never messages: nobody wants an offer for where they were.",
    )
    oldest_s: float = Field(
        7 * 86_400.0,
        gt=0,
        description="Evidence older than this is refused (too_old): phones keep a week at most.",
    )
    future_s: float = Field(
        60.0,
        ge=0,
        description="How far ahead of our clock a time may be after its sender's clock was corrected.",
    )


class FcmSection(Section):
    service_account_file: Path | None = Field(
        None, description="The JSON key file from the Firebase console. Without one no push is sent."
    )
    service_account: SecretStr | None = Field(None, description="The same JSON as text, for secret stores.")
    endpoint: str = Field(
        "https://fcm.googleapis.com",
        description="Where FCM is; a stand-in's address for trials (`soglia-simulator demo`).",
    )

    @property
    def enabled(self) -> bool:
        """Whether there are credentials."""
        return self.service_account_file is not None or self.service_account is not None


class OutboxSection(Section):
    poll_s: float = Field(
        1.0, gt=0, description="How late a retry may be noticed. New offers do not wait for it."
    )
    lease_s: float = Field(
        60.0,
        ge=30,
        description="How long a sender may hold an offer; after a crash it is sent again when this has passed.",
    )
    at_once: int = Field(200, ge=1, le=2_000, description="Offers under way at the same time.")


class LogSection(Section):
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least that is logged."
    )
    form: Literal["json", "console"] = Field("console", description="json for machines, console for people.")


class RetentionSection(Section):
    idempotency_hours: float = Field(
        48.0, gt=0, description="How long the answer to an Idempotency-Key is kept."
    )
    outbox_days: float = Field(
        750.0,
        gt=0,
        description="How long settled offers are kept. Frequency caps look back at most 731 days.",
    )


class Settings(BaseSettings):
    """All sections."""

    model_config = SettingsConfigDict(
        env_prefix="SOGLIA_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    server: ServerSection = ServerSection()
    database: DatabaseSection = DatabaseSection()
    bus: BusSection = BusSection()
    freshness: FreshnessSection = FreshnessSection()
    fcm: FcmSection = FcmSection()
    outbox: OutboxSection = OutboxSection()
    log: LogSection = LogSection()
    retention: RetentionSection = RetentionSection()
