"""The contract of a call to action: what the shopper can do with an offer besides reading it.

In: the `action` of an offer's document. Out: the few texts that the app needs to draw its button. An action is a frozen pydantic
model; its fields are the form in the console, its docstring the form's help.

To add one: write `actions/<kind>.py` with a single class. Nothing else in the house changes.

What a shopper asks for or says by a button is a *reply* (`POST /v1/offers/{id}/reply`). An action that takes replies says which of them it
would not (`objection_to`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
)

from server.campaigns.words import Phrases

Language = Annotated[
    str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
]  # BCP 47, as far as texts need it
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]

UNSAFE_SCHEMES = frozenset(
    {"javascript", "data", "file", "vbscript"}
)  # they run or read something where they are opened


def _safe_to_open(url: str) -> str:
    if url.partition(":")[0].lower() in UNSAFE_SCHEMES:
        raise ValueError("must be a web address or a link into your app")
    return url


#: A web address or a link into the shop's own app.
Link = Annotated[
    str,
    StringConstraints(max_length=2000, pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$"),
    AfterValidator(_safe_to_open),
]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a shopper asks for or says. `wants_at` (aware UTC) is when they would come; `contact` where they can be called back."""

    wants_at: datetime | None = None
    stars: int | None = None
    words: str | None = None
    contact: str | None = None


@dataclass(frozen=True, slots=True)
class Misfit:
    """Which part of a reply does not fit its action, and why."""

    part: str
    reason: str


class BrokenAction(TypeError):
    """A file among the actions breaks their contract: the house does not start."""


class Action(BaseModel):
    """What the button under an offer does. `label` is its text by language; the app has its own where there is none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: The words of its form (form.py).
    form: ClassVar[Phrases] = {}
    #: Whether shoppers may reply to us, and whether they still may once the offer has ended.
    takes_replies: ClassVar[bool] = False
    replies_after_end: ClassVar[bool] = False

    kind: str
    label: dict[Language, Label] = Field(default_factory=dict)

    @model_serializer(mode="wrap")
    def _with_its_kind(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Documents leave out what was left at its default; the kind is no manner of speaking."""
        document: dict[str, Any] = write(self)
        return {"kind": self.kind} | document

    def told(self) -> Mapping[str, str]:
        """What the app needs to know besides the kind and the label."""
        return {}

    @classmethod
    def objection_to(cls, reply: Reply, told: Mapping[str, str], now: datetime) -> Misfit | None:
        """What of a reply does not fit, where the app was `told` this with the offer; None where all does."""
        del reply, told, now
        return Misfit("offer", "this offer asks for no reply")


def actions_in(package: str, path: Iterable[str]) -> dict[str, type[Action]]:
    """Kind -> action, of every file in the folder. BrokenAction names the file and what it lacks."""
    modules = [import_module(f"{package}.{found.name}") for found in iter_modules(path)]
    return {action_of(module).model_fields["kind"].default: action_of(module) for module in modules}


def action_of(module: ModuleType) -> type[Action]:
    """The one action that a file defines. BrokenAction where there is none, or where it breaks the contract."""
    kind = module.__name__.rpartition(".")[2]
    defined = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Action) and value.__module__ == module.__name__
    ]
    if len(defined) != 1:
        raise BrokenAction(f"{module.__name__} must define one action, it defines {len(defined)}")
    action = defined[0]
    if action.model_fields["kind"].default != kind:
        raise BrokenAction(f'{module.__name__} must have `kind: Literal["{kind}"] = "{kind}"`')
    if not (action.__doc__ or "").strip():
        raise BrokenAction(f"{module.__name__} must have a docstring: it is the help of its form")
    return action
