"""Trying a campaign before shoppers meet it: a dry run over the last days as a picture, and a test on one's own phone.

In: a campaign's work; what is tried is what was saved. Out: bars of what would have been sent and what was held back by what, examples;
what each channel answered to a test.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import segno
from nicegui import ui

from server.web.console.campaign_work import Work
from server.web.console.fields import icon_button, quoted
from server.web.console.languages import later

#: Examples that are shown: enough to recognise the shop's life.
_EXAMPLES: Final = 8

_GATES: Final = {
    "send": later("Would have been sent"),
    "hold_out": later("Held out"),
    "hold": later("Waiting for the hour"),
}


def draw_trial(work: Work, ran: Callable[[Mapping[str, Any]], None]) -> None:
    """Both ways of trying. `ran` hears what a dry run found."""
    if work.id is None:
        ui.label(work.desk.say("Save the campaign first: then it can be tried.")).classes("soft")
        return
    with ui.element("section").classes("card"):
        _dry_run(work, ran)
    with ui.element("section").classes("card"):
        _test(work)


def _dry_run(work: Work, ran: Callable[[Mapping[str, Any]], None]) -> None:
    desk = work.desk
    ui.html(f"<h2>{desk.say('Dry run')}</h2>", sanitize=False)
    ui.label(
        desk.say("Plays the visits of the last days through the campaign as it is saved. Nothing is sent.")
    ).classes("soft")
    days = {
        1: desk.say("Yesterday and today"),
        7: desk.say("The last 7 days"),
        31: desk.say("The last 31 days"),
    }
    with ui.element("div").classes("row-of"):
        chosen = ui.select(days, value=7, label=desk.say("Over")).props("outlined dense").classes("medium")
        button = ui.button(desk.say("Start the dry run"), icon="play_arrow").props("unelevated no-caps")
    place = ui.element("div").classes("stack").props('aria-live="polite"')

    async def start() -> None:
        button.props("loading")
        try:
            async with desk.trying():
                asked = {"days": chosen.value, "show": _EXAMPLES, "language": desk.language}
                found = await desk.api.post(f"/v1/campaigns/{work.id}/dry-run", asked)
                place.clear()
                with place:
                    _found(work, found)
                ran(found)
        finally:
            button.props(remove="loading")

    button.on_click(start)


def _found(work: Work, found: Mapping[str, Any]) -> None:
    desk = work.desk
    sent = found["verdicts"].get("send", 0)
    if not found["visits"]:
        ui.label(desk.say("Nobody was there in these days: there is nothing to play.")).classes("soft")
        return
    said = desk.say_many(
        "{count} offer would have been sent, to {shoppers} shoppers, out of {visits} visits.",
        "{count} offers would have been sent, to {shoppers} shoppers, out of {visits} visits.",
        sent,
        shoppers=desk.number(found["shoppers"]),
        visits=desk.number(found["visits"]),
    )
    ui.label(said).classes("lead")
    _bars(work, found, sent)
    _reasons(work, found["withheld"])
    _examples(work, found["offers"])


def _bars(work: Work, found: Mapping[str, Any], sent: int) -> None:
    desk = work.desk
    bars = [(desk.say(_GATES["send"]), sent, "good")]
    bars += [
        (desk.say(_GATES[verdict]) if verdict in _GATES else verdict, times, "soft")
        for verdict, times in found["verdicts"].items()
        if verdict not in {"send", "withhold"} and times
    ]
    bars += [(_capital(each["name"]), each["times"], "bad") for each in found["withheld"]]
    most = max([times for _, times, _ in bars] + [1])
    with ui.element("div").classes("bars").props(f"role=list aria-label={quoted(desk.say('Dry run'))}"):
        for name, times, manner in bars:
            with ui.element("div").classes("bar-row").props("role=listitem"):
                ui.label(name).classes("bar-name")
                with ui.element("div").classes("bar-space"):
                    ui.element("div").classes(f"bar {manner}").style(f"width: {100 * times / most:.1f}%")
                ui.label(desk.number(times)).classes("bar-count")


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _reasons(work: Work, withheld: Sequence[Mapping[str, Any]]) -> None:
    if not withheld:
        return
    ui.label(work.desk.say("Why it would have been silent, by example")).classes("strong")
    with ui.element("ul").classes("reasons"):
        for each in withheld:
            with ui.element("li"):
                ui.label(f"{_capital(each['name'])}: {each['example']}")


def _examples(work: Work, offers: Sequence[Mapping[str, Any]]) -> None:
    desk = work.desk
    if not offers:
        return
    ui.label(desk.say("The first of them")).classes("strong")
    with ui.element("div").classes("scrolls").props("tabindex=0"), ui.element("table").classes("plain"):
        with ui.element("thead"), ui.element("tr"):
            for name in (desk.say("When"), desk.say("Zone"), desk.say("Title")):
                with ui.element("th").props("scope=col"):
                    ui.label(name)
        with ui.element("tbody"):
            for offer in offers:
                zone = work.around.zone_names.get(offer["zone"], offer["zone"])
                with ui.element("tr"):
                    for text in (desk.when(offer["at"], work.around.clock), zone, offer["title"]):
                        with ui.element("td"):
                            ui.label(text)


# -- on one's own phone


def _test(work: Work) -> None:
    desk = work.desk
    ui.html(f"<h2>{desk.say('On your own phone')}</h2>", sanitize=False)
    ui.label(
        desk.say(
            "Sends the campaign as it is saved to a tester's phone, marked as a test. It counts nowhere."
        )
    ).classes("soft")
    place = ui.element("div").classes("stack")
    answers = ui.element("div").classes("stack").props('aria-live="polite"')
    dialogs = ui.element("div")  # outside of what is drawn anew

    async def fill() -> None:
        listed = (await desk.api.get("/v1/testers"))["testers"]
        place.clear()
        with place:
            for tester in listed:
                _tester(work, tester, answers, fill)
            if work.sheet.editable:
                name = ui.input(desk.say("Whose phone")).props("outlined dense stack-label").classes("medium")
                button = ui.button(desk.say("Invite a phone"), icon="qr_code_2")
                button.props("outline no-caps").classes("start")
                button.on_click(lambda: _invite(work, name.value or desk.who.name, dialogs, fill))

    ui.timer(0.05, fill, once=True)


def _tester(work: Work, tester: Mapping[str, Any], answers: ui.element, again: Any) -> None:
    desk = work.desk

    async def send() -> None:
        async with desk.trying():
            sent = await desk.api.post(f"/v1/campaigns/{work.id}/test-send", {"tester": tester["id"]})
            answers.clear()
            with answers:
                for each in sent["tries"]:
                    good = each["outcome"] == "sent"
                    said = (
                        desk.say("{channel}: sent", channel=each["channel"])
                        if good
                        else (f"{each['channel']}: {each['why'] or each['outcome']}")
                    )
                    ui.label(said).classes("good" if good else "bad")

    async def remove() -> None:
        async with desk.trying(desk.say("Removed.")):
            await desk.api.delete(f"/v1/testers/{tester['id']}")
            await again()

    with ui.element("div").classes("row-of"):
        ui.icon("smartphone").props("aria-hidden=true")
        ui.label(tester["name"])
        if tester["device"] is None:
            ui.label(desk.say("invited, has not joined yet")).classes("soft small")
        elif work.sheet.editable:
            ui.button(desk.say("Send a test"), icon="send", on_click=send).props("outline no-caps dense")
        if work.sheet.editable:
            icon_button("close", desk.say("Remove"), remove)


async def _invite(work: Work, name: str, dialogs: ui.element, again: Any) -> None:
    desk = work.desk
    async with desk.trying():
        invitation = await desk.api.post("/v1/testers", {"name": name})
        with dialogs, ui.dialog() as dialog, ui.card().classes("ask"):
            ui.label(desk.say("Let the phone read this")).classes("lead")
            ui.label(
                desk.say(
                    'In the shop\'s app, open "Become a tester" and read the code. It holds for a quarter of an hour, for one phone.'
                )
            ).classes("soft")
            qr = segno.make(invitation["code"], error="m").svg_inline(scale=5, border=2, light="white")
            ui.html(f'<div class="qr">{qr}</div>', sanitize=False)
            ui.label(invitation["code"]).classes("mono")
            ui.button(desk.say("Done"), on_click=dialog.close).props("unelevated")
        dialog.on("hide", again)
        dialog.open()
