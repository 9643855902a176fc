"""A section of the settings: frozen, no key that we do not know, no value of it in an error; secrets may stand in files.

In: what the file and the environment give for one section. Out: the base that `settings.py` and the channels (each keeps its own
section in its own file) build on. Imports nothing of the house.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, SecretStr, model_validator

#: Where addresses may hold somebody's credentials: before an @, and after a = in a query.
_CREDENTIALS: Final = re.compile(r"(?<=//)[^/@\s]+(?=@)|(?<==)[^&\s]+")


class Section(BaseModel):
    """A section of the file. `secrets` are keys that may stand in a file of their own, named by `<key>_file`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    secrets: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        read = dict(given)
        for key in cls.secrets & {name.removesuffix("_file") for name in given if name.endswith("_file")}:
            path = Path(str(read.pop(f"{key}_file")))
            if key in given:
                raise ValueError(f"give one of {key} and {key}_file")
            try:
                read[key] = path.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as unreadable:
                raise ValueError(f"{key}_file cannot be read: {unreadable}") from None
        return read

    def told(self) -> tuple["Told", ...]:
        """Every setting with its reason, for whoever may see how the server is set up; of a secret only whether it is set."""
        return tuple(_told(self, key) for key in type(self).model_fields)


@dataclass(frozen=True, slots=True)
class Told:
    """One setting, as it may be shown. `value` is `set` where it is a secret that is there, and None where nothing is."""

    key: str
    value: str | None
    secret: bool
    usual: bool
    why: str | None


@dataclass(frozen=True, slots=True)
class ToldSection:
    name: str
    settings: tuple[Told, ...]


def _told(section: Section, key: str) -> Told:
    known, value = type(section).model_fields[key], getattr(section, key)
    secret = key in section.secrets or isinstance(value, SecretStr)
    usual = value == known.get_default(call_default_factory=True)
    if value is None or value == ():
        shown = None
    elif secret:
        shown = "set"
    else:
        many = value if isinstance(value, tuple | list | frozenset) else (value,)
        shown = ", ".join(_CREDENTIALS.sub("...", _plain(each)) for each in many)
    return Told(key, shown, secret, usual or (secret and value is None), known.description)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) and abs(value) < 1e6 else str(value)
