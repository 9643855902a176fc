"""Never where a place tells too much of a person: a clinic, a place of worship, a school. A gate of every campaign (gates.py)."""

from typing import ClassVar, Literal

from server.campaigns.condition import About, Condition
from server.campaigns.moment import Moment
from server.campaigns.words import Phrases, Sentence


class SensitivePlace(Condition, frozen=True):
    """The zone is no sensitive place and lies in none. Every campaign asks this, whether it says so or not."""

    phrases: ClassVar[Phrases] = {
        "en": {"sensitive": "'{zone}' is a sensitive place, where nobody is spoken to"},
        "it": {"sensitive": "'{zone}' è un luogo sensibile, in cui non si parla a nessuno"},
    }
    about: ClassVar[About] = "when"
    form: ClassVar[Phrases] = {
        "en": {
            "title": "Never in sensitive places",
            "help": "Every campaign asks this, whether it says so or not.",
        },
        "it": {
            "title": "Mai nei luoghi sensibili",
            "help": "Ogni campagna lo controlla, che lo dica o no.",
        },
    }
    kind: Literal["sensitive_place"] = "sensitive_place"

    def objection(self, moment: Moment) -> Sentence | None:
        return self.say("sensitive", zone=moment.zone.name) if moment.zone.sensitive else None
