"""What we know of one shopper: who they are to the shop, what they agreed to and in which words, and by what they are heard and reached.

In: a shopper as `/v1/shoppers/{id}` shows them, the proof of their consents. Out: elements.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from nicegui import ui

from server.web.console.desk import Desk
from server.web.console.languages import NAMES, later
from server.web.console.why_words import CHANNELS, PURPOSES, word

Shown = Mapping[str, Any]

_KINDS: Final = {"phone": ("smartphone", later("Phone")), "fob": ("sell", later("Fob"))}
_HOW: Final = {
    "app": later("in the app"),
    "till": later("at the till"),
    "desk": later("at the desk"),
    "paper": later("on paper"),
}


def profile(desk: Desk, shopper: Shown, clock: str | None) -> None:
    quiet = shopper["quiet_hours"]
    facts = [
        (desk.say("Loyalty number"), shopper["own_id"] or desk.say("none")),
        (desk.say("Our number"), shopper["shopper"]),
        (desk.say("Language"), _language(shopper["language"]) or desk.say("not known")),
        (desk.say("Clock"), shopper["time_zone"] or desk.say("that of the shop")),
        (
            desk.say("Quiet hours"),
            desk.say("from {start} to {end}", start=quiet["from"], end=quiet["until"])
            if quiet
            else desk.say("none set"),
        ),
        (desk.say("Known since"), desk.when(shopper["created_at"], clock)),
    ]
    facts += [(str(name), _plain(desk, value)) for name, value in sorted(shopper["attributes"].items())]
    with ui.element("section").classes("card"):
        _heading(desk.say("Profile"))
        told = "".join(
            f'<dt>{escape(name)}</dt><dd class="breaks">{escape(fact)}</dd>' for name, fact in facts
        )
        ui.html(f'<dl class="facts">{told}</dl>', sanitize=False)
        if shopper["tags"]:
            with ui.element("div").classes("row-of"):
                for tag in shopper["tags"]:
                    ui.label(tag).classes("tag")


def _language(code: str | None) -> str | None:
    return next((name for known, name in NAMES.items() if known == code), code)


def _plain(desk: Desk, value: object) -> str:
    if isinstance(value, bool):
        return desk.say("yes") if value else desk.say("no")
    return str(value)


def _heading(text: str) -> None:
    ui.html(f"<h2>{escape(text)}</h2>", sanitize=False)


def consents(desk: Desk, answers: Sequence[Shown], clock: str | None) -> None:
    """What counts now for each purpose, and the proof: every answer with the words that were read."""
    with ui.element("section").classes("card"):
        _heading(desk.say("Consents"))
        if not answers:
            ui.label(desk.say("They were never asked, which means no to everything.")).classes("soft")
            return
        by_purpose: dict[str, list[Shown]] = {}
        for each in answers:
            by_purpose.setdefault(each["purpose"], []).append(each)
        for purpose in PURPOSES:
            if purpose in by_purpose:
                _purpose(desk, purpose, by_purpose[purpose], clock)


def _purpose(desk: Desk, purpose: str, answers: Sequence[Shown], clock: str | None) -> None:
    """`answers` come the oldest first."""
    last = answers[-1]
    if last["lapsed_at"]:
        state, look = desk.say("must be asked anew"), "warn"
    elif last["granted"]:
        state, look = desk.say("agreed"), "good"
    else:
        state, look = desk.say("not agreed"), "bad"
    name = word(desk, PURPOSES, purpose)
    with ui.expansion().classes("full").props("dense") as proof:
        for each in reversed(answers):
            _answer(desk, each, clock)
    proof.props["toggle-aria-label"] = f"{name}: {state}"  # what is in a slot is not read out by itself
    with proof.add_slot("header"), ui.element("div").classes("row-of full"):
        ui.label(name).classes("strong")
        ui.element("div").classes("gap")
        ui.label(state).classes(f"tag {look}")


def _answer(desk: Desk, each: Shown, clock: str | None) -> None:
    said = desk.say("Yes") if each["granted"] else desk.say("No")
    how = word(desk, _HOW, each["how"])
    language = _language(each["language"]) or desk.say("language not told")
    version = desk.say("text {version}", version=each["version"])
    with ui.element("div").classes("stack tight proof"):
        ui.label(f"{said} · {desk.when(each['given_at'], clock)} · {how} · {version} · {language}")
        if each["text"]:
            ui.html(f"<blockquote>{escape(each['text'])}</blockquote>", sanitize=False)
        else:
            ui.label(
                desk.say("The words of this text are not published here: only its number is known.")
            ).classes("soft small")
        if each["superseded_at"]:
            ui.label(desk.say("until {at}", at=desk.when(each["superseded_at"], clock))).classes("soft small")


def devices(desk: Desk, known: Sequence[Shown], clock: str | None) -> None:
    with ui.element("section").classes("card"):
        _heading(desk.say("Devices and addresses"))
        if not known:
            ui.label(desk.say("No device: nothing of theirs can be heard, and nothing can be sent.")).classes(
                "soft"
            )
        for device in known:
            icon, kind = _KINDS.get(device["kind"], ("devices", device["kind"]))
            with ui.element("div").classes("device"):
                ui.icon(icon).props("aria-hidden=true")
                with ui.element("div").classes("stack tight"):
                    name = f"{desk.say(kind)} · {device['name']}" if device["name"] else desk.say(kind)
                    ui.label(name).classes("strong")
                    ui.label(_heard_by(desk, device)).classes("small soft mono")
                    for address in device["addresses"]:
                        _address(desk, address, clock)


def _heard_by(desk: Desk, device: Shown) -> str:
    beacon = device["beacon"] or (desk.say("rotating number") if device["rotating"] else None)
    return f"{device['device']} · {beacon}" if beacon else str(device["device"])


def _address(desk: Desk, address: Shown, clock: str | None) -> None:
    channel = word(desk, CHANNELS, address["kind"].partition("_")[0])
    with ui.element("div").classes("row-of"):
        ui.label(channel)
        if address["dead_at"] is None:
            ui.label(desk.say("reaches them")).classes("tag good")
            ui.label(desk.say("since {at}", at=desk.when(address["created_at"], clock))).classes("small soft")
            return
        ui.label(desk.say("dead")).classes("tag bad")
        ui.label(f"{desk.when(address['dead_at'], clock)}: {address['dead_why'] or ''}").classes("small soft")
