"""What conditions and actions there are, over HTTP: each with its words and the schema of its form, for whoever draws one.

In: an Accept-Language. Out: all kinds of the two folders, in that language. A new file there is listed with no other change.
"""

from functools import lru_cache
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from server.campaigns.actions import ACTIONS
from server.campaigns.condition import About
from server.campaigns.conditions import CONDITIONS
from server.campaigns.form import form_of
from server.campaigns.segment_rule import AUDIENCE
from server.web.guard import Guard
from server.web.languages import VARY, Tongue


class ActionForm(BaseModel):
    """A kind of action: what it is called, what it does, what must be filled in."""

    kind: str
    title: str
    help: str
    form: dict[str, Any] = Field(
        description="JSON schema; titles are in your language, `x-choices` names the values of an enum, `x-names` says what a text names: "
        "zone, campaign, segment, coupon"
    )


class ConditionForm(ActionForm):
    about: About = Field(description="which question it answers")
    audience: bool = Field(description="may stand in a named segment")


class Conditions(BaseModel):
    conditions: list[ConditionForm]


class Actions(BaseModel):
    actions: list[ActionForm]


def form_routes(guard: Guard) -> APIRouter:
    """`/v1/conditions` and `/v1/actions`."""
    router = APIRouter(tags=["campaigns"], dependencies=[guard.reader])

    @router.get("/v1/conditions")
    async def conditions(language: Tongue, response: Response) -> Conditions:
        """The conditions that a campaign or a segment may have, in your language."""
        response.headers.update(VARY)
        return _conditions(language)

    @router.get("/v1/actions")
    async def actions(language: Tongue, response: Response) -> Actions:
        """What the button under an offer may do, in your language."""
        response.headers.update(VARY)
        return _actions(language)

    return router


@lru_cache
def _conditions(language: str) -> Conditions:
    listed = []
    for kind, condition in CONDITIONS.items():
        form = form_of(condition, language)
        listed.append(
            ConditionForm(
                kind=kind,
                title=form.title,
                help=form.help,
                form=dict(form.schema),
                about=condition.about,
                audience=kind in AUDIENCE,
            )
        )
    return Conditions(conditions=listed)


@lru_cache
def _actions(language: str) -> Actions:
    forms = [form_of(action, language) for action in ACTIONS.values()]
    return Actions(
        actions=[
            ActionForm(kind=each.kind, title=each.title, help=each.help, form=dict(each.schema))
            for each in forms
        ]
    )
