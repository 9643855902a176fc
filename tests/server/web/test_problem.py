"""Whatever goes wrong, the caller gets one shape of document that says what and where, and nothing it must not know."""

import pytest
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel
from sqlalchemy.exc import OperationalError

from server.records.refusal import NotFound, Refusal, Taken
from server.web.problem import Fault, Problem


class Order(BaseModel, extra="forbid"):
    count: int
    sizes: list[int] = []


@pytest.fixture
def doors(open_doors):
    router = APIRouter()
    raised = {
        "problem": Problem(422, "No such zone", "see errors", errors=[Fault(place="zone", reason="unknown")]),
        "http": HTTPException(429, "the queue is full", {"Retry-After": "2"}),
        "not-found": NotFound("there is no key k_1"),
        "taken": Taken("already redeemed"),
        "refusal": Refusal("not like this"),
        "disk": OperationalError("INSERT", {"name": "Ann"}, Exception("database or disk is full")),
        "line": ConnectionRefusedError("no line to 10.0.0.7"),
        "bug": ValueError("the shopper's name is Ann"),
    }

    @router.get("/raise/{which}")
    async def fail(which: str) -> None:
        raise raised[which]

    @router.post("/orders")
    async def order(order: Order) -> Order:
        return order

    return open_doors(router)


async def problem_of(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["type"] == "about:blank"
    return body


async def test_a_problem_is_told_with_its_faults(doors):
    body = await problem_of(await doors.get("/raise/problem"))
    assert (body["status"], body["title"], body["detail"]) == (422, "No such zone", "see errors")
    assert body["errors"] == [{"place": "zone", "reason": "unknown"}]


async def test_an_http_exception_of_another_room_keeps_its_headers(doors):
    answer = await doors.get("/raise/http")
    assert (await problem_of(answer))["detail"] == "the queue is full"
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")


@pytest.mark.parametrize(("which", "status"), [("not-found", 404), ("taken", 409), ("refusal", 422)])
async def test_a_refusal_of_the_records_has_its_status(doors, which, status):
    assert (await problem_of(await doors.get(f"/raise/{which}")))["status"] == status


@pytest.mark.parametrize("which", ["disk", "line"])
async def test_records_that_cannot_be_reached_are_no_failure_of_ours_and_worth_asking_again(doors, which):
    answer = await doors.get(f"/raise/{which}")
    body = await problem_of(answer)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert not {"Ann", "full", "10.0.0.7"} & set(body["detail"].split())


async def test_a_bug_tells_nothing_of_what_it_saw(doors):
    answer = await doors.get("/raise/bug")
    assert (await problem_of(answer))["status"] == 500
    assert "Ann" not in answer.text


async def test_an_unknown_path_and_a_wrong_method_are_problems_too(doors):
    assert (await problem_of(await doors.get("/nowhere")))["status"] == 404
    answer = await doors.delete("/orders")
    assert (await problem_of(answer))["status"] == 405
    assert answer.headers["allow"] == "POST"


async def test_each_wrong_field_is_named_with_its_place(doors):
    answer = await doors.post("/orders", json={"count": "many", "sizes": [1, "two"], "colour": "red"})
    body = await problem_of(answer)
    assert body["detail"] == "3 things are wrong: see errors."
    assert {fault["place"] for fault in body["errors"]} == {"body.count", "body.sizes[1]", "body.colour"}


async def test_a_body_that_is_no_json_is_a_bad_request(doors):
    answer = await doors.post("/orders", content=b'{"count": ', headers={"Content-Type": "application/json"})
    assert (await problem_of(answer))["title"] == "The body is no JSON"
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "came without a Content-Type"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "came as application/x-www-form-urlencoded"),
    ],
)
async def test_json_under_another_name_is_answered_with_the_right_one(doors, headers, said):
    answer = await doors.post("/orders", content=b'{"count": 1}', headers=headers)
    body = await problem_of(answer)
    assert body["errors"] == [{"place": "body", "reason": f"{said}: send Content-Type: application/json"}]


async def test_the_document_promises_problems_and_nothing_else(doors):
    document = (await doors.get("/openapi.json")).json()
    responses = document["paths"]["/orders"]["post"]["responses"]
    assert {status for status in responses if status >= "4"} == {"400", "413", "422"}
    assert list(responses["422"]["content"]) == ["application/problem+json"]
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert document["components"]["schemas"]["Fault"]["properties"].keys() == {"place", "reason"}
