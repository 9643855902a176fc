"""Shoppers are looked up one by one, and what they ask of the shop is done; each look is written down."""

import asyncio
import json
from pathlib import Path

import pytest_asyncio

from tests.console.a_corner import furnish, offer_of, walks_in
from tests.console.browsing import PASSWORD
from tests.console.conftest import IN_A_BROWSER

pytestmark = IN_A_BROWSER

WORDS = {"en": "May we know when you are near?", "it": "Possiamo sapere quando sei vicino?"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def owner(shop):
    """The headers of an owner's session."""
    login = {"email": "owner@brera.example", "password": PASSWORD}
    said = (await shop.http.post("/v1/login", json=login)).raise_for_status().json()
    return {"Authorization": f"Bearer {said['token']}"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(shop, owner):
    """Bea and Dora came, got an offer, opened and used it; Bea signed at the desk what she agrees to. Gives their ids."""
    await furnish(shop)
    bea = await _comes(shop, "card-7", {"first_name": "Bea", "shoe size": 38})
    dora = await _comes(shop, "card-8", {"first_name": "Dora"})
    text = await shop.http.put("/v1/consent-texts/location/2026-01", json={"texts": WORDS}, headers=owner)
    text.raise_for_status()
    signed = {"purposes": {"location": True}, "version": "2026-01", "language": "it", "how": "desk"}
    (await shop.http.put(f"/v1/shoppers/{bea}/consents", json=signed)).raise_for_status()
    return {"bea": bea, "dora": dora}


@pytest_asyncio.fixture(loop_scope="module")
async def bea(both):
    return both["bea"]


async def _comes(shop, own_id, attributes):
    shopper, phone = await walks_in(shop, own_id, attributes=attributes, tags=["shoes"])
    offer = await offer_of(shop, shopper)
    opened = {"receipts": [{"offer": offer, "kind": "opened", "at": "2026-01-01T12:00:00Z"}]}
    (await shop.http.post("/v1/receipts", json=opened, headers=phone)).raise_for_status()
    used = {"offer": offer, "amount": 49.9, "till": "3"}
    (await shop.http.post("/v1/redemptions", json=used)).raise_for_status()
    return shopper


async def find(page, whose):
    await page.get_by_role("textbox", name="Whose?").fill(whose)
    await page.get_by_role("textbox", name="Whose?").press("Enter")


async def test_a_manager_finds_bea_and_sees_what_passed_with_proof(read, bea):
    page = await (await read("manager")).opens("/shoppers")
    await page.get_by_text("There is no list of everybody here.").wait_for()
    await find(page, "card")
    await page.get_by_text("Nobody is known by this.").wait_for()
    await find(page, "card-7")
    await page.get_by_text("Bea", exact=True).first.wait_for()
    assert page.url.endswith(f"/shoppers/{bea}")
    lines = page.locator("ul.timeline li")
    await lines.get_by_text("Used “Good day” at the till · 49.9").wait_for()
    await lines.get_by_text("Opened “Good day”").wait_for()
    await lines.get_by_text(
        "Boots for members · Withheld: The shopper does not have the tag 'membr'"
    ).wait_for()
    await lines.get_by_text("Came into The corner and is there").wait_for()
    await page.get_by_role("button", name="Use of location").click()
    await (
        page.get_by_text(WORDS["en"])
        .or_(page.get_by_text("The words of this text are not published"))
        .first.wait_for()
    )
    await page.get_by_text("reaches them").wait_for()
    await page.get_by_role("button", name="Look now").click()
    await page.get_by_role("cell", name="1 of 3 offers of this campaign sent this week").wait_for()


async def test_a_silence_in_the_timeline_leads_to_its_why(read, bea):
    page = await (await read("manager")).opens(f"/shoppers/{bea}")
    silence = page.locator("ul.timeline li", has_text="Boots for members")
    await silence.get_by_role("link", name="Why?").click()
    await page.get_by_role(
        "heading", name="Bea got nothing: the shopper does not have the tag 'membr'."
    ).wait_for()


async def test_the_look_is_in_the_audit_log_and_owners_read_it_there(read, bea, shop, owner):
    await (await read("marketer")).opens(f"/shoppers/{bea}")
    lines = (await shop.http.get("/v1/audit", params={"shopper": bea}, headers=owner)).json()["lines"]
    assert ("Marketer", "GET /v1/shoppers/{shopper}", 200) in {
        (line["name"], line["verb"], line["outcome"]) for line in lines
    }
    page = await (await read("owner")).opens(f"/shoppers/{bea}")
    await page.get_by_role("heading", name="Who looked at them").wait_for()
    await page.get_by_role("row", name="Marketer looked at the profile").first.wait_for()


async def test_a_marketer_may_look_and_neither_copy_nor_erase(read, bea):
    page = await (await read("marketer")).opens(f"/shoppers/{bea}")
    await page.get_by_text("Owners and managers give a copy of all that is kept, and erase.").wait_for()
    assert await page.get_by_role("button", name="Erase").count() == 0
    assert await page.get_by_role("heading", name="Who looked at them").count() == 0


async def test_an_analyst_may_not_see_shoppers(read, bea):
    page = await (await read("analyst")).opens(f"/shoppers/{bea}")
    await page.get_by_text("This page is not for your role (analyst).").wait_for()
    assert await page.get_by_role("link", name="Shoppers").count() == 0
    assert "Bea" not in await page.content()


async def test_a_shopper_is_copied_and_erased_and_gone_everywhere(read, shop, owner, both):
    dora = both["dora"]
    page = await (await read("manager")).opens(f"/shoppers/{dora}")
    async with page.expect_download() as saving:
        await page.get_by_role("button", name="Save a copy").click()
    kept = json.loads(await asyncio.to_thread(Path(await (await saving.value).path()).read_text))
    assert kept["tables"]["shoppers"][0]["attributes"] == {"first_name": "Dora"}
    assert kept["tables"]["visits"]
    await page.get_by_role("button", name="Erase").click()
    sure = page.get_by_role("button", name="Erase for good")
    await page.get_by_text("What stays are counts without names").wait_for()
    assert await sure.is_disabled()
    await page.get_by_label("Type ERASE to go on").fill("ERASE")
    await sure.click()
    await page.get_by_text("Erased. Nothing says any more who it was; counts stay.").wait_for()
    await find(page, "card-8")
    await page.get_by_text("Nobody is known by this.").wait_for()
    for door in (f"/v1/shoppers/{dora}", f"/v1/shoppers/{dora}/touchpoints", f"/v1/decisions?shopper={dora}"):
        assert (await shop.http.get(door)).status_code == 404
    told = (await shop.http.get("/v1/audit?limit=1000", headers=owner)).json()["lines"]
    assert dora not in json.dumps(told)
    assert ("DELETE /v1/shoppers/{shopper}", 204, "Manager") in {
        (line["verb"], line["outcome"], line["name"]) for line in told
    }


async def test_who_was_erased_meanwhile_is_said_to_be_gone(read, bea):
    page = await (await read("manager")).opens("/shoppers/sh_nobody")
    await page.get_by_role("alert").get_by_text("there is no shopper sh_nobody").wait_for()


async def test_a_shopper_in_italian_on_a_phone(read, bea):
    reader = await read("owner", locale="it-IT", viewport={"width": 390, "height": 844}, color_scheme="dark")
    page = await reader.opens(f"/shoppers/{bea}")
    await page.get_by_text("Ha usato «Good day» alla cassa").first.wait_for()
    await (
        page.get_by_text("il cliente non ha l'etichetta 'membr'")
        .or_(page.get_by_text("Il cliente non ha l'etichetta 'membr'"))
        .first.wait_for()
    )
    assert await page.evaluate("() => document.documentElement.scrollWidth") <= 390
