"""Webhooks, for owners: which systems are told what happens, and what became of it.

In: a desk. Out: a list of webhooks, or one with its deliveries; each drawn anew after every change. A secret is shown once.
"""

import secrets
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from nicegui import ui

from server.web.console.admin_frame import nothing
from server.web.console.desk import Desk
from server.web.console.dialogs import heading, shown_once, sure
from server.web.console.languages import later
from server.web.console.plain_table import cell, head

STATES: Final = {
    "waiting": (later("waits"), "warn"),
    "delivered": (later("delivered"), "good"),
    "dead_letter": (later("given up"), "bad"),
    "withdrawn": (later("withdrawn: the shopper was forgotten"), ""),
}

_SHOWN: Final = 50


class WebhookBoard:
    """All webhooks."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._place = ui.element("div").classes("stack roomy")

    async def draw(self) -> None:
        desk, say = self._desk, self._desk.say
        webhooks = await desk.api.all("/v1/webhooks", "webhooks")
        self._place.clear()
        with self._place:
            with ui.element("div").classes("row-of"):
                add = partial(edit, desk, None)
                ui.button(say("Add a webhook"), icon="add_link", on_click=add).props("unelevated")
            if not webhooks:
                nothing(
                    "webhook",
                    say("No webhook yet."),
                    say(
                        "With one, your CRM or your own program hears at once who came in and what was sent."
                    ),
                )
            with ui.element("div").classes("columns"):
                for webhook in webhooks:
                    _card(desk, webhook)


def _card(desk: Desk, webhook: dict[str, Any]) -> None:
    say = desk.say
    with ui.element("section").classes("card"):
        ui.link(webhook["name"], f"/administration/webhooks/{webhook['id']}").classes("lead")
        ui.label(webhook["url"]).classes("mono")
        with ui.element("div").classes("row-of"):
            standing(desk, webhook)
        told = webhook["types"]
        ui.label(say("Hears of everything") if told is None else ", ".join(told)).classes("soft small")


def standing(desk: Desk, webhook: dict[str, Any]) -> None:
    """Tags that tell how a webhook is."""
    say = desk.say
    ui.label(say("on") if webhook["on"] else say("off")).classes("tag good" if webhook["on"] else "tag warn")
    if webhook["waiting"]:
        ui.label(desk.say_many("{count} waits", "{count} wait", webhook["waiting"])).classes("tag")
    if webhook["dead"]:
        ui.label(desk.say_many("{count} given up", "{count} given up", webhook["dead"])).classes("tag bad")
    if webhook["off_because"]:
        ui.label(webhook["off_because"]).classes("small")


async def edit(desk: Desk, webhook: dict[str, Any] | None) -> None:
    """Asks what a webhook is to be; a new one's secret is shown, this once. Ends on its own page."""
    say = desk.say
    types = await _known_types(desk)
    with ui.dialog() as dialog, ui.element("div").classes("card dialog"):
        ui.label(say("Add a webhook") if webhook is None else str(webhook["name"])).classes("lead")
        name = ui.input(say("Name"), value=webhook["name"] if webhook else "")
        name.props("outlined autofocus maxlength=200")
        url = ui.input(say("Address"), value=webhook["url"] if webhook else "https://")
        url.props(f'outlined type=url maxlength=2000 hint="{say("Where your system listens")}"')
        wanted = ui.select(
            types, value=(webhook or {}).get("types") or [], label=say("Hears of"), multiple=True
        )
        wanted.props(f'outlined use-chips hint="{say("None chosen: of everything")}"')
        on = ui.switch(say("On"), value=webhook["on"] if webhook else True)

        async def keep() -> None:
            body = {
                "name": name.value or "",
                "url": url.value or "",
                "types": list(wanted.value) or None,
                "on": bool(on.value),
            }
            own_id = webhook["id"] if webhook else f"wh_{secrets.token_hex(6)}"
            async with desk.trying():
                dialog.submit(await desk.api.put(f"/v1/webhooks/{quote(own_id)}", body))

        with ui.element("div").classes("row-of"):
            ui.button(say("Save"), on_click=keep).props("unelevated")
            ui.button(say("Cancel"), on_click=lambda: dialog.submit(None)).props("flat")
    kept = await dialog
    dialog.delete()
    if not kept:
        return
    if kept["secret"]:
        await show_secret(desk, kept["secret"])
    ui.navigate.to(f"/administration/webhooks/{kept['id']}")


async def show_secret(desk: Desk, secret: str) -> None:
    why = desk.say(
        "Your system checks with it that a post is ours (Standard Webhooks). It is shown this once."
    )
    await shown_once(desk, desk.say("The secret of this webhook"), why, secret)


async def _known_types(desk: Desk) -> list[str]:
    """As the API's own document lists them."""
    document = await desk.api.get("/openapi.json")
    given = document["components"]["schemas"]["WebhookGiven"]["properties"]["types"]
    return [str(each) for each in given["anyOf"][0]["items"]["enum"]]


class WebhookPage:
    """One webhook and its deliveries."""

    def __init__(self, desk: Desk, webhook: str) -> None:
        self._desk = desk
        self._path = f"/v1/webhooks/{quote(webhook, safe='')}"
        self._state: str | None = None
        self._place = ui.element("div").classes("stack roomy")

    async def draw(self) -> None:
        desk, say = self._desk, self._desk.say
        webhook = await desk.api.get(self._path)
        asked = {"state": self._state, "limit": _SHOWN}
        deliveries = (await desk.api.get(f"{self._path}/deliveries", **asked))["deliveries"]
        self._place.clear()
        with self._place:
            ui.link(say("All webhooks"), "/administration/webhooks")
            with ui.element("section").classes("card"):
                heading(str(webhook["name"]))
                ui.label(webhook["url"]).classes("mono")
                with ui.element("div").classes("row-of"):
                    standing(desk, webhook)
                self._acts(webhook)
            with ui.element("section").classes("card"):
                heading(say("Deliveries"))
                self._choose()
                if deliveries:
                    self._table(deliveries)
                else:
                    ui.label(say("None yet. Send a test, and see it arrive.")).classes("soft")

    def _acts(self, webhook: dict[str, Any]) -> None:
        say = self._desk.say
        with ui.element("div").classes("row-of"):
            ui.button(say("Send a test"), icon="send", on_click=self._test).props("unelevated")
            ui.button(say("Change"), on_click=partial(edit, self._desk, webhook)).props("outline")
            ui.button(say("New secret"), on_click=self._rotate).props("outline")
            if webhook["dead"]:
                ui.button(say("Send again what was given up"), on_click=self._replay_all).props("outline")
            ui.button(say("Remove"), on_click=partial(self._remove, webhook)).props("outline color=negative")

    def _choose(self) -> None:
        say = self._desk.say
        choices = {"": say("All")} | {state: say(words) for state, (words, _) in STATES.items()}
        chosen = ui.select(choices, value=self._state or "", label=say("What became of it"))
        chosen.props("outlined dense").style("min-width: 220px")

        async def choose() -> None:
            self._state = str(chosen.value) or None
            async with self._desk.trying():
                await self.draw()

        with ui.element("div").classes("row-of"):
            chosen.move()
            ui.button(say("Look again"), icon="refresh", on_click=self.draw).props("flat")
        chosen.on_value_change(choose)

    def _table(self, deliveries: list[dict[str, Any]]) -> None:
        desk, say = self._desk, self._desk.say
        with ui.element("div").classes("scrolls"), ui.element("table").classes("plain folds"):
            head(say("When"), say("What"), say("What became of it"), say("Tries"), "")
            with ui.element("tbody"):
                for each in deliveries:
                    with ui.element("tr"):
                        cell(desk.when(each["happened_at"], seconds=True))
                        with ui.element("td"):
                            ui.label(each["type"])
                            ui.label(each["event"]).classes("soft small mono")
                        with ui.element("td"):
                            words, look = STATES.get(each["state"], (each["state"], ""))
                            ui.label(say(words)).classes(f"tag {look}")
                            if each["why"]:
                                ui.label(each["why"]).classes("soft small")
                        cell(desk.number(each["attempts"]))
                        with ui.element("td").classes("number"):
                            if each["state"] != "waiting":
                                again = partial(self._replay, each["event"])
                                ui.button(say("Send again"), on_click=again).props("flat dense")

    # -- acts

    async def _test(self) -> None:
        async with self._desk.trying(self._desk.say("On its way. Look again in a moment.")):
            await self._desk.api.post(f"{self._path}/test")
            await self.draw()

    async def _replay(self, event: str) -> None:
        async with self._desk.trying(self._desk.say("It waits to be sent again.")):
            await self._desk.api.post(f"{self._path}/deliveries/{quote(event, safe='')}/replay")
            await self.draw()

    async def _replay_all(self) -> None:
        """Of the last 30 days: older ones are not kept."""
        since = (datetime.now(UTC) - timedelta(days=30)).isoformat()
        async with self._desk.trying():
            done = await self._desk.api.post(f"{self._path}/replay", {"since": since})
            waits = self._desk.say_many("{count} waits again.", "{count} wait again.", done["replayed"])
            ui.notify(waits, type="positive")
            await self.draw()

    async def _rotate(self) -> None:
        say = self._desk.say
        why = say("The one of now signs beside it for a day, so that your system can change over.")
        if not await sure(self._desk, say("A new secret?"), why, say("Make it"), grave=False):
            return
        async with self._desk.trying():
            made = await self._desk.api.post(f"{self._path}/secret")
            await show_secret(self._desk, made["secret"])
            await self.draw()

    async def _remove(self, webhook: dict[str, Any]) -> None:
        say = self._desk.say
        why = say("It is told nothing more, and what waits for it is gone.")
        if await sure(self._desk, say("Remove {name}?", name=webhook["name"]), why, say("Remove")):
            async with self._desk.trying():
                await self._desk.api.delete(self._path)
                ui.navigate.to("/administration/webhooks")
