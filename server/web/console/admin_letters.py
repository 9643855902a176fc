"""Dead letters, for owners: offers that reached nobody, why, and another try while they live.

In: a desk. Out: a list, more of it on demand, drawn anew after every try.
"""

from functools import partial
from typing import Any, Final
from urllib.parse import quote

from nicegui import ui

from server.web.console.admin_frame import nothing
from server.web.console.desk import Desk
from server.web.console.dialogs import heading, sure
from server.web.console.languages import later
from server.web.console.plain_table import cell, head

DEATHS: Final = {
    "dead_letter": later("tried too often"),
    "refused": later("refused by the channel"),
    "undeliverable": later("no address left"),
}

_AT_ONCE: Final = 50


class Letters:
    """See the module's text."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._next: str | None = None
        self._place = ui.element("div").classes("stack roomy")
        self._body: ui.element | None = None

    async def draw(self) -> None:
        desk, say = self._desk, self._desk.say
        page = await desk.api.get("/v1/dead-letters", limit=_AT_ONCE)
        self._place.clear()
        with self._place:
            if not page["dead_letters"]:
                nothing(
                    "mark_email_read",
                    say("No dead letters."),
                    say(
                        "Every offer reached its phone, or still may. Those that cannot be sent are shown here."
                    ),
                )
                return
            with ui.element("section").classes("card"):
                heading(say("Offers that reached nobody"))
                ui.label(
                    say(
                        "Mend the cause first (see why), then send again. An offer that has ended is never sent."
                    )
                ).classes("soft")
                with ui.element("div").classes("row-of"):
                    ui.button(say("Send all again that still live"), on_click=self._replay_all).props(
                        "outline"
                    )
                with ui.element("div").classes("scrolls"), ui.element("table").classes("plain folds"):
                    head(say("When"), say("Offer"), say("Why"), say("Lives until"), "")
                    self._body = ui.element("tbody")
                self._more = ui.button(say("Show more"), on_click=self._further).props("flat")
        self._add(page)

    def _add(self, page: dict[str, Any]) -> None:
        self._next = page["next"]
        self._more.set_visibility(self._next is not None)
        if self._body is not None:
            with self._body:
                for letter in page["dead_letters"]:
                    self._row(letter)

    async def _further(self) -> None:
        async with self._desk.trying():
            self._add(await self._desk.api.get("/v1/dead-letters", limit=_AT_ONCE, cursor=self._next))

    def _row(self, letter: dict[str, Any]) -> None:
        desk, say = self._desk, self._desk.say
        with ui.element("tr"):
            cell(desk.when(letter["died_at"] or letter["decided_at"]))
            with ui.element("td"):
                ui.label(letter["title"] or letter["id"])
                ui.link(letter["campaign"], f"/campaigns/{quote(letter['campaign'], safe='')}").classes(
                    "small"
                )
            with ui.element("td"):
                ui.label(say(DEATHS[letter["outcome"]]) if letter["outcome"] in DEATHS else letter["outcome"])
                ui.label(f"{letter['channel']}: {letter['why'] or ''}").classes("soft small")
            cell(desk.when(letter["ends_at"]))
            with ui.element("td").classes("number"):
                if letter["lives"]:
                    again = partial(self._replay, letter["id"])
                    ui.button(say("Send again"), on_click=again).props("flat dense")
                else:
                    ui.label(say("ended")).classes("tag")

    async def _replay(self, offer: str) -> None:
        async with self._desk.trying(self._desk.say("It waits to be sent again.")):
            await self._desk.api.post(f"/v1/dead-letters/{quote(offer, safe='')}/replay")
        await self.draw()

    async def _replay_all(self) -> None:
        say = self._desk.say
        why = say("All dead letters whose offer has not ended are sent again, to whoever still agrees.")
        if not await sure(self._desk, say("Send all again?"), why, say("Send all again"), grave=False):
            return
        async with self._desk.trying():
            done = await self._desk.api.post("/v1/dead-letters/replay", {})
            waits = self._desk.say_many("{count} waits again.", "{count} wait again.", done["replayed"])
            ui.notify(waits, type="positive")
        await self.draw()
