"""When, where, to whom and how often a campaign speaks: conditions as forms made from their own schema, zones picked on the map.

In: a campaign's work. Out: fields. Which conditions there are, what they are called and which question they answer is the API's to say.
"""

from collections.abc import Mapping
from typing import Any, Final

from nicegui import ui

from server.web.console import fields, forms
from server.web.console.api import Refused
from server.web.console.campaign_work import Work
from server.web.console.desk import told
from server.web.console.fields import quoted
from server.web.console.languages import later
from server.web.console.shop_map import ShopMap

WAKES: Final = {
    "entered": later("somebody comes in"),
    "dwelled": later("somebody has stayed a while"),
    "exited": later("somebody leaves"),
}

#: Who tries things on stays for minutes.
_USUAL_DWELL_S: Final = 120


def draw_when(work: Work) -> None:
    """What wakes it, from when to when, and the conditions of the hour."""
    desk, sheet, document = work.desk, work.sheet, work.document
    trigger = document["trigger"]
    with ui.element("div").classes("row-of"):
        choices = {kind: desk.say(said) for kind, said in WAKES.items()}
        wakes = fields.choice(sheet, trigger, "on", desk.say("It speaks when"), choices)
        stay = fields.number(sheet, trigger, "after_s", desk.say("After so many seconds"), whole=True)
    stay.set_visibility(trigger.get("on") == "dwelled")

    def turned() -> None:
        dwells = wakes.value == "dwelled"
        stay.set_visibility(dwells)
        stay.value = (trigger.get("after_s") or _USUAL_DWELL_S) if dwells else None

    wakes.on_value_change(turned)
    with ui.element("div").classes("row-of"):
        clock = work.around.clock
        fields.instant(sheet, document, "starts_at", desk.say("Goes live by itself on"), clock)
        fields.instant(sheet, document, "ends_at", desk.say("Ends by itself on"), clock)
        ui.label(desk.say("By the clock of {clock}", clock=clock)).classes("small soft")
    draw_conditions(work, "when")
    _hold(work)


def _hold(work: Work) -> None:
    """Whether it waits where only the hour is against it."""
    desk, document = work.desk, work.document
    place: list[ui.element] = []

    def turn() -> None:
        if switch.value:
            document["hold"] = {"at_most": "2h"}
        else:
            document.pop("hold", None)
        work.changed()
        fill()

    def fill() -> None:
        place[0].clear()
        if "hold" in document:
            with place[0]:
                fields.span(work.sheet, document["hold"], "at_most", desk.say("Wait at most"))

    said = desk.say("If only the hour is against it, wait and look again")
    switch = ui.switch(said, value="hold" in document, on_change=turn)
    switch.set_enabled(work.sheet.editable)
    place.append(ui.element("div"))
    fill()


# -- where


def draw_where(work: Work) -> None:
    """Zones by name or on the map; or all of a group; or a shop with all that is in it."""
    desk, trigger = work.desk, work.document["trigger"]
    where = trigger.setdefault("where", {"zones": []})
    ways = {
        "zones": desk.say("These zones"),
        "group": desk.say("All zones of a group"),
        "site": desk.say("A whole shop"),
    }
    chosen = next((way for way in ways if where.get(way)), "zones")

    def turn(way: str) -> None:
        where.clear()
        where.update({"zones": []} if way == "zones" else {})
        work.changed()
        fill(way)

    toggle = ui.toggle(ways, value=chosen, on_change=lambda event: turn(str(event.value)))
    toggle.props(f"no-caps unelevated aria-label={quoted(desk.say('Where'))}").classes("ways")
    toggle.set_enabled(work.sheet.editable)
    place = ui.element("div").classes("stack")
    work.sheet.faulty(trigger, "where", fields.below())

    def fill(way: str) -> None:
        place.clear()
        with place:
            if way == "zones":
                _zones(work, where)
            else:
                _by_name(work, where, way)

    fill(chosen)


def _by_name(work: Work, where: dict[str, Any], way: str) -> None:
    zones = [each["properties"] for each in work.around.zones]
    if way == "group":
        names = {group: group for zone in zones for group in zone.get("groups", ())}
        fields.choice(work.sheet, where, "group", work.desk.say("Group"), names)
    else:
        names = {zone["id"]: zone["name"] for zone in zones if zone.get("level") == "site"}
        fields.choice(work.sheet, where, "site", work.desk.say("Shop"), names)


def _zones(work: Work, where: dict[str, Any]) -> None:
    desk = work.desk
    if not work.around.zones:
        ui.label(desk.say("There is no zone yet: draw one first.")).classes("soft")
        ui.link(desk.say("To the zones"), "/zones")
        return
    field = fields.several(work.sheet, where, "zones", desk.say("Zones"), work.around.zone_names)
    maps = [each for each in (_outside(work), *_inside(work)) if each[1]]
    with ui.tabs().props("dense no-caps align=left") as tabs:
        for name, _, _ in maps:
            ui.tab(name)
    drawn = []
    with ui.tab_panels(tabs, value=maps[0][0] if maps else None, animated=False).classes("bare"):
        for name, features, plan in maps:
            with ui.tab_panel(name):
                drawn.append((ShopMap(desk, _marked(features, where), plan=plan), features))

    def picked(zone: str) -> None:
        if work.sheet.editable:
            now = list(field.value or ())
            field.value = [each for each in now if each != zone] if zone in now else [*now, zone]

    def mark() -> None:
        for each, features in drawn:
            each.show(_marked(features, where))

    for each, _ in drawn:
        each.on("zone", lambda event: picked(str(event.args)))
    field.on_value_change(mark)


Drawn = tuple[str, list[Mapping[str, Any]], Mapping[str, Any] | None]


def _outside(work: Work) -> Drawn:
    return work.desk.say("Map"), [each for each in work.around.zones if each.get("geometry")], None


def _inside(work: Work) -> list[Drawn]:
    """Each floor plan with the zones on it."""
    return [
        (
            str(plan["name"]),
            [
                {**each, "geometry": each["properties"]["plan"]["shape"]}
                for each in work.around.zones
                if (each["properties"].get("plan") or {}).get("id") == plan["id"]
            ],
            plan,
        )
        for plan in work.around.plans
    ]


def _marked(features: list[Mapping[str, Any]], where: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Chosen zones carry a tick: seen without colour too."""
    chosen = where.get("zones", ())
    return [
        {**each, "properties": {**each["properties"], "name": f"✓ {each['properties']['name']}"}}
        if each["properties"]["id"] in chosen
        else each
        for each in features
    ]


# -- conditions


def draw_conditions(work: Work, about: str) -> None:
    """The conditions that answer one question, each as a form, and a button for another."""
    listed: list[dict[str, Any]] = work.document["conditions"]
    place = ui.element("div").classes("stack")

    def drop(condition: dict[str, Any]) -> None:
        listed[:] = [each for each in listed if each is not condition]
        work.changed()
        fill()

    def add(kind: str) -> None:
        listed.append({"kind": kind})
        work.changed()
        fill()

    def fill() -> None:
        place.clear()
        with place:
            for condition in listed:
                if _about(work, condition) == about:
                    _condition(work, condition, drop)
            if work.sheet.editable:
                _adding(work, about, add)

    fill()


def _about(work: Work, condition: Mapping[str, Any]) -> str:
    """Which question it answers; one that nobody knows is shown with those of the hour."""
    return str(work.around.conditions.get(str(condition.get("kind")), {}).get("about", "when"))


def _condition(work: Work, condition: dict[str, Any], drop: Any) -> None:
    desk = work.desk
    form = work.around.conditions.get(str(condition.get("kind")))
    with ui.element("div").classes("condition"):
        with ui.element("div").classes("row-of"):
            ui.label(form["title"] if form else str(condition.get("kind"))).classes("strong")
            ui.element("div").classes("gap")
            if work.sheet.editable:
                fields.icon_button("delete_outline", desk.say("Remove"), lambda: drop(condition))
        work.sheet.faulty(condition, "", fields.below())
        if form is None:
            return
        ui.label(form["help"]).classes("small soft")
        with ui.element("div").classes("row-of form-row"):
            forms.draw(work.sheet, form["form"], condition)


def _adding(work: Work, about: str, add: Any) -> None:
    forms_ = [form for form in work.around.conditions.values() if form["about"] == about]
    button = ui.button(work.desk.say("Condition"), icon="add").props("outline no-caps dense").classes("start")
    with button, ui.menu().props("max-height=420px"):
        for form in forms_:
            item = ui.menu_item(on_click=lambda kind=form["kind"]: add(kind)).classes("choice")
            with item, ui.element("div").classes("stack tight"):
                ui.label(form["title"]).classes("strong")
                ui.label(form["help"]).classes("small soft")


# -- to whom


def draw_whom(work: Work) -> None:
    """The segment builder: conditions about the shopper, and how many there are now."""
    draw_conditions(work, "whom")
    if not work.sheet.editable:
        return
    with ui.element("div").classes("row-of"):
        count = ui.label("").classes("lead").props('aria-live="polite"')
        ui.button(
            work.desk.say("Keep as a segment"), icon="bookmark_add", on_click=lambda: _keep(work)
        ).props("flat dense no-caps")
    waiting: list[ui.timer] = []

    async def reckon() -> None:
        count.text = await _counted(work)

    def later_on() -> None:
        for timer in waiting:
            timer.cancel()
        with count.parent_slot or count:
            waiting[:] = [ui.timer(0.8, reckon, once=True)]

    work.watchers.append(later_on)
    later_on()


def _audience(work: Work) -> list[dict[str, Any]]:
    """The conditions about the shopper, with what named segments ask in their place."""
    rules = {each["id"]: each["conditions"] for each in work.around.segments}
    asked: list[dict[str, Any]] = []
    for each in work.document["conditions"]:
        if work.around.conditions.get(str(each.get("kind")), {}).get("audience"):
            asked += rules.get(each.get("name"), [each]) if "name" in each else [each]
    return asked


async def _counted(work: Work) -> str:
    desk, asked = work.desk, _audience(work)
    if not asked:
        return desk.say("Everybody who agreed to it")
    try:
        counted = await desk.api.post("/v1/segments/count", {"conditions": asked})
    except Refused as refused:
        faults = [fault.reason for fault in refused.faults]
        return desk.say("Cannot be counted yet: {why}", why="; ".join(faults) or told(refused))
    return desk.say_many(
        "{count} shopper of {all} belongs now",
        "{count} shoppers of {all} belong now",
        counted["belong"],
        all=desk.number(counted["shoppers"]),
    )


def _keep(work: Work) -> None:
    """Asks what the segment is called, and keeps it for other campaigns."""
    desk = work.desk
    with ui.dialog() as dialog, ui.card().classes("ask"):
        ui.label(desk.say("Keep these shoppers as a segment")).classes("lead")
        ui.label(desk.say("Other campaigns can choose it by its name.")).classes("soft")
        name = ui.input(desk.say("Name of the segment")).props("outlined autofocus")

        async def keep() -> None:
            made = "".join(sign if sign.isalnum() and sign.isascii() else "-" for sign in name.value.lower())
            async with desk.trying(desk.say("The segment is kept.")):
                document = {"name": name.value, "conditions": _audience(work)}
                await desk.api.put(f"/v1/segments/{made.strip('-')[:60] or 'segment'}", document)
                dialog.close()

        with ui.element("div").classes("row-of"):
            ui.button(desk.say("Keep"), on_click=keep).props("unelevated")
            ui.button(desk.say("Cancel"), on_click=dialog.close).props("flat")
    dialog.open()
