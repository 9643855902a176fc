from server.records import catalogue


async def test_each_change_of_a_name_is_counted(database):
    for name in ("zones", "keys", "zones"):
        async with database.writing() as connection:
            await catalogue.bump(connection, name)
    async with database.reading() as connection:
        assert await catalogue.versions(connection) == {"zones": 2, "keys": 1}


async def test_nothing_changed_yet(database):
    async with database.reading() as connection:
        assert await catalogue.versions(connection) == {}
