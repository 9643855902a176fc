"""What stands round every page: the header with language and light, the menu, the page's own heading.

In: a desk and a page. Out: a place (`with framed(...)`) into which the page draws itself.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlencode

from nicegui import ui

from server.web.console.desk import Desk, Theme
from server.web.console.languages import LANGUAGES, NAMES, later
from server.web.console.page import Page

_THEMES: Final[dict[Theme, tuple[str, str]]] = {
    "light": ("light_mode", later("Light")),
    "dark": ("dark_mode", later("Dark")),
    "auto": ("brightness_auto", later("As the device has it")),
}


@contextmanager
def framed(desk: Desk, page: Page, pages: Sequence[Page]) -> Iterator[None]:
    """A page within its frame. The menu shows what is for this role."""
    ui.page_title(f"{desk.say(page.title)} · Soglia")
    quasars = ui.context.client.content.parent_slot
    if quasars is not None:
        quasars.parent.props("role=none")  # it calls itself <main>, and the menu would be part of it
    ui.html(f'<a class="skip" href="#main">{desk.say("Skip to the page")}</a>', sanitize=False)
    with ui.element("div").classes("shell"):
        _menu(desk, page, pages)
        with ui.element("div").classes("stage"):
            _header(desk, page)
            with ui.element("main").classes("page").props("id=main tabindex=-1"):
                yield


def _menu(desk: Desk, page: Page, pages: Sequence[Page]) -> None:
    with ui.element("nav").classes("menu").props(f'id=menu aria-label="{desk.say("Menu")}"'):
        with ui.link(target="/").classes("brand"):
            ui.html(MARK, sanitize=False)
            ui.label("Soglia")
        for each in pages:
            if each.menu is None or not each.is_for(desk.who.role):
                continue
            here = each.path == page.path or (each.path != "/" and page.path.startswith(f"{each.path}/"))
            with ui.link(target=each.path).classes("menu-item") as link:
                ui.icon(each.icon).props("aria-hidden=true")
                ui.label(desk.say(each.title))
            if here:
                link.props("aria-current=page")


def _header(desk: Desk, page: Page) -> None:
    with ui.element("header").classes("top"):
        ui.html(
            f'<button class="open-menu" type="button" aria-label="{desk.say("Menu")}" aria-controls="menu" aria-expanded="false" '
            "onclick=\"const open = document.body.classList.toggle('menu-open'); this.setAttribute('aria-expanded', open)\">"
            '<i class="material-icons" aria-hidden="true">menu</i></button>',
            sanitize=False,
        )
        ui.html(f"<h1>{desk.say(page.title)}</h1>", sanitize=False)
        ui.element("div").classes("gap")
        with ui.element("div").classes("switches"):
            for language in LANGUAGES:
                link = ui.link(language.upper(), _preferring(desk, language=language)).classes("switch")
                link.props(f'lang={language} hreflang={language} aria-label="{NAMES[language]}"')
                if language == desk.language:
                    link.props("aria-current=true")
            icon, title = _THEMES[desk.theme]
            following = {"auto": "dark", "dark": "light", "light": "auto"}[desk.theme]
            with ui.link(target=_preferring(desk, theme=following)).classes("switch") as switch:
                ui.icon(icon).props("aria-hidden=true")
            switch.props(f'aria-label="{desk.say("Light or dark")}: {desk.say(title)}"')
        with ui.link(target="/account").classes("whoami") as whoami:
            whoami.props["aria-label"] = desk.who.name  # on a phone only the picture is shown
            ui.icon("account_circle").props("aria-hidden=true")
            ui.label(desk.who.name)
        ui.html(
            f'<form method="post" action="/logout"><button class="quiet" type="submit">{desk.say("Log out")}</button></form>',
            sanitize=False,
        )


def _preferring(desk: Desk, **wanted: str) -> str:
    return f"/prefer?{urlencode({**wanted, 'next': desk.path})}"


#: Our mark: a threshold, with somebody on it.
MARK: Final = (
    '<svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><path d="M6 29V5a2 2 0 0 1 2-2h16a2 2 0 0 1 2 2v24" fill="none" '
    'stroke="currentColor" stroke-width="2.5" stroke-linecap="round"/><path d="M3 29h26" stroke="currentColor" stroke-width="2.5" '
    'stroke-linecap="round"/><circle cx="16" cy="18" r="4.5" fill="var(--accent)"/></svg>'
)
