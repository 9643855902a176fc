"""The log-in page, and what somebody reads who may not see a page."""

from collections.abc import Mapping
from html import escape
from typing import Final

from nicegui import ui

from server.web.console.desk import Desk
from server.web.console.frame import MARK
from server.web.console.languages import Language, catalogue, later

_WHY: Final = {
    "wrong": later("E-mail and password do not fit together."),
    "wait": later("Too many tries. Wait a minute, then try again."),
}


def log_in_page(language: Language, asked: Mapping[str, str]) -> None:
    """A plain form: it works before anything else has loaded, and browsers know how to fill it in."""
    say = catalogue(language).gettext
    ui.page_title(f"{say('Log in')} · Soglia")
    why = _WHY.get(asked.get("why", ""))
    ui.html(
        f"""
        <div class="log-in">
          <form method="post" action="/login">
            {MARK}
            <h1>Soglia</h1>
            <p class="lead">{say("Log in to your shop.")}</p>
            {f'<p class="wrong" role="alert">{say(why)}</p>' if why else ""}
            <label>{say("E-mail")}
              <input name="email" type="email" autocomplete="username" required value="{escape(asked.get("email", ""), quote=True)}"
                {"autofocus" if not asked.get("email") else ""}></label>
            <label>{say("Password")}
              <input name="password" type="password" autocomplete="current-password" required
                {"autofocus" if asked.get("email") else ""}></label>
            <input type="hidden" name="next" value="{escape(asked.get("next", "/"), quote=True)}">
            <button class="act" type="submit">{say("Log in")}</button>
            <p class="hint">{say("The first owner is made on the server: soglia staff add.")}</p>
          </form>
        </div>""",
        sanitize=False,
    )


def not_for_you(desk: Desk) -> None:
    with ui.element("div").classes("empty"):
        ui.icon("lock").props("aria-hidden=true")
        ui.label(desk.say("This page is not for your role ({role}).", role=desk.who.role)).classes("lead")
        ui.label(desk.say("Ask an owner if you need it."))
