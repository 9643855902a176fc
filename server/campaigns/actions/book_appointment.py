"""Book an appointment: a fitting, a consultation, an eye test."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from server.campaigns.action import Action, Label, Link


class BookAppointment(Action, frozen=True):
    """Opens your booking page for one service."""

    kind: Literal["book_appointment"] = "book_appointment"
    url: Link
    service: Label | None = Field(default=None, description="what is booked, in the booking page's own word")

    def told(self) -> Mapping[str, str]:
        """Where it is booked, and what."""
        return {"url": self.url} | ({"service": self.service} if self.service else {})
