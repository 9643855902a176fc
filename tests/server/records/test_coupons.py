"""Never more coupons than there are, never two for one offer, never two uses of one code, whoever races."""

import asyncio
from datetime import timedelta

import pytest

from server.campaigns.coupon import Coupon
from server.campaigns.redemption import Asked
from server.records import coupons, redemptions
from server.records.coupons import NoCoupon
from server.records.redemptions import AtTill, NotRedeemable
from server.records.refusal import NotFound, Taken
from server.records.tables import RedemptionRow
from tests.server.records.rows import an_offer, keep, rows_of


async def put(database, noon, **changes):
    coupon = Coupon.model_validate({"id": "spring", "name": "Spring"} | changes)
    async with database.writing() as connection:
        return await coupons.put(connection, coupon, noon)


async def give(database, *offers, shopper=None, coupon="spring", **changes):
    """Offers that can be turned into the coupon, each to a shopper of its own unless said."""
    async with database.writing() as connection:
        for offer in offers:
            data = {"action": "claim_coupon", "coupon": coupon}
            await keep(connection, an_offer(offer, shopper_id=shopper or f"sh_{offer}", data=data, **changes))


async def claim(database, offer, noon, shopper=None):
    async with database.writing() as connection:
        return await coupons.claim(connection, offer, shopper or f"sh_{offer}", "d_1", noon)


async def use(database, code, noon, till="1", **asked):
    async with database.writing() as connection:
        return await redemptions.use_code(connection, code, Asked(noon, **asked), AtTill(noon, till=till))


async def test_a_claim_gives_a_code_and_asked_again_the_same(database, noon):
    await put(database, noon, life_s=3600.0)
    await give(database, "of_1")
    first, again = await claim(database, "of_1", noon), await claim(database, "of_1", noon)
    assert (first.code, first.again, again.code, again.again) == (again.code, False, first.code, True)
    assert again.ends_at == noon + timedelta(hours=1)


async def test_of_two_hundred_at_once_ten_get_one_of_ten(database, noon):
    await put(database, noon, stock=10)
    names = [f"of_{number}" for number in range(200)]
    await give(database, *names)
    outcomes = await asyncio.gather(*[claim(database, name, noon) for name in names], return_exceptions=True)
    refused = [str(each) for each in outcomes if isinstance(each, NoCoupon)]
    codes = {each.code for each in outcomes if not isinstance(each, Exception)}
    assert len(codes) == 10
    assert refused == ["all 10 are given out"] * 190
    async with database.reading() as connection:
        assert (await coupons.find(connection, "spring")).issued == 10


async def test_of_many_at_once_each_gets_another_code_of_the_pool(database, noon):
    await put(database, noon, codes="pool")
    async with database.writing() as connection:
        assert await coupons.bring(connection, "spring", ["A-1", "a 2", "A1", "A-3"], noon) == 3
        assert await coupons.bring(connection, "spring", ["A-3"], noon) == 0
    await give(database, *[f"of_{number}" for number in range(6)])
    outcomes = await asyncio.gather(
        *[claim(database, f"of_{number}", noon) for number in range(6)], return_exceptions=True
    )
    assert {each.code for each in outcomes if not isinstance(each, Exception)} == {"A1", "A2", "A3"}
    assert [str(each) for each in outcomes if isinstance(each, Exception)] == ["all codes are given out"] * 3


async def test_two_phones_of_one_shopper_at_once_get_one(database, noon):
    await put(database, noon)
    await give(database, "of_1", "of_2", shopper="sh_1")
    outcomes = await asyncio.gather(
        claim(database, "of_1", noon, "sh_1"), claim(database, "of_2", noon, "sh_1"), return_exceptions=True
    )
    (refused,) = [each for each in outcomes if isinstance(each, NoCoupon)]
    assert str(refused) == "you have one already, and that is what one person gets"
    async with database.reading() as connection:
        assert (await coupons.find(connection, "spring")).issued == 1


async def test_all_share_one_code(database, noon):
    await put(database, noon, codes="shared", code="BRERA 20", uses=2)
    await give(database, "of_1", "of_2")
    assert {(await claim(database, name, noon)).shown for name in ("of_1", "of_2")} == {"BRERA 20"}
    await use(database, "brera-20", noon)
    await use(database, "BRERA20", noon + timedelta(minutes=1), till="2")
    with pytest.raises(NotRedeemable, match=r"redeemed already, at 2026-06-10 12:01:00 UTC, at till 2"):
        await use(database, "BRERA20", noon)


@pytest.mark.parametrize(
    ("coupon", "offer", "why"),
    [
        ({"ends_at": "2026-06-10T12:00:00Z"}, {}, "this coupon ended at 2026-06-10 12:00:00 UTC"),
        ({}, {"expires_at": "noon"}, "this offer ended at"),
        ({}, {"outcome": "withdrawn"}, "this offer ended at"),
        ({}, {"coupon": "autumn"}, "no longer there"),
    ],
)
async def test_who_comes_too_late_is_told_why(database, noon, coupon, offer, why):
    await put(database, noon, **coupon)
    if "expires_at" in offer:
        offer = {"expires_at": noon}
    await give(database, "of_1", **offer)
    with pytest.raises(NoCoupon, match=why):
        await claim(database, "of_1", noon)


async def test_an_offer_of_somebody_else_is_not_found(database, noon):
    await put(database, noon)
    await give(database, "of_1")
    with pytest.raises(NotFound):
        await claim(database, "of_1", noon, shopper="sh_2")


async def test_of_fifty_tills_at_once_one_redeems_and_the_others_read_when_and_where(database, noon):
    await put(database, noon)
    await give(database, "of_1")
    code = (await claim(database, "of_1", noon)).code
    outcomes = await asyncio.gather(
        *[use(database, code, noon, till=str(till), shop="brera") for till in range(50)],
        return_exceptions=True,
    )
    (won,) = [each for each in outcomes if not isinstance(each, Exception)]
    told = {str(each) for each in outcomes if isinstance(each, NotRedeemable)}
    assert told == {
        f"this code was redeemed already, at 2026-06-10 12:00:00 UTC, at till {won.use.till}, in brera"
    }
    assert sum(isinstance(each, NotRedeemable) for each in outcomes) == 49


async def test_a_value_is_used_in_parts_and_never_beyond_whoever_races(database, noon):
    await put(database, noon, worth=25.0)
    await give(database, "of_1")
    code = (await claim(database, "of_1", noon)).code
    outcomes = await asyncio.gather(
        *[use(database, code, noon, till=str(till), spend_milli=4_990) for till in range(8)],
        return_exceptions=True,
    )
    assert sum(isinstance(each, NotRedeemable) for each in outcomes) == 3
    assert min(each.left_milli for each in outcomes if not isinstance(each, Exception)) == 50
    rest = await use(database, code, noon)
    assert (rest.use.spent_milli, rest.left_milli) == (50, 0)
    with pytest.raises(NotRedeemable, match="the whole value of this code was used"):
        await use(database, code, noon)


async def test_what_was_rolled_back_can_be_used_again_and_twice_is_no_error(database, noon):
    await put(database, noon)
    await give(database, "of_1")
    code = (await claim(database, "of_1", noon)).code
    used = await use(database, code, noon)
    for _ in range(2):
        async with database.writing() as connection:
            assert (await redemptions.roll_back(connection, used.use.id, noon)).void_why == "rolled_back"
    await use(database, code, noon)
    with pytest.raises(NotRedeemable):
        await use(database, code, noon)


async def test_a_slip_of_the_pen_is_told_from_a_code_that_never_was(database, noon):
    with pytest.raises(NotRedeemable, match="was mistyped"):
        await use(database, "22222222223A", noon)
    with pytest.raises(NotRedeemable, match="there is no code XMAS"):
        await use(database, "XMAS", noon)


async def test_a_coupon_keeps_the_way_its_codes_come_about(database, noon):
    assert (await put(database, noon))[0] == "created"
    assert (await put(database, noon))[0] == "same"
    assert (await put(database, noon, stock=5))[0] == "changed"
    with pytest.raises(Taken, match="stay so"):
        await put(database, noon, codes="pool")


async def test_codes_for_leaflets_count_as_issued(database, noon):
    await put(database, noon, stock=3)
    async with database.writing() as connection:
        made = await coupons.generate(connection, "spring", 3, noon)
    assert len(set(made)) == 3
    with pytest.raises(Taken, match="stock of 3, of which 3 are issued"):
        async with database.writing() as connection:
            await coupons.generate(connection, "spring", 1, noon)
    await use(database, made[0], noon)


async def test_an_offer_claimed_and_used_by_its_code_counts_as_redeemed_once(database, noon):
    await put(database, noon)
    await give(database, "of_1")
    code = (await claim(database, "of_1", noon)).code
    await use(database, code, noon, paid_milli=49_900)
    async with database.writing() as connection:
        with pytest.raises(NotRedeemable):
            await redemptions.use_offer(connection, "of_1", Asked(noon), AtTill(noon))
    (row,) = await rows_of(database, RedemptionRow)
    assert (row.outbox_id, row.shopper_id, row.amount) == ("of_1", "sh_of_1", 49.9)
