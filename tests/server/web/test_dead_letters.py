"""Staff see what never reached anybody and send it again; nobody else does."""

import pytest

from server.web.dead_letters import dead_letter_routes
from tests.server.records.rows import an_offer, keep


@pytest.fixture
async def doors(open_doors, database, guard, noon):
    async with database.writing() as connection:
        await keep(
            connection,
            an_offer("of_1", outcome="dead_letter", settled_at=noon, last_why="20 tries failed"),
            an_offer("of_2", outcome="refused", settled_at=noon, expires_at=noon),
        )
    return open_doors(dead_letter_routes(database, guard, clock=lambda: noon))


async def test_a_letter_tells_why_it_died_and_whether_it_lives(doors, tokens):
    answer = await doors.get("/v1/dead-letters", headers=tokens.headers("analyst"))
    letters = {each["id"]: each for each in answer.json()["dead_letters"]}
    assert (letters["of_1"]["why"], letters["of_1"]["lives"]) == ("20 tries failed", True)
    assert (letters["of_2"]["outcome"], letters["of_2"]["lives"]) == ("refused", False)


@pytest.mark.parametrize("who", ["device", "server", "app", "gateway"])
async def test_only_staff_looks(doors, tokens, who):
    assert (await doors.get("/v1/dead-letters", headers=tokens.headers(who))).status_code == 403


@pytest.mark.parametrize("path", ["/v1/dead-letters/replay", "/v1/dead-letters/of_1/replay"])
async def test_who_only_looks_sends_nothing_again(doors, tokens, path):
    answer = await doors.post(path, json={}, headers=tokens.headers("analyst"))
    assert answer.status_code == 403


async def test_a_letter_is_replayed_once_and_then_told_that_it_waits(doors, tokens):
    headers = tokens.headers("marketer")
    answer = await doors.post("/v1/dead-letters/of_1/replay", headers=headers)
    assert (answer.status_code, answer.json()["channel"]) == (200, "fcm")
    again = await doors.post("/v1/dead-letters/of_1/replay", headers=headers)
    assert (again.status_code, "waits to be sent" in again.json()["detail"]) == (409, True)


async def test_what_has_ended_is_refused_in_words(doors, tokens):
    answer = await doors.post("/v1/dead-letters/of_2/replay", headers=tokens.headers("marketer"))
    assert answer.status_code == 409
    assert "nothing is sent after its end" in answer.json()["detail"]


async def test_all_of_a_campaign_are_replayed_and_the_ended_are_counted(doors, tokens):
    wanted = {"campaign": "spring-shoes"}
    answer = await doors.post(
        "/v1/dead-letters/replay", json=wanted, headers=tokens.headers("owner") | {"Idempotency-Key": "k1"}
    )
    assert answer.json() == {"replayed": 1, "ended": 1}
    again = await doors.post(
        "/v1/dead-letters/replay", json=wanted, headers=tokens.headers("owner") | {"Idempotency-Key": "k1"}
    )
    assert again.json() == {"replayed": 1, "ended": 1}
