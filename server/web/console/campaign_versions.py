"""What a campaign was before: its versions, what each changed in words that can be read, and the way back.

In: two documents. Out: their differences, field by field; a list of versions with them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from server.web.console.campaign_work import Work
from server.web.console.fields import quoted

#: What changes by itself with every version and tells nothing.
_UNTOLD = frozenset({"version", "id"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not what it was; None where it was not there, or is not any more."""

    place: str
    before: str | None
    after: str | None


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Field by field, in the order of the newer document."""
    was, now = dict(_flat(before)), dict(_flat(after))
    places = dict.fromkeys([*now, *was])
    return [
        Difference(place, was.get(place), now.get(place))
        for place in places
        if was.get(place) != now.get(place) and place not in _UNTOLD
    ]


def _flat(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Each plain value with where it stands; a condition by its kind, so that one that is put before others changes only itself."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _flat(each, f"{place} / {key}" if place else str(key))
    elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        seen: dict[str, int] = {}
        for each in value:
            name = (
                str(each.get("kind") or each.get("id") or each.get("when") or "")
                if isinstance(each, Mapping)
                else ""
            )
            seen[name] = seen.get(name, 0) + 1
            again = f" {seen[name]}" if seen[name] > 1 else ""
            yield f"{place} / {name}{again}", "✓"
            yield from _flat(each, f"{place} / {name}{again}")
    elif isinstance(value, list):
        yield place, ", ".join(map(str, value))
    elif value is not None:
        yield place, str(value)


async def draw_versions(work: Work) -> None:
    """All versions, the newest first, each with what it changed."""
    desk = work.desk
    if work.id is None:
        ui.label(desk.say("Versions come with the first time that you save.")).classes("soft")
        return
    listed = (await desk.api.get(f"/v1/campaigns/{work.id}/versions"))["versions"]
    for index, version in enumerate(listed):
        before = listed[index + 1]["campaign"] if index + 1 < len(listed) else None
        with ui.element("section").classes("card"):
            with ui.element("div").classes("row-of"):
                ui.label(desk.say("Version {number}", number=version["version"])).classes("strong")
                ui.label(desk.when(version["made_at"], work.around.clock)).classes("soft")
                ui.element("div").classes("gap")
                if index and work.sheet.editable:
                    back = ui.button(
                        desk.say("Go back to this one"),
                        icon="history",
                        on_click=lambda _event, version=version: _back(work, version),
                    )
                    back.props("outline no-caps dense")
            if before is not None:
                _table(work, differences(before, version["campaign"]))
            elif version["version"] == 1:
                ui.label(desk.say("As it was made.")).classes("soft")


def _table(work: Work, changed: list[Difference]) -> None:
    desk = work.desk
    scrolls = ui.element("div").classes("scrolls")
    scrolls.props(f"tabindex=0 role=region aria-label={quoted(desk.say('What changed'))}")
    with scrolls, ui.element("table").classes("plain"):
        with ui.element("thead"), ui.element("tr"):
            for name in (desk.say("Field"), desk.say("Before"), desk.say("After")):
                with ui.element("th").props("scope=col"):
                    ui.label(name)
        with ui.element("tbody"):
            for each in changed:
                with ui.element("tr"):
                    for text in (each.place, each.before or "—", each.after or "—"):
                        with ui.element("td"):
                            ui.label(text)


def _back(work: Work, version: Mapping[str, Any]) -> None:
    desk = work.desk
    with ui.dialog() as dialog, ui.card().classes("ask"):
        ui.label(desk.say("Go back to version {number}?", number=version["version"])).classes("lead")
        ui.label(
            desk.say("It becomes the next version; nothing is lost, and the campaign stays as live as it is.")
        ).classes("soft")

        async def back() -> None:
            async with desk.trying():
                await desk.api.put(f"/v1/campaigns/{work.id}", {**version["campaign"], "state": work.state})
                ui.navigate.to(f"/campaigns/{work.id}")

        with ui.element("div").classes("row-of"):
            ui.button(desk.say("Go back"), on_click=back).props("unelevated")
            ui.button(desk.say("Cancel"), on_click=dialog.close).props("flat")
    dialog.open()
