"""Coupons: what a code gives, how many were given out, and a form for each.

In: a desk. Out: the page. What the form does not know of a coupon stays as it is.
"""

from copy import deepcopy
from typing import Any, Final

from nicegui import ui

from server.web.console import fields
from server.web.console.api import Refused
from server.web.console.desk import Desk, told
from server.web.console.fields import Sheet, quoted
from server.web.console.languages import later

_CODES: Final = {
    "generated": later("made one by one for each shopper"),
    "pool": later("your own codes, from a list"),
    "shared": later("one code for all"),
}


async def draw_coupons(desk: Desk) -> None:
    """The list, with a form in a dialog."""
    listed = await desk.api.all("/v1/coupons", "coupons")
    may = desk.may("owner", "marketer")
    with ui.element("div").classes("row-of"):
        ui.link(desk.say("All campaigns"), "/campaigns").classes("small")
        ui.element("div").classes("gap")
        if may:
            ui.button(desk.say("New coupon"), icon="add", on_click=lambda: _form(desk, None)).props(
                "unelevated no-caps"
            )
    if not listed:
        with ui.element("div").classes("empty"):
            ui.icon("confirmation_number").props("aria-hidden=true")
            ui.label(desk.say("There is no coupon yet.")).classes("lead")
            ui.label(
                desk.say("A coupon gives shoppers a code for the till. Campaigns offer it by their button.")
            ).classes("soft")
        return
    scrolls = ui.element("div").classes("scrolls card")
    scrolls.props(f"tabindex=0 role=region aria-label={quoted(desk.say('Coupons'))}")
    with scrolls, ui.element("table").classes("plain"):
        with ui.element("thead"), ui.element("tr"):
            for name in (
                desk.say("Coupon"),
                desk.say("Codes"),
                desk.say("Given out"),
                desk.say("Holds until"),
            ):
                with ui.element("th").props("scope=col"):
                    ui.label(name)
        with ui.element("tbody"):
            for each in listed:
                _row(desk, each, may=may)


def _row(desk: Desk, shown: dict[str, Any], *, may: bool) -> None:
    coupon = shown["coupon"]
    stock = coupon.get("stock")
    given = desk.number(shown["issued"])
    with ui.element("tr"):
        with ui.element("td"):
            if may:
                ui.button(coupon["name"], on_click=lambda: _form(desk, coupon)).props("flat dense no-caps")
            else:
                ui.label(coupon["name"])
        for text in (
            desk.say(_CODES[coupon["codes"]]) + (f" ({coupon['code']})" if coupon.get("code") else ""),
            desk.say("{given} of {stock}", given=given, stock=desk.number(stock))
            if stock is not None
            else given,
            desk.when(coupon["ends_at"]) if coupon.get("ends_at") else "—",
        ):
            with ui.element("td"):
                ui.label(text)


def _form(desk: Desk, kept: dict[str, Any] | None) -> None:
    document = deepcopy(kept) if kept else {"id": "", "name": "", "codes": "generated"}
    sheet = Sheet(desk, True, lambda: None)
    with ui.dialog() as dialog, ui.card().classes("ask"):
        ui.label(desk.say("Coupon") if kept else desk.say("New coupon")).classes("lead")
        if kept is None:
            fields.text(sheet, document, "id", desk.say("Short name, for the till (no spaces)"))
        fields.text(sheet, document, "name", desk.say("Name"))
        choices = {kind: desk.say(said) for kind, said in _CODES.items()}
        fields.choice(sheet, document, "codes", desk.say("Codes"), choices)
        fields.text(sheet, document, "code", desk.say("The code, where it is one for all"))
        with ui.element("div").classes("row-of form-row"):
            fields.number(sheet, document, "stock", desk.say("How many in all"), whole=True)
            fields.number(sheet, document, "per_person", desk.say("For each shopper"), whole=True, default=1)
            fields.number(sheet, document, "worth", desk.say("Worth"))
            fields.number(sheet, document, "minimum", desk.say("From a purchase of"))
            fields.text(sheet, document, "currency", desk.say("Currency (EUR)"))
        with ui.element("div").classes("row-of form-row"):
            fields.instant(sheet, document, "starts_at", desk.say("Holds from (UTC)"), "UTC")
            fields.instant(sheet, document, "ends_at", desk.say("Holds until (UTC)"), "UTC")
        wrong = ui.element("div").classes("stack").props("role=alert")
        sheet.faulty(document, "", fields.below())

        async def save() -> None:
            wrong.clear()
            try:
                await desk.api.put(f"/v1/coupons/{document.get('id') or 'unnamed'}", document)
            except Refused as refused:
                with wrong:
                    for fault in sheet.show(document, refused.faults):
                        ui.label(fault.reason).classes("fault")
                    if not refused.faults:
                        ui.label(told(refused)).classes("fault")
                return
            dialog.close()
            ui.navigate.to("/campaigns/coupons")

        with ui.element("div").classes("row-of"):
            ui.button(desk.say("Save"), on_click=save).props("unelevated no-caps")
            ui.button(desk.say("Cancel"), on_click=dialog.close).props("flat no-caps")
    dialog.open()
