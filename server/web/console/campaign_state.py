"""How the state of a campaign is told.

In: a state's name. Out: its words, its tag.
"""

from typing import Final

from nicegui import ui

from server.web.console.desk import Desk
from server.web.console.languages import later

#: State -> its name, the class of its tag, what is said when it was brought there.
STATES: Final = {
    "draft": (later("Draft"), "", later("It is a draft again.")),
    "scheduled": (later("Scheduled"), "warn", later("It will go live at its time.")),
    "live": (later("Live"), "good", later("It is live.")),
    "paused": (later("Paused"), "warn", later("It is paused.")),
    "ended": (later("Ended"), "", later("It has ended.")),
}


def state_tag(desk: Desk, state: str) -> None:
    name, manner, _ = STATES.get(state, (state, "", ""))
    ui.label(desk.say(name)).classes(f"tag {manner}")
