"""Where a shopper stands with each live campaign: whether they would get it now, and how far the caps have counted.

In: `/v1/decisions/why` for each live campaign, asked only when somebody opens it. Out: a table.
"""

from collections.abc import Mapping
from html import escape
from typing import Any, Final

from nicegui import ui

from server.web.console.desk import Desk
from server.web.console.languages import later
from server.web.console.shop_names import ShopNames
from server.web.console.why_answer import capital, why_link
from server.web.console.why_words import because

#: Each campaign is a question of its own: more than these somebody asks one by one.
_MOST: Final = 25

Shown = Mapping[str, Any]


def caps(desk: Desk, names: ShopNames, shopper: str) -> None:
    live = [id for id, each in names.campaigns.items() if each.get("state") == "live"][:_MOST]  # noqa: A001
    with ui.element("section").classes("card"):
        ui.html(f"<h2>{escape(desk.say('What they would get now'))}</h2>", sanitize=False)
        if not live:
            ui.label(desk.say("No campaign is live.")).classes("soft")
            return
        ui.label(
            desk.say("Each live campaign, with what stands against it and how far its caps have counted.")
        ).classes("soft")
        place = ui.element("div").classes("stack")

        async def look() -> None:
            button.props("loading")
            async with desk.trying():
                said = [(each, await _asked(desk, shopper, each)) for each in live]
                with place:
                    _table(desk, names, shopper, said)
                button.set_visibility(False)
            button.props(remove="loading")

        button = ui.button(desk.say("Look now"), icon="rule", on_click=look).props("outline").classes("start")


async def _asked(desk: Desk, shopper: str, campaign: str) -> Shown:
    said: Shown = await desk.api.get(
        "/v1/decisions/why", shopper=shopper, campaign=campaign, language=desk.language
    )
    return said


def _table(desk: Desk, names: ShopNames, shopper: str, said: list[tuple[str, Shown]]) -> None:
    head = "".join(
        f'<th scope="col">{escape(desk.say(each))}</th>'
        for each in (later("Campaign"), later("Now"), later("Counted"))
    )
    rows = "".join(
        f'<tr><td><a href="{escape(why_link(shopper, campaign), quote=True)}">{escape(names.campaign(campaign))}</a></td>'
        f"<td>{escape(_now(desk, each))}</td><td>{escape(_tallies(each))}</td></tr>"
        for campaign, each in said
    )
    ui.html(
        f'<div class="scrolls" tabindex="0"><table class="plain"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>',
        sanitize=False,
    )


def _now(desk: Desk, said: Shown) -> str:
    now = said["now"]
    if now is None:
        return capital(said["nowhere"] or "")
    if now["verdict"] == "send":
        return desk.say("Would get it")
    return capital(because(now["reasons"]))


def _tallies(said: Shown) -> str:
    return "; ".join(
        capital(look["tally"]) for look in (said["now"] or {"looks": ()})["looks"] if look["tally"]
    )
