"""Give feedback: a question, and stars to answer it."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from server.campaigns.action import Action, Link, Misfit, Reply
from server.campaigns.words import Phrases


class GiveFeedback(Action, frozen=True):
    """Asks how it was: your survey page opens, with so many stars to begin with; without one, stars and words come into the list of replies."""

    form: ClassVar[Phrases] = {
        "en": {
            "title": "Ask how it was",
            "help": "Opens your survey page. Without one, stars and words come into the list of replies.",
            "stars": "How many stars there are to give",
        },
        "it": {
            "title": "Chiedi com'è andata",
            "help": "Apre la tua pagina di sondaggio. Senza, stelle e parole arrivano nell'elenco delle risposte.",
            "stars": "Quante stelle si possono dare",
        },
    }
    takes_replies: ClassVar[bool] = True
    replies_after_end: ClassVar[bool] = True  # how it was can be told the next day
    kind: Literal["give_feedback"] = "give_feedback"
    url: Link | None = None
    stars: int = Field(default=5, ge=2, le=10, description="how many stars there are to give")

    def told(self) -> Mapping[str, str]:
        """Where the answer goes, and how many stars are shown."""
        return ({"url": self.url} if self.url else {}) | {"stars": str(self.stars)}

    @classmethod
    def objection_to(cls, reply: Reply, told: Mapping[str, str], now: datetime) -> Misfit | None:
        """At least one star, and no more than were shown."""
        del now
        most = int(told.get("stars", "5"))
        if reply.stars is None or not 1 <= reply.stars <= most:
            return Misfit("stars", f"must be 1 to {most}")
        return Misfit("wants_at", "feedback has no time of its own") if reply.wants_at else None
