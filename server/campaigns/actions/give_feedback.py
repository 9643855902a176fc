"""Give feedback: a question, and stars to answer it."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from server.campaigns.action import Action, Link


class GiveFeedback(Action, frozen=True):
    """Asks how it was: your survey page opens, with so many stars to begin with."""

    kind: Literal["give_feedback"] = "give_feedback"
    url: Link
    stars: int = Field(default=5, ge=2, le=10, description="how many stars there are to give")

    def told(self) -> Mapping[str, str]:
        """Where the answer goes, and how many stars are shown."""
        return {"url": self.url, "stars": str(self.stars)}
