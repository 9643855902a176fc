"""Book an appointment: a fitting, a consultation, an eye test."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from server.campaigns.action import Action, Label, Link, Misfit, Reply
from server.campaigns.words import Phrases


class BookAppointment(Action, frozen=True):
    """Opens your booking page for one service; without one, the app asks for a time and it comes into the list of replies."""

    form: ClassVar[Phrases] = {
        "en": {
            "title": "Book an appointment",
            "help": "Opens your booking page. Without one the app asks for a time, and it comes into the list of replies.",
            "service": "What is booked",
        },
        "it": {
            "title": "Prenota un appuntamento",
            "help": "Apre la tua pagina di prenotazione. Senza, l'app chiede un orario e arriva nell'elenco delle risposte.",
            "service": "Che cosa si prenota",
        },
    }
    takes_replies: ClassVar[bool] = True
    kind: Literal["book_appointment"] = "book_appointment"
    url: Link | None = None
    service: Label | None = Field(default=None, description="what is booked, in the booking page's own word")

    def told(self) -> Mapping[str, str]:
        """Where it is booked, and what."""
        told = {"url": self.url, "service": self.service}
        return {name: value for name, value in told.items() if value}

    @classmethod
    def objection_to(cls, reply: Reply, told: Mapping[str, str], now: datetime) -> Misfit | None:
        """An appointment has a time, and that lies ahead."""
        del told
        if reply.stars is not None:
            return Misfit("stars", "an appointment has no stars")
        if reply.wants_at is None:
            return Misfit("wants_at", "an appointment needs a time")
        return Misfit("wants_at", "must lie ahead") if reply.wants_at <= now else None
