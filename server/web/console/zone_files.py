"""Zones in and out as a GeoJSON file: first what would change, then, if that is wanted, the change.

In: the file that somebody chose. Out: zones, changed through the API; or a file of all of them.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from nicegui import ui
from nicegui.events import UploadEventArguments

from server.web.console.api import Fault, Refused
from server.web.console.desk import Desk
from server.web.console.file_choice import file_choice
from server.web.console.languages import later
from server.web.console.shop_map import Feature
from server.web.console.zone_tree import nested
from server.web.console.zone_words import wrong

_SHOWN: Final = 200

_CHANGES: Final = {
    "created": (later("added"), "good"),
    "changed": (later("changed"), "warn"),
    "removed": (later("removed"), "bad"),
    "same": (later("as it is"), ""),
}


async def files(desk: Desk, features: Sequence[Feature]) -> None:
    """The buttons."""
    if desk.may("owner", "manager"):
        ui.button(
            desk.say("Import"), icon="upload_file", on_click=lambda: _Import(desk, features).ask()
        ).props("outline")
    if features:
        ui.button(desk.say("Export"), icon="download", on_click=lambda: _export(desk)).props("outline")


async def _export(desk: Desk) -> None:
    async with desk.trying():
        kept = await desk.api.get("/v1/zones")
        written = json.dumps(kept, ensure_ascii=False, indent=1)
        ui.download.content(written, "zones.geojson", "application/geo+json")


class _Import:
    """One file, from its choice to its end."""

    def __init__(self, desk: Desk, features: Sequence[Feature]) -> None:
        self._desk = desk
        self._kept = {each["properties"]["id"]: each for each in features}
        self._body: Mapping[str, Any] = {}
        self._gone: list[str] = []

    def ask(self) -> None:
        say = self._desk.say
        with ui.dialog() as self._dialog, ui.card().classes("card wide-card"):
            ui.label(say("Import zones")).classes("lead")
            ui.label(
                say(
                    "A GeoJSON file, as this page exports it or as map programs write it. Zones are known by their ids: one that is here "
                    "already is changed, others are added."
                )
            ).classes("small")
            file_choice(
                say("Choose a file"),
                ".geojson,.json,application/geo+json",
                self._read,
                say("The file is larger than 2 MiB."),
            )
            self._room = ui.element("div").classes("stack").props("role=status")
            with ui.element("div").classes("row-of"):
                self._take = ui.button(say("Take these changes"), on_click=self._keep).props("unelevated")
                self._take.set_visibility(False)
                ui.button(say("Close"), on_click=self._dialog.close).props("flat")
        self._dialog.open()

    async def _read(self, event: UploadEventArguments) -> None:
        self._take.set_visibility(False)
        try:
            self._body = json.loads((await event.file.read()).decode("utf-8-sig"))
        except ValueError:
            self._say([self._desk.say("This is no GeoJSON file: it cannot be read.")])
            return
        if not isinstance(self._body, dict):
            self._say([self._desk.say("This is no GeoJSON file: it cannot be read.")])
            return
        try:
            answer = await self._desk.api.put("/v1/zones", self._body, do="show")
        except Refused as refused:
            self._say(
                [f"{each.place.removeprefix('body.')}: {wrong(self._desk, each)}" for each in refused.faults]
                or [refused.detail]
            )
            return
        self._preview(answer)

    def _say(self, faults: Sequence[str]) -> None:
        self._room.clear()
        with self._room, ui.element("ul").classes("bad"):
            for each in faults[:_SHOWN]:
                with ui.element("li"):
                    ui.label(each)

    def _preview(self, answer: Mapping[str, Any]) -> None:
        say = self._desk.say
        named = {each["id"] for each in answer["zones"]}
        others = [zone for zone in self._kept if zone not in named]
        self._room.clear()
        with self._room:
            rows = ui.element("div").classes("scrolls short")
            if others:
                ui.checkbox(
                    self._desk.say_many(
                        "Also remove the {count} zone that the file does not name",
                        "Also remove the {count} zones that the file does not name",
                        len(others),
                    ),
                    on_change=lambda event: self._list(rows, answer, others if event.value else []),
                )
            for each in answer["warnings"]:
                fault = Fault(each["place"], each["reason"])
                ui.label(f"{fault.place.removeprefix('body.')}: {wrong(self._desk, fault)}").classes(
                    "warn small"
                )
        self._list(rows, answer, [])
        self._take.set_visibility(True)
        if not others and all(each["change"] == "same" for each in answer["zones"]):
            with self._room:
                ui.label(say("Nothing would change."))
            self._take.set_visibility(False)

    def _list(self, rows: ui.element, answer: Mapping[str, Any], gone: list[str]) -> None:
        self._gone = gone
        told = [(each["id"], each["change"]) for each in answer["zones"]]
        told += [(zone, "removed") for zone in gone]
        told.sort(key=lambda each: [*_CHANGES].index(each[1]))
        sent = {str(each["id"]): each for each in _sent(self._body)}
        rows.clear()
        with rows, ui.element("table").classes("plain wide"), ui.element("tbody"):
            for zone, change in told[:_SHOWN]:
                word, look = _CHANGES[change]
                known = sent.get(zone) or self._kept[zone]["properties"]
                with ui.element("tr"):
                    with ui.element("td"):
                        ui.label(str(known.get("name", zone)))
                        ui.label(zone).classes("soft mono")
                    with ui.element("td"):
                        ui.label(self._desk.say(word)).classes(f"tag {look}")

    async def _keep(self) -> None:
        async with self._desk.trying():
            await self._desk.api.put("/v1/zones", self._body)
            inner_first = [each["properties"]["id"] for each, _ in reversed(nested([*self._kept.values()]))]
            for zone in inner_first:
                if zone in self._gone:
                    await self._desk.api.delete(f"/v1/zones/{zone}")
            self._dialog.close()
            ui.navigate.to("/zones?done=imported")


def _sent(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The properties of what a file holds, each with its id."""
    features = body.get("features") if body.get("type") == "FeatureCollection" else [body]
    return [
        {**each["properties"], "id": each["properties"].get("id", each.get("id"))}
        for each in features or ()
        if isinstance(each, dict) and isinstance(each.get("properties"), dict)
    ]
