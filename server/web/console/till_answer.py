"""What the till page answers to a code: big, in green or red, with the fields that this coupon needs.

In: what `/v1/redemptions` said. Out: the panel, and what was typed into its fields.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from server.web.console.api import Refused
from server.web.console.desk import Desk

Act = Callable[[], Awaitable[None]]


class Answer:
    """The answer to one code. `use` uses it, `look` looks again with what was typed. What is used is what was looked at."""

    def __init__(self, desk: Desk, clock: str, code: str, use: Act, look: Act) -> None:
        self.code = code
        self._desk = desk
        self._clock = clock
        self._use = use
        self._look = look
        self._amount: float | None = None
        self._spend: float | None = None
        self._told: dict[str, Any] = {}

    def said(self) -> dict[str, float]:
        """What was typed besides the code, as the API asks for it."""
        typed = {"amount": self._amount, "spend": self._spend}
        return {name: round(value, 2) for name, value in typed.items() if value is not None}

    @property
    def waits_for_amount(self) -> bool:
        """Whether fingers are in a field of the panel rather than at the code."""
        return self._told.get("worth") is not None

    def draw(self, told: dict[str, Any]) -> None:
        """It may be used."""
        say, self._told = self._desk.say, told
        with ui.element("div").classes("till-answer good"):
            worth = told["worth"]
            big = told["name"]
            if worth is not None:
                big = say("{money} off", money=money(self._desk, told["would_spend"], told["currency"]))
            ui.label(big).classes("till-big")
            if worth is not None:
                ui.label(told["name"])
                if told["would_leave"]:
                    left = money(self._desk, told["would_leave"], told["currency"])
                    ui.label(say("{money} is left on it after that", money=left))
            ui.label(
                say("Good until {time}", time=self._desk.when(told["ends_at"], self._clock))
                if told["ends_at"]
                else say("Good without end")
            )
            if worth is not None:
                self._part()
            button = ui.button(say("Use it"), icon="check", on_click=self._use).classes("till-act wide")
            button.props("unelevated color=positive")

    def _part(self) -> None:
        """A value coupon goes as far as the purchase does, or as far as the shopper likes."""
        say = self._desk.say
        with ui.element("div").classes("till-fields"):
            self._field(say("The purchase is"), "_amount", self._look)
            self._field(say("Use only"), "_spend", self._look)

    def ask_amount(self, why: str) -> None:
        """The coupon holds from some purchase on: asks of how much this one is."""
        say = self._desk.say
        with ui.element("div").classes("till-answer warn"):
            ui.label(say("How much is the purchase?")).classes("till-big")
            ui.label(why)
            with ui.element("div").classes("till-fields"):
                field = self._field(say("The purchase is"), "_amount", self._look)
            ui.button(say("Look"), on_click=self._look).props("unelevated").classes("till-act wide")
        field.run_method("focus")

    def _field(self, label: str, name: str, then: Act) -> ui.number:
        field = ui.number(label, value=getattr(self, name), min=0, format="%.2f").props(
            "outlined inputmode=decimal enterkeyhint=next"
        )
        field.on_value_change(lambda event: setattr(self, name, event.value))
        field.on("keydown.enter", then)
        return field

    def no(self, refused: Refused) -> None:
        """It may not; when and where, if it was used before."""
        with ui.element("div").classes("till-answer bad"):
            ui.label(refused.title).classes("till-big")
            ui.label(capital(refused.detail))
            for fault in refused.faults if refused.status == 422 else ():
                ui.label(fault.reason)

    def done(self, told: dict[str, Any]) -> None:
        """It was used. Undoing stands in the list: here a finger that taps twice would undo what it did."""
        say = self._desk.say
        with ui.element("div").classes("till-answer good done"):
            ui.label(say("Used")).classes("till-big")
            name = self._told.get("name") or told["code"]
            spent = told["spent"]
            money_off = money(self._desk, spent, self._told.get("currency"))
            ui.label(f"{name}, {money_off}" if spent else name)
            if told["left"]:
                left = money(self._desk, told["left"], self._told.get("currency"))
                ui.label(say("{money} is left on it", money=left))


def needs_amount(refused: Refused) -> bool:
    """Whether all that is missing is what is paid."""
    return any(fault.reason == "minimum" for fault in refused.faults)


def capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def money(desk: Desk, value: float, currency: str | None) -> str:
    return desk.money(value, currency) if currency else desk.number(value, 2)
