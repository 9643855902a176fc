"""Forms drawn from a JSON schema, as the API gives it for conditions and actions; and the fields that they are made of.

In: a schema with words (`/v1/conditions`, `/v1/actions`) and the object that is edited. Out: fields that write into that object, each
known by where it stands, so that a fault of the API is shown where it was made. What a schema asks for that no field here can show is
edited as JSON text; what it does not name stays in the object untouched.
"""

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from server.web.console import fields
from server.web.console.fields import Sheet

Schema = Mapping[str, Any]
Drawn = Callable[[Sheet, dict[str, Any], str, Schema], Any]


def draw(sheet: Sheet, schema: Schema, holder: dict[str, Any]) -> None:
    """All fields of an object but its kind, which is chosen elsewhere."""
    parts = schema.get("$defs", {})
    _draw_object(sheet, schema, holder, parts)


def _draw_object(sheet: Sheet, schema: Schema, holder: dict[str, Any], parts: Schema) -> None:
    for name, shown in schema.get("properties", {}).items():
        if name != "kind":
            _draw_field(sheet, holder, name, _resolved(shown, parts), parts)


def _draw_field(sheet: Sheet, holder: dict[str, Any], name: str, shown: Schema, parts: Schema) -> None:
    inner = _resolved(shown.get("items", {}), parts)
    if shown.get("type") == "array" and "properties" in inner:
        _rows(sheet, holder, name, shown, inner, parts)
        return
    manner = _manner(shown, inner)
    if not _can_show(manner, holder.get(name)):
        manner = _json
    manner(sheet, holder, name, shown)


def _resolved(shown: Schema, parts: Schema) -> Schema:
    """Without references, and without the null that it may also be."""
    if "$ref" in shown:
        return {**_resolved(parts.get(str(shown["$ref"]).rsplit("/", 1)[-1], {}), parts), **shown}
    others = [each for each in shown.get("anyOf", ()) if each.get("type") != "null"]
    if len(others) == 1:
        return {**_resolved(others[0], parts), **shown}
    return shown


def _manner(shown: Schema, inner: Schema) -> Drawn:
    """How a field is drawn: by what it names, what it may be, or how it is written; JSON where nothing fits."""
    if "x-names" in shown:
        return _named
    kind = str(shown.get("type"))
    if kind == "string":
        by_format = {"span": _span, "daytime": _daytime, "date": _day}
        return _choice if "enum" in shown else by_format.get(str(shown.get("format")), _text)
    if kind == "array":
        words = _words if inner.get("type") == "string" else _json
        return _several if "enum" in inner else words
    if kind == "object":
        return _table(shown)
    return {"integer": _whole, "number": _number, "boolean": _switch}.get(kind, _json)


def _table(shown: Schema) -> Drawn:
    """By language where its names are patterns, a table where its values are plain."""
    if any(each.get("type") == "string" for each in shown.get("patternProperties", {}).values()):
        return _by_language
    return _pairs if _is_plain(shown.get("additionalProperties", {})) else _json


def _is_plain(value: Any) -> bool:
    """Whether each value of a table is a text, a number or a yes or no."""
    kinds = [each.get("type") for each in value.get("anyOf", [value])] if isinstance(value, dict) else []
    return bool(kinds) and all(kind in {"string", "integer", "number", "boolean"} for kind in kinds)


def _can_show(manner: Drawn, value: Any) -> bool:
    """Whether what is there already is what the field would write."""
    wanted = _VALUES.get(manner)
    return value is None or wanted is None or isinstance(value, wanted)


def _label(name: str, shown: Schema) -> str:
    return str(shown.get("title") or name)


def _named(sheet: Sheet, holder: dict[str, Any], name: str, shown: Schema) -> None:
    known = sheet.names.get(str(shown["x-names"]), {})
    fields.choice(sheet, holder, name, _label(name, shown), known, clearable=True)


def _choice(sheet: Sheet, holder: dict[str, Any], name: str, shown: Schema) -> None:
    choices = shown.get("x-choices") or {each: each for each in shown["enum"]}
    default = shown.get("default")
    fields.choice(
        sheet, holder, name, _label(name, shown), choices, default=default, clearable=default is None
    )


def _several(sheet: Sheet, holder: dict[str, Any], name: str, shown: Schema) -> None:
    choices = shown.get("x-choices") or {each: each for each in shown["items"].get("enum", ())}
    fields.several(sheet, holder, name, _label(name, shown), choices)


def _text(sheet: Sheet, holder: dict[str, Any], name: str, shown: Schema) -> None:
    fields.text(sheet, holder, name, _label(name, shown))


def _whole(sheet: Sheet, holder: dict[str, Any], name: str, shown: Schema) -> None:
    fields.number(sheet, holder, name, _label(name, shown), whole=True, default=shown.get("default"))


def _number(sheet: Sheet, holder: dict[str, Any], name: str, shown: Schema) -> None:
    fields.number(sheet, holder, name, _label(name, shown), default=shown.get("default"))


def _switch(sheet: Sheet, holder: dict[str, Any], name: str, shown: Schema) -> None:
    fields.switch(sheet, holder, name, _label(name, shown), default=bool(shown.get("default")))


def _span(sheet: Sheet, holder: dict[str, Any], name: str, shown: Schema) -> None:
    fields.span(sheet, holder, name, _label(name, shown))


def _daytime(sheet: Sheet, holder: dict[str, Any], name: str, shown: Schema) -> None:
    # A clock of the browser knows no 24:00 and no seconds: such a time is shown as it is written.
    plain = len(str(holder.get(name, "00:00"))) == len("00:00") and holder.get(name) != "24:00"
    fields.text(sheet, holder, name, _label(name, shown), kind="time" if plain else "text")


def _day(sheet: Sheet, holder: dict[str, Any], name: str, shown: Schema) -> None:
    fields.text(sheet, holder, name, _label(name, shown), kind="date")


def _words(sheet: Sheet, holder: dict[str, Any], name: str, shown: Schema) -> None:
    fields.words(sheet, holder, name, _label(name, shown))


def _pairs(sheet: Sheet, holder: dict[str, Any], name: str, shown: Schema) -> None:
    fields.pairs(sheet, holder, name, _label(name, shown))


def _by_language(sheet: Sheet, holder: dict[str, Any], name: str, shown: Schema) -> None:
    fields.by_language(sheet, holder, name, _label(name, shown))


def _json(sheet: Sheet, holder: dict[str, Any], name: str, shown: Schema) -> None:
    fields.json_text(sheet, holder, name, _label(name, shown))


_VALUES: Mapping[Drawn, type | tuple[type, ...]] = {
    _named: str,
    _choice: str,
    _several: list,
    _text: str,
    _whole: int,
    _number: (int, float),
    _switch: bool,
    _span: str,
    _daytime: str,
    _day: str,
    _words: list,
    _pairs: dict,
    _by_language: dict,
}


def _rows(
    sheet: Sheet, holder: dict[str, Any], name: str, shown: Schema, inner: Schema, parts: Schema
) -> None:
    """A list of objects, each a small form of its own."""
    desk = sheet.desk
    with ui.element("div").classes("stack form-rows").props("role=group") as group:
        group.props(f"aria-label={fields.quoted(_label(name, shown))}")
        ui.label(_label(name, shown)).classes("small soft")
        place = ui.element("div").classes("stack")
        sheet.faulty(holder, name, fields.below())

    def drop(row: dict[str, Any]) -> None:
        holder[name] = [each for each in holder[name] if each is not row]
        if not holder[name]:
            del holder[name]
        sheet.changed()
        fill()

    def add() -> None:
        holder.setdefault(name, []).append({})
        sheet.changed()
        fill()

    def fill() -> None:
        place.clear()
        with place:
            for row in holder.get(name, ()):
                with ui.element("div").classes("row-of form-row"):
                    _draw_object(sheet, inner, row, parts)
                    if sheet.editable:
                        fields.icon_button("close", desk.say("Remove"), lambda _event, row=row: drop(row))
            if sheet.editable:
                ui.button(desk.say("Add"), icon="add", on_click=add).props("flat dense no-caps")

    fill()
