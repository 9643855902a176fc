"""What a zone is, as a form: its name, what it lies in, how sure one must be, when it is open, what needs care.

In: a draft, all zones. Out: the draft's properties, changed; `told` is called after each change. What is wrong the API says.
"""

from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import available_timezones

from nicegui import ui

from server.web.console.desk import Desk
from server.web.console.shop_map import Feature
from server.web.console.zone_draft import DAYS, Draft, dates_written, hours_read, week_written
from server.web.console.zone_tree import nested
from server.web.console.zone_words import LEVELS, MANNERS

_NUMBERS = ("enter_at", "leave_at", "enter_after_s", "leave_after_s")


class ZoneFields:
    """See the module's text."""

    def __init__(
        self, desk: Desk, draft: Draft, features: Sequence[Feature], told: Callable[[], None]
    ) -> None:
        self._desk = desk
        self._draft = draft
        self._features = features
        self._told = told

    def draw(self) -> None:
        with ui.element("section").classes("card"):
            self._what()
        with ui.element("section").classes("card"):
            self._manner()
        with ui.element("section").classes("card"):
            self._hours()
        with ui.element("section").classes("card"):
            self._care()

    def _set(self, name: str, value: Any) -> None:
        self._draft.properties[name] = value
        self._told()

    # -- what it is

    def _what(self) -> None:
        say, given = self._desk.say, self._draft.properties
        ui.input(say("Name"), value=given["name"], on_change=lambda e: self._set("name", e.value)).props(
            "outlined maxlength=200"
        )
        levels = {level: say(text) for level, text in LEVELS.items()}
        ui.select(
            levels,
            label=say("What it is"),
            value=given["level"],
            on_change=lambda e: self._set("level", e.value),
        ).props("outlined")
        outer = {None: say("In no other zone")} | {
            feature["properties"]["id"]: " " * 3 * depth + feature["properties"]["name"]
            for feature, depth in nested(self._features)
            if feature["properties"]["id"] != given["id"] and feature["properties"]["level"] != "shelf"
        }
        parent = given.get("parent")
        ui.select(
            outer,
            label=say("Inside which"),
            value=parent if parent in outer else None,
            on_change=lambda e: self._set("parent", e.value),
        ).props("outlined")
        groups = sorted(
            {group for each in self._features for group in each["properties"].get("groups") or ()}
        )
        ui.select(
            groups,
            label=say("Groups, for campaigns to name several zones at once"),
            value=list(given.get("groups") or ()),
            multiple=True,
            with_input=True,
            new_value_mode="add-unique",
            on_change=lambda e: self._set("groups", list(e.value)),
        ).props("outlined use-chips")

    # -- how sure, how quick

    def _manner(self) -> None:
        say = self._desk.say
        manner = self._draft.properties.get("manner") or "normal"
        self._own: dict[str, Any] = dict(manner) if isinstance(manner, dict) else {"word": manner}
        ui.html(f"<h2>{say('How sure and how quick')}</h2>", sanitize=False)
        told = ui.label("").classes("soft small")

        def chosen(word: str) -> None:
            self._own["word"] = word
            told.text = say(MANNERS[word][1])

        def changed(event: Any) -> None:
            chosen(event.value)
            self._write_manner()

        words = {word: say(name) for word, (name, _) in MANNERS.items()}
        ui.radio(words, value=self._own["word"], on_change=changed).props("inline").move(target_index=1)
        chosen(self._own["word"])
        with (
            ui.expansion(say("Numbers of its own")).classes("numbers"),
            ui.element("div").classes("stack"),
        ):
            ui.label(say("What is left empty is as the word above has it.")).classes("soft small")
            labels = {
                "enter_after_s": say("In after so many seconds inside"),
                "leave_after_s": say("Out after so many seconds outside"),
                "enter_at": say("In from this probability on (0 to 1)"),
                "leave_at": say("Out below this probability (0 to 1)"),
            }
            for name, label in labels.items():
                share = name.endswith("_at")
                ui.number(
                    label,
                    value=self._own.get(name),
                    min=0,
                    max=1 if share else 3600,
                    step=0.05 if share else 1,
                    on_change=lambda e, name=name: self._number(name, e.value),
                ).props("outlined dense clearable")

    def _number(self, name: str, value: float | None) -> None:
        if value is None:
            self._own.pop(name, None)
        else:
            self._own[name] = value
        self._write_manner()

    def _write_manner(self) -> None:
        numbered = any(name in self._own for name in _NUMBERS)
        self._set("manner", dict(self._own) if numbered else self._own["word"])

    # -- when

    def _hours(self) -> None:
        say, given = self._desk.say, self._draft.properties
        ui.html(f"<h2>{say('Opening hours')}</h2>", sanitize=False)
        ui.label(say("Without hours of its own it is open when the zone around it is.")).classes("soft small")
        zones = sorted(available_timezones())
        ui.select(
            {None: say("That of the zone around it"), **{each: each for each in zones}},
            label=say("Time zone"),
            value=given.get("time_zone"),
            with_input=True,
            on_change=lambda e: self._set("time_zone", e.value),
        ).props("outlined dense")
        week = week_written(given.get("hours"))
        with ui.expansion(say("Hours of the week")).classes("numbers") as room:
            room.set_value(any(week))
            with ui.element("div").classes("stack"):
                days = [
                    ui.input(say(name), value=week[day], placeholder="09:00-13:00, 15:00-19:30").props(
                        "outlined dense"
                    )
                    for day, name in enumerate(DAYS)
                ]
                dates = ui.textarea(
                    say("Days that are different, one a line"),
                    value=dates_written(given.get("hours")),
                    placeholder="2026-12-24: 09:00-13:00\n2026-12-25:",
                ).props("outlined dense autogrow")
                ui.label(say("A day left empty is closed.")).classes("soft small")

        def changed() -> None:
            self._set("hours", hours_read([each.value or "" for each in days], dates.value or ""))

        for each in (*days, dates):
            each.on_value_change(changed)

    # -- what needs care

    def _care(self) -> None:
        say, given = self._desk.say, self._draft.properties
        ui.html(f"<h2>{say('With care')}</h2>", sanitize=False)
        self._switch("closed", say("Closed for now"), say("Nobody enters it, whatever the hour."))
        self._switch(
            "sensitive",
            say("A sensitive place"),
            say(
                "A clinic, a school, a place of worship: nothing is ever sent because somebody is here or in what lies in it."
            ),
        )
        if given["level"] == "site":
            self._switch(
                "forget_on_exit",
                say("Forget who was here"),
                say("Minutes after a visit nothing says any more whose it was. Counts stay."),
            )

    def _switch(self, name: str, label: str, meaning: str) -> None:
        value = bool(self._draft.properties.get(name))
        with ui.element("div"):
            ui.switch(label, value=value, on_change=lambda e: self._set(name, bool(e.value)))
            ui.label(meaning).classes("soft small")
