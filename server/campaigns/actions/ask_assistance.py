"""Ask for assistance: somebody of the staff comes to where the shopper stands."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from server.campaigns.action import Action, Label, Link, Misfit, Reply
from server.campaigns.words import Phrases


class AskAssistance(Action, frozen=True):
    """Calls somebody of your staff: by a link into your app, a chat or a telephone number (tel:+39...); without one, by the list of replies."""

    form: ClassVar[Phrases] = {
        "en": {
            "title": "Call somebody of the staff",
            "help": "By a link into your app, a chat or a telephone number (tel:+39...). Without one it comes into the list of replies.",
            "topic": "What the help is about",
        },
        "it": {
            "title": "Chiama qualcuno del personale",
            "help": "Con un link nella tua app, una chat o un numero di telefono (tel:+39...). Senza, arriva nell'elenco delle risposte.",
            "topic": "Di che aiuto si tratta",
        },
    }
    takes_replies: ClassVar[bool] = True
    kind: Literal["ask_assistance"] = "ask_assistance"
    url: Link | None = None
    topic: Label | None = Field(default=None, description="what the help is about, for who comes")

    def told(self) -> Mapping[str, str]:
        """Whom it calls, and about what."""
        told = {"url": self.url, "topic": self.topic}
        return {name: value for name, value in told.items() if value}

    @classmethod
    def objection_to(cls, reply: Reply, told: Mapping[str, str], now: datetime) -> Misfit | None:
        """Help is wanted now, and nobody is judged by asking for it."""
        del told, now
        if reply.stars is not None:
            return Misfit("stars", "who asks for assistance gives no stars")
        return Misfit("wants_at", "assistance is asked for now") if reply.wants_at else None
