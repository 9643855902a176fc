"""How the request under way wants to be answered: in which language, in which light.

In: a request's cookies and what its browser prefers. Out: a `Manner`; `MANNER` is that of the request under way.
"""

from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from fastapi import Request

from server.web.console.desk import Theme
from server.web.console.languages import LANGUAGES, Language

LANGUAGE, THEME = "soglia_language", "soglia_theme"

STATIC: Final = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class Manner:
    """See the module's text. `look` changes when the theme does, so that no browser shows the old one."""

    language: Language = "en"
    theme: Theme = "auto"

    @property
    def look(self) -> int:
        return max(int(path.stat().st_mtime) for path in STATIC.iterdir())


USUAL: Final = Manner()
MANNER: ContextVar[Manner] = ContextVar("manner", default=USUAL)


def manner_of(request: Request | None) -> Manner:
    """That of a request; the usual one where there is none (a web socket)."""
    if request is None:
        return USUAL
    theme = request.cookies.get(THEME, "auto")
    return Manner(_language(request), cast("Theme", theme) if theme in {"light", "dark", "auto"} else "auto")


def _language(request: Request) -> Language:
    wanted = [request.cookies.get(LANGUAGE, ""), *request.headers.get("accept-language", "").split(",")]
    for each in wanted:
        for language in LANGUAGES:
            if each.strip().lower().startswith(language):
                return language
    return "en"
