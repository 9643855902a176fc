"""Ask for assistance: somebody of the staff comes to where the shopper stands."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from server.campaigns.action import Action, Label, Link


class AskAssistance(Action, frozen=True):
    """Calls somebody of your staff, by a link into your app, a chat or a telephone number (tel:+39...)."""

    kind: Literal["ask_assistance"] = "ask_assistance"
    url: Link
    topic: Label | None = Field(default=None, description="what the help is about, for who comes")

    def told(self) -> Mapping[str, str]:
        """Whom it calls, and about what."""
        return {"url": self.url} | ({"topic": self.topic} if self.topic else {})
