"""One report on the page: a card that loads by itself, shows its picture or its numbers, and gives both away as files.

In: what is asked. Out: the card; `show` draws it anew for other days. What fails says so in its own card, and the others go on.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from nicegui import ui

from server.web.console.api import Refused
from server.web.console.desk import told as refusal_told
from server.web.console.report_room import Asked, Numbers, Room, Told

Read = Callable[[Room, Asked], Awaitable[Told | None]]


@dataclass(frozen=True, slots=True)
class Report:
    """`name` is the API's; `parameters` what its file is asked for; `empty` what to do where nothing is told."""

    name: str
    title: str
    about: str
    empty: str
    read: Read
    parameters: Callable[[Asked], Mapping[str, str | None]]


class Card:
    """See the module's text."""

    def __init__(self, room: Room, report: Report) -> None:
        self._room = room
        self._report = report
        self._asked: Asked | None = None
        self._turn = 0
        self._as_numbers = False
        self._chart: ui.echart | None = None
        say = room.desk.say
        title = say(report.title)
        with ui.element("section").classes("card report").props(f'aria-label="{title}"'):
            with ui.element("div").classes("report-head"):
                with ui.element("div").classes("stack"):
                    ui.html(f"<h2>{title}</h2>", sanitize=False)
                    ui.label(say(report.about)).classes("small soft")
                self._tools = ui.element("div").classes("row-of")
            self._body = ui.element("div").classes("stack report-body").props("aria-live=polite")

    async def show(self, asked: Asked) -> None:
        """Draws the report for what is asked; who asks again meanwhile gets the newer one."""
        self._turn += 1
        turn, self._asked, self._chart = self._turn, asked, None
        self._tools.clear()
        self._body.clear()
        with self._body, ui.element("div").classes("report-waits"):
            ui.spinner(size="28px")
            ui.label(self._room.desk.say("Counting …")).classes("soft")
        try:
            told = await self._report.read(self._room, asked)
        except Refused as refused:
            told, trouble = None, refusal_told(refused)
        else:
            trouble = ""
        if turn == self._turn and not self._body.is_deleted:
            self._draw(told, trouble)

    def _draw(self, told: Told | None, trouble: str) -> None:
        say = self._room.desk.say
        self._body.clear()
        if told is None:
            with self._body, ui.element("div").classes("report-empty"):
                ui.label(trouble or say(self._report.empty)).classes("bad" if trouble else "soft")
            return
        with self._tools:
            self._draw_tools(told)
        with self._body:
            if told.figures:
                with ui.element("div").classes("report-figures"):
                    for figure in told.figures:
                        with ui.element("div"):
                            ui.label(figure.name).classes("name")
                            ui.label(figure.value).classes("value")
                            ui.label(figure.change).classes("small soft")
            elif told.chart is not None:
                ui.label(told.words)
            picture = ui.element("div").classes("stack")
            numbers = ui.element("div").classes("scrolls")
            # Whoever has no mouse scrolls it by its focus.
            numbers.props(f'tabindex=0 role=group aria-label="{say("Numbers")}"')
            with picture:
                if told.chart is not None:
                    self._chart = ui.echart(dict(told.chart)).style(f"height: {told.height}px; width: 100%")
                elif told.picture:
                    ui.html(told.picture, sanitize=False)
            with numbers:
                _draw_numbers(told.numbers)
            self._sides = (picture, numbers)
            self._show_side()

    def _draw_tools(self, told: Told) -> None:
        say = self._room.desk.say
        numbers = ui.button(icon="table_rows", on_click=self._turn_over).props("flat round dense")
        numbers.props(f'aria-label="{say("Numbers")}"').tooltip(say("Numbers"))
        if told.chart is not None:
            png = ui.button(icon="image", on_click=self._save_picture).props("flat round dense")
            png.props(f'aria-label="{say("Save the picture")}"').tooltip(say("Save the picture"))
        csv = ui.button(icon="download", on_click=self._save_numbers).props("flat round dense")
        csv.props(f'aria-label="{say("Save as CSV")}"').tooltip(say("Save as CSV"))

    def _turn_over(self) -> None:
        self._as_numbers = not self._as_numbers
        self._show_side()

    def _show_side(self) -> None:
        picture, numbers = self._sides
        picture.set_visibility(not self._as_numbers)
        numbers.set_visibility(self._as_numbers)

    async def _save_numbers(self) -> None:
        """The API's own file: all lines, by day."""
        desk = self._room.desk
        async with desk.trying():
            if self._asked is not None:
                asked = self._report.parameters(self._asked)
                answer = await desk.api.raw(f"/v1/reports/{self._report.name}", format="csv", **asked)
                ui.download.content(answer.content, self._file("csv"), "text/csv")

    async def _save_picture(self) -> None:
        say = self._room.desk.say
        if self._chart is None or self._as_numbers:
            ui.notify(say("Show the picture first, then save it."))
            return
        look = {"type": "png", "pixelRatio": 2, "backgroundColor": self._room.colours["sheet"]}
        try:
            address = await self._chart.run_chart_method("getDataURL", look, timeout=10)
            picture = base64.b64decode(str(address).partition(",")[2], validate=True)
        except (TimeoutError, binascii.Error):
            ui.notify(say("The picture could not be made: try again."), type="negative")
            return
        ui.download.content(picture, self._file("png"), "image/png")

    def _file(self, kind: str) -> str:
        days = self._asked.days if self._asked else None
        span = f"-{days.first.isoformat()}-{days.last.isoformat()}" if days else ""
        return f"soglia-{self._report.name}{span}.{kind}"


def _draw_numbers(numbers: Numbers) -> None:
    with ui.element("table").classes("plain"):
        with ui.element("thead"), ui.element("tr"):
            for index, column in enumerate(numbers.columns):
                with ui.element("th").props("scope=col").classes(_kind(index, numbers)):
                    ui.label(column)
        with ui.element("tbody"):
            for row in numbers.rows:
                with ui.element("tr"):
                    for index, cell in enumerate(row):
                        with ui.element("td").classes(_kind(index, numbers)):
                            ui.label(cell)


def _kind(index: int, numbers: Numbers) -> str:
    return "number" if index >= numbers.numbers_from else ""
