"""No more than so many offers in so long, counted per shopper: a second phone or a reinstall changes nothing."""

from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import Field

from server.campaigns.condition import Condition
from server.campaigns.moment import Moment
from server.campaigns.span import Span
from server.campaigns.words import Phrases, spoken_span


class FrequencyCap(Condition, frozen=True):
    """At most so many offers within the window before now: of this campaign, or of all campaigns together."""

    phrases: ClassVar[Phrases] = {
        "en": {
            "nobody": "nobody is known whose offers could be counted",
            "campaign": "{sent} of {at_most} offers of this campaign already sent in the last {window}",
            "all": "{sent} of {at_most} offers of all campaigns already sent in the last {window}",
        }
    }
    kind: Literal["frequency_cap"] = "frequency_cap"
    at_most: int = Field(ge=1, le=1000)
    window: Span
    scope: Literal["campaign", "all"] = "campaign"

    @property
    def look_back(self) -> timedelta:
        return self.window

    def objection(self, moment: Moment) -> str | None:
        if moment.shopper is None:
            return self.say("nobody")
        since = moment.now - self.window
        sent = sum(
            offer.at > since and (self.scope == "all" or offer.campaign == moment.campaign)
            for offer in moment.shopper.sent
        )
        if sent < self.at_most:
            return None
        return self.say(self.scope, sent=sent, at_most=self.at_most, window=spoken_span(self.window))
