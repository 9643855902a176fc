"""The till: type or scan a code, read the answer, use it, take it back. For one hand on a phone, for a keyboard, for a hand scanner.

A scanner types a code and Enter, as fingers do. Enter again on the same code uses it, once somebody can have read the answer.
"""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from nicegui import ui

from server.web.console.api import Refused
from server.web.console.desk import Desk
from server.web.console.languages import later
from server.web.console.page import Page
from server.web.console.scan import Scan
from server.web.console.till_answer import Answer, capital, money, needs_amount

#: Where this browser stands: remembered there.
TILL, SHOP = "soglia_till", "soglia_till_shop"
_YEAR_S: Final = 365 * 86_400

#: A mistake is seen within this; what is older is for the shop's own books.
UNDO_WITHIN: Final = timedelta(minutes=10)
#: A scanner that reads twice does so within this: it must not use what nobody has looked at.
READ_S: Final = 1.2
LAST: Final = 10


class _Till:
    """One open page."""

    def __init__(self, desk: Desk, shops: list[dict[str, Any]]) -> None:
        self.desk = desk
        self.shops = {shop["id"]: shop for shop in shops}
        cookies = ui.context.client.request.cookies
        remembered = unquote(cookies.get(SHOP, ""))
        only = next(iter(self.shops)) if len(self.shops) == 1 else None
        self.shop: str | None = remembered if remembered in self.shops else only
        self.name = unquote(cookies.get(TILL, ""))
        self.looked_at = ("", 0.0)
        self.busy = False

    @property
    def clock(self) -> str:
        return (self.shops.get(self.shop or "") or {}).get("time_zone") or "UTC"

    # -- where

    def draw(self) -> None:
        with ui.element("div").classes("till"):
            self.where = ui.element("div").classes("row-of")
            with ui.element("section").classes("card") as self.desk_of_codes:
                self.code = (
                    ui.input(self.desk.say("Code"))
                    .classes("till-code")
                    .props(
                        "outlined autofocus autocomplete=off autocapitalize=characters spellcheck=false enterkeyhint=next"
                    )
                )
                self.code.on("keydown.enter", self.enter)
                with ui.element("div").classes("row-of"):
                    ui.button(self.desk.say("Look"), on_click=self.look).classes("till-act").props(
                        "unelevated"
                    )
                    Scan(self.desk).on("code", lambda event: self.scanned(str(event.args)))
            self.panel = ui.element("div").props("aria-live=assertive").classes("stack")
            self.list = ui.element("section").classes("stack")
        self.draw_where()

    def draw_where(self) -> None:
        self.where.clear()
        with self.where:
            self.desk_of_codes.set_visibility(self.shop is not None and bool(self.name))
            if self.shop is None or not self.name:
                self.ask_where()
                return
            ui.icon("point_of_sale").props("aria-hidden=true")
            ui.label(self.desk.say("Till {till}, {shop}", till=self.name, shop=self.shops[self.shop]["name"]))
            ui.element("div").classes("gap")
            ui.button(self.desk.say("Change"), on_click=self.ask_again).props("flat")

    def ask_again(self) -> None:
        self.where.clear()
        with self.where:
            self.ask_where()

    def ask_where(self) -> None:
        """A small form; this browser keeps what is said."""
        with ui.element("section").classes("card till-where"):
            ui.label(self.desk.say("Where does this till stand?")).classes("lead")
            names = {site: shop["name"] for site, shop in self.shops.items()}
            shop = ui.select(names, label=self.desk.say("Shop"), value=self.shop).props("outlined")
            name = ui.input(self.desk.say("Name or number of the till"), value=self.name).props(
                "outlined autocomplete=off maxlength=60"
            )

            async def keep() -> None:
                if shop.value is None or not (name.value or "").strip():
                    ui.notify(self.desk.say("Choose the shop and name the till."), type="warning")
                    return
                self.shop, self.name = shop.value, name.value.strip()
                _remember(SHOP, self.shop)
                _remember(TILL, self.name)
                self.draw_where()
                self.ready()
                await self.refresh()

            name.on("keydown.enter", keep)
            ui.button(self.desk.say("Keep"), on_click=keep).props("unelevated").classes("till-act")

    # -- looking

    async def scanned(self, code: str) -> None:
        self.code.value = code
        await self.look()

    async def enter(self) -> None:
        code, at = self.looked_at
        if self.typed() and self.typed() == code:
            if time.monotonic() - at >= READ_S:
                await self.use()
            return
        await self.look()

    def typed(self) -> str:
        return (self.code.value or "").strip()

    async def look(self) -> None:
        """What the code would do. Nothing is used yet."""
        if self.busy:
            return
        if not self.typed():
            self.code.run_method("focus")
            return
        self.answer = Answer(self.desk, self.clock, self.typed(), self.use, self.look_again)
        await self.look_again()

    async def look_again(self) -> None:
        self.looked_at = ("", 0.0)
        said = await self.ask({"dry": True})
        if isinstance(said, Refused):
            self.show_no(said)
            return
        if said is not None:
            self.looked_at = (self.answer.code, time.monotonic())
            with self.cleared():
                self.answer.draw(said)
            if not self.answer.waits_for_amount:
                self.code.run_method("select")

    async def use(self) -> None:
        said = await self.ask({})
        if isinstance(said, Refused):
            self.show_no(said)
            return
        if said is not None:
            with self.cleared():
                self.answer.done(said)
            self.code.value = ""
            self.ready()
            await self.refresh()

    async def ask(self, more: dict[str, Any]) -> Any:
        """The API's answer, or its refusal; None where there is nothing to do: an impatient finger, a session that ended."""
        if self.busy:
            return None
        self.busy = True
        try:
            body = {"code": self.answer.code, "shop": self.shop, "till": self.name}
            return await self.desk.api.post("/v1/redemptions", body | self.answer.said() | more)
        except Refused as refused:
            if refused.status == 401:
                ui.navigate.to(f"/login?next={self.desk.path}")
                return None
            return refused
        finally:
            self.busy = False

    def show_no(self, refused: Refused) -> None:
        self.looked_at = ("", 0.0)
        with self.cleared():
            if needs_amount(refused) and "amount" not in self.answer.said():
                self.answer.ask_amount(capital(refused.detail))
                return
            self.answer.no(refused)
        self.code.run_method("select")

    def cleared(self) -> ui.element:
        self.panel.clear()
        return self.panel

    def ready(self) -> None:
        self.looked_at = ("", 0.0)
        self.code.run_method("focus")

    # -- what was done

    async def refresh(self) -> None:
        """The last of this till today."""
        self.list.clear()
        if self.shop is None or not self.name:
            return
        now = datetime.now(UTC)
        today = now.astimezone(ZoneInfo(self.clock)).replace(hour=0, minute=0, second=0, microsecond=0)
        asked = {"till": self.name, "shop": self.shop, "since": today.isoformat(), "limit": LAST}
        async with self.desk.trying():
            uses = (await self.desk.api.get("/v1/redemptions", **asked))["redemptions"]
            with self.list:
                ui.html(f"<h2>{self.desk.say('Today at this till')}</h2>", sanitize=False)
                if not uses:
                    ui.label(
                        self.desk.say("Nothing yet. What is used here will stand in this list.")
                    ).classes("soft")
                for use in uses:
                    self.draw_use(use, now)

    def draw_use(self, use: dict[str, Any], now: datetime) -> None:
        at = datetime.fromisoformat(use["at"])
        back = use["taken_back_at"]
        with ui.element("div").classes("till-use card"):
            with ui.element("div").classes("stack"):
                ui.label(what_of(self.desk, use)).classes("lead" + (" till-void" if back else ""))
                facts = [f"{at.astimezone(ZoneInfo(self.clock)):%H:%M}", use["code"] or ""]
                ui.label(" · ".join(fact for fact in facts if fact)).classes("soft small mono")
            ui.element("div").classes("gap")
            if back:
                ui.label(self.desk.say("Taken back")).classes("tag warn")
            elif now - at <= UNDO_WITHIN:
                ui.button(
                    self.desk.say("Undo"), icon="undo", on_click=lambda: self.take_back(use["redemption"])
                ).props(f'flat aria-label="{self.desk.say("Undo")} {use["code"] or ""}"')

    async def take_back(self, redemption: str) -> None:
        async with self.desk.trying(self.desk.say("Taken back: it may be used again.")):
            await self.desk.api.post("/v1/redemptions/rollback", {"redemption": redemption})
            with self.cleared():
                self.answer_of_undo()
        self.ready()
        await self.refresh()

    def answer_of_undo(self) -> None:
        with ui.element("div").classes("till-answer warn"):
            ui.label(self.desk.say("Taken back")).classes("till-big")
            ui.label(self.desk.say("Taken back: it may be used again."))


def what_of(desk: Desk, use: dict[str, Any]) -> str:
    """What was given, on one line."""
    name = use["name"] or desk.say("An offer")
    return f"{name}, {money(desk, use['spent'], use['currency'])}" if use["spent"] else str(name)


def _remember(name: str, value: str) -> None:
    cookie = f"{name}={quote(value, safe='')}; path=/till; max-age={_YEAR_S}; samesite=lax"
    ui.run_javascript(
        f"document.cookie = {json.dumps(cookie)} + (location.protocol === 'https:' ? '; secure' : '')"
    )


async def show(desk: Desk) -> None:
    shops = (await desk.api.get("/v1/till/shops"))["shops"]
    if not shops:
        with ui.element("div").classes("empty"):
            ui.icon("storefront").props("aria-hidden=true")
            ui.label(desk.say("There is no shop yet.")).classes("lead")
            ui.label(desk.say("Somebody who may draw zones makes one first; then codes can be used in it."))
        return
    till = _Till(desk, shops)
    till.draw()
    await till.refresh()


PAGES = (
    Page(
        "/till",
        later("Till"),
        show,
        roles=frozenset({"owner", "manager", "cashier"}),
        menu=80,
        icon="point_of_sale",
    ),
)
