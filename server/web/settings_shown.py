"""The owner's door to how the server is set up: every setting with its reason, never a secret.

In: sections as app.py read them. Out: the same; of a secret only whether it is set.
"""

from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import BaseModel, Field

from server.section import ToldSection
from server.web.guard import Guard


class SettingShown(BaseModel):
    key: str
    value: str | None = Field(
        description="as text; of a secret `set`, or null; null too where nothing is set"
    )
    secret: bool
    usual: bool = Field(description="whether it is as it is when nobody says anything")
    why: str | None = Field(description="what it does, and why it is so")


class SectionShown(BaseModel):
    name: str
    settings: list[SettingShown]


class SettingsShown(BaseModel):
    sections: list[SectionShown]


def settings_routes(guard: Guard, sections: Sequence[ToldSection]) -> APIRouter:
    """`/v1/settings`."""
    router = APIRouter(tags=["settings"])
    shown = SettingsShown(
        sections=[
            SectionShown(
                name=section.name,
                settings=[
                    SettingShown.model_validate(each, from_attributes=True) for each in section.settings
                ],
            )
            for section in sections
        ]
    )

    @router.get("/v1/settings", dependencies=[guard.owner])
    async def listed() -> SettingsShown:
        """How this server is set up. Changed in its file or environment, then restarted."""
        return shown

    return router
