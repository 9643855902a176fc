"""The gateways as staff see them: how each is in words, where it hears, its figures; beacons; what nobody hears.

In: what `/v1/gateways`, `/v1/anchors`, `/v1/floor-plans` and `/v1/blind-spots` tell. Out: drawn parts, drawn anew when told to.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from nicegui import ui

from server.web.console.desk import Desk
from server.web.console.languages import later

#: How each state looks and what it is called; never by colour alone.
STATES: Final = {
    "well": ("good", "check_circle", later("Well")),
    "troubled": ("warn", "error", later("Troubled")),
    "silent": ("bad", "cloud_off", later("Silent")),
    "new": ("", "hourglass_empty", later("Not heard from yet")),
}
_WORST_FIRST: Final = ("silent", "troubled", "new", "well")


@dataclass(frozen=True, slots=True)
class Known:
    """All that the page is drawn from."""

    gateways: Sequence[Mapping[str, Any]]
    anchors: Mapping[str, Mapping[str, Any]]
    plans: Mapping[str, Mapping[str, Any]]
    blind: Mapping[str, Any]

    def where(self, anchor: str) -> str:
        """The anchor's name, and the plan it is on."""
        known = self.anchors.get(anchor)
        if known is None:
            return anchor
        plan = self.plans.get(known["plan"] or "")
        return f"{known['name']} · {plan['name']}" if plan else str(known["name"])

    @property
    def free(self) -> list[Mapping[str, Any]]:
        """Anchors that no gateway hears for and that are no beacon."""
        taken = {each["anchor"] for each in self.gateways}
        return [each for id, each in self.anchors.items() if id not in taken and not each["beacon"]]  # noqa: A001


async def look(desk: Desk) -> Known:
    """Asks for everything at once."""
    api = desk.api
    gateways, anchors, plans, blind = await asyncio.gather(
        api.all("/v1/gateways", "gateways", language=desk.language),
        api.all("/v1/anchors", "anchors"),
        api.all("/v1/floor-plans", "floor_plans"),
        api.get("/v1/blind-spots", language=desk.language),
    )
    in_order = sorted(
        gateways, key=lambda each: (_WORST_FIRST.index(each["health"]["state"]), each["name"].lower())
    )
    return Known(
        in_order, {each["id"]: each for each in anchors}, {each["id"]: each for each in plans}, blind
    )


def draw_summary(desk: Desk, known: Known) -> None:
    """How many are how."""
    counted = Counter(each["health"]["state"] for each in known.gateways)
    with ui.element("div").classes("row-of"):
        for state in _WORST_FIRST:
            if counted[state]:
                kind, icon, name = STATES[state]
                with ui.element("span").classes(f"tag {kind}"):
                    ui.icon(icon).props("aria-hidden=true")
                    ui.label(f"{desk.number(counted[state])} · {desk.say(name)}")


def draw_gateways(desk: Desk, known: Known) -> None:
    with ui.element("div").classes("gateways"):
        for gateway in known.gateways:
            draw_gateway(desk, known, gateway)


def draw_gateway(desk: Desk, known: Known, gateway: Mapping[str, Any]) -> None:
    """One gateway as a card that leads to its own page."""
    with ui.element("section").classes("card gateway"):
        with ui.element("div").classes("row-of"):
            ui.link(gateway["name"], f"/gateways/{gateway['id']}").classes("gateway-name")
            ui.element("div").classes("gap")
            state_tag(desk, gateway)
        for words in gateway["health"]["words"]:
            ui.label(_begun(words))
        draw_facts(desk, known, gateway)


def state_tag(desk: Desk, gateway: Mapping[str, Any]) -> None:
    kind, icon, name = STATES[gateway["health"]["state"]]
    with ui.element("span").classes(f"tag {kind}"):
        ui.icon(icon).props("aria-hidden=true")
        ui.label(desk.say(name))


def draw_facts(desk: Desk, known: Known, gateway: Mapping[str, Any], *, whole: bool = False) -> None:
    """What it said of itself; `whole` with what only a technician reads."""
    say, said = desk.say, gateway["heartbeat"]
    now = datetime.now(UTC)
    facts = [(say("Hears for"), known.where(gateway["anchor"]))]
    if gateway["heartbeat_at"]:
        facts.append((say("Last heard from"), desk.ago(gateway["heartbeat_at"], now)))
    if said:
        rate = say(
            "{heard} a second, {kept} of them ours",
            heard=desk.number(said["heard_per_s"], 1),
            kept=desk.number(said["kept_per_s"], 1),
        )
        facts += [
            (say("Packets"), rate),
            (say("Waiting on its disk"), _waiting(desk, said, now)),
            (say("Clock"), _clock(desk, said)),
            (say("Version"), said["version"]),
        ]
        if whole:
            started = desk.ago(said["started_at"], now) if said["started_at"] else say("unknown")
            facts += [
                (say("Started"), started),
                (say("Radio began anew"), desk.say_many("{count} time", "{count} times", said["restarts"])),
                (say("Dropped"), desk.say_many("{count} sighting", "{count} sightings", said["dropped"])),
            ]
    with ui.element("dl").classes("facts"):
        for name, value in facts:
            with ui.element("dt"):
                ui.label(name)
            with ui.element("dd"):
                ui.label(value)


def draw_beacons(desk: Desk, known: Known) -> None:
    """Fixed beacons: what phones hear. Their batteries are not known to us."""
    beacons = [each for each in known.anchors.values() if each["beacon"]]
    if not beacons:
        ui.label(desk.say("No fixed beacon is kept. Phones that hear one tell us where they are.")).classes(
            "soft"
        )
        return
    with ui.element("div").classes("scrolls"), ui.element("table").classes("plain"):
        with ui.element("thead"), ui.element("tr"):
            for column in (desk.say("Beacon"), desk.say("Where"), desk.say("Its id on the air")):
                with ui.element("th").props("scope=col"):
                    ui.label(column)
        with ui.element("tbody"):
            for each in beacons:
                plan = known.plans.get(each["plan"] or "")
                with ui.element("tr"):
                    for value in (each["name"], plan["name"] if plan else "", each["beacon"]):
                        with ui.element("td").classes("mono" if value == each["beacon"] else ""):
                            ui.label(value)


def draw_blind_spots(desk: Desk, known: Known) -> None:
    """Zones and anchors of which nothing will ever be heard as things are."""
    found = [*known.blind["zones"], *known.blind["anchors"]]
    if not found:
        with ui.element("div").classes("row-of"):
            ui.icon("check_circle").classes("good").props("aria-hidden=true")
            ui.label(desk.say("Every radio zone is heard."))
        return
    with ui.element("dl").classes("facts blind"):
        for each in found:
            with ui.element("dt"):
                ui.label(each["name"])
            with ui.element("dd"):
                ui.label(each["words"])


def _waiting(desk: Desk, said: Mapping[str, Any], now: datetime) -> str:
    if not said["spool_batches"]:
        return desk.say("nothing")
    batches = desk.say_many("{count} batch", "{count} batches", said["spool_batches"])
    if not said["spool_oldest_at"]:
        return batches
    return desk.say(
        "{batches}, the oldest {ago}", batches=batches, ago=desk.ago(said["spool_oldest_at"], now)
    )


def _clock(desk: Desk, said: Mapping[str, Any]) -> str:
    ahead = said["clock_ahead_s"]
    if ahead is None:
        return desk.say("unknown")
    if abs(ahead) < 1:
        return desk.say("right")
    span = desk.lasting(abs(ahead))
    return desk.say("{span} ahead", span=span) if ahead > 0 else desk.say("{span} behind", span=span)


def _begun(words: str) -> str:
    """As a sentence begins."""
    return f"{words[:1].upper()}{words[1:]}."
