"""Staff read what happened: in pictures, in numbers, and as files to take away."""

import csv
import time

import pytest_asyncio

from tests.console.conftest import IN_A_BROWSER

pytestmark = IN_A_BROWSER

STREET = "Via Brera, davanti a noi"


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def busy(shop):
    """Three people stood in the street outside this morning."""
    feature = next(each for each in shop.world.zones["features"] if each["id"] == "via-brera")
    lon, lat = feature["geometry"]["coordinates"]
    for shopper in ("loyalty-ann", "loyalty-bob", "loyalty-cid"):
        phone = await shop.meet(shopper)
        for ago in range(30, -1, -5):
            await shop.ping(phone, time.time() - ago, lat, lon)


def report(page, name):
    return page.get_by_role("region", name=name, exact=True)


async def test_an_owner_reads_this_weeks_footfall_and_takes_it_as_csv_and_as_a_picture(read):
    page = await (await read()).opens("/reports?zone=via-brera")
    await page.get_by_role("button", name="7 days", exact=True).click()
    footfall = report(page, "Footfall")
    await footfall.get_by_text("Busiest on").wait_for()
    await footfall.locator("canvas").first.wait_for()
    async with page.expect_download() as taken:
        await footfall.get_by_role("button", name="Save as CSV").click()
    download = await taken.value
    assert download.suggested_filename.startswith("soglia-footfall-")
    lines = list(csv.DictReader((await download.path()).read_text().splitlines()))
    assert {line["zone"] for line in lines} == {"via-brera"}
    assert sum(int(line["entered"]) for line in lines) == 3
    async with page.expect_download() as drawn:
        await footfall.get_by_role("button", name="Save the picture").click()
    assert (await (await drawn.value).path()).read_bytes().startswith(b"\x89PNG")
    assert "days=7" in page.url  # to be kept, and passed on


async def test_the_numbers_behind_a_picture_are_a_table(read):
    page = await (await read("analyst")).opens("/reports?days=today&zone=via-brera")
    visits = report(page, "Visits")
    await visits.locator("canvas").first.wait_for()
    await visits.get_by_role("button", name="Numbers").click()
    table = visits.get_by_role("table")
    await table.get_by_role("columnheader", name="First time").wait_for()
    await table.get_by_role("cell", name="3", exact=True).first.wait_for()
    await visits.locator("canvas").first.wait_for(state="hidden")


async def test_lift_is_told_in_words(read):
    page = await (await read("marketer")).opens("/reports?campaign=via-brera-invito")
    lift = report(page, "What campaigns change")
    await lift.locator(".lift").get_by_text("nobody was held out").wait_for()


async def test_days_without_anything_say_what_to_do(read):
    page = await (await read()).opens("/reports?days=own&first=2020-01-01&last=2020-01-07")
    await report(page, "Visits").get_by_text("Nobody came in on these days.").wait_for()
    await report(page, "Revenue").get_by_text("No order was put down to an offer").wait_for()
    await page.get_by_text("Wed 1 Jan to Tue 7 Jan").first.wait_for()


async def test_reports_fit_a_phone_in_the_dark_and_in_italian(read):
    reader = await read(viewport={"width": 390, "height": 844}, color_scheme="dark")
    page = await reader.opens("/prefer?language=it&next=/reports?days=today%26zone=via-brera")
    await page.get_by_role("heading", name="Resoconti").wait_for()
    await report(page, "Visite").locator("canvas").first.wait_for()
    await report(page, "Affluenza").get_by_text("Il momento più pieno").wait_for()
    await report(page, "Che cosa cambiano le campagne").wait_for()
    assert await page.evaluate("document.documentElement.scrollWidth <= 390")
