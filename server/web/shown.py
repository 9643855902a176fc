"""Bodies that a thinking room reads by itself, shown in the API's document as what that room takes.

In: a type with a JSON schema. Out: an annotation that shows it. The value is taken as it was sent: whoever reads it knows
better than a schema what to mend, and tells all that is wrong at once.
"""

from typing import Any

from pydantic import GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue


class ShownAs:
    """`Annotated[dict[str, Any], ShownAs(Campaign, may_lack="id")]`: any object, shown as a campaign that may lack its id."""

    def __init__(self, kind: Any, *, may_lack: str | None = None) -> None:
        self._schema = TypeAdapter(kind).core_schema
        self._may_lack = may_lack

    def __get_pydantic_json_schema__(self, _taken: Any, show: GetJsonSchemaHandler) -> JsonSchemaValue:
        shown = show(self._schema)
        if self._may_lack is None:
            return shown
        resolved = show.resolve_ref_schema(shown)
        return {
            **resolved,
            "required": [name for name in resolved.get("required", []) if name != self._may_lack],
        }
