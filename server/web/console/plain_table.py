"""Tables as they are written by hand: headings, and cells of one text each. In: texts. Out: elements within the table that is open."""

from nicegui import ui


def head(*titles: str) -> None:
    """The headings; an empty one is of a column of buttons."""
    with ui.element("thead"), ui.element("tr"):
        for title in titles:
            with ui.element("th" if title else "td").props("scope=col" if title else ""):
                ui.label(title)


def cell(text: str, classes: str = "") -> None:
    with ui.element("td"):
        label = ui.label(text)
        if classes:
            label.classes(classes)
