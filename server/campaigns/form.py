"""What a form for a condition or an action says: its title, its help, its fields and their choices, in the language of whoever fills it in.

In: a condition's or an action's class. Out: its JSON schema with words that a shop manager understands. The words stand in the class's
own table `form` (its `title`, its `help`, each field by its name, a choice as `field.choice`); what many of them have in common stands
here. A class without words is shown by its docstring and the names of its fields: a form there always is.

In the schema `x-choices` names the values of an enum, and `x-names` says of what kind the thing is that a text names (`zone`, `campaign`,
`segment`, `coupon`), so that a form can offer those that there are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from server.campaigns.words import SPOKEN_LANGUAGE, Phrases

_WEEKDAYS_EN: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WEEKDAYS_IT: Final = ("lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica")
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _days(field: str, names: tuple[str, ...]) -> dict[str, str]:
    return {f"{field}.{day}": name for day, name in zip(_DAYS, names, strict=True)}


#: Words of fields that several conditions and actions have.
COMMON: Final[Phrases] = {
    "en": {
        "scope": "Counting",
        "scope.campaign": "this campaign",
        "scope.group": "its group of campaigns",
        "scope.all": "all campaigns",
        "clock": "By whose clock",
        "clock.shop": "the shop's",
        "clock.shopper": "the shopper's",
        "of": "Where",
        "of.site": "this shop",
        "of.zone": "this very zone",
        "zone": "Another zone instead",
        "within": "In the last",
        "start": "From",
        "end": "To",
        "label": "Text of the button",
        "url": "Where it leads",
        **_days("weekdays", _WEEKDAYS_EN),
        **_days("week_starts", _WEEKDAYS_EN),
    },
    "it": {
        "scope": "Contando",
        "scope.campaign": "questa campagna",
        "scope.group": "il suo gruppo di campagne",
        "scope.all": "tutte le campagne",
        "clock": "Con l'orologio",
        "clock.shop": "del negozio",
        "clock.shopper": "del cliente",
        "of": "Dove",
        "of.site": "questo negozio",
        "of.zone": "proprio questa zona",
        "zone": "Oppure un'altra zona",
        "within": "Nell'arco di",
        "start": "Dalle",
        "end": "Alle",
        "label": "Testo del pulsante",
        "url": "Dove porta",
        **_days("weekdays", _WEEKDAYS_IT),
        **_days("week_starts", _WEEKDAYS_IT),
    },
}


@dataclass(frozen=True, slots=True)
class Form:
    """A kind with its words. `help` says what it asks for; `schema` is the JSON schema of its fields."""

    kind: str
    title: str
    help: str
    schema: Mapping[str, Any]


def form_of(model: type[BaseModel], language: str) -> Form:
    """The form of a condition or an action, in a language of ours."""
    kind = str(model.model_fields["kind"].default)
    schema = model.model_json_schema()
    schema.pop("description", None)
    for part in (schema, *schema.get("$defs", {}).values()):
        for field, shown in part.get("properties", {}).items():
            shown["title"] = _word(model, field, language) or _plain(field)
            choices = {each: _word(model, f"{field}.{each}", language) or each for each in _choices(shown)}
            if choices:
                shown["x-choices"] = choices
    _drop_titles(schema)
    return Form(
        kind,
        _word(model, "title", language) or _plain(kind),
        _word(model, "help", language) or " ".join((model.__doc__ or "").split()),
        schema,
    )


def words_lacking(model: type[BaseModel], language: str) -> list[str]:
    """What nobody has said yet in this language: for a test over all forms."""
    schema = model.model_json_schema()
    wanted = ["title", "help"]
    for part in (schema, *schema.get("$defs", {}).values()):
        for field, shown in part.get("properties", {}).items():
            if field != "kind":
                wanted += [field, *(f"{field}.{each}" for each in _choices(shown))]
    return [word for word in wanted if _word(model, word, language) is None]


def _word(model: type[BaseModel], name: str, language: str) -> str | None:
    own: Phrases = getattr(model, "form", {})
    for table in (own.get(language, {}), COMMON.get(language, {}), own.get(SPOKEN_LANGUAGE, {})):
        if name in table:
            return table[name]
    return None


def _choices(shown: Mapping[str, Any]) -> Iterator[str]:
    """The values of an enum: of the field itself, of what it may be besides null, of what it is a list of."""
    for each in (shown, shown.get("items", {}), *shown.get("anyOf", ())):
        yield from each.get("enum", ())


def _plain(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _drop_titles(schema: dict[str, Any]) -> None:
    """Python's names of classes say nothing to anybody."""
    for part in (schema, *schema.get("$defs", {}).values()):
        part.pop("title", None)
