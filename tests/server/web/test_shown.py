"""Bodies are shown in the API's document as what they are, and still taken as they were sent."""

from typing import Annotated, Any

import pytest
from fastapi import APIRouter
from pydantic import BaseModel

from server.web.shown import ShownAs


class Shoe(BaseModel, extra="forbid"):
    laces: int


class Order(BaseModel, extra="forbid"):
    """What is ordered."""

    id: str
    shoe: Shoe


@pytest.fixture
def doors(open_doors):
    router = APIRouter()

    @router.post("/orders")
    async def take(body: Annotated[dict[str, Any], ShownAs(Order, may_lack="id")]) -> dict[str, Any]:
        return body

    @router.put("/orders")
    async def put(body: Annotated[dict[str, Any], ShownAs(Order | Shoe)]) -> dict[str, Any]:
        return body

    return open_doors(router)


async def test_the_document_shows_the_fields_and_what_they_are_made_of(doors):
    document = (await doors.get("/openapi.json")).json()
    said = document["paths"]["/orders"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert (said["properties"].keys(), said["required"]) == ({"id", "shoe"}, ["shoe"])
    assert said["additionalProperties"] is False
    assert said["properties"]["shoe"] == {"$ref": "#/components/schemas/Shoe"}
    assert document["components"]["schemas"]["Shoe"]["properties"]["laces"]["type"] == "integer"


async def test_the_document_shows_alternatives_by_name(doors):
    document = (await doors.get("/openapi.json")).json()
    said = document["paths"]["/orders"]["put"]["requestBody"]["content"]["application/json"]["schema"]
    assert said["anyOf"] == [{"$ref": "#/components/schemas/Order"}, {"$ref": "#/components/schemas/Shoe"}]


async def test_a_body_is_taken_as_it_was_sent_for_its_room_to_judge(doors):
    sent = {"shoe": {"laces": "many"}, "colour": "red"}
    assert (await doors.post("/orders", json=sent)).json() == sent
