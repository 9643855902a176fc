"""Each receipt has its own verdict: a bad one harms no good one."""

import pytest

from server.records import devices, shoppers
from server.records.tables import DeviceRow
from server.web.receipts import receipt_routes


@pytest.fixture
async def post(open_doors, database, guard, tokens, noon, give_offer):
    """The device of `tokens` (d_1) belongs to a shopper who was given of_1."""
    async with database.writing() as connection:
        shopper, _ = await shoppers.meet(connection, None, noon)
        made = await devices.register_device(connection, shopper.id, "phone", noon)
        table = DeviceRow.__table__
        await connection.execute(table.update().where(table.c.id == made.id).values(id="d_1"))
        await give_offer(connection, "of_1", shopper.id)
    doors = open_doors(receipt_routes(database, guard, clock=lambda: noon))

    def post(*receipts):
        return doors.post("/v1/receipts", json={"receipts": receipts}, headers=tokens.headers("device"))

    return post


def shown(**changes):
    return {"offer": "of_1", "kind": "shown", "at": "2026-06-10T12:00:00Z"} | changes


async def test_each_receipt_has_its_verdict_in_order(post):
    answer = await post(
        shown(),
        shown(kind="eaten"),
        shown(kind="opened", at=1781092800),
        shown(at="2026-06-10T12:05:00Z"),
        "junk",
        shown(offer="of_unknown"),
        shown(),
    )
    assert answer.status_code == 200
    body = answer.json()
    assert body["verdicts"] == [
        "accepted",
        "malformed",
        "accepted",
        "in_the_future",
        "malformed",
        "unknown_offer",
        "duplicate",
    ]
    assert body["accepted"] == 2
    assert [(trouble["index"], trouble["field"]) for trouble in body["problems"]] == [
        (1, "kind"),
        (3, "at"),
        (4, ""),
        (5, "offer"),
    ]
    assert all(trouble["reason"] for trouble in body["problems"])


async def test_said_again_is_no_error(post):
    await post(shown())
    assert (await post(shown())).json()["verdicts"] == ["duplicate"]


async def test_none_is_fine_too(post):
    assert (await post()).json() == {"accepted": 0, "verdicts": [], "problems": []}
