"""What the console says, in the languages of the shop: gettext catalogues, one a page and language (`it/zones.po`).

In: an English text as it stands in a page. Out: the same in the language of whoever reads; English where a catalogue lacks it, which a
test forbids. Catalogues are read as translators write them (.po): nothing has to be compiled.
"""

import gettext
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Final, Literal

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

Language = Literal["en", "it"]

LANGUAGES: Final[tuple[Language, ...]] = ("en", "it")

#: How each language calls itself.
NAMES: Final[dict[Language, str]] = {"en": "English", "it": "Italiano"}

_FOLDER: Final = Path(__file__).parent


def later(text: str) -> str:
    """Marks a text that is said later, in whatever language is wanted then: a title, a choice."""
    return text


@lru_cache(len(LANGUAGES))
def catalogue(language: Language) -> gettext.NullTranslations:
    """All pages' words in a language. Raises ValueError where a catalogue cannot be read."""
    together = gettext.NullTranslations()
    for path in sorted((_FOLDER / language).glob("*.po")):
        with path.open("rb") as file:
            read = read_po(file, locale=language, abort_invalid=True)
        compiled = BytesIO()
        write_mo(compiled, read)
        compiled.seek(0)
        one = gettext.GNUTranslations(compiled)
        one.add_fallback(together)
        together = one
    return together
