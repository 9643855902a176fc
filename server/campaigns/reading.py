"""Campaign documents: plain dictionaries (from JSON or TOML) in, campaigns out; and back.

Segments are read and written alike. What is wrong with a document is told all at once, each thing with its place in it (`conditions[1].start`), so that a form can
show it beside the field and the web room can answer 422. Errors of this room:

BadDocument(ValueError)
  BadCampaign
  BadSegment
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from server.campaigns.actions import ACTIONS
from server.campaigns.campaign import Campaign
from server.campaigns.condition import Condition
from server.campaigns.conditions import CONDITIONS
from server.campaigns.segment_rule import AUDIENCE, NamedSegment
from server.zones.complaint import did_you_mean

OUR_REASONS = {  # by pydantic's name of the error
    "missing": "is missing",
    "union_tag_not_found": "must have a `kind`",
    "model_type": "must be an object with fields",
    "model_attributes_type": "must be an object with fields",
    "dict_type": "must be an object with fields",
    "default_factory_not_called": "",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where in the document ("" for the whole), and why."""

    place: str
    reason: str


class BadDocument(ValueError):
    """The document is not what it should be; `faults` says all that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{fault.place}: {fault.reason}" for fault in faults))
        self.faults = tuple(faults)


class BadCampaign(BadDocument):
    """The document is no campaign."""


class BadSegment(BadDocument):
    """The document is no segment."""


def read_campaign(document: object) -> Campaign:
    """One campaign from a plain dictionary. BadCampaign where it is none."""
    try:
        return Campaign.model_validate(document)
    except ValidationError as error:
        raise BadCampaign(_faults(error, Campaign)) from None


def read_segment(document: object) -> NamedSegment:
    """One segment from a plain dictionary. BadSegment where it is none."""
    try:
        return NamedSegment.model_validate(document)
    except ValidationError as error:
        raise BadSegment(_faults(error, NamedSegment)) from None


def read_campaigns(document: Mapping[str, Any]) -> tuple[Campaign, ...]:
    """All of a file's `campaigns` (TOML: `[[campaigns]]`). BadCampaign with the faults of all of them, and of ids given twice."""
    listed = document.get("campaigns")
    if not isinstance(listed, list) or document.keys() != {"campaigns"}:
        raise BadCampaign([Fault("", "must hold a list of campaigns under `campaigns`, and nothing else")])
    read: dict[str, Campaign] = {}
    faults = []
    for index, each in enumerate(listed):
        place = f"campaigns[{index}]"
        try:
            campaign = read_campaign(each)
        except BadCampaign as bad:
            faults += [Fault(f"{place}.{found.place}".rstrip("."), found.reason) for found in bad.faults]
            continue
        if campaign.id in read:
            faults.append(Fault(f"{place}.id", f"there is a campaign {campaign.id!r} before"))
        read[campaign.id] = campaign
    if faults:
        raise BadCampaign(faults)
    return tuple(read.values())


def write_campaign(campaign: Campaign) -> dict[str, Any]:
    """The document that reads as this campaign: only JSON values, without what was left at its default.

    `state`, `version` and the offer's `default_language` are always there: they are facts, not manners of speaking.
    """
    document = campaign.model_dump(mode="json", exclude_defaults=True)
    document["conditions"] = _with_kinds(campaign.conditions, document.get("conditions", []))
    document["offer"]["default_language"] = campaign.offer.default_language
    return document | {"state": campaign.state, "version": campaign.version}


def write_segment(segment: NamedSegment) -> dict[str, Any]:
    """The document that reads as this segment, without what was left at its default."""
    document = segment.model_dump(mode="json", exclude_defaults=True)
    return document | {"conditions": _with_kinds(segment.conditions, document["conditions"])}


def lacking_a_group(campaign: Campaign) -> list[Fault]:
    """The caps and cooldowns that count the offers of the campaign's group where it is in none: they would hold back every offer.

    For whoever keeps a campaign. What was kept before this was asked is still read, and its decisions say why it is silent.
    """
    if campaign.group is not None:
        return []
    return [
        Fault(
            f"conditions[{index}].scope",
            "counts the offers of the campaign's group, and the campaign has none: give it a `group`",
        )
        for index, condition in enumerate(campaign.conditions)
        if getattr(condition, "scope", None) == "group"
    ]


def _with_kinds(conditions: Sequence[Condition], documents: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Documents leave out what was left at its default; the kind is no manner of speaking."""
    return [
        {"kind": condition.kind} | written for condition, written in zip(conditions, documents, strict=True)
    ]


def _faults(error: ValidationError, whole: type[BaseModel]) -> list[Fault]:
    errors = error.errors(include_url=False)
    # A list that is too short only without its bad items is not what is wrong.
    emptied = {
        each["loc"]
        for each in errors
        if each["type"] == "too_short"
        and any(other["loc"][: len(each["loc"])] == each["loc"] != other["loc"] for other in errors)
    }
    found = [
        Fault(_place(each["loc"]), _reason(each, whole)) for each in errors if each["loc"] not in emptied
    ]
    return [fault for fault in found if fault.reason]


def _place(steps: tuple[int | str, ...]) -> str:
    """`conditions[1].start`. Pydantic's own steps (the kind of a union's member, a key of a dictionary) are left out."""
    place = ""
    for before, step in zip(("", *steps), steps, strict=False):
        if isinstance(step, int):
            place += f"[{step}]"
        elif step != "[key]" and _kind_at(before, step) is None:
            place += f".{step}" if place else step
    return place


def _reason(error: ErrorDetails, whole: type[BaseModel]) -> str:
    """Ours where pydantic's sentence speaks of Python, else its own. Empty for what only follows from another fault."""
    if error["type"] == "union_tag_invalid":
        tag = str(error["ctx"]["tag"])
        conditions = AUDIENCE if whole is NamedSegment else CONDITIONS
        known = ACTIONS if error["loc"][-1] == "action" else conditions
        return f"there is no kind {tag[:64]!r}{_instead(tag, list(known))}"
    if error["type"] == "extra_forbidden":
        *above, field = error["loc"]
        return f"there is no such field{_instead(str(field), _fields_at(above, whole))}"
    return OUR_REASONS.get(error["type"], error["msg"].removeprefix("Value error, "))


def _instead(word: str, known: Sequence[str]) -> str:
    """A closing half-sentence: what was perhaps meant, and all that there is."""
    if not known:
        return ""
    near = did_you_mean(word, known)
    return f"{near} There are {', '.join(known)}" if near else f"; there are {', '.join(known)}"


def _fields_at(steps: Sequence[int | str], whole: type[BaseModel]) -> list[str]:
    """The fields of the object at these steps of pydantic's; none where it is no object with fields of its own."""
    model: type[BaseModel] | None = whole
    for before, step in zip(("", *steps), steps, strict=False):
        if isinstance(step, int) or model is None:
            continue
        if kind := _kind_at(before, step):
            model = kind
        else:
            field = model.model_fields.get(step)
            model = _model_in(field.annotation) if field else None
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _kind_at(before: int | str, step: int | str) -> type[BaseModel] | None:
    """The condition or action whose kind pydantic names as a step of its own; None where the step is the document's."""
    if isinstance(before, int):
        return CONDITIONS.get(str(step))
    return ACTIONS.get(str(step)) if before == "action" else None


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The first model that a field's type speaks of: `Span` in `tuple[Span, ...] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
