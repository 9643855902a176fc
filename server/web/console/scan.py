"""A button that reads a code by the camera, where the browser can; else it says that codes are typed.

In: a desk. Out: an element; `on("code", ...)` tells the text that was read. Nothing is fetched for it: it is the browser's own reader.
"""

from nicegui.element import Element

from server.web.console.desk import Desk


class Scan(Element, component="static/scan.js"):
    """See the module's text."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._props["scan_text"] = desk.say("Scan with the camera")
        self._props["stop_text"] = desk.say("Close the camera")
        self._props["cannot_text"] = desk.say("This browser cannot scan: type the code.")
        self._props["insecure_text"] = desk.say("The camera needs a page over https: type the code.")
        self._props["denied_text"] = desk.say(
            "The camera was not allowed: type the code, or allow it for this page."
        )
