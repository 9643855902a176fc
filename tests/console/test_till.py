"""A cashier at the till, in a real browser: looks, uses, is told when it was used before, takes back; on a phone, and in Italian."""

import pytest_asyncio
from playwright.async_api import expect

from tests.console.conftest import IN_A_BROWSER

pytestmark = IN_A_BROWSER

PHONE = {"width": 390, "height": 844}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def coupons(shop):
    """A code for each story: they are used up."""
    made = {}

    async def bring(coupon, **more):
        body = {"id": coupon, "name": coupon.title(), "codes": "pool", "currency": "EUR"} | more
        (await shop.http.put(f"/v1/coupons/{coupon}", json=body)).raise_for_status()
        codes = [f"{coupon}-{number}".upper() for number in range(5)]
        (await shop.http.post(f"/v1/coupons/{coupon}/codes", json={"codes": codes})).raise_for_status()
        made[coupon] = codes

    sites = [each["id"] for each in (await shop.http.get("/v1/till/shops")).json()["shops"]]
    await bring("boots", ends_at="2199-01-01T00:00:00Z")
    await bring("spree", minimum=50)
    await bring("gift", worth=25)
    other = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [9.1, 45.4]},
        "properties": {
            "id": "navigli",
            "name": "Navigli",
            "level": "site",
            "radius": 30,
            "time_zone": "Europe/Rome",
        },
    }
    (await shop.http.put("/v1/zones/navigli", json=other)).raise_for_status()
    await bring("there", shops=["navigli"])
    made["site"] = sites[0]
    return made


async def at_a_till(read, coupons, till, **manners):
    """A cashier who has said where they stand."""
    page = await (await read("cashier", **manners)).opens("/till")
    italian = manners.get("locale") == "it-IT"
    await page.get_by_label("Negozio" if italian else "Shop").click()
    names = page.locator(".q-menu .q-item").filter(has_not_text="Navigli")
    await names.first.click()
    await page.get_by_label("Nome o numero della cassa" if italian else "Name or number of the till").fill(
        till
    )
    await page.get_by_role("button", name="Salva" if italian else "Keep").click()
    await page.get_by_text("Oggi a questa cassa" if italian else "Today at this till").wait_for()
    return page


async def types(page, code):
    """As a hand scanner does."""
    field = page.get_by_label("Code", exact=True)
    await field.fill("")
    await field.press_sequentially(code)
    await field.press("Enter")


async def test_a_cashier_uses_a_code_once_and_takes_it_back(read, coupons):
    page = await at_a_till(read, coupons, "1")
    code = coupons["boots"][0]
    await types(page, code.lower().replace("-", " - "))
    answer = page.locator(".till-answer")
    await expect(answer).to_contain_text("Boots")
    await expect(answer).to_contain_text("Good until 1 Jan 2199")
    await answer.get_by_role("button", name="Use it").click()
    await expect(answer).to_contain_text("Used")
    await expect(page.get_by_label("Code", exact=True)).to_be_focused()
    await expect(page.locator(".till-use")).to_contain_text("Boots")

    await types(page, code)
    await expect(page.locator(".till-answer.bad")).to_contain_text("The code was used already")
    await expect(page.locator(".till-answer.bad")).to_contain_text("at till 1")

    await page.locator(".till-use").get_by_role("button", name="Undo").click()
    await expect(page.locator(".till-use")).to_contain_text("Taken back")
    await types(page, code)
    await expect(page.locator(".till-answer.good")).to_contain_text("Boots")


async def test_what_is_used_is_what_was_looked_at(read, coupons):
    page = await at_a_till(read, coupons, "8")
    await types(page, coupons["boots"][4])
    await page.get_by_label("Code", exact=True).fill(coupons["gift"][1])
    await page.get_by_role("button", name="Use it").click()
    await expect(page.locator(".till-answer.done")).to_contain_text("Boots")


async def test_enter_again_on_the_same_code_uses_it(read, coupons):
    page = await at_a_till(read, coupons, "2")
    await types(page, coupons["boots"][1])
    await expect(page.locator(".till-answer.good")).to_be_visible()
    await page.wait_for_timeout(1300)  # so long a double reading of a scanner does nothing
    await page.keyboard.press("Enter")
    await expect(page.locator(".till-answer.done")).to_contain_text("Used")


async def test_a_coupon_with_a_minimum_asks_what_is_paid(read, coupons):
    page = await at_a_till(read, coupons, "3")
    await types(page, coupons["spree"][0])
    await expect(page.locator(".till-answer.warn")).to_contain_text("How much is the purchase?")
    await page.get_by_label("The purchase is").fill("20")
    await page.get_by_label("The purchase is").press("Enter")
    await expect(page.locator(".till-answer.bad")).to_contain_text("below the coupon's minimum")
    await types(page, coupons["spree"][0])
    await page.get_by_label("The purchase is").fill("60")
    await page.get_by_label("The purchase is").press("Enter")
    await page.get_by_role("button", name="Use it").click()
    await expect(page.locator(".till-answer.done")).to_be_visible()


async def test_a_part_of_a_value_is_used_and_the_rest_stays(read, coupons):
    page = await at_a_till(read, coupons, "4")
    await types(page, coupons["gift"][0])
    await expect(page.locator(".till-answer")).to_contain_text("€25.00 off")
    await page.get_by_label("Use only").fill("10")
    await page.get_by_label("Use only").press("Enter")
    await expect(page.locator(".till-answer")).to_contain_text("€10.00 off")
    await page.get_by_role("button", name="Use it").click()
    await expect(page.locator(".till-answer.done")).to_contain_text("€15.00 is left on it")


async def test_what_holds_elsewhere_is_refused_in_red(read, coupons):
    page = await at_a_till(read, coupons, "5")
    await types(page, coupons["there"][0])
    await expect(page.locator(".till-answer.bad")).to_contain_text("does not hold in this shop")
    await types(page, "nonsense")
    await expect(page.locator(".till-answer.bad")).to_contain_text("There is no such code")


async def test_the_till_works_on_a_phone_and_remembers_where_it_stands(read, coupons):
    page = await at_a_till(read, coupons, "6", viewport=PHONE)
    await page.reload()
    await page.get_by_text("Till 6,").wait_for()
    wide = await page.evaluate("() => document.documentElement.scrollWidth")
    assert wide <= PHONE["width"]
    await types(page, coupons["boots"][2])
    await page.get_by_role("button", name="Use it").click()
    await expect(page.locator(".till-answer.done")).to_be_visible()


async def test_an_italian_till_speaks_italian(read, coupons):
    page = await at_a_till(read, coupons, "7", locale="it-IT")
    field = page.get_by_label("Codice", exact=True)
    await field.fill(coupons["boots"][3])
    await field.press("Enter")
    await page.get_by_role("button", name="Usa").click()
    await expect(page.locator(".till-answer.done")).to_contain_text("Usato")
    await field.fill(coupons["boots"][3])
    await field.press("Enter")
    await expect(page.locator(".till-answer.bad")).to_contain_text("Il codice è già stato usato")


async def test_a_cashier_is_led_to_the_till_and_sees_no_other_page(read, shop):
    reader = await read("cashier")
    page = await reader.opens("/")
    await page.get_by_role("heading", name="Till", exact=True).wait_for()
    assert await page.locator(".menu-item").count() == 1
    await reader.opens("/zones")
    await page.get_by_text("not for your role").wait_for()
