"""The page of one campaign: what to say, when, where, to whom, how often; trying it; its versions; and bringing it to life.

In: a desk, and a campaign's id or none for a new one. Out: the page. Whoever may not write sees the same, read only.
"""

from collections.abc import Awaitable, Callable, Mapping
from html import escape
from typing import Any, Final

from nicegui import ui

from server.web.console import campaign_manner, campaign_rules, fields
from server.web.console.api import Refused
from server.web.console.campaign_state import STATES, state_tag
from server.web.console.campaign_text import Preview, draw_offer
from server.web.console.campaign_trial import draw_trial
from server.web.console.campaign_versions import draw_versions
from server.web.console.campaign_work import Work, taken_up
from server.web.console.desk import Desk, told
from server.web.console.languages import later

_STEPS: Final[tuple[tuple[str, str, str, Callable[[Work], None]], ...]] = (
    ("when", "schedule", later("When"), campaign_rules.draw_when),
    ("where", "place", later("Where"), campaign_rules.draw_where),
    ("whom", "group", later("To whom"), campaign_rules.draw_whom),
    ("often", "repeat", later("How often"), campaign_manner.draw_often),
    ("by", "send_to_mobile", later("Channels and fallbacks"), campaign_manner.draw_channels),
    ("tests", "science", later("Experiments"), campaign_manner.draw_experiments),
    ("after", "reply", later("Follow-ups"), campaign_manner.draw_follow_ups),
)


async def draw_editor(desk: Desk, campaign: str | None) -> None:
    """The page; where there is no such campaign, that."""
    try:
        work = await taken_up(desk, campaign)
    except Refused as refused:
        if refused.status != 404:
            raise
        with ui.element("div").classes("empty"):
            ui.label(desk.say("There is no such campaign any more.")).classes("lead")
            ui.link(desk.say("All campaigns"), "/campaigns")
        return
    await _Editor(work).draw()


class _Editor:
    """What the parts of the page have in common. `dry` is what the last dry run found."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.dry: Mapping[str, Any] | None = None
        self._host = ui.element("div").classes(
            "unseen"
        )  # of dialogs and notes, which outlive the buttons that asked for them

    async def draw(self) -> None:
        desk = self.work.desk
        self._head()
        with ui.tabs().props("no-caps align=left inline-label").classes("page-tabs") as tabs:
            ui.tab("write", desk.say("Write"), icon="edit_note")
            if desk.may("owner", "marketer"):
                ui.tab("try", desk.say("Try"), icon="play_circle_outline")
            ui.tab("versions", desk.say("Versions"), icon="history")
        with ui.tab_panels(tabs, value="write", animated=False, keep_alive=True).classes("bare"):
            with ui.tab_panel("write"):
                self._write()
            if desk.may("owner", "marketer"):
                with ui.tab_panel("try"):
                    self._trial = ui.element("div").classes("stack wide-gap")
                    self._draw_trial()
            with ui.tab_panel("versions"):
                self._versions = ui.element("div").classes("stack wide-gap")
                with self._versions:
                    await draw_versions(self.work)
        self.work.watchers.append(self._mark)
        self._mark()

    # -- head: name, state, what may be done

    def _head(self) -> None:
        desk, work = self.work.desk, self.work
        with ui.element("div").classes("campaign-head"):
            ui.link(desk.say("All campaigns"), "/campaigns").classes("small")
            with ui.element("div").classes("row-of"):
                fields.text(
                    work.sheet, work.document, "name", desk.say("Name (for you; shoppers do not see it)")
                )
                self._state = ui.element("div")
                self._unsaved = ui.label("").classes("small warn").props('aria-live="polite"')
                ui.element("div").classes("gap")
                self._acts = ui.element("div").classes("row-of")
            self._faults = ui.element("div").classes("stack").props("role=alert")

    def _mark(self) -> None:
        """Says what state it is in and what can be done about it."""
        self._unsaved.text = self.work.desk.say("Not saved yet") if self.work.is_changed else ""
        marked = (self.work.state, self.work.id, "starts_at" in self.work.document)
        if getattr(self, "_marked", None) == marked:
            return
        self._marked = marked
        self._state.clear()
        with self._state:
            state_tag(self.work.desk, self.work.state)
        self._acts.clear()
        if self.work.desk.may("owner", "marketer"):
            with self._acts:
                self._buttons()

    def _buttons(self) -> None:
        desk, state = self.work.desk, self.work.state
        if state != "ended":
            ui.button(desk.say("Save"), icon="save", on_click=self._save_as_it_is).props("unelevated no-caps")
        if state in {"draft", "paused", "scheduled"}:
            live = ui.button(desk.say("Go live"), icon="play_arrow", on_click=self._go_live)
            live.props("outline no-caps")
        if state == "draft" and "starts_at" in self.work.document:
            ui.button(desk.say("Schedule"), icon="event", on_click=lambda: self._save("scheduled")).props(
                "outline no-caps"
            )
        if state == "live":
            ui.button(desk.say("Pause"), icon="pause", on_click=lambda: self._save("paused")).props(
                "outline no-caps"
            )
        if state == "scheduled":
            back = ui.button(desk.say("Back to a draft"), on_click=lambda: self._save("draft"))
            back.props("outline no-caps")
        if self.work.id is not None:
            self._more(state)

    def _more(self, state: str) -> None:
        desk = self.work.desk
        button = ui.button(icon="more_vert").props(
            f"flat round dense aria-label={fields.quoted(desk.say('More'))}"
        )
        with button, ui.menu():
            ui.menu_item(desk.say("Make a copy"), self._clone)
            if state in {"live", "paused", "scheduled"}:
                ui.menu_item(desk.say("End it"), self._end)
            if state == "draft":
                ui.menu_item(desk.say("Delete"), self._delete)

    # -- the steps

    def _write(self) -> None:
        desk, work = self.work.desk, self.work
        preview = Preview(work, desk.language)
        with ui.element("div").classes("campaign-page"):
            with ui.element("section").classes("card say"):
                _step_title("chat", desk.say("What to say"))
                offer = work.document["offer"]
                work.sheet.faulty(work.document, "offer", fields.below())
                draw_offer(work, offer, preview.look_at)
            with ui.element("aside").classes("card look"):
                preview.show()
            with ui.element("div").classes("rest"):
                for name, icon, title, draw in _STEPS:
                    with ui.element("section").classes("card").props(f"id=step-{name}"):
                        _step_title(icon, desk.say(title))
                        draw(work)

    def _draw_trial(self) -> None:
        self._trial.clear()
        with self._trial:
            draw_trial(self.work, self._ran)

    def _ran(self, found: Mapping[str, Any]) -> None:
        self.dry = found

    # -- acts

    async def _save_as_it_is(self) -> None:
        await self._save()

    async def _save(self, state: str | None = None) -> bool:
        """Keeps it; faults are shown where they are. Whether it was kept."""
        desk, work = self.work.desk, self.work
        was_new = work.kept is None
        work.sheet.clear()
        self._faults.clear()
        try:
            campaign = await work.save(state)
        except Refused as refused:
            self._refused(refused)
            return False
        with self._host:
            ui.notify(desk.say(STATES[work.state][2]) if state else desk.say("Saved."), type="positive")
            if was_new:
                ui.navigate.to(f"/campaigns/{campaign}")
                return True
        self._draw_trial()
        self._versions.clear()
        with self._versions:
            await draw_versions(work)
        self._mark()
        return True

    def _refused(self, refused: Refused) -> None:
        desk = self.work.desk
        if refused.status == 401:
            ui.navigate.to(f"/login?next={desk.path}")
            return
        homeless = self.work.sheet.show(self.work.document, refused.faults)
        with self._faults:
            if refused.faults:
                said = desk.say_many(
                    "{count} thing has to be mended before it can be kept: it is marked below.",
                    "{count} things have to be mended before it can be kept: they are marked below.",
                    len(refused.faults),
                )
                ui.label(said).classes("fault")
            else:
                ui.label(told(refused)).classes("fault")
            for fault in homeless:
                ui.label(f"{fault.place.removeprefix('body').lstrip('.')}: {fault.reason}").classes("fault")
        ui.run_javascript(
            "document.querySelector('.q-field--error,.fault')?.scrollIntoView({block: 'center'})"
        )

    def _go_live(self) -> None:
        desk = self.work.desk
        if self.dry is None:
            reach = desk.say("No dry run was made: under Try you can see first whom it would have reached.")
        else:
            reach = desk.say_many(
                "By the dry run it would have reached {count} shopper.",
                "By the dry run it would have reached {count} shoppers.",
                self.dry["shoppers"],
            )
        self._ask(
            desk.say("Go live with “{name}”?", name=self.work.document.get("name", "")),
            [desk.say("From now on it speaks to shoppers."), reach],
            desk.say("Go live"),
            lambda: self._save("live"),
        )

    def _end(self) -> None:
        desk = self.work.desk
        self._ask(
            desk.say("End “{name}” for good?", name=self.work.document.get("name", "")),
            [desk.say("What has ended cannot be started again: to stop it for a while, pause it.")],
            desk.say("End it"),
            lambda: self._save("ended"),
        )

    def _delete(self) -> None:
        desk = self.work.desk

        async def delete() -> None:
            async with desk.trying():
                await desk.api.delete(f"/v1/campaigns/{self.work.id}")
                ui.navigate.to("/campaigns")

        self._ask(
            desk.say("Delete “{name}”?", name=self.work.document.get("name", "")),
            [desk.say("The draft has never spoken to anybody. It cannot be brought back.")],
            desk.say("Delete"),
            delete,
        )

    async def _clone(self) -> None:
        async with self.work.desk.trying():
            made = await self.work.desk.api.post(f"/v1/campaigns/{self.work.id}/clone", {})
            ui.navigate.to(f"/campaigns/{made['id']}")

    def _ask(self, title: str, lines: list[str], yes: str, act: Callable[[], Awaitable[Any]]) -> None:
        with self._host:
            ask(self.work.desk, title, lines, yes, act)


def ask(desk: Desk, title: str, lines: list[str], yes: str, act: Callable[[], Awaitable[Any]]) -> None:
    """Asks before something is done that people will notice."""
    with ui.dialog() as dialog, ui.card().classes("ask"):
        ui.label(title).classes("lead")
        for line in lines:
            ui.label(line).classes("soft")

        async def go() -> None:
            dialog.close()
            await act()

        with ui.element("div").classes("row-of"):
            ui.button(yes, on_click=go).props("unelevated no-caps")
            ui.button(desk.say("Cancel"), on_click=dialog.close).props("flat no-caps")
    dialog.open()


def _step_title(icon: str, title: str) -> None:
    with ui.element("div").classes("row-of step-title"):
        ui.icon(icon).props("aria-hidden=true")
        ui.html(f"<h2>{escape(title)}</h2>", sanitize=False)
