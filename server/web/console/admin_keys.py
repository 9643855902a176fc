"""API keys, for owners: which programs may speak to this server, as what; to make one, and to end one.

In: a desk. Out: a card that is drawn anew after every change. A token is shown once.
"""

from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from nicegui import ui

from server.web.console.admin_frame import nothing
from server.web.console.desk import Desk
from server.web.console.dialogs import heading, shown_once, sure
from server.web.console.languages import later
from server.web.console.plain_table import cell, head

KINDS: Final = {
    "app": (later("The app"), later("lets phones register, and nothing else")),
    "server": (later("Another system"), later("the till, the online shop, the CRM: may do what staff may")),
    "gateway": (later("A gateway"), later("one store machine, for itself")),
}


class KeyBoard:
    """See the module's text."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._gateways: dict[str, str] = {}
        self._place = ui.element("div").classes("stack roomy")

    async def draw(self) -> None:
        desk, say = self._desk, self._desk.say
        keys = await desk.api.all("/v1/keys", "keys")
        gateways = await desk.api.all("/v1/gateways", "gateways")
        self._gateways = {each["id"]: str(each["name"]) for each in gateways}
        now = datetime.now(UTC)
        live = [key for key in keys if not _ended(key, now)]
        live.sort(key=lambda key: str(key["created_at"]), reverse=True)
        self._place.clear()
        with self._place:
            with ui.element("div").classes("row-of"):
                ui.button(say("Make a key"), icon="key", on_click=self._make).props("unelevated")
            if not live:
                nothing(
                    "key",
                    say("No key yet."),
                    say("An app, a till or a shop system needs one to speak to this server."),
                )
            else:
                with ui.element("section").classes("card"):
                    heading(desk.say_many("{count} key", "{count} keys", len(live)))
                    self._table(live, ending=True)
            ended = [key for key in keys if _ended(key, now)]
            if ended:
                gone = desk.say_many("{count} that has ended", "{count} that have ended", len(ended))
                with ui.expansion(gone).classes("card"):
                    self._table(ended, ending=False)

    def _table(self, keys: list[dict[str, Any]], *, ending: bool) -> None:
        desk, say = self._desk, self._desk.say
        with ui.element("div").classes("scrolls"), ui.element("table").classes("plain folds"):
            head(say("Name"), say("For"), say("Made"), say("Ends") if ending else say("Ended on"), "")
            with ui.element("tbody"):
                for key in keys:
                    with ui.element("tr"):
                        with ui.element("td"):
                            ui.label(key["name"])
                            ui.label(key["id"]).classes("soft small mono")
                        with ui.element("td"):
                            ui.label(say(KINDS[key["kind"]][0]))
                            if key["gateway"]:
                                ui.label(self._gateways.get(key["gateway"], key["gateway"])).classes(
                                    "soft small"
                                )
                        cell(desk.when(key["created_at"]))
                        end = key["revoked_at"] or key["expires_at"]
                        cell(desk.when(end) if end else say("never"))
                        with ui.element("td").classes("number"):
                            if ending:
                                revoke = partial(self._revoke, key)
                                ui.button(say("Revoke"), on_click=revoke).props("flat dense color=negative")

    async def _make(self) -> None:
        desk, say = self._desk, self._desk.say
        with ui.dialog() as dialog, ui.element("div").classes("card dialog"):
            ui.label(say("Make a key")).classes("lead")
            choices = {kind: f"{say(name)}: {say(may)}" for kind, (name, may) in KINDS.items()}
            kind = ui.select(choices, value="server", label=say("For")).props("outlined")
            name = ui.input(say("Name")).props(
                f'outlined autofocus maxlength=200 hint="{say("So that you know it again: Till, Via Brera")}"'
            )
            gateway = ui.select(dict(self._gateways), label=say("Which gateway")).props("outlined")
            gateway.bind_visibility_from(kind, "value", lambda value: value == "gateway")

            async def make() -> None:
                body = {"kind": kind.value, "name": name.value or ""}
                if kind.value == "gateway":
                    body["gateway"] = gateway.value or ""
                async with desk.trying():
                    dialog.submit(await desk.api.post("/v1/keys", body))

            with ui.element("div").classes("row-of"):
                ui.button(say("Make it"), on_click=make).props("unelevated")
                ui.button(say("Cancel"), on_click=lambda: dialog.submit(None)).props("flat")
        made = await dialog
        dialog.delete()
        if made:
            why = say("Put it into the program that is to speak to this server. It is shown this once.")
            await shown_once(desk, made["name"], why, made["token"])
            await self.draw()

    async def _revoke(self, key: dict[str, Any]) -> None:
        say = self._desk.say
        why = say("Whatever program holds it is refused from now on. This cannot be undone.")
        if await sure(self._desk, say("Revoke the key {name}?", name=key["name"]), why, say("Revoke")):
            async with self._desk.trying(say("Revoked.")):
                await self._desk.api.delete(f"/v1/keys/{key['id']}")
            await self.draw()


def _ended(key: dict[str, Any], now: datetime) -> bool:
    expires_at = key["expires_at"]
    return bool(key["revoked_at"]) or bool(expires_at and datetime.fromisoformat(expires_at) <= now)
