"""No more than so many offers in so long, counted per shopper: a second phone or a reinstall changes nothing."""

from datetime import date, timedelta
from typing import ClassVar, Final, Literal, Self

from pydantic import Field, model_validator

from server.campaigns.condition import About, Condition
from server.campaigns.daytime import Weekday
from server.campaigns.moment import Clock, Moment, Scope, SentOffer
from server.campaigns.span import Span
from server.campaigns.words import Phrases, Sentence
from server.zones.hours import WEEKDAYS

# How far back a calendar window can begin: its longest, and a day for the clocks that change meanwhile.
LONGEST: Final = {"day": timedelta(days=2), "week": timedelta(days=8), "month": timedelta(days=32)}


class FrequencyCap(Condition, frozen=True):
    """At most so many offers: of this campaign, of its group, or of all campaigns together.

    Counted in the `window` before now, or since this calendar `day`, `week` or `month` began by the clock of the shop or the shopper.
    """

    phrases: ClassVar[Phrases] = {
        "en": {
            "nobody": "nobody is known whose offers could be counted",
            "no_group": "this campaign is in no group whose offers could be counted",
            "full": "{sent} of {at_most} offers of {which} already sent {when}",
            "full_one": "{sent} of {at_most} offer of {which} already sent {when}",
            "tally": "{sent} of {at_most} offers of {which} sent {when}",
            "campaign": "this campaign",
            "group": "the group '{group}'",
            "all": "all campaigns",
            "window": "in the last {window}",
            "day": "today",
            "week": "this week",
            "month": "this month",
        },
        "it": {
            "nobody": "non si sa di chi contare le offerte",
            "no_group": "questa campagna non è in un gruppo di cui contare le offerte",
            "full": "già inviate {sent} offerte su {at_most} di {which} {when}",
            "full_one": "già inviata {sent} offerta su {at_most} di {which} {when}",
            "tally": "offerte di {which} {when}: {sent} su {at_most}",
            "campaign": "questa campagna",
            "group": "tutto il gruppo '{group}'",
            "all": "tutte le campagne",
            "window": "nell'arco di {window}",
            "day": "oggi",
            "week": "questa settimana",
            "month": "questo mese",
        },
    }
    about: ClassVar[About] = "often"
    form: ClassVar[Phrases] = {
        "en": {
            "title": "At most so many offers",
            "help": "Per shopper, whatever phone they carry. Say either a length of time (the last 7 days) or a calendar day, week or month.",
            "at_most": "At most",
            "window": "In the last",
            "calendar": "Or each calendar",
            "calendar.day": "day",
            "calendar.week": "week",
            "calendar.month": "month",
            "week_starts": "Weeks begin on",
        },
        "it": {
            "title": "Non più di tante offerte",
            "help": "Per cliente, qualunque telefono usi. Indica una durata (gli ultimi 7 giorni) oppure un giorno, una settimana o un mese di calendario.",
            "at_most": "Al massimo",
            "window": "Negli ultimi",
            "calendar": "Oppure ogni",
            "calendar.day": "giorno",
            "calendar.week": "settimana",
            "calendar.month": "mese",
            "week_starts": "La settimana comincia di",
        },
    }
    kind: Literal["frequency_cap"] = "frequency_cap"
    at_most: int = Field(ge=1, le=1000)
    window: Span | None = None
    calendar: Literal["day", "week", "month"] | None = None
    scope: Scope = "campaign"
    clock: Clock = "shop"
    week_starts: Weekday = "mon"

    @model_validator(mode="after")
    def _one_way_of_counting(self) -> Self:
        if (self.window is None) == (self.calendar is None):
            raise ValueError("give a window such as '7d', or a calendar day, week or month")
        return self

    @property
    def look_back(self) -> timedelta:
        return self.window or LONGEST[self.calendar or "day"]

    def objection(self, moment: Moment) -> Sentence | None:
        if moment.shopper is None:
            return self.say("nobody")
        if self.scope == "group" and moment.group is None:
            return self.say("no_group")
        sent = self._sent(moment)
        if sent < self.at_most:
            return None
        return self._said("full_one" if sent == 1 else "full", sent, moment)

    def tally(self, moment: Moment) -> Sentence | None:
        if moment.shopper is None or (self.scope == "group" and moment.group is None):
            return None
        return self._said("tally", self._sent(moment), moment)

    def _sent(self, moment: Moment) -> int:
        return sum(self._counts(offer, moment) for offer in moment.sent_by(self.scope))

    def _said(self, phrase: str, sent: int, moment: Moment) -> Sentence:
        which = self.say(self.scope, **({"group": moment.group} if self.scope == "group" else {}))
        when = self.say(self.calendar) if self.calendar else self.say("window", window=self.window)
        return self.say(phrase, sent=sent, at_most=self.at_most, which=which, when=when)

    def _counts(self, offer: SentOffer, moment: Moment) -> bool:
        if self.window is not None:
            return offer.at > moment.now - self.window
        local_day = offer.at.astimezone(moment.time_zone(self.clock)).date()
        return local_day >= self._first_day(moment.local_time(self.clock).date())

    def _first_day(self, today: date) -> date:
        """On which the calendar window that holds today began."""
        if self.calendar == "month":
            return today.replace(day=1)
        since = (today.weekday() - WEEKDAYS.index(self.week_starts)) % 7 if self.calendar == "week" else 0
        return today - timedelta(days=since)
