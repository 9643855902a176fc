"""Every setting of the server, typed, with its default and its reason.

In: one TOML file, overridden key by key by the environment (`SOGLIA_FCM__ENDPOINT`; sections joined by two underscores). A
secret may stand in a file of its own: `url_file` in place of `url`, SOGLIA_DATABASE__URL_FILE. Out: a frozen `Settings`.
A wrong key or value raises `WrongSettings`, which names the key, where it came from and the reason, and never shows a
value. Built in code (tests, the simulator) `Settings(...)` takes its values from its arguments alone.
"""

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import (
    ValidationError,
    create_model,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from server.delivery import channels
from server.delivery.channel import ChannelSettings
from server.section import Section, ToldSection
from server.sections import (
    BusSettings,
    CampaignSettings,
    ConsoleSettings,
    DatabaseSettings,
    FallbackSettings,
    FreshnessSettings,
    LogSettings,
    OutboxSettings,
    PresenceSettings,
    PrivacySettings,
    RetentionSettings,
    ServerSettings,
    WebhookSettings,
)

PREFIX: Final = "SOGLIA_"

#: Variables that begin like ours and belong to the command line, the other programs, and the tests.
NOT_OURS: Final = (
    "SOGLIA_SCANNER_",
    "SOGLIA_SIMULATOR_",
    "SOGLIA_TEST_",
    "SOGLIA_REQUIRE_",
)

#: The same, as whole names: SOGLIA_DATABASE_URL begins like the second one, and somebody means it.
NOT_OURS_WHOLE: Final = frozenset({"SOGLIA_CONFIG", "SOGLIA_DATA"})

#: Where the settings lie when nobody says where.
USUAL_PLACE: Final = Path("config/server.toml")


class WrongSettings(ValueError):
    """The settings cannot be used: the text names each key and says why, one a line."""


class _FirstSections(BaseSettings):
    """What stands before the channels."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        hide_input_in_errors=True,
    )

    server: ServerSettings = ServerSettings()
    database: DatabaseSettings = DatabaseSettings()
    freshness: FreshnessSettings = FreshnessSettings()
    presence: PresenceSettings = PresenceSettings()


if TYPE_CHECKING:  # the sections are those of the files in channels/, which a type checker cannot know
    _WithChannels = _FirstSections
else:
    _WithChannels = create_model(
        "_WithChannels",
        __base__=_FirstSections,
        **{name: (file.Settings, file.Settings()) for name, file in channels.found().items()},
    )


class Settings(_WithChannels):
    """All of it. Everything has a default: `soglia serve` needs no file at all."""

    campaigns: CampaignSettings = CampaignSettings()
    outbox: OutboxSettings = OutboxSettings()
    fallback: FallbackSettings = FallbackSettings()
    webhooks: WebhookSettings = WebhookSettings()
    bus: BusSettings = BusSettings()
    logs: LogSettings = LogSettings()
    privacy: PrivacySettings = PrivacySettings()
    console: ConsoleSettings = ConsoleSettings()
    retention: RetentionSettings = RetentionSettings()

    @property
    def channels(self) -> Mapping[str, ChannelSettings]:
        """The section of each channel, by the channel's name."""
        return {name: getattr(self, name) for name in channels.found()}

    def told(self) -> list[ToldSection]:
        """All of it as an owner may see it: no secret is in it."""
        return [ToldSection(name, getattr(self, name).told()) for name in type(self).model_fields]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """From the arguments alone: what is built in code must not depend on whose machine it runs on."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


def read_settings(path: Path | None = None) -> Settings:
    """The settings of a file, overridden by the environment.

    Without `path` the file that SOGLIA_CONFIG names, else config/server.toml where it is, else defaults alone. Raises
    WrongSettings.
    """
    file = _file(path)

    class Deployed(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            """The environment wins over the file."""
            del init_settings, dotenv_settings, file_secret_settings
            return (env_settings, *([TomlConfigSettingsSource(settings_cls, file)] if file else []))

    _refuse_unknown_variables(os.environ)
    try:
        read = Deployed()
    except tomllib.TOMLDecodeError as wrong:
        raise WrongSettings(f"{file} is no TOML: {wrong}") from None
    except (OSError, UnicodeDecodeError) as unreadable:
        raise WrongSettings(f"{file} cannot be read: {unreadable}") from None
    except ValidationError as wrong:
        found = wrong.errors(include_input=False, include_url=False)
        raise WrongSettings("\n".join(_in_words(error["loc"], error, file) for error in found)) from None
    return Settings(**{name: getattr(read, name) for name in Settings.model_fields})


def _file(path: Path | None) -> Path | None:
    named = path or (Path(os.environ["SOGLIA_CONFIG"]) if os.environ.get("SOGLIA_CONFIG") else None)
    if named is None:
        return USUAL_PLACE if USUAL_PLACE.is_file() else None
    if not named.is_file():
        raise WrongSettings(f"there is no settings file {named}")
    return named


def _in_words(place: tuple[int | str, ...], error: Mapping[str, Any], file: Path | None) -> str:
    """`server.port (SOGLIA_SERVER__PORT): must be ...`."""
    keys = [str(step) for step in place]
    reason = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        reason = "there is no such setting" + _did_you_mean(keys)
    return f"{'.'.join(keys)} ({_source(keys, reason, file)}): {reason}"


def _source(keys: Sequence[str], reason: str, file: Path | None) -> str:
    """Who gave what is wrong: variables or the file; of a whole section, those that gave the keys the reason speaks of."""
    given = {name.upper() for name in os.environ}
    elsewhere = str(file or "the environment")
    if len(keys) > 1 or keys[0] not in Settings.model_fields:
        variable = PREFIX + "__".join(keys).upper()
        return next((name for name in (variable, f"{variable}_FILE") if name in given), elsewhere)
    named = [_variable(keys[0], key) for key in _keys_of(keys[0]) if re.search(rf"\b{key}\b", reason)]
    # A reason that speaks of no key may be about any that somebody gave.
    guilty = named or sorted(given.intersection(_variable(keys[0], key) for key in _keys_of(keys[0])))
    return ", ".join(dict.fromkeys(name if name in given else elsewhere for name in guilty)) or elsewhere


def _variable(section: str, key: str) -> str:
    return f"{PREFIX}{section}__{key}".upper()


def _keys_of(section: str) -> list[str]:
    """The keys of a section, those that name a secret's file too."""
    known: type[Section] = type(getattr(Settings(), section))
    return [*known.model_fields, *(f"{key}_file" for key in sorted(known.secrets))]


def _did_you_mean(keys: list[str]) -> str:
    known: Mapping[str, Any] = Settings.model_fields
    if len(keys) > 1 and keys[0] in known:
        known = known[keys[0]].annotation.model_fields
    near = get_close_matches(keys[-1], list(known), n=1)
    return f"; did you mean {near[0]}?" if near else f" (there are: {', '.join(known)})"


def _refuse_unknown_variables(environ: Mapping[str, str]) -> None:
    """pydantic-settings passes over a mistyped section; whoever set it believes that it holds."""
    sections = {name.upper() for name in Settings.model_fields}
    for name in environ:
        given = name.upper()
        if not given.startswith(PREFIX) or given.startswith(NOT_OURS) or given in NOT_OURS_WHOLE:
            continue
        section, _, key = given.removeprefix(PREFIX).partition("__")
        if section not in sections or not key:
            meant = _one_underscore(given) or _did_you_mean([section.lower()])
            raise WrongSettings(f"{name} (environment): there is no such setting{meant}")


def _one_underscore(given: str) -> str | None:
    """For SOGLIA_SERVER_PORT: which variable it would be with two underscores; None where it is like none."""
    variables = [_variable(section, key) for section in Settings.model_fields for key in _keys_of(section)]
    single = {name.replace("__", "_"): name for name in variables}
    near = get_close_matches(given, list(single), n=1, cutoff=0.9) if "__" not in given else ()
    return f"; did you mean {single[near[0]]} (two underscores between section and key)?" if near else None
