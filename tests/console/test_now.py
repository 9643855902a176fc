"""Staff watch the shop: who is where and what happens, as it happens; never who it is."""

import time

import pytest_asyncio

from tests.console.a_shop import a_shop
from tests.console.browsing import reading
from tests.console.conftest import IN_A_BROWSER

pytestmark = IN_A_BROWSER

STREET = "Via Brera, davanti a noi"


def middle_of(shop, zone):
    """The place of a zone that is drawn as a circle."""
    feature = next(each for each in shop.world.zones["features"] if each["id"] == zone)
    lon, lat = feature["geometry"]["coordinates"]
    return lat, lon


async def comes(shop, shopper, zone="via-brera"):
    """Somebody stands in a zone for half a minute, as their phone tells."""
    phone = await shop.meet(shopper)
    lat, lon = middle_of(shop, zone)
    for ago in range(30, -1, -5):
        await shop.ping(phone, time.time() - ago, lat, lon)


def row(page, zone):
    return page.get_by_role("row", name=zone)


async def test_somebody_comes_and_the_page_says_so_by_itself(read, shop):
    page = await (await read("analyst")).opens("/")
    await row(page, STREET).get_by_role("cell", name="0", exact=True).wait_for()
    await comes(shop, "loyalty-ann")
    await page.get_by_text(f"Somebody entered {STREET}").first.wait_for()
    await row(page, STREET).get_by_role("cell", name="1", exact=True).wait_for()
    said = await page.locator("#main").inner_text()
    assert not any(name in said for name in ("loyalty-ann", "sh_", "d_"))


async def test_who_opens_the_page_later_reads_what_was_before(read, shop):
    await comes(shop, "loyalty-bob")
    page = await (await read()).opens("/")
    await page.get_by_text(f"Somebody entered {STREET}").first.wait_for()


async def test_silences_can_be_read_alone_with_their_reasons(read, shop):
    await comes(shop, "loyalty-cid")
    page = await (await read()).opens("/")
    await page.get_by_role("button", name="Silences").click()
    await page.get_by_text("Benvenuto ai turisti in Via Brera stays silent").first.wait_for()
    await page.get_by_text("the shopper does not have the tag 'turista'").first.wait_for()
    assert await page.get_by_text("Somebody entered").count() == 0


async def test_reasons_are_told_in_the_readers_language_as_they_come(read, shop):
    page = await (await read(locale="it-IT")).opens("/")
    await page.get_by_role("heading", name="Che cosa succede").wait_for()
    before = await page.locator(".happenings li").count()
    await comes(shop, "loyalty-dea")
    await page.wait_for_function(f"() => document.querySelectorAll('.happenings li').length > {before}")
    await page.get_by_text("il cliente non ha l'etichetta 'turista'").first.wait_for()
    assert await page.get_by_text("the shopper").count() == 0


async def test_the_list_can_be_held_still(read, shop):
    page = await (await read()).opens("/")
    await page.get_by_role("switch", name="Hold still").click()
    before = await page.locator(".happenings").inner_text()
    people = await row(page, STREET).get_by_role("cell").last.inner_text()
    await comes(shop, "loyalty-eve")
    await row(page, STREET).get_by_role("cell", name=str(int(people) + 1), exact=True).wait_for()
    assert await page.locator(".happenings").inner_text() == before
    await page.get_by_role("switch", name="Hold still").click()
    await page.wait_for_function(
        "before => document.querySelector('.happenings').innerText !== before", arg=before
    )


async def test_zones_of_the_floor_stand_on_its_plan(read):
    page = await (await read()).opens("/")
    plan = page.get_by_role("img", name="Floor plan: Passo Lieve, piano terra")
    await plan.wait_for()
    assert {"Scarpe", "Borse", "Uomo", "Casse"} <= {*await plan.locator("text").all_text_contents()}


async def test_gateways_that_never_spoke_are_told_of_with_the_way_to_them(read):
    page = await (await read("manager")).opens("/")
    await page.get_by_text("0 of 6 gateways are well.").wait_for()
    assert await page.get_by_role("link", name="To the gateways").get_attribute("href") == "/gateways"


async def test_it_can_be_read_on_a_phone(read):
    page = await (await read(viewport={"width": 390, "height": 844})).opens("/")
    await row(page, STREET).wait_for()
    assert await page.evaluate("() => document.documentElement.scrollWidth") <= 390
    people, drawn = page.get_by_role("heading", name="People now"), page.locator(".shop-map")
    assert (await people.bounding_box())["y"] < (await drawn.bounding_box())["y"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def empty_shop(debians_browser):
    async with a_shop(furnished=False, roles=("owner", "analyst")) as opened:
        yield opened


async def test_a_fresh_shop_says_what_to_do_first(chrome, empty_shop):
    for role, steps in (("owner", 1), ("analyst", 0)):
        async with reading(chrome, empty_shop.url) as reader:
            await reader.logs_in(f"{role}@brera.example")
            page = await reader.opens("/")
            await page.get_by_text("Nothing can happen yet").wait_for()
            assert await page.get_by_role("link", name="Take the first steps").count() == steps
            assert reader.complaints == []
