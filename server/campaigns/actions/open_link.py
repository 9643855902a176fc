"""Open a page: the shop's web site, or a place in its own app."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from server.campaigns.action import Action, Link
from server.campaigns.words import Phrases


class OpenLink(Action, frozen=True):
    """Opens a web page, or a place in your own app."""

    form: ClassVar[Phrases] = {
        "en": {
            "title": "Open a page",
            "help": "A web page, or a place in your own app.",
        },
        "it": {
            "title": "Apri una pagina",
            "help": "Una pagina web, o un punto della tua app.",
        },
    }
    kind: Literal["open_link"] = "open_link"
    url: Link

    def told(self) -> Mapping[str, str]:
        """Where it leads."""
        return {"url": self.url}
