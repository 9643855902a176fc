"""The fields of forms: each shows one value of an object and writes it back, and can say what is wrong with it.

In: the object, the value's name in it, a label. Out: an element. A field that is emptied takes its value out of the object: what is not
given is not sent. Nothing is written before somebody changes a field.
"""

import html
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.elements.mixins.validation_element import ValidationElement

from server.web.console.api import Fault
from server.web.console.desk import Desk
from server.web.console.languages import later

#: Shows a fault at its field, or takes it away.
Complain = Callable[[str | None], None]

_UNITS: Final = {
    "s": later("seconds"),
    "m": later("minutes"),
    "h": later("hours"),
    "d": later("days"),
    "w": later("weeks"),
}
_STEP: Final = re.compile(r"[^.\[\]]+|\[\d+\]")


@dataclass
class Sheet:
    """What fields are written on. `names` are the things that a text may name, by kind and id; `languages` those of the offer's texts."""

    desk: Desk
    editable: bool
    changed: Callable[[], None]
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    languages: Callable[[], Sequence[str]] = lambda: ()
    _complaints: dict[tuple[int, str], Complain] = field(default_factory=dict)

    def faulty(self, holder: object, name: str, complain: Complain) -> None:
        """Where faults of this value are shown; of the whole object where the name is empty."""
        self._complaints[id(holder), name] = complain

    def clear(self) -> None:
        """Nothing is wrong any more."""
        for complain in self._complaints.values():
            complain(None)

    def show(self, document: dict[str, Any], faults: Sequence[Fault]) -> list[Fault]:
        """Shows faults at the fields that they name; gives those that no field is there for."""
        self.clear()
        homeless = []
        for fault in faults:
            complain = self._nearest(document, fault.place.removeprefix("body").lstrip("."))
            if complain is None:
                homeless.append(fault)
            else:
                complain(fault.reason)
        return homeless

    def _nearest(self, document: dict[str, Any], place: str) -> Complain | None:
        here: Any = document
        found = None
        for step in _STEP.findall(place):
            found = self._complaints.get((id(here), "")) or found
            found = self._complaints.get((id(here), step)) or found
            here = _within(here, step)
        return self._complaints.get((id(here), "")) or found

    def put(self, holder: dict[str, Any], name: str, value: Any) -> None:
        """Writes a value, or takes it out where it is empty."""
        if value is None or value in ("", []):
            holder.pop(name, None)
        else:
            holder[name] = value
        self.changed()

    def drawn(self, element: Any, holder: dict[str, Any], name: str) -> Any:
        """A field that is ready: outlined, and read only where nobody may write."""
        element.props("outlined dense bottom-slots hide-bottom-space no-error-icon stack-label")
        if not self.editable:
            element.props("readonly")
        self.faulty(holder, name, at(element))
        return element


def _within(here: Any, step: str) -> Any:
    if isinstance(here, dict):
        return here.get(step)
    index = step.strip("[]")
    if isinstance(here, list) and index.isdigit() and int(index) < len(here):
        return here[int(index)]
    return None


def quoted(text: str) -> str:
    """A text as the value of a prop."""
    return '"' + html.escape(text).replace("\n", " ") + '"'


def roomy(element: Any, label: str) -> Any:
    """A narrow field that is as wide as what it is called."""
    return element.classes("narrow").style(f"width: {max(150, 8 * len(label) + 30)}px")


def at(element: ValidationElement[Any]) -> Complain:
    """Complains at a field."""

    def complain(reason: str | None) -> None:
        element.error = reason

    return complain


def below() -> Complain:
    """Complains in a line of its own, where this is called."""
    line = ui.label("").classes("fault").props("role=alert")
    line.visible = False

    def complain(reason: str | None) -> None:
        line.text = reason or ""
        line.visible = reason is not None

    return complain


def icon_button(icon: str, label: str, act: Callable[..., Any]) -> ui.button:
    """A small round button that says what it does."""
    return (
        ui.button(icon=icon, on_click=act)
        .props(f"flat round dense aria-label={quoted(label)}")
        .tooltip(label)
    )


def text(
    sheet: Sheet, holder: dict[str, Any], name: str, label: str, *, kind: str = "text", long: bool = False,
    keep: bool = False,
) -> ui.input | ui.textarea:  # fmt: skip
    """A line (or `long`: several) of text. `keep`: an empty one stays, as it is one of a set."""

    def write(value: str | None) -> None:
        if keep:
            holder[name] = value or ""
            sheet.changed()
        else:
            sheet.put(holder, name, value)

    make = ui.textarea if long else ui.input
    element = make(label, value=holder.get(name) or "", on_change=lambda event: write(event.value))
    element.props("debounce=250").classes("wide" if kind == "text" else "narrow")
    if long:
        element.props("autogrow")
    elif kind != "text":
        element.props(f"type={kind}")
    sheet.drawn(element, holder, name)
    return element


def number(
    sheet: Sheet, holder: dict[str, Any], name: str, label: str, *, whole: bool = False, default: Any = None
) -> ui.number:
    def write(value: float | None) -> None:
        sheet.put(holder, name, int(value) if value is not None and (whole or value == int(value)) else value)

    element = ui.number(label, value=holder.get(name, default), on_change=lambda event: write(event.value))
    roomy(element, label)
    sheet.drawn(element, holder, name)
    return element


def choice(
    sheet: Sheet,
    holder: dict[str, Any],
    name: str,
    label: str,
    choices: Mapping[str, str],
    *,
    default: str | None = None,
    clearable: bool = False,
) -> ui.select:
    """One of some; what is there already can be chosen, whether it is among them or not."""
    value = holder.get(name, default)
    known = dict(choices) | ({value: value} if value is not None and value not in choices else {})
    element = ui.select(
        known,
        value=value,
        label=label,
        clearable=clearable and sheet.editable,
        with_input=len(known) > 12,
        on_change=lambda event: sheet.put(holder, name, event.value),
    ).classes("medium")
    sheet.drawn(element, holder, name)
    return element


def several(
    sheet: Sheet, holder: dict[str, Any], name: str, label: str, choices: Mapping[str, str]
) -> ui.select:
    """Some of some."""
    value = list(holder.get(name, ()))
    known = dict(choices) | {each: each for each in value if each not in choices}
    element = ui.select(
        known,
        value=value,
        label=label,
        multiple=True,
        on_change=lambda event: sheet.put(holder, name, list(event.value or ())),
    )
    element.props("use-chips").classes("wide")
    sheet.drawn(element, holder, name)
    return element


def words(sheet: Sheet, holder: dict[str, Any], name: str, label: str) -> ui.input_chips:
    """Words of one's own, each ended with Enter."""
    element = ui.input_chips(
        label,
        value=list(holder.get(name, ())),
        new_value_mode="add-unique",
        on_change=lambda event: sheet.put(holder, name, list(event.value or ())),
    )
    element.props(f"hint={quoted(sheet.desk.say('Press Enter after each'))}").classes("wide")
    sheet.drawn(element, holder, name)
    return element


def switch(
    sheet: Sheet, holder: dict[str, Any], name: str, label: str, *, default: bool = False
) -> ui.switch:
    element = ui.switch(
        label,
        value=bool(holder.get(name, default)),
        on_change=lambda event: sheet.put(holder, name, None if event.value == default else event.value),
    )
    element.set_enabled(sheet.editable)
    sheet.faulty(holder, name, below())
    return element


def span(sheet: Sheet, holder: dict[str, Any], name: str, label: str) -> None:
    """A length of time: how many of what."""
    given = str(holder.get(name) or "")
    count = int(given[:-1]) if given[:-1].isdigit() else None
    unit = given[-1] if given[-1:] in _UNITS else "d"

    def write() -> None:
        sheet.put(holder, name, None if much.value is None else f"{int(much.value)}{units.value}")

    with ui.element("div").classes("span-of").props(f"role=group aria-label={quoted(label)}"):
        much = ui.number(label, value=count, on_change=write).props("debounce=250 min=1")
        roomy(much, label)
        named = {each: sheet.desk.say(word) for each, word in _UNITS.items()}
        units = ui.select(named, value=unit, on_change=write).props(f"aria-label={quoted(label)}")
        units.props("outlined dense" + ("" if sheet.editable else " readonly"))
        sheet.drawn(much, holder, name)


def instant(sheet: Sheet, holder: dict[str, Any], name: str, label: str, clock: str) -> ui.input:
    """A moment by a shop's clock (IANA name); kept as UTC."""
    zone = ZoneInfo(clock)
    given = holder.get(name)
    local = datetime.fromisoformat(given).astimezone(zone).strftime("%Y-%m-%dT%H:%M") if given else ""

    def write(value: str | None) -> None:
        try:
            at_ = datetime.fromisoformat(value) if value else None
        except ValueError:
            return  # half typed
        sheet.put(holder, name, at_.replace(tzinfo=zone).astimezone(UTC).isoformat() if at_ else None)

    element = ui.input(label, value=local, on_change=lambda event: write(event.value))
    element.props("type=datetime-local").classes("medium")
    sheet.drawn(element, holder, name)
    return element


def pairs(sheet: Sheet, holder: dict[str, Any], name: str, label: str) -> None:
    """A table of names and plain values. A value is a text, but for numbers, true and false; a text that looks like one is quoted."""
    desk = sheet.desk
    with ui.element("div").classes("stack form-rows").props(f"role=group aria-label={quoted(label)}"):
        ui.label(label).classes("small soft")
        place = ui.element("div").classes("stack")
        sheet.faulty(holder, name, below())
    rows = [[key, _spelt(value)] for key, value in holder.get(name, {}).items()]

    def write() -> None:
        filled = {key: _read(value) for key, value in rows if key and value}
        sheet.put(holder, name, filled or None)

    def set_part(row: list[str], part: int, value: str | None) -> None:
        row[part] = value or ""
        write()

    def drop(row: list[str]) -> None:
        rows[:] = [each for each in rows if each is not row]
        write()
        fill()

    def add() -> None:
        rows.append(["", ""])
        fill()

    def fill() -> None:
        place.clear()
        with place:
            for row in rows:
                with ui.element("div").classes("row-of form-row"):
                    for part, said in enumerate((desk.say("Attribute"), desk.say("Value"))):
                        line = ui.input(
                            said,
                            value=row[part],
                            on_change=lambda event, row=row, part=part: set_part(row, part, event.value),
                        )
                        line.props("outlined dense debounce=250" + ("" if sheet.editable else " readonly"))
                    if sheet.editable:
                        icon_button("close", desk.say("Remove"), lambda _event, row=row: drop(row))
            if sheet.editable:
                ui.button(desk.say("Add"), icon="add", on_click=add).props("flat dense no-caps")

    fill()


def _spelt(value: Any) -> str:
    """A value as it is typed: read again, it is the same."""
    if isinstance(value, str) and _read(value) == value and isinstance(_read(value), str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _read(spelt: str) -> Any:
    try:
        value = json.loads(spelt)
    except ValueError:
        return spelt
    return value if isinstance(value, str | int | float | bool) else spelt


def by_language(sheet: Sheet, holder: dict[str, Any], name: str, label: str) -> None:
    """One short text in each of the offer's languages."""
    texts = holder.get(name) or {}

    def write(language: str, value: str | None) -> None:
        sheet.put(texts, language, value)
        sheet.put(holder, name, texts or None)

    with ui.element("div").classes("row-of"):
        for language in dict.fromkeys([*sheet.languages(), *texts]):
            line = ui.input(
                f"{label} ({language})",
                value=texts.get(language, ""),
                on_change=lambda event, language=language: write(language, event.value),
            )
            line.props("debounce=250").classes("medium")
            sheet.drawn(line, texts, language)
            if len(texts) < 2 or language == next(iter(texts)):
                sheet.faulty(holder, name, at(line))


def json_text(sheet: Sheet, holder: dict[str, Any], name: str, label: str) -> ui.textarea:
    """Whatever else there is, as it is sent. What cannot be read is not written, and says so."""
    given = json.dumps(holder[name], ensure_ascii=False) if name in holder else ""

    def write(value: str | None) -> None:
        try:
            read = json.loads(value) if value and value.strip() else None
        except ValueError as wrong:
            element.error = sheet.desk.say("This is no JSON: {why}", why=wrong)
            return
        element.error = None
        sheet.put(holder, name, None if read == {} else read)

    element = ui.textarea(label, value=given, on_change=lambda event: write(event.value))
    element.props(f'debounce=250 autogrow placeholder="{{}}" hint={quoted(sheet.desk.say("As JSON"))}')
    element.classes("wide mono")
    sheet.drawn(element, holder, name)
    return element
