"""The first steps: from an empty house to a push on the screen, by the same doors as everything else.

Shop, a place in it with its gateway (if there is one already), what to say, and a phone that walks in. Each step is kept when it is done: whoever
breaks off goes on later, and what was made stands in its own page.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from nicegui import ui

from server.web.console.desk import Desk
from server.web.console.languages import later
from server.web.console.page import Page
from server.web.console.phone_screen import PhoneScreen
from server.web.console.shop_map import ShopMap
from server.web.console.trial_phone import TrialPhone

#: A shop and the pavement before it.
_RADIUS_M: Final = 60

#: What the trial phone agrees to; a shop's own texts have versions of their own.
_CONSENT_VERSION: Final = "trial"

_STEPS: Final = (
    later("Your shop"),
    later("A place in it"),
    later("A gateway"),
    later("What to say"),
    later("Try it"),
)

#: A second look some seconds later: nobody is believed by one ping.
_LOOKS_AGAIN_S: Final = 3.0
_LOOKS: Final = 3


@dataclass
class _Told:
    """What was typed, step by step."""

    name: str = ""
    where: str = ""
    time_zone: str = "Europe/Rome"
    place: str = ""
    gateway: str = ""
    title: str = ""
    body: str = ""
    spot: tuple[float, float] = (0.0, 0.0)
    shop: str = ""
    phone: TrialPhone | None = None
    step: int = field(default=0)


async def show(desk: Desk) -> None:
    told = _Told()
    zones = (await desk.api.get("/v1/zones"))["features"]
    drawn: dict[int, Callable[[], Awaitable[None]]] = {
        0: lambda: _shop(desk, told, go, zones),
        1: lambda: _place(desk, told, go),
        2: lambda: _gateway(desk, told, go),
        3: lambda: _offer(desk, told, go),
        4: lambda: _trial(desk, told),
    }
    with ui.element("ol").classes("steps").props(f'aria-label="{desk.say("Steps")}"'):
        marks = [ui.element("li").classes("step") for _ in _STEPS]
        for number, (mark, title) in enumerate(zip(marks, _STEPS, strict=True), 1):
            with mark:
                ui.label(f"{number}. {desk.say(title)}")
    room = ui.element("section").classes("card first-steps")

    async def go(step: int) -> None:
        told.step = step
        for number, mark in enumerate(marks):
            mark.props(
                "aria-current=step" if number == step else "", remove="aria-current" if number != step else ""
            )
        room.clear()
        with room:
            await drawn[step]()

    await go(0)


Go = Callable[[int], Awaitable[None]]


async def _shop(desk: Desk, told: _Told, go: Go, zones: list[Any]) -> None:
    ui.html(f"<h2>{desk.say('Where is your shop?')}</h2>", sanitize=False)
    ui.label(desk.say("A circle of 60 m round it is the first zone. You can draw it exactly later.")).classes(
        "soft"
    )
    name = ui.input(desk.say("Name of the shop")).props("outlined").bind_value(told, "name")
    where = ui.input(desk.say("Where: latitude, longitude"), placeholder="45.4722, 9.1871").props("outlined")
    where.bind_value(told, "where")
    ui.label(desk.say("Copy it from any map, or ask this device.")).classes("soft small")
    on_map = ShopMap(desk, zones)

    def look() -> None:
        spot = _spot(told.where)
        if spot is not None:
            on_map.show([*zones, _circle(told.where, told.name or "…", spot)])
            on_map.select(told.where)

    where.on("blur", look)

    async def here() -> None:
        found = await ui.run_javascript(
            "return await new Promise(tell => navigator.geolocation.getCurrentPosition("
            "at => tell([at.coords.latitude, at.coords.longitude]), () => tell(null), {timeout: 8000}))",
            timeout=10.0,
        )
        if found is None:
            ui.notify(desk.say("This device does not say where it is. Type it instead."), type="warning")
            return
        where.value = f"{found[0]:.6f}, {found[1]:.6f}"
        look()

    async def keep() -> None:
        spot = _spot(told.where)
        if not told.name.strip():
            name.props(f'error error-message="{desk.say("The shop needs a name.")}"')
            return
        if spot is None:
            where.props(f'error error-message="{desk.say("Two numbers: latitude, longitude.")}"')
            return
        told.spot = spot
        async with desk.trying():
            zone = await ui.run_javascript(
                "return Intl.DateTimeFormat().resolvedOptions().timeZone", timeout=3.0
            )
            told.time_zone = str(zone or told.time_zone)
            told.shop = _id_of(told.name)
            await desk.api.put("/v1/zones", _circle(told.shop, told.name.strip(), spot, told.time_zone))
            await go(1)

    with ui.element("div").classes("row-of"):
        _next(desk, keep)
        ui.button(desk.say("Where this device is"), icon="my_location", on_click=here).props(
            "outline no-caps"
        )


async def _place(desk: Desk, told: _Told, go: Go) -> None:
    ui.html(f"<h2>{desk.say('Is there a place inside that deserves its own offers?')}</h2>", sanitize=False)
    ui.label(
        desk.say("A department, a shelf, the till. A gateway there tells who stands before it.")
    ).classes("soft")
    ui.input(desk.say("Name of the place")).props("outlined").bind_value(told, "place")

    async def on() -> None:
        await go(2 if told.place.strip() else 3)

    with ui.element("div").classes("row-of"):
        _next(desk, on)
        ui.button(desk.say("Not yet"), on_click=lambda: go(3)).props("flat no-caps")


async def _gateway(desk: Desk, told: _Told, go: Go) -> None:
    ui.html(f"<h2>{desk.say('The gateway that hears who is there')}</h2>", sanitize=False)
    ui.label(desk.say("A small Linux box with Bluetooth. It gets a token that is shown this once.")).classes(
        "soft"
    )
    told.gateway = told.gateway or told.place
    ui.input(desk.say("Name of the gateway")).props("outlined").bind_value(told, "gateway")
    shown = ui.element("div").classes("stack")

    async def make() -> None:
        async with desk.trying():
            anchor = _id_of(told.gateway)
            body = {
                "id": anchor,
                "name": told.gateway.strip(),
                "anchor": {"id": anchor, "name": told.gateway.strip(), "site": told.shop},
            }
            made = await desk.api.post("/v1/gateways", body)
            place = {
                "type": "Feature",
                "id": _id_of(told.place),
                "geometry": None,
                "properties": {
                    "id": _id_of(told.place),
                    "name": told.place.strip(),
                    "level": "zone",
                    "parent": told.shop,
                    "anchors": [anchor],
                },
            }
            await desk.api.put("/v1/zones", place)
            make_button.disable()
            with shown:
                ui.label(desk.say("On the gateway, set these and start soglia-scanner run:"))
                ui.code(
                    f"SOGLIA_SCANNER_SERVER__TOKEN={made['token']}\nsoglia-scanner run", language="bash"
                ).classes("w-full")
                _next(desk, lambda: go(3))

    with ui.element("div").classes("row-of"):
        make_button = ui.button(desk.say("Make it"), icon="router", on_click=make).props("no-caps unelevated")
        ui.button(desk.say("Not yet"), on_click=lambda: go(3)).props("flat no-caps")


async def _offer(desk: Desk, told: _Told, go: Go) -> None:
    ui.html(f"<h2>{desk.say('What do you say to whoever walks in?')}</h2>", sanitize=False)
    screen: PhoneScreen
    with ui.element("div").classes("wide-and-narrow"):
        with ui.element("div").classes("stack"):
            title = ui.input(desk.say("Title"), on_change=lambda: screen.draft(told.title, told.body))
            title.props("outlined").bind_value(told, "title")
            text = ui.textarea(desk.say("Text"), on_change=lambda: screen.draft(told.title, told.body))
            text.props("outlined autogrow").bind_value(told, "body")
        screen = PhoneScreen(desk)

    async def keep() -> None:
        if not told.title.strip() or not told.body.strip():
            title.props(f'error error-message="{desk.say("An offer needs a title and a text.")}"')
            return
        async with desk.trying():
            await desk.api.put(f"/v1/campaigns/{_id_of(told.name)}-welcome", _campaign(desk, told))
            await go(4)

    with ui.element("div").classes("row-of"):
        _next(desk, keep)


async def _trial(desk: Desk, told: _Told) -> None:
    ui.html(f"<h2>{desk.say('Walk in')}</h2>", sanitize=False)
    ui.label(
        desk.say(
            "This screen plays a phone with your app: it registers, agrees, and comes to your shop. What follows is real."
        )
    ).classes("soft")
    with ui.element("div").classes("wide-and-narrow"):
        said = ui.element("div").classes("stack").props("aria-live=polite")
        screen = PhoneScreen(desk)

    def tell(text: str, good: str = "") -> None:
        with said:
            ui.label(text).classes(good)

    async def arrived(_: Any) -> None:
        tell(desk.say("There it is: your first push."), "lead good")
        if told.phone is not None:
            async with desk.trying():
                await told.phone.forgotten()
                told.phone = None
                tell(desk.say("The trial phone is forgotten again. Counts of it stay."), "soft")
        with said:
            ui.link(desk.say("See the campaign"), f"/campaigns/{_id_of(told.name)}-welcome")
            ui.link(desk.say("See what happens now"), "/")

    screen.on("arrived", arrived)

    async def walk() -> None:
        walk_button.disable()
        async with desk.trying():
            told.phone = await TrialPhone.met(desk.api, desk.say("Trial phone"), _CONSENT_VERSION)
            tell(desk.say("The phone is registered and has agreed."))
            screen.listen(told.phone.token)

    looks = 0

    async def look() -> None:
        nonlocal looks
        looks += 1
        if told.phone is None or looks > _LOOKS:
            looking.deactivate()
            return
        async with desk.trying():
            await told.phone.stands_at(*told.spot)
            tell(desk.say("It says: I am at the shop."))

    looking = ui.timer(_LOOKS_AGAIN_S, look, active=False)
    screen.on("listening", looking.activate)
    with ui.element("div").classes("row-of"):
        walk_button = ui.button(desk.say("Walk in"), icon="directions_walk", on_click=walk).props(
            "no-caps unelevated"
        )


def _next(desk: Desk, on: Callable[[], Awaitable[None]]) -> None:
    ui.button(desk.say("Next"), on_click=on).props("no-caps unelevated")


def _spot(text: str) -> tuple[float, float] | None:
    """Latitude and longitude as maps copy them: `45.4722, 9.1871`."""
    parts = text.replace(";", ",").replace("°", "").split(",")
    try:
        lat, lon = (float(part) for part in parts)
    except ValueError:
        return None
    return (lat, lon) if abs(lat) <= 85 and abs(lon) <= 180 else None


def _id_of(name: str) -> str:
    """An id that people can read, from a name: `passo-lieve`."""
    kept = "".join(
        letter if letter.isascii() and letter.isalnum() else "-" for letter in name.strip().lower()
    )
    return "-".join(part for part in kept.split("-") if part)[:40] or "shop"


def _circle(id: str, name: str, spot: tuple[float, float], time_zone: str | None = None) -> dict[str, Any]:
    properties: dict[str, Any] = {"id": id, "name": name, "level": "site", "radius": _RADIUS_M}
    if time_zone is not None:
        properties["time_zone"] = time_zone
    geometry = {"type": "Point", "coordinates": [spot[1], spot[0]]}
    return {"type": "Feature", "id": id, "geometry": geometry, "properties": properties}


def _campaign(desk: Desk, told: _Told) -> dict[str, Any]:
    """Speaks to whoever comes in, at most once a day: through the app, where its push is set up, else while it is open."""
    return {
        "id": f"{_id_of(told.name)}-welcome",
        "name": desk.say("Welcome to {shop}", shop=told.name.strip()),
        "state": "live",
        "trigger": {"on": "entered", "where": {"zones": [told.shop]}},
        "conditions": [{"kind": "frequency_cap", "at_most": 1, "window": "1d"}],
        "channels": ["fcm", "live"],
        "offer": {
            "title": {desk.language: told.title.strip()},
            "body": {desk.language: told.body.strip()},
            "life_s": 3600,
        },
    }


PAGES = (Page("/start", later("First steps"), show, roles=frozenset({"owner"})),)
