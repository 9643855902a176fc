"""An owner with an empty house is led to a push on the screen: so many clicks, so many fields, and nothing of the trial stays."""

import pytest_asyncio

from tests.console.a_shop import a_shop
from tests.console.conftest import IN_A_BROWSER

pytestmark = IN_A_BROWSER


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(debians_browser):
    async with a_shop(furnished=False, roles=("owner", "manager")) as opened:
        yield opened


class Counting:
    """Somebody's fingers: each click and each field that is typed."""

    def __init__(self, page):
        self.page, self.clicks, self.fields = page, 0, 0

    async def click(self, name):
        self.clicks += 1
        await self.page.get_by_role("button", name=name).click()

    async def type(self, label, text):
        self.fields += 1
        await self.page.get_by_label(label).fill(text)


async def test_from_an_empty_house_to_the_first_push(read, shop):
    page = await (await read()).opens("/start")
    hand = Counting(page)
    await hand.type("Name of the shop", "Passo Lieve")
    await hand.type("Where: latitude, longitude", "45.4722, 9.1871")
    await hand.click("Next")
    await hand.type("Name of the place", "Scarpe")
    await hand.click("Next")
    await hand.click("Make it")
    await page.get_by_text("SOGLIA_SCANNER_SERVER__TOKEN=sog_gateway_").wait_for()
    await hand.click("Next")
    await hand.type("Title", "Benvenuta")
    await hand.type("Text", "Oggi venti per cento")
    await hand.click("Next")
    await hand.click("Walk in")
    await page.get_by_text("There it is: your first push.").wait_for()
    await page.get_by_role("img", name="Benvenuta. Oggi venti per cento").wait_for()
    await page.get_by_text("The trial phone is forgotten again.").wait_for()
    assert (hand.clicks, hand.fields) == (6, 5)  # at most 12 and 5 were wanted
    zones = (await shop.http.get("/v1/zones")).json()["features"]
    assert {feature["properties"]["name"] for feature in zones} == {"Passo Lieve", "Scarpe"}
    live = (await shop.http.get("/v1/campaigns")).json()["campaigns"]
    assert [campaign["state"] for campaign in live] == ["live"]


async def test_what_is_missing_is_said_at_its_field(read):
    page = await (await read()).opens("/start")
    await page.get_by_role("button", name="Next").click()
    await page.get_by_text("The shop needs a name.").wait_for()
    await page.get_by_label("Name of the shop").fill("Passo Lieve")
    await page.get_by_label("Where: latitude, longitude").fill("Milano")
    await page.get_by_role("button", name="Next").click()
    await page.get_by_text("Two numbers: latitude, longitude.").wait_for()


async def test_who_is_no_owner_is_told_whom_to_ask(read):
    page = await (await read("manager")).opens("/start")
    await page.get_by_text("This page is not for your role (manager).").wait_for()
