"""Which language whoever asks reads: what their Accept-Language says, among those that we speak.

In: the header. Out: a language of ours. Refusals that are sentences (campaigns/words.py) are told in it; `why` codes have no language.
"""

from typing import Annotated

from fastapi import Depends, Header

from server.campaigns.words import LANGUAGES, SPOKEN_LANGUAGE

#: What answers that were put into the asker's language tell caches of it.
VARY = {"Vary": "Accept-Language"}


def spoken_by(accept_language: str | None) -> list[str]:
    """The languages of an Accept-Language header (RFC 9110, 12.5.4), the dearest first; what cannot be read is left out."""
    weighed: list[tuple[float, int, str]] = []
    for part in (accept_language or "").split(","):
        name, _, weight = part.strip().partition(";")
        try:
            share = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        if name.strip() and share > 0:
            weighed.append((-share, len(weighed), name.strip()))
    return [name for _, _, name in sorted(weighed)]


def ours_of(accept_language: str | None) -> str:
    """The dearest of their languages that we speak (`it` for it-CH); English where there is none."""
    wanted = (name.partition("-")[0].lower() for name in spoken_by(accept_language))
    return next((name for name in wanted if name in LANGUAGES), SPOKEN_LANGUAGE)


def _asked_for(
    accept_language: Annotated[
        str | None, Header(max_length=500, description="refusals are told in it: en or it; else in English")
    ] = None,
) -> str:
    return ours_of(accept_language)


#: The language that a door answers in, as its parameter.
Tongue = Annotated[str, Depends(_asked_for)]
