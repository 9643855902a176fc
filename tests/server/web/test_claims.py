"""A shopper turns an offer into a code, sees it as a QR, and a till uses it once: with a line, or without one."""

import asyncio
from datetime import timedelta

import jwt
import pytest

from server.records import devices, keys, redemptions, shoppers, zones
from server.records.tables import OutboxRow
from server.web.claims import claim_routes
from server.web.coupons import coupon_routes
from server.web.till import till_routes
from tests.makers import a_shop
from tests.server.records.rows import a_device, an_offer, keep, rows_of

MARKETER = {"id": "spring", "name": "Spring"}


@pytest.fixture
def clock(noon):
    """A clock that a test may put forward."""
    return [noon]


@pytest.fixture
def doors(open_doors, database, guard, edits, tokens, clock):
    routers = (
        claim_routes(database, guard, clock=lambda: clock[0]),
        till_routes(database, guard, edits, clock=lambda: clock[0]),
        coupon_routes(database, guard, edits, clock=lambda: clock[0]),
    )
    return open_doors(*routers)


@pytest.fixture
def server(tokens):
    return tokens.headers("server")


@pytest.fixture
def phone(tokens):
    return tokens.headers("device")


@pytest.fixture
async def give(database, noon):
    """`await give("of_1")`: offers of the coupon to the shopper of the token's device."""

    async def give(*offers, **changes):
        async with database.writing() as connection:
            for offer in offers:
                data = {"action": "claim_coupon", "coupon": "spring"}
                await keep(connection, an_offer(offer, data=data, **changes))

    async with database.writing() as connection:
        await keep(connection, a_device("d_1", "sh_1"))
    return give


async def put(doors, server, **changes):
    answer = await doors.put("/v1/coupons/spring", json=MARKETER | changes, headers=server)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def claim(doors, phone, offer="of_1", **more):
    return await doors.post(f"/v1/offers/{offer}/claim", headers=phone | more)


async def redeem(doors, server, **body):
    return await doors.post("/v1/redemptions", json=body, headers=server)


@pytest.fixture
async def claimed(doors, server, phone, give, clock):
    """A code that was claimed two hours ago, before any till used it."""
    now = clock[0]
    clock[0] = now - timedelta(hours=2)
    await put(doors, server)
    await give("of_1")
    code = (await claim(doors, phone)).json()
    clock[0] = now
    return code


async def test_an_offer_becomes_a_code_and_asked_again_the_same(doors, phone, claimed):
    assert claimed["coupon"] == "spring"
    assert len(claimed["code"].replace("-", "")) == 12
    again = await claim(doors, phone)
    assert (again.status_code, again.json()["code"]) == (200, claimed["code"])


async def test_its_owner_sees_the_qr_and_nobody_else_does(doors, database, phone, claimed, noon):
    svg = await doors.get(claimed["qr_svg"], headers=phone)
    png = await doors.get(claimed["qr_png"], headers=phone)
    assert (svg.headers["content-type"], png.headers["content-type"]) == ("image/svg+xml", "image/png")
    assert b"<svg" in svg.content
    assert png.content.startswith(b"\x89PNG")
    assert "no-store" in svg.headers["cache-control"]
    async with database.writing() as connection:
        other, _ = await shoppers.meet(connection, None, noon)
        device = await devices.register_device(connection, other.id, "phone", noon)
        key = await keys.issue(connection, "device", "phone", noon, owner=device.id)
    theirs = {"Authorization": f"Bearer {key.token}"}
    assert (await doors.get(claimed["qr_svg"], headers=theirs)).status_code == 404
    assert (await claim(doors, theirs)).status_code == 404


async def test_of_two_hundred_claims_ten_get_one_of_ten_and_the_others_are_told_why(
    doors, server, phone, give
):
    await put(doors, server, stock=10, per_person=1000)
    names = [f"of_{number}" for number in range(200)]
    await give(*names)
    answers = await asyncio.gather(*[claim(doors, phone, name) for name in names])
    assert [answer.status_code for answer in answers].count(200) == 10
    told = {answer.json()["detail"] for answer in answers if answer.status_code == 409}
    assert told == {"all 10 are given out"}
    assert len({answer.json()["code"] for answer in answers if answer.status_code == 200}) == 10
    assert (await doors.get("/v1/coupons/spring", headers=server)).json()["issued"] == 10


async def test_of_fifty_tills_one_redeems_and_the_others_read_when_and_where(doors, server, claimed):
    answers = await asyncio.gather(
        *[
            redeem(doors, server, code=claimed["code"], till=f"till {number}", shop="brera")
            for number in range(50)
        ]
    )
    (won,) = [answer.json() for answer in answers if answer.status_code == 201]
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert len(refused) == 49
    assert {told["title"] for told in refused} == {"The code was used already"}
    assert {told["detail"] for told in refused} == {
        f"this code was redeemed already, at 2026-06-10 12:00:00 UTC, at till {won['till']}, in brera"
    }


async def test_fifty_retries_of_one_till_get_one_answer(doors, server, claimed):
    key = {"Idempotency-Key": "till-1"}
    body = {"code": claimed["code"], "till": "1"}
    answers = await asyncio.gather(
        *[doors.post("/v1/redemptions", json=body, headers=server | key) for _ in range(50)]
    )
    assert {(answer.status_code, answer.text) for answer in answers} == {(201, answers[0].text)}


async def test_looking_uses_nothing(doors, server, claimed):
    for _ in range(2):
        looked = await redeem(doors, server, code=claimed["code"], dry=True)
        assert (looked.status_code, looked.json()["would_leave"]) == (200, None)
    assert (await redeem(doors, server, code=claimed["code"])).status_code == 201
    assert (await redeem(doors, server, code=claimed["code"], dry=True)).status_code == 409


@pytest.mark.parametrize(
    ("coupon", "body", "title", "detail"),
    [
        ({"life_s": 60.0}, {}, "The coupon has expired", "this coupon ended at 2026-06-10 12:01:00 UTC"),
        ({"shops": ["brera"]}, {"shop": "duomo"}, "The coupon does not hold in this shop", "brera only"),
        ({"minimum": 30.0}, {"amount": 29.0}, "The purchase is below the coupon's minimum", "30.00 or more"),
        ({"starts_at": "2026-06-11T00:00:00Z"}, {}, "The coupon does not hold yet", "from 2026-06-11"),
        ({"worth": 5.0}, {"spend": 6.0}, "Less than that is left of the code", "5.00 of this code is left"),
    ],
)
async def test_the_till_reads_why_not(doors, server, phone, give, clock, coupon, body, title, detail):
    await put(doors, server, **coupon)
    await give("of_1")
    code = (await claim(doors, phone)).json()["code"]
    clock[0] += timedelta(minutes=2)
    refused = await redeem(doors, server, code=code, **body)
    assert (refused.status_code, refused.json()["title"]) == (409, title)
    assert detail in refused.json()["detail"]


async def test_a_code_that_is_none_is_not_found(doors, server, claimed):
    forged = claimed["signed"][:-8] + "AAAAAAAA"
    for code, title in (("XMAS-24", "There is no such code"), (forged, "The code is not ours")):
        answer = await redeem(doors, server, code=code)
        assert (answer.status_code, answer.json()["title"]) == (404, title)


async def test_a_gift_card_is_used_in_parts(doors, server, phone, give):
    await put(doors, server, worth=25.0, currency="EUR")
    await give("of_1")
    code = (await claim(doors, phone)).json()["code"]
    first = (await redeem(doors, server, code=code, amount=9.99)).json()
    assert (first["spent"], first["left"]) == (9.99, 15.01)
    second = (await redeem(doors, server, code=code, spend=5.01)).json()
    assert (second["spent"], second["left"]) == (5.01, 10.0)
    body = {"redemption": first["redemption"]}
    back = await doors.post("/v1/redemptions/rollback", json=body, headers=server)
    assert back.status_code == 200
    assert (await redeem(doors, server, code=code, spend=1.0)).json()["left"] == 18.99


async def test_an_offer_that_was_claimed_is_used_by_its_id_or_its_code_and_not_by_both(
    doors, server, claimed
):
    used = await redeem(doors, server, offer="of_1", amount=20.0)
    assert (used.status_code, used.json()["coupon"], used.json()["shopper"]) == (201, "spring", "sh_1")
    assert (await redeem(doors, server, code=claimed["code"])).status_code == 409
    assert (await redeem(doors, server, offer="of_1")).status_code == 409
    back = await doors.post("/v1/redemptions/rollback", json={"offer": "of_1"}, headers=server)
    assert back.status_code == 200
    assert (await redeem(doors, server, code=claimed["code"])).status_code == 201


async def test_all_who_share_a_code_use_their_offer_once(doors, server, phone, give):
    await put(doors, server, codes="shared", code="BRERA20", per_person=2)
    await give("of_1", "of_2")
    assert {(await claim(doors, phone, offer)).json()["code"] for offer in ("of_1", "of_2")} == {"BRERA20"}
    for offer in ("of_1", "of_2"):
        assert (await redeem(doors, server, offer=offer)).json()["offer"] == offer
        assert (await redeem(doors, server, offer=offer)).status_code == 409
    assert (await redeem(doors, server, code="brera 20")).status_code == 201


async def test_nothing_that_was_never_used_is_taken_back(doors, server, claimed):
    for body in ({"offer": "of_1"}, {"redemption": "rd_none"}):
        assert (await doors.post("/v1/redemptions/rollback", json=body, headers=server)).status_code == 404


async def test_an_offer_whose_coupon_nobody_claimed_is_not_used_round_its_minimum_shops_and_stock(
    doors, server, phone, give
):
    await put(doors, server, minimum=30.0, shops=["brera"], stock=1)
    await give("of_1")
    refused = await redeem(doors, server, offer="of_1", amount=5.0, shop="duomo")
    assert refused.status_code == 409
    assert refused.json()["detail"] == (
        "this offer gives a coupon that was not claimed yet: the shopper claims it in the app first"
    )
    assert refused.json()["errors"] == [{"place": "body.offer", "reason": "unclaimed"}]
    assert (await claim(doors, phone)).status_code == 200
    assert (await redeem(doors, server, offer="of_1", amount=5.0, shop="brera")).status_code == 409
    assert (await redeem(doors, server, offer="of_1", amount=30.0, shop="brera")).status_code == 201


async def test_an_offer_that_was_used_without_its_coupon_gives_none_any_more(
    doors, server, phone, give, database, noon
):
    await put(doors, server)
    await give("of_1")
    async with database.writing() as connection:  # as tills could before an offer needed its coupon
        await redemptions.redeem(connection, "of_1", noon)
    again = await redeem(doors, server, offer="of_1")
    assert (again.status_code, "redeemed already" in again.json()["detail"]) == (409, True)
    refused = await claim(doors, phone)
    assert (refused.status_code, refused.json()["detail"]) == (409, "this offer was redeemed already")
    back = await doors.post("/v1/redemptions/rollback", json={"offer": "of_1"}, headers=server)
    assert back.status_code == 200
    assert (await claim(doors, phone)).status_code == 200


async def test_a_till_without_a_line_checks_the_qr_with_the_public_key(doors, server, claimed):
    (key,) = (await doors.get("/v1/till/keys", headers=server)).json()["keys"]
    assert "d" not in key  # the private half
    read = jwt.decode(
        claimed["signed"], jwt.PyJWK(key).key, algorithms=["EdDSA"], options={"verify_nbf": False}
    )
    assert (read["jti"], read["coupon"]) == (claimed["code"].replace("-", ""), "spring")


async def test_a_new_key_leaves_what_was_signed_before_good(doors, server, claimed):
    await doors.post("/v1/till/keys", headers=server)
    assert len((await doors.get("/v1/till/keys", headers=server)).json()["keys"]) == 2
    assert (await redeem(doors, server, code=claimed["signed"])).status_code == 201


async def reconcile(doors, server, *uses):
    answer = await doors.post("/v1/redemptions/reconcile", json={"redemptions": uses}, headers=server)
    assert answer.status_code == 200, answer.text
    return answer.json()


def offline(code, id="u1", **changes):
    return {"id": id, "code": code, "at": "2026-06-10T11:00:00Z", "till": "7", "shop": "duomo"} | changes


async def test_what_a_till_did_without_a_line_is_told_later_and_each_has_its_verdict(doors, server, claimed):
    signed = claimed["signed"]
    told = await reconcile(
        doors,
        server,
        offline(signed),
        "junk",
        offline(signed, "u2", at="2026-06-10T12:30:00Z"),
        offline(signed[:-8] + "AAAAAAAA", "u3"),
        offline("2222-2222-223A", "u4"),
        offline(signed, "u5", till="8", at="2026-06-10T11:30:00Z"),
    )
    assert [each["verdict"] for each in told["verdicts"]] == [
        "accepted",
        "malformed",
        "in_the_future",
        "refused",
        "refused",
        "double_spend",
    ]
    assert [each["why"] for each in told["verdicts"]][3:] == ["forged", "mistyped", "used"]
    assert "at 2026-06-10 11:00:00 UTC, at till 7, in duomo" in told["verdicts"][5]["reason"]
    assert (told["accepted"], told["double_spends"]) == (1, 1)


async def test_telling_it_again_is_no_second_use(doors, server, claimed):
    first = await reconcile(doors, server, offline(claimed["signed"]))
    again = await reconcile(doors, server, offline(claimed["signed"]))
    assert again["verdicts"][0]["verdict"] == "duplicate"
    assert again["verdicts"][0]["redemption"] == first["verdicts"][0]["redemption"]


async def test_two_tills_that_count_alike_and_name_none_lose_no_use(doors, server):
    await put(doors, server, worth=10.0)
    path = "/v1/coupons/spring/codes"
    one, two = (await doors.post(path, json={"generate": 2}, headers=server)).json()["codes"]

    async def tell(code, tongue=None, **money):
        use = {"id": "1", "code": code, "at": "2026-06-10T12:00:00Z"} | money
        [told] = (await reconcile(doors, server | (tongue or {}), use))["verdicts"]
        return told

    assert (await tell(one, spend=4.0))["verdict"] == "accepted"
    other = await tell(two, spend=4.0)
    assert (other["verdict"], other["field"], other["redemption"]) == ("refused", "id", None)
    assert other["reason"].startswith("another use was told by this id before")
    assert (await tell(two, IN_ITALIAN))["reason"].startswith("con questo id")
    for money in ({"spend": 5.0}, {"spend": 4.0, "amount": 20.0}):
        assert (await tell(one, **money))["verdict"] == "refused"
    assert (await tell(one.lower(), spend=4.0))["verdict"] == "duplicate"
    assert (await redeem(doors, server, code=two, dry=True)).json()["would_leave"] == 0.0


async def test_no_till_wakes_an_expired_code_by_an_old_time(doors, server, clock):
    await put(doors, server)
    code = (await doors.post("/v1/coupons/spring/codes", json={"generate": 1}, headers=server)).json()[
        "codes"
    ][0]
    await put(doors, server, ends_at="2026-06-10T12:30:00Z")
    clock[0] += timedelta(hours=1)
    assert (await redeem(doors, server, code=code)).json()["title"] == "The coupon has expired"
    old = await redeem(doors, server, code=code, at="2001-01-01T00:00:00Z")
    assert (old.status_code, old.json()["errors"][0]["place"]) == (422, "body.at")
    assert "/v1/redemptions/reconcile" in old.json()["detail"]
    before = {"code": code, "at": "2026-06-10T11:58:59Z"}
    refused = await redeem(doors, server, **before)
    assert refused.json()["detail"] == (
        "this code was given out at 2026-06-10 12:00:00 UTC and cannot have been used before"
    )
    [told] = (await reconcile(doors, server, before | {"id": "u1"}))["verdicts"]
    assert (told["verdict"], told["why"]) == ("refused", "too_early")
    slow = {"code": code, "at": "2026-06-10T11:59:30Z"}  # a till's clock may lag a little
    assert (await redeem(doors, server, **slow)).status_code == 201


async def test_what_is_older_than_a_day_is_told_by_reconciling(doors, server, claimed, clock):
    clock[0] += timedelta(days=2)
    at = "2026-06-10T12:00:00Z"
    assert (await redeem(doors, server, code=claimed["code"], at=at)).status_code == 422
    [told] = (await reconcile(doors, server, offline(claimed["signed"], at=at)))["verdicts"]
    assert told["verdict"] == "accepted"


@pytest.mark.parametrize("spend", [0.0004, 1e-7, 9.9999, 10.0001, True, "3", 0, -1, 10**400])
async def test_what_the_books_cannot_hold_is_not_spent(doors, server, spend):
    await put(doors, server, worth=10.0)
    code = (await doors.post("/v1/coupons/spring/codes", json={"generate": 1}, headers=server)).json()[
        "codes"
    ][0]
    refused = await redeem(doors, server, code=code, spend=spend)
    assert (refused.status_code, refused.json()["errors"][0]["place"]) == (422, "body.spend")
    [told] = (
        await reconcile(
            doors, server, {"id": "u1", "code": code, "at": "2026-06-10T12:00:00Z", "spend": spend}
        )
    )["verdicts"]
    assert (told["verdict"], told["field"]) == ("malformed", "spend")
    nothing = await redeem(doors, server, code=code, amount=0)
    assert (nothing.status_code, nothing.json()["title"]) == (409, "Nothing of the code would be used")
    assert (await redeem(doors, server, code=code, spend=0.1 + 0.2)).json()["left"] == 9.7


async def test_a_code_spent_with_a_line_and_without_one_is_found_and_told(doors, server, claimed):
    await redeem(doors, server, code=claimed["code"], till="3", shop="brera")
    told = await reconcile(doors, server, offline(claimed["signed"]))
    assert told["verdicts"][0]["verdict"] == "double_spend"
    assert "at till 3, in brera" in told["verdicts"][0]["reason"]
    again = await reconcile(doors, server, offline(claimed["signed"]))
    assert again["verdicts"][0]["verdict"] == "double_spend"


async def test_two_batches_at_once_spend_a_code_once(doors, server, claimed):
    both = await asyncio.gather(
        *[reconcile(doors, server, offline(claimed["signed"], "u", till=till)) for till in ("1", "2")]
    )
    assert sorted(each["verdicts"][0]["verdict"] for each in both) == ["accepted", "double_spend"]


async def test_a_pool_is_brought_as_csv_and_lines_that_are_wrong_are_told(doors, server, tokens):
    await put(doors, server, codes="pool")
    path, staff = "/v1/coupons/spring/codes", tokens.headers("marketer")
    added = await doors.post(path, json={"csv": "code,note\nA-100,x\nA-101,\n"}, headers=staff)
    assert (added.status_code, added.json()["added"]) == (201, 2)
    again = (await doors.post(path, json={"codes": ["A100", "A102"]}, headers=server)).json()
    assert (again["added"], again["known_before"]) == (1, 1)
    wrong = await doors.post(path, json={"csv": "code\nA-103\n??\n"}, headers=server)
    assert (wrong.status_code, wrong.json()["errors"][0]["place"]) == (422, "body.csv line 3")
    assert (await doors.post(path, json={"csv": "nothing"}, headers=server)).status_code == 422
    assert (await doors.post(path, json={"generate": 1}, headers=server)).status_code == 409


async def test_codes_are_made_for_leaflets_and_shown_once(doors, server):
    await put(doors, server, stock=2)
    path = "/v1/coupons/spring/codes"
    made = (await doors.post(path, json={"generate": 2}, headers=server)).json()
    assert len(set(made["codes"])) == 2
    assert (await redeem(doors, server, code=made["codes"][0])).status_code == 201
    assert (await doors.post(path, json={"generate": 1}, headers=server)).status_code == 409


async def test_coupons_are_listed_and_only_marketers_change_them(doors, server, tokens):
    await put(doors, server)
    listed = (await doors.get("/v1/coupons", headers=tokens.headers("analyst"))).json()
    assert [each["coupon"]["id"] for each in listed["coupons"]] == ["spring"]
    refused = await doors.put("/v1/coupons/spring", json=MARKETER, headers=tokens.headers("analyst"))
    assert refused.status_code == 403
    other = await doors.put("/v1/coupons/autumn", json=MARKETER, headers=server)
    assert other.status_code == 422


async def test_an_offer_without_a_coupon_gives_none(doors, database, phone, give):
    await give("of_0")
    async with database.writing() as connection:
        await keep(connection, an_offer("of_9", data={}))
    refused = await claim(doors, phone, "of_9")
    assert (refused.status_code, refused.json()["detail"]) == (409, "this offer comes without a coupon")
    assert {row.id for row in await rows_of(database, OutboxRow)} == {"of_0", "of_9"}


@pytest.fixture
async def duomo(database, noon):
    """A shop in Milan, two hours ahead of UTC in June."""
    async with database.writing() as connection:
        await zones.put(connection, [zones.Given(a_shop(id="duomo", time_zone="Europe/Rome"))], noon)


IN_ITALIAN = {"Accept-Language": "it-IT, en;q=0.5"}


async def test_a_till_reads_why_not_in_its_language_and_by_its_shops_clock(doors, server, claimed, duomo):
    await redeem(doors, server, code=claimed["code"], till="3", shop="duomo")
    again = await redeem(doors, server | IN_ITALIAN, code=claimed["code"], shop="duomo")
    assert again.json()["title"] == "Il codice è già stato usato"
    assert again.json()["detail"] == (
        "questo codice è già stato usato, il 2026-06-10 14:00:00 Europe/Rome, alla cassa 3, in duomo"
    )
    assert again.json()["errors"] == [{"place": "body.code", "reason": "used"}]
    assert (again.headers["content-language"], again.headers["vary"]) == ("it", "Accept-Language")


async def test_a_till_that_names_no_shop_and_no_language_of_ours_reads_english_and_utc(
    doors, server, claimed, duomo
):
    await redeem(doors, server, code=claimed["code"], till="3", shop="duomo")
    again = await redeem(doors, server | {"Accept-Language": "fr"}, code=claimed["code"])
    assert again.json()["detail"] == (
        "this code was redeemed already, at 2026-06-10 12:00:00 UTC, at till 3, in duomo"
    )


async def test_an_italian_till_reads_money_and_shops_as_italians_write_them(doors, server, phone, give):
    await put(doors, server, minimum=30.0, currency="EUR", shops=["brera", "duomo", "isola"])
    await give("of_1")
    code = (await claim(doors, phone)).json()["code"]
    elsewhere = await redeem(doors, server | IN_ITALIAN, code=code, shop="roma", amount=50.0)
    assert elsewhere.json()["detail"] == "questo buono vale solo in brera, duomo e isola, non in roma"
    too_little = await redeem(doors, server | IN_ITALIAN, code=code, shop="duomo", amount=12.5)
    said = "questo buono vale per una spesa di almeno 30,00 EUR; questa è di 12,50 EUR"
    assert too_little.json()["detail"] == said


async def test_what_an_offline_till_is_told_is_in_its_language_and_by_the_clock_of_each_ones_shop(
    doors, server, claimed, duomo
):
    signed = claimed["signed"]
    uses = [
        offline(signed),
        offline(signed, "u2", till="8", at="2026-06-10T11:30:00Z"),
        offline(signed, "u3", till="9", at="2026-06-10T11:40:00Z", shop="nowhere"),
        offline(signed, "u4", at="2026-06-10T12:30:00Z"),
    ]
    told = (await reconcile(doors, server | IN_ITALIAN, *uses))["verdicts"]
    assert [each["why"] for each in told] == [None, "used", "used", None]
    used = "questo codice è già stato usato, il"
    assert told[1]["reason"] == f"{used} 2026-06-10 13:00:00 Europe/Rome, alla cassa 7, in duomo"
    assert told[2]["reason"] == f"{used} 2026-06-10 11:00:00 UTC, alla cassa 7, in duomo"
    assert told[3]["reason"] == "è nel futuro: l'orologio della cassa è giusto?"


async def test_a_shopper_reads_why_there_is_no_coupon_in_their_language_and_by_the_clock_of_the_offers_shop(
    doors, server, phone, give, duomo, noon
):
    await put(doors, server)
    await give("of_1", zone_id="duomo", expires_at=noon)
    late = await claim(doors, phone, **IN_ITALIAN)
    said = "questa offerta è finita il 2026-06-10 14:00:00 Europe/Rome"
    assert (late.status_code, late.json()["detail"]) == (409, said)
    strange = await claim(doors, phone, "of_none", **IN_ITALIAN)
    assert (strange.status_code, strange.json()["detail"]) == (404, "nessuna offerta of_none ti è stata data")
