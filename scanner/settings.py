"""Every setting of the scanner, typed, with its default and its reason.

In: one TOML file, overridden by the environment (`SOGLIA_SCANNER_SERVER__URL`, sections joined by two underscores).
Out: a frozen `Settings`. A wrong key or value raises `WrongSettings`, which names the key and the reason and never
shows a secret. Built in code (the simulator, tests) `Settings(...)` takes its values from its arguments alone.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from scanner.ours import OursSettings

PREFIX = "SOGLIA_SCANNER_"
NOT_A_SETTING = frozenset({f"{PREFIX}CONFIG"})
"""Variables of our prefix that the command line reads: the path of the file itself."""

Seconds = Annotated[float, Field(gt=0)]


class WrongSettings(ValueError):
    """The settings cannot be used: the text names each key and says why, one a line."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ServerSettings(_Section):
    """Where the server is, and who we are to it."""

    url: AnyHttpUrl
    token: SecretStr | None = None
    token_file: Path | None = None
    ca_file: Path | None = None
    timeout_s: Seconds = 10.0

    @model_validator(mode="after")
    def _one_token(self) -> Self:
        if (self.token is None) == (self.token_file is None):
            raise ValueError("give the gateway's token as either token or token_file")
        if not self.secret:
            raise ValueError("the gateway's token is empty")
        return self

    @property
    def secret(self) -> str:
        """The gateway's token, wherever it stands. Raises OSError where its file cannot be read."""
        if self.token is not None:
            return self.token.get_secret_value().strip()
        return self.token_file.read_text(encoding="utf-8").strip() if self.token_file is not None else ""


class RadioSettings(_Section):
    """How we listen. The times are explained in radio.py, where they act."""

    adapter: Annotated[str, Field(pattern=r"^hci\d+$")] = "hci0"
    mode: Literal["active", "passive"] = "active"
    start_timeout_s: Seconds = 15.0
    silent_after_s: Seconds = 20.0
    restart_after_s: Seconds = 90.0
    retry_first_s: Seconds = 1.0
    retry_longest_s: Seconds = 60.0
    power_cycle: bool = True


class WindowSettings(_Section):
    """`width_s` holds until the server names another."""

    width_s: Annotated[float, Field(ge=0.1, le=60)] = 1.0


class SpoolSettings(_Section):
    """Where sightings wait for the server, and how many may."""

    folder: Path = Path("scanner-spool")
    max_megabytes: Annotated[float, Field(ge=0.25, le=100_000)] = 64.0
    max_age_hours: Annotated[float, Field(gt=0, le=24 * 365)] = 72.0


class UplinkSettings(_Section):
    """How we speak with the server."""

    batch: Annotated[int, Field(ge=1, le=10_000)] = 500
    heartbeat_s: Seconds = 15.0
    settings_s: Seconds = 60.0
    retry_first_s: Seconds = 1.0
    retry_longest_s: Seconds = 60.0


class LogSettings(_Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


class Settings(BaseSettings):
    """All of it. Only `server` has no default."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        hide_input_in_errors=True,
    )

    server: ServerSettings
    radio: RadioSettings = RadioSettings()
    ours: OursSettings = OursSettings()
    window: WindowSettings = WindowSettings()
    spool: SpoolSettings = SpoolSettings()
    uplink: UplinkSettings = UplinkSettings()
    log: LogSettings = LogSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


def read_settings(path: Path | None) -> Settings:
    """The settings of a TOML file (None: of the environment alone), each key overridable by the environment.

    Raises WrongSettings.
    """
    _refuse_unknown_variables(os.environ)

    class Deployed(Settings):
        @classmethod
        def settings_customise_sources(  # the base class's order: the environment wins over the file
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            del init_settings, dotenv_settings, file_secret_settings
            file = (TomlConfigSettingsSource(settings_cls, path),) if path is not None else ()
            return (env_settings, *file)

    if path is not None and not path.is_file():
        raise WrongSettings(f"there is no settings file at {path}")
    try:
        return Deployed()
    except tomllib.TOMLDecodeError as error:
        raise WrongSettings(f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        raise WrongSettings("\n".join(map(_in_words, error.errors(include_input=False)))) from error
    except OSError as error:
        raise WrongSettings(f"server.token_file cannot be read: {error}") from error


def _in_words(error: Any) -> str:
    key = ".".join(str(part) for part in error["loc"])
    reason = {"extra_forbidden": "there is no such setting", "missing": "it must be given"}
    return f"{key}: {reason.get(error['type'], error['msg'].removeprefix('Value error, '))}"


def _refuse_unknown_variables(environ: Mapping[str, str]) -> None:
    """pydantic-settings passes over a mistyped section; we don't: the operator believes that it is set."""
    sections = {name.upper() for name in Settings.model_fields}
    for name in environ:
        given = name.upper()
        if given.startswith(PREFIX) and given not in NOT_A_SETTING:
            section, _, key = given.removeprefix(PREFIX).partition("__")
            if section not in sections or not key:
                raise WrongSettings(
                    f"{name}: there is no such setting (sections: {', '.join(sorted(sections))})"
                )
