"""The log-in page and its second step, the page where somebody chooses a password, and what somebody reads who may not see a page."""

from collections.abc import Mapping
from html import escape
from typing import Any, Final
from urllib.parse import quote

import nicegui
from nicegui import ui

from server.web.console.desk import Desk
from server.web.console.frame import MARK
from server.web.console.languages import Language, catalogue, later
from server.web.console.manner import Manner

#: The type that all pages are set in.
_FONTS: Final = f"/_nicegui/{nicegui.__version__}/static/fonts.css"

_WHY: Final = {
    "wrong": later("E-mail and password do not fit together."),
    "wait": later("Too many tries. Wait a minute, then try again."),
    "late": later("That took too long. Log in with your password again."),
    "code": later("This code does not hold. Wait for the next one, or use a recovery code."),
    "wait_code": later("Too many wrong codes. Wait two minutes, then try again."),
    "unlike": later("The two passwords are not the same."),
    "short": later("Too short: take at least 12 characters. Four words are easy to keep in mind."),
    "taken": later("Somebody with this e-mail is on the staff already. Log in with your own password."),
    "gone": later("This link holds no longer: it was used, taken back, or is older than seven days."),
}


def log_in_page(manner: Manner, asked: Mapping[str, str]) -> str:
    """A plain form: it works before anything else has loaded, and browsers know how to fill it in."""
    say = catalogue(manner.language).gettext
    email = escape(asked.get("email", ""), quote=True)
    return _page(
        manner,
        say("Log in"),
        "/login",
        f"""
        <p class="lead">{say("Log in to your shop.")}</p>
        {f'<p class="right" role="status">{say("Your password is set. Log in with it.")}</p>' if asked.get("why") == "welcome" else ""}
        {_wrong(manner.language, asked.get("why", ""))}
        <label>{say("E-mail")}
          <input name="email" type="email" autocomplete="username" required value="{email}"
            {"" if email else "autofocus"}></label>
        <label>{say("Password")}
          <input name="password" type="password" autocomplete="current-password" required
            {"autofocus" if email else ""}></label>
        {_next(asked)}
        <button class="act" type="submit">{say("Log in")}</button>
        <p class="hint">{say("Forgotten your password? An owner makes you a link for a new one.")}</p>
        <p class="hint">{say("The first owner is made on the server: soglia staff add.")}</p>""",
    )


def code_page(manner: Manner, asked: Mapping[str, str]) -> str:
    """The second step, for who has set one up."""
    say = catalogue(manner.language).gettext
    return _page(
        manner,
        say("Log in"),
        "/login/code",
        f"""
        <p class="lead">{say("Now the code from your authenticator app.")}</p>
        {_wrong(manner.language, asked.get("why", ""))}
        <label>{say("Code from the app")}
          <input name="code" inputmode="text" autocomplete="one-time-code" maxlength="40" required autofocus></label>
        {_next(asked)}
        <button class="act" type="submit">{say("Log in")}</button>
        <p class="hint">{say("No phone at hand? A recovery code works too. If you have lost both, ask an owner.")}</p>
        <p class="hint"><a href="/login">{say("Back to the password")}</a></p>""",
    )


def invitation_page(manner: Manner, token: str, shown: Mapping[str, Any] | None, why: str) -> str:
    """Somebody who was given a link chooses their password; `shown` is what the link says, None where it holds no longer."""
    say = catalogue(manner.language).gettext
    if shown is None:
        return _page(
            manner,
            say("Choose a password"),
            "/login",
            f"""{_wrong(manner.language, why)}
            <p class="hint">{say("Ask the owner who gave it to you for a new one.")}</p>
            <a class="act" href="/login">{say("To the log-in")}</a>""",
        )
    greeting = say("Welcome, {name}.") if shown["kind"] == "invitation" else say("A new password for {name}.")
    return _page(
        manner,
        say("Choose a password"),
        f"/invitation/{quote(token, safe='')}",
        f"""
        <p class="lead">{greeting.format(name=escape(shown["name"]))}</p>
        <p>{say("Choose a password. You log in with it and {email}.").format(email=escape(shown["email"]))}</p>
        {_wrong(manner.language, why)}
        <input type="text" name="email" value="{escape(shown["email"], quote=True)}" autocomplete="username" readonly hidden>
        <label>{say("New password")}
          <input name="password" type="password" autocomplete="new-password" minlength="12" maxlength="200" required autofocus></label>
        <label>{say("The same once more")}
          <input name="again" type="password" autocomplete="new-password" minlength="12" maxlength="200" required></label>
        <p class="hint">{say("At least 12 characters. Four words are easy to keep in mind.")}</p>
        <button class="act" type="submit">{say("Keep this password")}</button>""",
    )


def _page(manner: Manner, title: str, action: str, inside: str) -> str:
    """A whole document of its own: nothing of it needs a script but to follow the device into the dark."""
    dark = ' class="bare body--dark"' if manner.theme == "dark" else ' class="bare"'
    follows = "<script>document.body.classList.toggle('body--dark', matchMedia('(prefers-color-scheme: dark)').matches)</script>"
    return f"""<!doctype html>
<html lang="{manner.language}"><head><meta charset="utf-8"><title>{title} · Soglia</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="/console/favicon.svg"><link rel="stylesheet" href="{_FONTS}">
<link rel="stylesheet" href="/console/theme.css?v={manner.look}"></head>
<body{dark}>{follows if manner.theme == "auto" else ""}
<main class="log-in"><form method="post" action="{action}">{MARK}<h1>Soglia</h1>{inside}</form></main>
</body></html>"""


def _next(asked: Mapping[str, str]) -> str:
    return f'<input type="hidden" name="next" value="{escape(asked.get("next", "/"), quote=True)}">'


def _wrong(language: Language, why: str) -> str:
    said = _WHY.get(why)
    return f'<p class="wrong" role="alert">{catalogue(language).gettext(said)}</p>' if said else ""


def not_for_you(desk: Desk, why: str = "") -> None:
    """`why` in the API's own words, where it refused what the page needs: to staff of some shops, of what is all shops'."""
    with ui.element("div").classes("empty"):
        ui.icon("lock").props("aria-hidden=true")
        ui.label(desk.say("This page is not for your role ({role}).", role=desk.who.role)).classes("lead")
        if why:
            ui.label(why)
        ui.label(desk.say("Ask an owner if you need it."))
