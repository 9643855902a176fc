"""An offer as it will look: on an Android phone, on an iPhone, in a browser, in a letter. Drawn with our own means; nothing is fetched.

In: the text as a shopper would read it (`/v1/campaigns/{campaign}/preview`), what the button says, whether there is a picture. Out: four
pictures beside each other's tabs.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from nicegui import ui

from server.web.console.desk import Desk
from server.web.console.languages import later

DEVICES: Final = {
    "android": later("Android"),
    "iphone": later("iPhone"),
    "web": later("Browser"),
    "mail": later("E-mail"),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody reads. `picture` is its address, which is named and not fetched; `button` what the action is called."""

    sender: str
    title: str
    body: str
    picture: str | None = None
    button: str | None = None


def draw(desk: Desk, device: str, seen: Seen) -> None:
    """One message on one kind of device."""
    frame = ui.element("div").classes(f"handset {device}")
    frame.props(f'role=img aria-label="{desk.say(DEVICES[device])}"')
    with frame:
        if device in {"android", "iphone"}:
            ui.label("9:41").classes("clock")
        with ui.element("div").classes("notice"):
            if device == "mail":
                _mail(desk, seen)
            else:
                _notice(desk, seen, device)


def _notice(desk: Desk, seen: Seen, device: str) -> None:
    with ui.element("div").classes("from"):
        ui.icon("storefront").props("aria-hidden=true")
        ui.label(seen.sender)
        ui.label(desk.say("now")).classes("soft")
    ui.label(seen.title).classes("title")
    ui.label(seen.body).classes("text")
    _picture(seen)
    if seen.button and device != "iphone":  # an iPhone shows buttons only once a message is held
        ui.label(seen.button).classes("button")


def _mail(desk: Desk, seen: Seen) -> None:
    ui.label(desk.say("From: {sender}", sender=seen.sender)).classes("soft small")
    ui.label(seen.title).classes("title")
    _picture(seen)
    ui.label(seen.body).classes("text")
    if seen.button:
        ui.label(seen.button).classes("button")
    ui.label(desk.say("Unsubscribe")).classes("soft small underlined")


def _picture(seen: Seen) -> None:
    if seen.picture:
        with ui.element("div").classes("picture"):
            ui.icon("image").props("aria-hidden=true")
            ui.label(urlsplit(seen.picture).path.rsplit("/", 1)[-1] or seen.picture).classes("small")
