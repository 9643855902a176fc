"""The shop's word for a shopper holds for that shopper, for a while, and while its key lives."""

from datetime import timedelta

import pytest

from server.records import keys
from server.web.proof import objection, proof_of


@pytest.fixture
async def server_key(database, noon):
    async with database.writing() as connection:
        return await keys.issue(connection, "server", "web shop", noon)


async def heard(database, proof, own_id, now):
    async with database.reading() as connection:
        return await objection(connection, proof, own_id, now)


async def test_the_shops_word_is_believed(database, server_key, noon):
    proof = proof_of(server_key.key, server_key.token, "loyalty-1", noon)
    assert await heard(database, proof, "loyalty-1", noon + timedelta(minutes=14)) is None


async def test_a_word_for_one_shopper_is_none_for_another(database, server_key, noon):
    proof = proof_of(server_key.key, server_key.token, "loyalty-1", noon)
    assert "not signed" in await heard(database, proof, "loyalty-2", noon)


@pytest.mark.parametrize("minutes", [16, -2])
async def test_a_word_holds_for_a_quarter_of_an_hour(database, server_key, noon, minutes):
    proof = proof_of(server_key.key, server_key.token, "loyalty-1", noon)
    assert "older" in await heard(database, proof, "loyalty-1", noon + timedelta(minutes=minutes))


async def test_a_key_that_ended_vouches_for_nobody(database, server_key, noon):
    proof = proof_of(server_key.key, server_key.token, "loyalty-1", noon)
    async with database.writing() as connection:
        await keys.revoke(connection, server_key.key, noon)
    assert "no live server key" in await heard(database, proof, "loyalty-1", noon)


async def test_an_app_key_vouches_for_nobody(database, noon):
    async with database.writing() as connection:
        key = await keys.issue(connection, "app", "app", noon)
    proof = proof_of(key.key, key.token, "loyalty-1", noon)
    assert "no live server key" in await heard(database, proof, "loyalty-1", noon)


async def test_junk_is_no_word(database, noon):
    assert "must be" in await heard(database, "trust me", "loyalty-1", noon)
