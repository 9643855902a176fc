"""One's own account: who one is here, the password, the second step of the log-in, and where one is logged in."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from nicegui import ui

from server.web.console.desk import Desk
from server.web.console.dialogs import heading, sure
from server.web.console.languages import later
from server.web.console.page import EVERYBODY, Page
from server.web.console.plain_table import cell, head
from server.web.console.role_names import role_name
from server.web.console.second_step import second_step


async def show(desk: Desk) -> None:
    session = await desk.api.get("/v1/session")
    with ui.element("div").classes("columns"):
        _who(desk)
        second_step(desk, session)
        password = _Password(desk)
    sessions = _Sessions(desk)
    password.on_changed = sessions.draw
    await sessions.draw()


def _who(desk: Desk) -> None:
    with ui.element("section").classes("card"):
        heading(desk.who.name)
        ui.label(desk.who.email)
        ui.label(desk.say("Role: {role}", role=role_name(desk, desk.who.role)))
        ui.label(desk.say("Another name or role is given by an owner.")).classes("soft small")
        ui.html(
            f'<form method="post" action="/logout"><button class="quiet" type="submit">{desk.say("Log out here")}</button></form>',
            sanitize=False,
        )


class _Password:
    """The form of another password. `on_changed` is what happens then: other sessions have ended."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.on_changed: Callable[[], Awaitable[None]] | None = None
        say = desk.say
        with ui.element("section").classes("card"):
            heading(say("Change the password"))
            self._old = ui.input(say("The password of now"), password=True)
            self._new = ui.input(say("The new one"), password=True)
            self._again = ui.input(say("The new one, once more"), password=True)
            kinds = ("current-password", "new-password", "new-password")
            for field, kind in zip(self._fields, kinds, strict=True):
                field.props(f"outlined autocomplete={kind} maxlength=200")
            ui.label(say("At least 12 characters. Four words are easy to keep in mind.")).classes(
                "soft small"
            )
            with ui.element("div").classes("row-of"):
                ui.button(say("Change it"), on_click=self._change)

    @property
    def _fields(self) -> tuple[ui.input, ...]:
        return (self._old, self._new, self._again)

    async def _change(self) -> None:
        say = self._desk.say
        if self._new.value != self._again.value:
            self._again.props(f'error error-message="{say("The two are not the same.")}"')
            return
        self._again.props(remove="error error-message")
        body = {"old": self._old.value or "", "new": self._new.value or ""}
        async with self._desk.trying(say("Changed. Your other sessions have ended.")):
            await self._desk.api.put("/v1/session/password", body)
            for field in self._fields:
                field.set_value("")
            if self.on_changed is not None:
                await self.on_changed()


class _Sessions:
    """Where one is logged in; drawn anew when one of them ends."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        with ui.element("section").classes("card"):
            heading(desk.say("Where you are logged in"))
            self._place = ui.element("div").classes("stack")

    async def draw(self) -> None:
        say = self._desk.say
        listed = (await self._desk.api.get("/v1/sessions"))["sessions"]
        self._place.clear()
        with self._place:
            with ui.element("div").classes("scrolls"), ui.element("table").classes("plain folds"):
                head(say("With"), say("Logged in"), say("Last seen"), "")
                with ui.element("tbody"):
                    for each in listed:
                        self._row(each)
            if len(listed) > 1:
                with ui.element("div").classes("row-of"):
                    ui.button(say("End all others"), on_click=self._end_others).props(
                        "outline color=negative"
                    )

    def _row(self, session: dict[str, Any]) -> None:
        desk, now = self._desk, datetime.now(UTC)
        with ui.element("tr"):
            cell(session["browser"] or desk.say("A browser or program"))
            cell(desk.ago(session["since"], now))
            cell(desk.ago(session["seen_at"], now) if session["seen_at"] else "")
            with ui.element("td").classes("number"):
                if session["this"]:
                    ui.label(desk.say("This one")).classes("tag good")
                else:
                    end = partial(self._end, session["id"])
                    ui.button(desk.say("End"), on_click=end).props("flat dense color=negative")

    async def _end(self, session: str) -> None:
        async with self._desk.trying(self._desk.say("Ended.")):
            await self._desk.api.delete(f"/v1/sessions/{session}")
        await self.draw()

    async def _end_others(self) -> None:
        say = self._desk.say
        asked = say("Wherever else you are logged in, the password is asked for again.")
        if await sure(self._desk, say("End all others?"), asked, say("End all others")):
            async with self._desk.trying(say("Ended.")):
                await self._desk.api.delete("/v1/sessions")
            await self.draw()


PAGES = (Page("/account", later("Your account"), show, roles=EVERYBODY),)
