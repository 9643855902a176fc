"""A phone's screen: what a push looks like, and one that listens as the shop's app does.

In: a title and a text as somebody writes them, or a device's token. Out: an element; "arrived" tells that an offer came to it.
"""

from nicegui.element import Element

from server.web.console.desk import Desk


class PhoneScreen(Element, component="static/phone_screen.js"):
    """See the module's text."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._props["words"] = {"now": desk.say("now"), "waits": desk.say("No push yet.")}
        self._props["title"] = ""
        self._props["body"] = ""
        self._props["token"] = None
        self.classes("phone-screen")

    def draft(self, title: str, body: str) -> None:
        """Shows a push that is being written."""
        self._props["title"], self._props["body"] = title, body

    def listen(self, token: str) -> None:
        """Listens to the live stream with a device's token, and shows each offer that comes."""
        self._props["token"] = token
