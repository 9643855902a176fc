"""All that passed between the shop and one shopper, newest first, page by page.

In: `/v1/shoppers/{id}/touchpoints`. Out: lines; a silence leads to its why.
"""

from collections.abc import Mapping
from html import escape
from typing import Any, Final

from nicegui import ui

from server.web.console.desk import Desk
from server.web.console.languages import later
from server.web.console.shop_names import ShopNames
from server.web.console.why_answer import capital, why_link
from server.web.console.why_words import PURPOSES, STATES, VERDICTS, because, word

#: So many lines at a time.
_PAGE: Final = 30

Shown = Mapping[str, Any]

_ICONS: Final = {
    "visit": "directions_walk",
    "decision": "volume_off",
    "offer": "local_offer",
    "receipt": "smartphone",
    "claim": "confirmation_number",
    "redemption": "redeem",
    "purchase": "shopping_bag",
    "refund": "undo",
    "reply": "chat",
    "consent": "verified_user",
}
_RECEIPTS: Final = {
    "shown": later("Saw “{offer}”"),
    "opened": later("Opened “{offer}”"),
    "dismissed": later("Swiped “{offer}” away"),
}
_REPLIES: Final = {
    "book_appointment": later("Asked for an appointment"),
    "ask_assistance": later("Called for assistance"),
    "give_feedback": later("Said how it was"),
}


async def timeline(desk: Desk, names: ShopNames, shopper: str) -> None:
    with ui.element("section").classes("card"):
        ui.html(f"<h2>{escape(desk.say('Timeline'))}</h2>", sanitize=False)
        lines = ui.element("ul").classes("lines timeline").props("aria-live=polite")
        cursor: list[str | None] = [None]

        async def more() -> None:
            async with desk.trying():
                page = await desk.api.get(
                    f"/v1/shoppers/{shopper}/touchpoints",
                    cursor=cursor[0],
                    limit=_PAGE,
                    language=desk.language,
                )
                with lines:
                    for each in page["touchpoints"]:
                        _line(desk, names, shopper, each)
                cursor[0] = page["next"]
                older.set_visibility(cursor[0] is not None)
                if not page["touchpoints"] and not len(lines.default_slot.children):
                    with lines:
                        ui.html(
                            f"<li>{escape(desk.say('Nothing has happened with them yet.'))}</li>",
                            sanitize=False,
                        )

        older = (
            ui.button(desk.say("Older"), icon="expand_more", on_click=more).props("outline").classes("start")
        )
        await more()


def _line(desk: Desk, names: ShopNames, shopper: str, each: Shown) -> None:
    at = desk.when(each["at"], names.clock(each["zone"]))
    link = ""
    if each["campaign"] and each["kind"] in {"decision", "offer"}:
        # A little after: an offer is written when its decision is, and the question is what was decided until then.
        href = escape(why_link(shopper, each["campaign"], each["at"]), quote=True)
        told = escape(desk.say("Why? {at}", at=at), quote=True)
        link = f'<a class="link-button underlined" href="{href}" aria-label="{told}">{escape(desk.say("Why?"))}</a>'
    place = f" · {escape(names.zone(each['zone']))}" if each["zone"] else ""
    with ui.element("li"):
        ui.icon(_ICONS.get(each["kind"], "circle")).classes("soft").props("aria-hidden=true")
        ui.html(
            f'<span class="soft small">{escape(at)}{place}</span><br>{escape(_told(desk, names, each))}',
            sanitize=False,
        ).classes("said")
        if link:
            ui.html(link, sanitize=False)


def _told(desk: Desk, names: ShopNames, each: Shown) -> str:
    """One touchpoint in words."""
    state = each["state"]
    offer = each["words"] or names.campaign(each["campaign"])
    match each["kind"]:
        case "visit":
            said = _visit(desk, names, each)
        case "decision":
            why = capital(because(each["reasons"]))
            said = f"{names.campaign(each['campaign'])} · {word(desk, VERDICTS, state)}: {why}"
        case "offer":
            said = desk.say("Offer “{offer}”: {state}", offer=offer, state=word(desk, STATES, state))
        case "receipt":
            said = word(desk, _RECEIPTS, state).format(offer=offer)
        case "claim":
            said = desk.say("Took the code of “{offer}”", offer=offer)
        case "consent":
            text = later("Agreed: {purpose}") if state == "granted" else later("Said no: {purpose}")
            said = desk.say(text, purpose=word(desk, PURPOSES, each["words"]))
        case "reply":
            said = ": ".join(filter(None, (word(desk, _REPLIES, state), each["words"])))
        case _:
            said = _at_the_till(desk, offer, each)
    return said


def _visit(desk: Desk, names: ShopNames, each: Shown) -> str:
    zone = names.zone(each["zone"])
    if each["until"] is None:
        return desk.say("Came into {zone} and is there", zone=zone)
    return desk.say(
        "Was in {zone} until {at}", zone=zone, at=desk.when(each["until"], names.clock(each["zone"]))
    )


def _at_the_till(desk: Desk, offer: str, each: Shown) -> str:
    amount = ""
    if each["amount"] is not None:
        amount = (
            desk.money(each["amount"], each["currency"])
            if each["currency"]
            else desk.number(each["amount"], 2)
        )
    if each["kind"] == "redemption":
        told = desk.say("Used “{offer}” at the till", offer=offer)
        if each["state"]:
            told = desk.say("Used “{offer}” at the till; it does not count", offer=offer)
        return f"{told} · {amount}" if amount else told
    if each["kind"] == "refund":
        return desk.say("Got {amount} back", amount=amount)
    return desk.say("Bought for {amount}", amount=amount)
