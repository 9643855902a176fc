"""The audit log, for owners: who did or saw what, when, and how it ended.

In: a desk. Out: a form to narrow it, and lines, the newest first, more of them on demand.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from nicegui import ui

from server.web.console.admin_frame import nothing
from server.web.console.audit_words import choices, done
from server.web.console.desk import Desk
from server.web.console.plain_table import cell, head
from server.web.console.role_names import role_name

_AT_ONCE: Final = 50
_SPANS: Final = (1, 7, 30, 365)


class AuditLog:
    """See the module's text."""

    def __init__(self, desk: Desk, people: dict[str, str]) -> None:
        self._desk = desk
        self._people = people
        self._next: str | None = None
        say = desk.say
        with ui.element("section").classes("card"), ui.element("div").classes("filters"):
            self._who = _choice(say("Who"), {"": say("Everybody")} | people)
            self._verb = _choice(say("Did what"), {"": say("Anything")} | choices(desk))
            spans = {
                str(days): desk.say_many("Last {count} day", "Last {count} days", days) for days in _SPANS
            }
            self._days = _choice(say("When"), spans, "7")
            self._shopper = ui.input(say("Shopper")).props(
                f'outlined dense clearable hint="{say("Our id, or your own number of theirs")}"'
            )
            self._object = ui.input(say("Id of what it was about")).props("outlined dense clearable")
        for chosen in (self._who, self._verb, self._days):
            chosen.on_value_change(self.draw)
        for typed in (self._shopper, self._object):
            typed.on("keydown.enter", self.draw)
            typed.on("blur", self.draw)
        self._place = ui.element("div").classes("stack")
        self._body: ui.element | None = None
        self._asked: dict[str, Any] = {}

    async def draw(self) -> None:
        """The newest lines of what is asked for. What was asked for already is not asked for twice: each look is a line itself."""
        since = datetime.now(UTC) - timedelta(days=int(str(self._days.value)))
        asked = {
            "who": self._who.value or None,
            "verb": self._verb.value or None,
            "shopper": (self._shopper.value or "").strip() or None,
            "object": (self._object.value or "").strip() or None,
            "days": self._days.value,
        }
        if asked == self._asked:
            return
        self._asked = asked
        async with self._desk.trying():
            page = await self._desk.api.get(
                "/v1/audit",
                **{k: v for k, v in asked.items() if k != "days"},
                since=since.isoformat(),
                limit=_AT_ONCE,
            )
            self._show(page)

    def _show(self, page: dict[str, Any]) -> None:
        say = self._desk.say
        self._place.clear()
        with self._place:
            if not page["lines"]:
                nothing("history", say("Nothing of that kind."), say("Ask for more days, or for everybody."))
                return
            with ui.element("section").classes("card"):
                with ui.element("div").classes("scrolls"), ui.element("table").classes("plain folds"):
                    head(say("When"), say("Who"), say("Did what"), say("About"), say("How it ended"))
                    self._body = ui.element("tbody")
                ui.label(say("Times are UTC.")).classes("soft small")
                self._more = ui.button(say("Show more"), on_click=self._further).props("flat")
        self._add(page)

    def _add(self, page: dict[str, Any]) -> None:
        self._next = page["next"]
        self._more.set_visibility(self._next is not None)
        if self._body is not None:
            with self._body:
                for line in page["lines"]:
                    self._line(line)

    async def _further(self) -> None:
        async with self._desk.trying():
            asked = {k: v for k, v in self._asked.items() if k != "days"}
            since = datetime.now(UTC) - timedelta(days=int(str(self._asked["days"])))
            self._add(
                await self._desk.api.get(
                    "/v1/audit", **asked, since=since.isoformat(), limit=_AT_ONCE, cursor=self._next
                )
            )

    def _line(self, line: dict[str, Any]) -> None:
        desk = self._desk
        with ui.element("tr"):
            cell(desk.when(line["at"], seconds=True))
            with ui.element("td"):
                ui.label(line["name"] or line["who"] or desk.say("somebody"))
                ui.label(role_name(desk, line["role"]) if line["role"] else desk.say("a system")).classes(
                    "soft small"
                )
            with ui.element("td"):
                ui.label(done(desk, line["verb"]))
                ui.label(line["verb"]).classes("soft small mono")
            about = line["object"] or ""
            cell(self._people.get(about, about), "" if about in self._people else "mono")
            with ui.element("td"):
                words, look = _ending(desk, int(line["outcome"]))
                ui.label(words).classes(f"tag {look}")


def _ending(desk: Desk, outcome: int) -> tuple[str, str]:
    """The HTTP status in words; of a command its exit code."""
    said = {
        401: (desk.say("not let in"), "bad"),
        403: (desk.say("not allowed"), "bad"),
        404: (desk.say("not found"), "warn"),
        409: (desk.say("not possible then"), "warn"),
        422: (desk.say("refused"), "warn"),
        429: (desk.say("held back: too often"), "bad"),
    }
    if outcome in said:
        return said[outcome]
    well = outcome in {0, *range(200, 300)}
    return (desk.say("done"), "good") if well else (desk.say("failed ({status})", status=outcome), "bad")


def _choice(label: str, options: dict[str, str], value: str = "") -> ui.select:
    return ui.select(options, label=label, value=value, with_input=len(options) > 12).props("outlined dense")
