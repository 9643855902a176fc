"""What an offer says: its texts by language with fields of Liquid, its picture, its link, its button; and how it looks meanwhile.

In: a campaign's work, and which offer of it. Out: fields, and a live preview of the text as a real shopper, or one made up, would read it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from nicegui import ui

from server.web.console import fields, forms, phone_preview
from server.web.console.campaign_work import Work, previewed
from server.web.console.fields import quoted
from server.web.console.languages import later
from server.web.console.phone_preview import Seen

#: What a text may name: how it is called here, and how Liquid writes it. With a default, since not everybody told their name.
LIQUID: Final = {
    later("First name"): "{{ shopper.first_name | default: '' }}",
    later("Zone"): "{{ zone.name }}",
    later("Shop"): "{{ shop.name }}",
    later("Ends at"): "{{ offer.until }}",
    later("Minutes here"): "{{ visit.minutes }}",
}

#: Languages that are offered; any other may be typed.
TONGUES: Final = {
    "it": "Italiano",
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "pt": "Português",
    "nl": "Nederlands",
    "pl": "Polski",
    "uk": "Українська",
    "ru": "Русский",
    "zh": "中文",
    "ja": "日本語",
    "ar": "العربية",
}

#: A text is shown this long after the last key: long enough for a word, short enough to feel alive.
_AFTER_S: Final = 0.4

_HOUR_S: Final = 3600


def draw_offer(work: Work, offer: dict[str, Any], told: Callable[[str], None] | None = None) -> None:
    """Fields of one offer; `told` hears which language is looked at."""
    _languages(work, offer, told or (lambda _language: None))
    with ui.element("div").classes("row-of"):
        fields.text(work.sheet, offer, "url", work.desk.say("Link that a tap opens"))
        fields.text(work.sheet, offer, "image", work.desk.say("Picture (its https address)"))
    _action(work, offer)
    with ui.element("div").classes("row-of"):
        _hours(work, offer)
        fields.number(work.sheet, offer, "cost", work.desk.say("One costs the shop"))


def _hours(work: Work, offer: dict[str, Any]) -> None:
    """How long it lives, which people say in hours."""
    given = offer.get("life_s", 7200.0) / _HOUR_S

    def write(value: float | None) -> None:
        work.sheet.put(offer, "life_s", None if value is None else round(value * _HOUR_S, 3))

    label = work.desk.say("Holds for (hours)")
    life = ui.number(label, value=given, on_change=lambda event: write(event.value), step=0.5)
    work.sheet.drawn(life.props("debounce=250").classes("narrow"), offer, "life_s")


def _languages(work: Work, offer: dict[str, Any], told: Callable[[str], None]) -> None:
    place = ui.element("div").classes("stack")

    def add(language: str | None) -> None:
        if language and language not in offer["title"]:
            offer["title"][language] = offer["body"][language] = ""
            work.changed()
            fill(language)

    def drop(language: str) -> None:
        for part in ("title", "body"):
            offer[part].pop(language, None)
        if offer.get("default_language") == language:
            del offer["default_language"]
        work.changed()
        fill(next(iter(offer["title"])))

    def fill(shown: str) -> None:
        place.clear()
        with place:
            with ui.element("div").classes("row-of"):
                with ui.tabs(on_change=lambda event: told(str(event.value))).props(
                    "dense no-caps align=left inline-label"
                ) as tabs:
                    for language in offer["title"]:
                        ui.tab(language, TONGUES.get(language, language))
                if work.sheet.editable:
                    _another(work, offer, add)
            with ui.tab_panels(tabs, value=shown, animated=False).classes("bare"):
                for language in offer["title"]:
                    with ui.tab_panel(language):
                        _text(work, offer, language, drop)
        told(shown)

    fill(str(offer.get("default_language") or next(iter(offer["title"]))))


def _another(work: Work, offer: dict[str, Any], add: Callable[[str | None], None]) -> None:
    with ui.button(work.desk.say("Language"), icon="add").props("flat dense no-caps"), ui.menu():
        for language, name in TONGUES.items():
            if language not in offer["title"]:
                ui.menu_item(name, lambda language=language: add(language))


def _text(work: Work, offer: dict[str, Any], language: str, drop: Callable[[str], None]) -> None:
    desk, sheet = work.desk, work.sheet
    title = fields.text(sheet, offer["title"], language, desk.say("Title"), keep=True)
    body = fields.text(sheet, offer["body"], language, desk.say("Text"), keep=True, long=True)
    if language == next(iter(offer["title"])):
        for part, line in (("title", title), ("body", body)):
            sheet.faulty(offer, part, fields.at(line))
    if not sheet.editable:
        return
    with ui.element("div").classes("row-of"):
        ui.label(desk.say("Put in:")).classes("small soft")
        for name, liquid in LIQUID.items():
            button = ui.button(desk.say(name), on_click=lambda _event, liquid=liquid: _insert(body, liquid))
            button.props("outline dense no-caps").classes("liquid")
        ui.element("div").classes("gap")
        if len(offer["title"]) > 1:
            away = ui.button(desk.say("Remove this language"), on_click=lambda: drop(language))
            away.props("flat dense no-caps").classes("liquid")


def _insert(line: ui.input | ui.textarea, liquid: str) -> None:
    """At the end: what was typed last is where people are."""
    before = line.value or ""
    line.value = f"{before}{' ' if before and not before.endswith((' ', chr(10))) else ''}{liquid}"


def _action(work: Work, offer: dict[str, Any]) -> None:
    desk, sheet = work.desk, work.sheet
    titles = {kind: each["title"] for kind, each in work.around.actions.items()}
    place = ui.element("div").classes("stack")

    def choose(kind: str | None) -> None:
        if kind is None:
            offer.pop("action", None)
        else:
            label = (offer.get("action") or {}).get("label")
            offer["action"] = {"kind": kind} | ({"label": label} if label else {})
        work.changed()
        fill()

    def fill() -> None:
        place.clear()
        action = offer.get("action")
        with place:
            known = titles | (
                {action["kind"]: action["kind"]} if action and action["kind"] not in titles else {}
            )
            choice = ui.select(
                known,
                value=action["kind"] if action else None,
                label=desk.say("Button under the offer"),
                clearable=sheet.editable,
                on_change=lambda event: choose(event.value),
            ).classes("medium")
            sheet.drawn(choice, offer, "action")
            if action and action["kind"] in work.around.actions:
                form = work.around.actions[action["kind"]]
                ui.label(form["help"]).classes("small soft")
                with ui.element("div").classes("row-of form-row"):
                    forms.draw(sheet, form["form"], action)

    fill()


@dataclass
class Preview:
    """What somebody reads, kept up with what is written. `show` draws it where it is called."""

    work: Work
    language: str = ""
    device: str = "android"
    own_id: str = ""
    first_name: str = "Anna"
    _timer: ui.timer | None = field(default=None, init=False)

    def show(self) -> None:
        desk = self.work.desk
        ui.html(f"<h2>{desk.say('How it looks')}</h2>", sanitize=False)
        toggle = ui.toggle(
            {key: desk.say(name) for key, name in phone_preview.DEVICES.items()},
            value=self.device,
            on_change=lambda event: self._turn(str(event.value)),
        )
        toggle.props(
            f"dense no-caps unelevated toggle-color=chosen toggle-text-color=chosen aria-label={quoted(desk.say('Device'))}"
        )
        self._place = ui.element("div").classes("stack").props('aria-live="polite"')
        with ui.element("div").classes("row-of"):
            name = ui.input(desk.say("First name of somebody made up"), value=self.first_name)
            name.props("outlined dense debounce=400 stack-label").classes("medium")
            name.on_value_change(lambda event: self._read_as("first_name", event.value))
            if self.work.sheet.editable:
                real = ui.input(desk.say("Or a real shopper's loyalty number"), value=self.own_id)
                real.props("outlined dense debounce=600 stack-label clearable").classes("medium")
                real.on_value_change(lambda event: self._read_as("own_id", event.value))
        self.work.watchers.append(self.soon)
        self.soon()

    def look_at(self, language: str) -> None:
        if language != self.language:
            self.language = language
            self.soon()

    def soon(self) -> None:
        """Draws anew in a moment, once."""
        if not hasattr(self, "_place"):
            return
        if self._timer is not None:
            self._timer.cancel()
        with self._place.parent_slot or self._place:
            self._timer = ui.timer(_AFTER_S, self._draw, once=True)

    def _turn(self, device: str) -> None:
        self.device = device
        self.soon()

    def _read_as(self, who: str, value: str | None) -> None:
        setattr(self, who, (value or "").strip())
        self.soon()

    async def _draw(self) -> None:
        shown: Mapping[str, Any] | str = {"texts": [], "told": {}}
        if self.work.desk.may("owner", "marketer") and self._is_written():
            shown = await previewed(self.work, self._asked())
        self._place.clear()
        with self._place:
            if isinstance(shown, str):
                ui.label(shown).classes("fault").props("role=status")
                shown = {"texts": [], "told": {}}
            self._picture(shown)

    def _is_written(self) -> bool:
        """Whether there is something to read in each language: who has just begun is told of no fault."""
        offer = self.work.document["offer"]
        return all(text.strip() for part in ("title", "body") for text in offer[part].values())

    def _asked(self) -> dict[str, Any]:
        if self.own_id:
            return {"own_id": self.own_id}
        attributes = {"first_name": self.first_name} if self.first_name else {}
        return {"made_up": {"attributes": attributes, "language": self.language or None}}

    def _picture(self, shown: Mapping[str, Any]) -> None:
        desk, offer = self.work.desk, self.work.document["offer"]
        language = self.language if self.language in offer["title"] else next(iter(offer["title"]))
        texts: list[dict[str, Any]] = [each for each in shown["texts"] if each["language"] == language]
        text = texts[0] if texts else {}
        raw = Seen("", offer["title"][language], offer["body"].get(language, ""))
        action = offer.get("action") or {}
        label = (action.get("label") or {}).get(language)
        if action and not label:
            label = self.work.around.actions.get(action["kind"], {}).get("title")
        phone_preview.draw(
            desk,
            self.device,
            Seen(
                self._sender(),
                text.get("title") or raw.title or desk.say("Title"),
                text.get("body") or raw.body or desk.say("Text"),
                offer.get("image"),
                label,
            ),
        )
        if text.get("reason"):
            ui.label(text["reason"]).classes("fault").props("role=status")
        elif text.get("bytes"):
            said = desk.say("{bytes} of 4,096 bytes", bytes=desk.number(text["bytes"]))
            ui.label(said).classes("small soft")
        if self.own_id and shown.get("gets"):
            gets = TONGUES.get(shown["gets"], shown["gets"])
            ui.label(desk.say("This shopper would get it in: {language}", language=gets)).classes(
                "small soft"
            )

    def _sender(self) -> str:
        sites = (
            each["properties"]["name"]
            for each in self.work.around.zones
            if each["properties"].get("level") == "site"
        )
        return next(sites, "Soglia")
