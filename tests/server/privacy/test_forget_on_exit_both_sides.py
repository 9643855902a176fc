"""What stays the shopper's and what is counted of a visit have nothing in common by which one could find the other."""

import json
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from server.campaigns.action import Reply
from server.campaigns.coupon import Coupon
from server.campaigns.redemption import Asked
from server.records import (
    audit,
    coupons,
    devices,
    keys,
    purchases,
    receipts,
    redemptions,
    replies,
    webhook_doors,
)
from server.records.audit import Act
from server.records.forgetting import IMPERSONAL
from server.records.idempotency import take_turn
from server.records.keys import Principal
from server.records.parting import Parting, part
from server.records.purchases import Order
from server.records.receipts import Receipt
from server.records.redemptions import AtTill
from server.records.tables import AuditRow, CouponClaimRow, CouponCodeRow, ReplyRow, UseRow
from server.zones import forgetful
from tests.makers import QUICK, a_department, a_shop, fix
from tests.server.a_house import NOON, OUTBOX, House, an_offer
from tests.server.privacy.everybody import everything_in
from tests.server.records.rows import rows_of

#: No round time, so that no two are the same by chance.
CAME = NOON + timedelta(minutes=7, seconds=3, microseconds=141_592)
CAP = {"kind": "frequency_cap", "at_most": 3, "window": "7d"}
HALF_A_DAY = 43_200.0


@pytest.fixture
async def house(database) -> House:
    return House(database)


class Day:
    """A shopper's day in a shop that forgets: greeted, asked, claiming, paying, looked at by staff; and then gone."""

    def __init__(self, house: House, coupon: Coupon) -> None:
        self.house, self.coupon = house, coupon
        self.phone = self.shopper = self.key = ""

    def later(self, seconds: float) -> datetime:
        """Each thing at a time of its own."""
        self.house.now += timedelta(seconds=seconds, microseconds=653)
        return self.house.now

    async def open(self) -> None:
        self.house.now = CAME - timedelta(days=3)
        async with self.house.database.writing() as work:
            await coupons.put(work, self.coupon, self.house.now)
            given = webhook_doors.Given("crm", "crm", "https://crm.shop.example/", None, True)
            await webhook_doors.put(work, given, self.house.now)
        shop = a_shop(manner=QUICK, forget_on_exit=True)
        words = {"title": {"en": "Hello"}, "body": {"en": "10 %"}}
        ten = words | {"action": {"kind": "claim_coupon", "coupon": "ten"}}
        how = words | {"action": {"kind": "give_feedback", "stars": 5}}
        stayed = {"on": "dwelled", "after_s": 60, "where": {"zones": ["shop"]}}
        offers = [
            an_offer("ten", offer=ten, conditions=[CAP]),
            an_offer("how", offer=how, trigger=stayed),
        ]
        await self.house.define(shop, a_department("shelf", shop.place, manner=QUICK), offers=offers)
        await self.house.open()
        self.phone = await self.house.meet("card-1")
        async with self.house.database.writing() as work:
            self.shopper = (await devices.find(work, self.phone)).shopper_id
            issued = await keys.issue(work, "device", "phone", self.house.now, owner=self.phone)
            self.key = issued.key

    async def come(self) -> None:
        self.house.now = CAME
        await self.house.see(fix((CAME - NOON).total_seconds(), device=self.phone))
        await self._claim_and_pay(await self._offer_of("ten"))
        self.later(90)
        await self.house.see(fix((self.house.now - NOON).total_seconds(), device=self.phone))
        await self._reply(await self._offer_of("how"))

    async def _offer_of(self, campaign: str) -> str:
        """What the campaign gave, sent a second later."""
        offer = dict(await self.house.rows(OUTBOX, "campaign_id", "id"))[campaign]
        async with self.house.database.writing() as work:
            sent = {"outcome": "sent", "settled_at": self.later(1), "taken_by": "fcm", "receipt_s": 0.731}
            await work.execute(sa.update(OUTBOX).where(OUTBOX.c.id == offer).values(**sent))
        return offer

    async def _claim_and_pay(self, offer: str) -> None:
        async with self.house.database.writing() as work:
            told = Receipt(offer, "opened", self.later(1))
            await receipts.take(work, self.shopper, [told], self.later(1))
            now = self.later(5)
            await take_turn(work, self.key, "tap-1", b"k" * 32, now)
            claim = await coupons.claim(work, offer, self.shopper, self.phone, now)
            at_till = AtTill(self.later(3), till="till 1", order="o-1")
            paid = Asked(at=self.later(1), paid_milli=23_450, spend_milli=4_330)
            await redemptions.use_code(work, claim.code, paid, at_till)
            order = Order("o-1", self.later(1), 23_450, shopper=self.shopper, offer=offer)
            await purchases.report(work, order, self.later(1))
            await purchases.refund(work, "o-1", "r-1", 1_110, self.later(1))
            staff = Principal("staff", "k_1", "st_1", role="owner")
            did = Act(staff, "POST /v1/redemptions", 200, [("offer", offer)])
            await audit.write(work, did, self.house.now)  # when it was done
            saw = Act(staff, "GET /v1/offers/{offer}", 200, [("offer", offer)])
            await audit.write(work, saw, self.later(1))

    async def _reply(self, offer: str) -> None:
        said = Reply(stars=1, words="my own words", contact="+39 333")
        async with self.house.database.writing() as work:
            told = {"shopper": self.shopper, "device": self.phone, "now": self.later(2)}
            row = await replies.take(work, offer, said, "1", **told)
            await replies.see_to(work, row.id, "st_1", self.later(2), done=True)

    async def go(self) -> None:
        second = (self.house.now - NOON).total_seconds()
        await self.house.see(fix(second + 20.013, north_m=900, device=self.phone))
        await self.house.wait_until(second + 50.029)
        await self.house.see(fix(second + 50.029, north_m=900, device=self.phone))
        await self.house.wait_until(second + 80.031)

    async def be_forgotten(self) -> None:
        known = self.house.trigger.known
        grace = timedelta(minutes=5)
        told = Parting(forgetful(known.places.zones), grace, known.compiled.look_back)
        assert await part(self.house.database, told, self.house.now + grace) == 2


async def spend(house: House, coupon: Coupon) -> Day:
    day = Day(house, coupon)
    await day.open()
    await day.come()
    await day.go()
    return day


def a_coupon(**changes: Any) -> Coupon:
    said = {"id": "ten", "name": "Ten", "worth": 10.0, "life_s": HALF_A_DAY}
    return Coupon.model_validate(said | changes)


def traces(table: str, row: dict[str, Any]) -> Iterator[Any]:
    """What of a row could lead to another one: ids, exact times, amounts; not words of the shop, days, and how many."""
    of_the_shop = {"campaign_id", "campaign_group", "zone_id", "site_id", "coupon_id", "channel", "kind"}
    of_the_shop |= {"till", "shop", "variant", "outcome", "taken_by", "verb", "role", "staff_id", "key_id"}
    for column, value in row.items():
        if table == "idempotency" and column in {"owner", "status"}:
            continue
        if column not in of_the_shop:
            yield from _exact(value)


def _exact(value: Any) -> Iterator[Any]:
    match value:
        case datetime() if value.time() != time():
            yield value.timestamp()
        case str() if len(value) > 2:
            try:
                yield from _exact(datetime.fromisoformat(value)) if "T" in value else [value]
            except ValueError:
                yield value
        case bool() | None:
            return
        case int() | float() if value > 9:
            yield float(value)
        case dict() | list():
            for each in value.values() if isinstance(value, dict) else value:
                yield from _exact(each)


async def sides(day: Day) -> tuple[dict[Any, set[str]], dict[Any, set[str]]]:
    """By trace, the tables that say it: with the shopper's name, and of the visit without one."""
    named: dict[Any, set[str]] = {}
    nameless: dict[Any, set[str]] = {}
    who = (day.shopper, day.phone, day.key)
    for table, rows in (await everything_in(day.house.database)).items():
        for row in rows if table not in IMPERSONAL else []:
            theirs = any(name in json.dumps(row, default=str) for name in who)
            side = named if theirs else nameless
            for trace in traces(table, row):
                side.setdefault(trace, set()).add(table)
    return named, nameless


async def test_no_id_no_exact_time_and_no_amount_stands_on_both_sides(house):
    day = await spend(house, a_coupon())
    await day.be_forgotten()
    named, nameless = await sides(day)
    # Both are there to be looked through.
    assert {"coupon_codes", "coupon_claims", "replies", "idempotency", "remembered"} <= set().union(
        *named.values()
    )
    counted = {"visits", "outbox", "exposures", "coupon_claims", "uses", "receipts", "redemptions"}
    assert counted | {"purchases", "refunds"} <= set().union(*nameless.values())
    assert {trace: (named[trace], nameless[trace]) for trace in named.keys() & nameless.keys()} == {}


async def test_the_same_look_finds_much_where_nothing_was_forgotten_yet(house):
    day = await spend(house, a_coupon())
    async with house.database.writing() as work:  # as if the visits alone had lost the name
        for table in ("visits", "outbox", "exposures"):
            rows = OUTBOX.metadata.tables[table]
            await work.execute(sa.update(rows).values(shopper_id="x_1", device_id="x_2"))
    named, nameless = await sides(day)
    assert len(named.keys() & nameless.keys()) > 3


async def test_no_time_of_what_stays_theirs_is_within_the_visit(house):
    day = await spend(house, a_coupon())
    left = house.now
    await day.be_forgotten()
    named, _ = await sides(day)
    within = {
        trace: tables - {"remembered", "audit"}
        for trace, tables in named.items()
        if isinstance(trace, float) and CAME.timestamp() <= trace <= left.timestamp()
    }
    assert {trace: tables for trace, tables in within.items() if tables} == {}


@pytest.mark.parametrize("life_s", [60.25, 3_600.0, HALF_A_DAY, 86_400.0, 1_000_000.25])
async def test_the_end_of_a_code_tells_the_day_of_its_claim_and_no_more_and_comes_no_sooner(house, life_s):
    day = await spend(house, a_coupon(life_s=life_s))
    (before,) = await rows_of(house.database, CouponCodeRow)
    await day.be_forgotten()
    (code,) = await rows_of(house.database, CouponCodeRow)
    midnight = NOON.replace(hour=0) + timedelta(days=1)
    late, rest = midnight + timedelta(seconds=life_s), timedelta(days=1)
    assert late <= code.ends_at < late + rest  # whenever it was claimed on that day
    assert code.ends_at.time() == time()
    assert before.ends_at <= code.ends_at <= before.ends_at + 2 * rest
    theirs, counted = sorted(
        await rows_of(house.database, CouponClaimRow), key=lambda row: row.shopper_id != day.shopper
    )
    assert theirs.ends_at == code.ends_at != counted.ends_at


async def test_an_end_that_a_coupon_has_for_everybody_stays_and_no_code_outlives_it(house):
    for_all = CAME + timedelta(hours=6)
    day = await spend(house, a_coupon(life_s=3_600.0, ends_at=for_all))
    await day.be_forgotten()
    assert [row.ends_at for row in await rows_of(house.database, CouponCodeRow)] == [for_all]


async def test_what_is_left_of_a_code_can_still_be_spent(house):
    day = await spend(house, a_coupon())
    await day.be_forgotten()
    (code,) = await rows_of(house.database, CouponCodeRow)
    async with house.database.writing() as work:
        ask = Asked(at=day.later(60), paid_milli=9_000, spend_milli=5_670)
        used = await redemptions.use_code(work, code.code, ask, AtTill(day.later(1)))
    assert used.left_milli == 0
    assert sorted(row.spent_milli for row in await rows_of(house.database, UseRow)) == [0, 5_670]


async def test_a_reply_keeps_the_words_and_the_day_and_no_place(house):
    day = await spend(house, a_coupon())
    await day.be_forgotten()
    (reply,) = await rows_of(house.database, ReplyRow)
    assert (reply.shopper_id, reply.stars, reply.words, reply.contact) == (
        day.shopper,
        1,
        "my own words",
        "+39 333",
    )
    assert (reply.zone_id, reply.campaign_id) == ("", "")
    assert reply.at == reply.done_at == NOON.replace(hour=0)
    assert reply.done_by == "st_1"


async def test_what_staff_did_with_an_offer_is_told_without_whose_it_was(house):
    day = await spend(house, a_coupon())
    await day.be_forgotten()
    told = {row.verb: (row.object, row.shopper_id) for row in await rows_of(house.database, AuditRow)}
    assert told == {
        "GET /v1/offers/{offer}": (None, day.shopper),
        "POST /v1/redemptions": (None, None),
    }
