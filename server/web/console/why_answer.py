"""The answer to "why?" for one shopper and one campaign: the sentence, the gates in order, the offer, the visit, and what it would take now.

In: what `/v1/decisions/why` says, and the stories of the decision and its visit. Out: elements.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from html import escape
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from nicegui import ui

from server.web.console.api import Refused
from server.web.console.desk import Desk
from server.web.console.languages import later
from server.web.console.shop_names import ShopNames
from server.web.console.why_words import (
    CHANNELS,
    EVENTS,
    PURPOSES,
    STATES,
    VERDICT_TAGS,
    VERDICTS,
    sentence,
    supposed,
    word,
)

Shown = Mapping[str, Any]

#: How a gate looks: its sign, its colour, and what a reader without eyes hears.
_SIGNS: Final = {
    True: ("check_circle", "good", later("passed")),
    False: ("block", "bad", later("objected")),
    None: ("remove_circle_outline", "soft", later("not looked at")),
}

_RECEIPTS: Final = {
    "shown": later("saw it"),
    "opened": later("opened it"),
    "dismissed": later("swiped it away"),
}


async def answer(
    desk: Desk, names: ShopNames, name: str, shopper: str, campaign: str, at: str | None
) -> None:
    """Asks and draws. Raises Refused where there is no such shopper or campaign."""
    said = await desk.api.get(
        "/v1/decisions/why", shopper=shopper, campaign=campaign, at=at, language=desk.language
    )
    decided = said["decided"]
    story = await _story(desk, decided)
    _headline(desk, names, name, said, story)
    with ui.element("div").classes("wide-and-narrow"):
        with ui.element("div").classes("stack wide-gap"):
            if decided:
                _gates(desk, names, decided)
            if said["now"] or said["nowhere"]:
                _now(desk, names, name, said)
        with ui.element("div").classes("stack wide-gap"):
            if story and story["offer"]:
                _offer(desk, names.clock(decided["zone"]), story["offer"])
            if decided:
                _seen(desk, decided, names.clock(decided["zone"]))
                await _visit(desk, decided["visit"])


async def _story(desk: Desk, decided: Shown | None) -> Shown | None:
    if decided is None:
        return None
    with suppress(Refused):  # it was forgotten a moment ago
        story: Shown = await desk.api.get(f"/v1/decisions/{decided['id']}", language=desk.language)
        return story
    return None


def _headline(desk: Desk, names: ShopNames, name: str, said: Shown, story: Shown | None) -> None:
    decided = said["decided"]
    with ui.element("section").classes("card verdict").props("role=status aria-live=polite"):
        with ui.element("div").classes("row-of"):
            ui.label(names.campaign(said["campaign"])).classes("strong")
            if decided:
                verdict = decided["verdict"]
                ui.label(word(desk, VERDICTS, verdict)).classes(f"tag {VERDICT_TAGS.get(verdict, '')}")
        ui.html(
            f"<h2>{escape(sentence(desk, name, decided, story and story['offer']))}</h2>", sanitize=False
        ).classes("sentence")
        if not decided:
            ui.label(
                desk.say("A campaign decides when somebody comes into, stays in or leaves one of its zones.")
            ).classes("soft")
            return
        clock = names.clock(decided["zone"])
        event = word(desk, EVENTS, decided["event"]).format(zone=names.zone(decided["zone"]))
        facts = [f"{desk.when(decided['happened_at'], clock)}: {event}"]
        if decided["due_at"]:
            facts.append(desk.say("looks again on {at}", at=desk.when(decided["due_at"], clock)))
        if decided["variant"]:
            facts.append(desk.say("variant {variant}", variant=decided["variant"]))
        if decided["step"]:
            facts.append(desk.say("follow-up {number}", number=decided["step"]))
        if decided["campaign_version"] != said["version"]:
            text = desk.say(
                "decided by version {old}; the campaign is at version {new} now",
                old=decided["campaign_version"],
                new=said["version"],
            )
            facts.append(text)
        ui.label(" · ".join(facts)).classes("soft")
        if said["now"] is None and said["nowhere"] is None:
            link = why_link(said["shopper"], said["campaign"])
            ui.link(desk.say("And now? What would it take?"), link).classes("link-button underlined start")


def _gates(desk: Desk, names: ShopNames, decided: Shown) -> None:
    with ui.element("section").classes("card"):
        ui.html(f"<h2>{escape(desk.say('What was asked, in order'))}</h2>", sanitize=False)
        if not decided["looks"]:
            ui.label(desk.say("The version of the campaign that decided is gone: only its reasons are left."))
            with ui.element("ul").classes("reasons"):
                for each in decided["reasons"]:
                    ui.html(f"<li>{escape(each['name'])}: {escape(each['words'])}</li>", sanitize=False)
            return
        _looks(desk, decided["looks"], names.clock(decided["zone"]))


def _looks(desk: Desk, looks: Sequence[Shown], clock: str | None) -> None:
    with ui.element("ol").classes("gates"):
        for look in looks:
            icon, colour, said = _SIGNS[look["passes"]]
            with ui.element("li").classes(f"gate {colour}"):
                ui.icon(icon).classes(colour).props("aria-hidden=true")
                with ui.element("div").classes("stack tight"):
                    with ui.element("div").classes("row-of"):
                        ui.label(capital(look["name"])).classes("strong")
                        ui.label(desk.say(said)).classes(f"small {colour}")
                    for text in _saw(desk, look, clock):
                        ui.label(text)


def _saw(desk: Desk, look: Shown, clock: str | None) -> list[str]:
    told = [look["words"], look["tally"] if look["passes"] else None]
    if look["passes_at"]:
        told.append(desk.say("Passes by itself on {at}.", at=desk.when(look["passes_at"], clock)))
    return [capital(each) for each in told if each]


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _now(desk: Desk, names: ShopNames, name: str, said: Shown) -> None:
    with ui.element("section").classes("card"):
        ui.html(f"<h2>{escape(desk.say('What would it take now?'))}</h2>", sanitize=False)
        now = said["now"]
        if now is None:
            ui.label(capital(said["nowhere"]))
            return
        ui.label(supposed(desk, name, now, names.zone(now["zone"]))).classes("lead")
        clock = names.clock(now["zone"])
        against = [look for look in now["looks"] if look["passes"] is False]
        if against:
            ui.label(desk.say("This would have to be otherwise:")).classes("soft")
            _looks(desk, against, clock)
        with ui.expansion(desk.say("All that is asked now")).classes("full").props("dense"):
            _looks(desk, now["looks"], clock)


def _offer(desk: Desk, clock: str | None, offer: Shown) -> None:
    with ui.element("section").classes("card"):
        ui.html(f"<h2>{escape(desk.say('The offer'))}</h2>", sanitize=False)
        ui.label(offer["title"]).classes("strong")
        ui.label(offer["body"])
        lines = [
            (
                each["at"],
                word(desk, CHANNELS, each["channel"]),
                word(desk, STATES, each["outcome"]),
                each["why"] or "",
            )
            for each in offer["attempts"]
        ]
        lines += [
            (each["at"], desk.say("phone"), word(desk, _RECEIPTS, each["kind"]), "")
            for each in offer["receipts"]
        ]
        if used := offer["redemption"]:
            till = f"{desk.say('till')} {used['till'] or ''}".strip()
            lines.append((used["at"], till, desk.say("used it"), ""))
        if not lines:
            ui.label(desk.say("Nobody has tried to send it yet.")).classes("soft")
            return
        rows = "".join(
            f"<tr><td>{escape(desk.when(at, clock, seconds=True))}</td><td>{escape(by)}</td><td>{escape(what)}"
            f"{f'<br><span class=soft>{escape(why)}</span>' if why else ''}</td></tr>"
            for at, by, what, why in sorted(lines)
        )
        head = "".join(
            f'<th scope="col">{escape(desk.say(each))}</th>'
            for each in (later("When"), later("By"), later("What became of it"))
        )
        ui.html(
            f'<div class="scrolls" tabindex="0"><table class="plain"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>',
            sanitize=False,
        )


def _seen(desk: Desk, decided: Shown, clock: str | None) -> None:
    """The facts that lay before it."""
    saw = decided["saw"]
    by_the_clock = datetime.fromisoformat(decided["decided_at"]).astimezone(ZoneInfo(clock or "UTC"))
    facts = [(desk.say("The shop's clock"), f"{desk.day(by_the_clock.date())}, {by_the_clock:%H:%M}")]
    if saw.get("open") is not None:
        facts.append((desk.say("The shop"), desk.say("open") if saw["open"] else desk.say("closed")))
    if "age_s" in saw:
        facts.append((desk.say("Heard"), desk.say("{time} before", time=desk.lasting(saw["age_s"]))))
    for purpose, given in (saw.get("consents") or {}).items():
        facts.append((word(desk, PURPOSES, purpose), desk.say("agreed") if given else desk.say("not agreed")))
    if "reachable" in saw:
        facts.append((desk.say("Can be reached"), desk.say("yes") if saw["reachable"] else desk.say("no")))
    if before := saw.get("sent_before"):
        text = desk.say("{campaign} of this campaign, {all} of all", **before)
        facts.append((desk.say("Offers before"), text))
    with ui.element("section").classes("card"):
        ui.html(f"<h2>{escape(desk.say('What lay before it'))}</h2>", sanitize=False)
        told = "".join(f"<dt>{escape(name)}</dt><dd>{escape(fact)}</dd>" for name, fact in facts)
        ui.html(f'<dl class="facts">{told}</dl>', sanitize=False)


async def _visit(desk: Desk, visit: str) -> None:
    """Why it was a visit at all: in words, and as a plot."""
    try:
        evidence = await desk.api.get(f"/v1/visits/{visit}/evidence", language=desk.language)
        plot = await desk.api.raw(f"/v1/visits/{visit}/evidence.svg", language=desk.language)
    except Refused:  # a shop that forgets, or retention, has deleted it
        return
    with ui.element("section").classes("card"):
        ui.html(f"<h2>{escape(desk.say('Why it was a visit'))}</h2>", sanitize=False)
        ui.html(plot.text, sanitize=False).classes("plot")
        closed = evidence["closed"] or {"words": [], "otherwise": []}
        for text in (*evidence["opened"]["words"], *closed["words"]):
            ui.label(text)
        otherwise = [*evidence["opened"]["otherwise"], *closed["otherwise"]]
        if otherwise:
            with (
                ui.expansion(desk.say("What it would have taken to be otherwise"))
                .classes("full")
                .props("dense")
            ):
                for text in otherwise:
                    ui.label(text)


def why_link(shopper: str, campaign: str, at: str | None = None) -> str:
    """Ids only: a link may be passed on."""
    asked = {"shopper": shopper, "campaign": campaign, **({"at": at} if at else {})}
    return f"/why?{urlencode(asked)}"
