"""Whoever has a live token is known by it; nobody else is, and the records do not know the tokens themselves."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from server.records import keys
from server.records.keys import Keyring
from server.records.refusal import NotFound
from server.records.tables import KeyRow, StaffRow


async def issued(database, noon, kind="server", **more):
    async with database.writing() as connection:
        return await keys.issue(connection, kind, "the till", noon, **more)


async def test_a_token_tells_who_speaks(database, noon):
    key = await issued(database, noon, "gateway", owner="gw_1")
    ring = Keyring(database)
    await ring.reload()
    principal = ring.find(key.token)
    assert (principal.kind, principal.key, principal.owner) == ("gateway", key.key, "gw_1")
    assert principal.signing_key == keys.signing_key(key.token)
    assert key.token.startswith("sog_gateway_")
    assert len(key.token) == len("sog_gateway_") + 43


async def test_the_records_never_hold_a_token(database, noon):
    key = await issued(database, noon)
    async with database.reading() as connection:
        row = (await connection.execute(sa.select(KeyRow.__table__))).one()
    assert key.token not in str(row)
    assert key.token.removeprefix("sog_server_").encode() not in row.token_hash + row.signing_key


async def test_a_key_issued_a_moment_ago_is_found_by_looking_it_up(database, noon):
    ring = Keyring(database)
    await ring.reload()
    key = await issued(database, noon)
    assert ring.find(key.token) is None
    assert (await ring.look_up(key.token)).key == key.key
    assert ring.find(key.token).key == key.key


async def test_a_revoked_key_vanishes_at_the_next_reload(database, noon):
    key = await issued(database, noon)
    ring = Keyring(database)
    await ring.reload()
    async with database.writing() as connection:
        await keys.revoke(connection, key.key, noon)
    await ring.reload()
    assert ring.find(key.token) is None
    assert await ring.look_up(key.token) is None


async def test_revoking_twice_keeps_the_first_time(database, noon):
    key = await issued(database, noon)
    async with database.writing() as connection:
        await keys.revoke(connection, key.key, noon)
        await keys.revoke(connection, key.key, noon + timedelta(days=1))
        assert (await keys.find_key(connection, key.key)).revoked_at == noon


async def test_revoking_what_is_not_there_is_said(database, noon):
    with pytest.raises(NotFound, match="k_nobody"):
        async with database.writing() as connection:
            await keys.revoke(connection, "k_nobody", noon)


async def test_all_keys_of_a_device_end_together(database, noon):
    mine = [await issued(database, noon, "device", owner="d_1") for _ in range(2)]
    other = await issued(database, noon, "device", owner="d_2")
    async with database.writing() as connection:
        assert await keys.revoke_of(connection, "d_1", noon) == 2
    ring = Keyring(database)
    assert [await ring.look_up(key.token) for key in mine] == [None, None]
    assert await ring.look_up(other.token) is not None


async def test_a_session_ends_by_the_clock_without_any_news(database, noon):
    now = [noon.timestamp()]
    async with database.writing() as connection:
        await connection.execute(
            sa.insert(StaffRow).values(
                id="st_1", email="a@shop.example", name="A", role="owner", password_hash="-", created_at=noon
            )
        )
    session = await issued(database, noon, "staff", owner="st_1", expires_at=noon + timedelta(hours=12))
    ring = Keyring(database, clock=lambda: now[0])
    await ring.reload()
    assert ring.find(session.token).role == "owner"
    now[0] += 12 * 3600
    assert ring.find(session.token) is None
    assert await ring.look_up(session.token) is None


async def test_a_session_of_staff_who_left_opens_nothing(database, noon):
    async with database.writing() as connection:
        await connection.execute(
            sa.insert(StaffRow).values(
                id="st_1",
                email="a@shop.example",
                name="A",
                role="owner",
                password_hash="-",
                created_at=noon,
                disabled_at=noon,
            )
        )
    session = await issued(database, noon, "staff", owner="st_1")
    assert await Keyring(database).look_up(session.token) is None


@pytest.mark.parametrize(
    "junk", ["", "sog_server_", "sog_server_" + "x" * 42, "\ud800", "sog_server_" + "é" * 43]
)
async def test_junk_is_no_token(database, junk):
    assert await Keyring(database).look_up(junk) is None


async def test_keys_are_listed_page_by_page(database, noon):
    made = sorted([(await issued(database, noon)).key for _ in range(3)])
    await issued(database, noon, "device", owner="d_1")
    async with database.reading() as connection:
        first = await keys.listed(connection, ["server"], limit=2)
        rest = await keys.listed(connection, ["server"], after=first[-1].id, limit=2)
    assert [key.id for key in [*first, *rest]] == made
