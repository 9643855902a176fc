from server.records import receipts
from server.records.receipts import Receipt


async def test_each_receipt_gets_its_verdict(database, noon, give_offer):
    async with database.writing() as connection:
        await give_offer(connection, "of_mine", "sh_1")
        await give_offer(connection, "of_theirs", "sh_2")
        said = [
            Receipt("of_mine", "shown", noon),
            Receipt("of_mine", "opened", noon),
            Receipt("of_theirs", "shown", noon),
            Receipt("of_mine", "shown", noon),
            Receipt("of_none", "shown", noon),
        ]
        assert await receipts.take(connection, "sh_1", said, noon) == [
            "accepted",
            "accepted",
            "unknown_offer",
            "duplicate",
            "unknown_offer",
        ]


async def test_saying_it_all_again_is_no_error(database, noon, give_offer):
    said = [Receipt("of_1", "shown", noon), Receipt("of_1", "dismissed", noon)]
    async with database.writing() as connection:
        await give_offer(connection, "of_1", "sh_1")
        await receipts.take(connection, "sh_1", said, noon)
    async with database.writing() as connection:
        assert await receipts.take(connection, "sh_1", said, noon) == ["duplicate", "duplicate"]


async def test_nothing_said_nothing_kept(database, noon):
    async with database.writing() as connection:
        assert await receipts.take(connection, "sh_1", [], noon) == []
