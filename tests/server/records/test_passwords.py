from server.records.passwords import Passwords

CHEAP = Passwords(passes=1, memory_kib=64, lanes=1)


async def test_a_password_fits_its_own_hash_alone():
    kept = await CHEAP.hashed("correct horse battery")
    assert await CHEAP.fits("correct horse battery", kept) == (True, None)
    assert await CHEAP.fits("correct horse", kept) == (False, None)
    assert "correct" not in kept


async def test_nobodys_password_fits_nothing():
    assert await CHEAP.fits("nobody's password", None) == (False, None)


async def test_a_hash_of_another_cost_is_renewed_when_its_password_comes():
    kept = await CHEAP.hashed("correct horse battery")
    dearer = Passwords(passes=2, memory_kib=64, lanes=1)
    fits, renewed = await dearer.fits("correct horse battery", kept)
    assert fits
    assert await dearer.fits("correct horse battery", renewed) == (True, None)


async def test_the_cost_is_argon2id_as_rfc_9106_recommends():
    assert (await Passwords().hashed("x")).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
