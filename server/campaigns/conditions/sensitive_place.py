"""Never where a place tells too much of a person: a clinic, a place of worship, a school. A gate of every campaign (gates.py)."""

from typing import ClassVar, Literal

from server.campaigns.condition import Condition
from server.campaigns.moment import Moment
from server.campaigns.words import Phrases, Sentence


class SensitivePlace(Condition, frozen=True):
    """The zone is no sensitive place and lies in none. Every campaign asks this, whether it says so or not."""

    phrases: ClassVar[Phrases] = {
        "en": {"sensitive": "'{zone}' is a sensitive place, where nobody is spoken to"},
        "it": {"sensitive": "'{zone}' è un luogo sensibile, in cui non si parla a nessuno"},
    }
    kind: Literal["sensitive_place"] = "sensitive_place"

    def objection(self, moment: Moment) -> Sentence | None:
        return self.say("sensitive", zone=moment.zone.name) if moment.zone.sensitive else None
