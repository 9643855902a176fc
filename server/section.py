"""A section of the settings: frozen, no key that we do not know, no value of it in an error; secrets may stand in files.

In: what the file and the environment give for one section. Out: the base that `settings.py` and the channels (each keeps its own
section in its own file) build on. Imports nothing of the house.
"""

from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator


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
