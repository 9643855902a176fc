"""Open a page: the shop's web site, or a place in its own app."""

from collections.abc import Mapping
from typing import Literal

from server.campaigns.action import Action, Link


class OpenLink(Action, frozen=True):
    """Opens a web page, or a place in your own app."""

    kind: Literal["open_link"] = "open_link"
    url: Link

    def told(self) -> Mapping[str, str]:
        """Where it leads."""
        return {"url": self.url}
