"""A time of silence after an offer, counted per shopper."""

from datetime import timedelta
from typing import ClassVar, Literal

from server.campaigns.condition import Condition
from server.campaigns.moment import Moment
from server.campaigns.span import Span
from server.campaigns.words import Phrases, spoken_span


class Cooldown(Condition, frozen=True):
    """So long must pass since the shopper's last offer: of this campaign, or of any campaign."""

    phrases: ClassVar[Phrases] = {
        "en": {
            "nobody": "nobody is known whose last offer could be looked up",
            "campaign": "the last offer of this campaign was {ago} ago, {wait} must pass",
            "all": "the last offer of any campaign was {ago} ago, {wait} must pass",
        }
    }
    kind: Literal["cooldown"] = "cooldown"
    wait: Span
    scope: Literal["campaign", "all"] = "campaign"

    @property
    def look_back(self) -> timedelta:
        return self.wait

    def objection(self, moment: Moment) -> str | None:
        if moment.shopper is None:
            return self.say("nobody")
        times = [
            offer.at
            for offer in moment.shopper.sent
            if self.scope == "all" or offer.campaign == moment.campaign
        ]
        if not times or moment.now - max(times) >= self.wait:
            return None
        ago = spoken_span(moment.now - max(times))
        return self.say(self.scope, ago=ago, wait=spoken_span(self.wait))
