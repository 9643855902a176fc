"""How often a campaign speaks and by which channels, what is tried against what, and what follows an offer.

In: a campaign's work. Out: fields.
"""

from copy import deepcopy
from typing import Any, Final

from nicegui import ui

from server.web.console import fields
from server.web.console.campaign_rules import draw_conditions
from server.web.console.campaign_text import draw_offer
from server.web.console.campaign_work import Work
from server.web.console.languages import later

CHANNELS: Final = {
    "fcm": later("Push to the app"),
    "webpush": later("Push to the browser"),
    "email": later("E-mail"),
    "sms": later("SMS"),
    "chat": later("Chat"),
    "webhook": later("The shop's own systems"),
    "inbox": later("The app's inbox"),
    "live": later("The open app"),
}
_STEPS: Final = {
    "not_opened": later("it was not opened, and they are still here"),
    "left_without_redeeming": later("they left without using it, and come again"),
    "redeemed": later("it was used"),
}
_HUNDRED: Final = 100


def draw_often(work: Work) -> None:
    """Caps and pauses, and who wins where several would speak."""
    desk, sheet, document = work.desk, work.sheet, work.document
    draw_conditions(work, "often")
    fields.switch(
        sheet, document, "one_a_visit", desk.say("Of all that ask for it, only one speaks in a visit")
    )
    with ui.element("div").classes("row-of"):
        fields.number(
            sheet, document, "priority", desk.say("Priority (the highest speaks)"), whole=True, default=0
        )
        fields.text(sheet, document, "group", desk.say("Group of campaigns"))


def draw_channels(work: Work) -> None:
    """The channels in the order in which they are tried, and how long each has."""
    desk = work.desk
    _order(work, work.document, ["fcm"])
    with ui.element("div").classes("row-of"):
        label = desk.say("Next channel after so many seconds without a sign")
        fields.number(work.sheet, work.document, "receipt_s", label).classes("wide")


def _order(work: Work, holder: dict[str, Any], usual: list[str]) -> None:
    desk, sheet = work.desk, work.sheet
    place = ui.element("ol").classes("order")
    sheet.faulty(holder, "channels", fields.below())

    def write(channels: list[str]) -> None:
        sheet.put(holder, "channels", channels)
        fill()

    def fill() -> None:
        place.clear()
        channels = list(holder.get("channels", usual))
        with place:
            for index, name in enumerate(channels):
                with ui.element("li").classes("row-of"):
                    ui.label(desk.say(CHANNELS[name]) if name in CHANNELS else name)
                    if sheet.editable and index:
                        before = [*channels[: index - 1], name, channels[index - 1], *channels[index + 1 :]]
                        fields.icon_button(
                            "arrow_upward", desk.say("Earlier"), lambda _event, to=before: write(to)
                        )
                    if sheet.editable and len(channels) > 1:
                        without = [each for each in channels if each != name]
                        fields.icon_button("close", desk.say("Remove"), lambda _event, to=without: write(to))
            if sheet.editable and len(channels) < len(CHANNELS):
                with ui.element("li").classes("plain-item"):
                    _another_channel(work, channels, write)

    fill()


def _another_channel(work: Work, channels: list[str], write: Any) -> None:
    button = ui.button(work.desk.say("Otherwise by…"), icon="add").props("outline no-caps dense")
    with button, ui.menu():
        for name, said in CHANNELS.items():
            if name not in channels:
                ui.menu_item(work.desk.say(said), lambda name=name: write([*channels, name]))


# -- experiments


def draw_experiments(work: Work) -> None:
    """Who is held out, and which texts are tried against each other."""
    desk, sheet, document = work.desk, work.sheet, work.document
    ui.label(
        desk.say(
            "Some shoppers get nothing, always the same ones. So the report can tell what the campaign did from what would have happened anyway."
        )
    ).classes("small soft")

    def hold_out(percent: float | None) -> None:
        sheet.put(document, "hold_out", round((percent or 0) / _HUNDRED, 4) or None)

    held = round(document.get("hold_out", 0) * _HUNDRED, 2)
    line = ui.number(desk.say("Held out (%)"), value=held, on_change=lambda event: hold_out(event.value))
    sheet.drawn(line.props("debounce=250 min=0 max=90").classes("narrow"), document, "hold_out")
    sheet.faulty(document, "variants", fields.below())
    place = ui.element("div").classes("stack")

    def add() -> None:
        listed = document.setdefault("variants", [])
        taken = {each["id"] for each in listed}
        names = iter(each for each in "abcdefghijkl" if each not in taken)
        if not listed:
            listed.append({"id": next(names)})
        listed.append({"id": next(names), "offer": deepcopy(document["offer"])})
        work.changed()
        fill()

    def drop(variant: dict[str, Any]) -> None:
        left = [each for each in document["variants"] if each is not variant]
        document["variants"] = left if len(left) > 1 else []
        work.changed()
        fill()

    def fill() -> None:
        place.clear()
        with place:
            for variant in document.get("variants", ()):
                _variant(work, variant, drop)
            if sheet.editable:
                button = ui.button(desk.say("Try another text"), icon="add", on_click=add)
                button.props("outline no-caps dense").classes("start")

    fill()


def _variant(work: Work, variant: dict[str, Any], drop: Any) -> None:
    desk = work.desk
    with ui.element("div").classes("condition"):
        with ui.element("div").classes("row-of"):
            ui.label(desk.say("Text {name}", name=variant["id"])).classes("strong")
            fields.number(work.sheet, variant, "weight", desk.say("Weight"), default=1)
            ui.element("div").classes("gap")
            if work.sheet.editable:
                fields.icon_button("delete_outline", desk.say("Remove"), lambda: drop(variant))
        if "offer" in variant:
            draw_offer(work, variant["offer"])
        else:
            ui.label(desk.say("This is the text above.")).classes("soft")


# -- follow-ups


def draw_follow_ups(work: Work) -> None:
    """At most three steps after the offer."""
    desk, document = work.desk, work.document
    work.sheet.faulty(document, "follow_ups", fields.below())
    place = ui.element("div").classes("stack")

    def add() -> None:
        step = {"when": "not_opened", "after": "30m", "channels": ["fcm"]}
        document.setdefault("follow_ups", []).append(step)
        work.changed()
        fill()

    def drop(step: dict[str, Any]) -> None:
        document["follow_ups"] = [each for each in document["follow_ups"] if each is not step]
        work.changed()
        fill()

    def fill() -> None:
        place.clear()
        with place:
            for step in document.get("follow_ups", ()):
                _step(work, step, drop)
            if work.sheet.editable:
                button = ui.button(desk.say("Follow-up"), icon="add", on_click=add)
                button.props("outline no-caps dense").classes("start")

    fill()


def _step(work: Work, step: dict[str, Any], drop: Any) -> None:
    desk, sheet = work.desk, work.sheet
    with ui.element("div").classes("condition"):
        with ui.element("div").classes("row-of"):
            choices = {when: desk.say(said) for when, said in _STEPS.items()}
            fields.choice(sheet, step, "when", desk.say("If"), choices).classes("wide")
            fields.span(sheet, step, "after", desk.say("Within, or after"))
            ui.element("div").classes("gap")
            if sheet.editable:
                fields.icon_button("delete_outline", desk.say("Remove"), lambda: drop(step))
        _order(work, step, [])
        if "offer" in step:
            draw_offer(work, step["offer"])
            return
        ui.label(desk.say("It says the same as the offer.")).classes("soft")

        def own() -> None:
            step["offer"] = deepcopy(work.document["offer"])
            work.changed()
            button.delete()
            with text:
                draw_offer(work, step["offer"])

        if sheet.editable:
            button = ui.button(desk.say("A text of its own"), on_click=own).props("flat dense no-caps")
        text = ui.element("div").classes("stack")
