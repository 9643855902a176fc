"""Campaigns as a TOML file: a shop's campaigns kept beside its other settings, compared and reviewed as text.

In: campaigns, or a text. Out: a text that reads back as the same campaigns, or the document for `read_campaigns`. Versions are left out: the records count them.
Source: TOML 1.0; JSON's strings and numbers are TOML's, but for DEL, which TOML wants escaped.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any

from server.campaigns.campaign import Campaign
from server.campaigns.reading import BadCampaign, Fault, write_campaign

_BARE = re.compile(r"[A-Za-z0-9_-]+")

#: Python's reader takes time and memory by the square of a dotted key's parts (4 s and 1.5 GB for 20,000): no campaign is this deep.
_DEEPEST = 16
_PART = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')"""
_TOO_DEEP = re.compile(rf"{_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{_DEEPEST}}}")


def campaigns_as_toml(campaigns: Iterable[Campaign]) -> str:
    """One `[[campaigns]]` each, a line a field, in the order given."""
    return "\n".join(_table(write_campaign(campaign)) for campaign in campaigns)


def toml_document(text: bytes) -> dict[str, Any]:
    """The plain document of a TOML file, its times as texts. BadCampaign where it is no TOML."""
    if deep := _TOO_DEEP.search(text.decode(errors="replace")):
        line = deep.string.count("\n", 0, deep.start()) + 1
        raise BadCampaign([Fault("", f"has a name of more than {_DEEPEST} parts, in line {line}")])
    try:
        document: dict[str, Any] = _plain(tomllib.loads(text.decode()))
    except (ValueError, RecursionError) as broken:  # no UTF-8 and no TOML are both ValueErrors
        raise BadCampaign([Fault("", f"is no TOML: {str(broken)[:200]}")]) from None
    return document


def _plain(value: Any) -> Any:
    """TOML has times of its own; campaigns have them as JSON does."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, datetime | date | time) else value


def _table(document: Mapping[str, Any]) -> str:
    lines = [f"{_key(name)} = {_value(value)}" for name, value in document.items() if name != "version"]
    return "\n".join(["[[campaigns]]", *lines, ""])


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        inside = ", ".join(
            f"{_key(name)} = {_value(each)}" for name, each in value.items() if each is not None
        )
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        return _text(value)
    return json.dumps(value, allow_nan=False)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
