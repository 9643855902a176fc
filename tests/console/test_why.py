"""A manager asks why somebody got nothing, and sees which campaign is set wrongly."""

import asyncio
import re

import pytest_asyncio
from playwright.async_api import expect

from tests.console.a_corner import furnish, offer_of, walks_in
from tests.console.conftest import IN_A_BROWSER

pytestmark = IN_A_BROWSER

#: So many come that a campaign which spoke to none of them is told of.
OTHERS = 11


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ann(shop):
    """Ann does not want to be disturbed at any hour; the others do not mind. Gives her id."""
    await furnish(shop)
    everybody = [
        walks_in(
            shop, "ann", attributes={"first_name": "Ann"}, quiet_hours={"from": "09:00", "until": "09:00"}
        ),
        walks_in(shop, "bob", attributes={"first_name": "Bob"}),
        *(walks_in(shop, f"shopper-{number}") for number in range(OTHERS)),
    ]
    (ann, _), (bob, _), *_ = await asyncio.gather(*everybody)
    await offer_of(shop, bob)
    return ann


async def ask(page, whose, campaign, button="Ask why"):
    await page.get_by_role("textbox", name=re.compile("Whose|Di chi")).fill(whose)
    await page.get_by_role("combobox").click()
    await page.get_by_role("option", name=campaign).click()
    await page.get_by_role("button", name=button).click()


async def test_a_manager_reads_why_ann_got_nothing(read, ann):
    page = await (await read("manager")).opens("/why")
    await page.get_by_text("Your look is written down").wait_for()
    await ask(page, "ann", "Greeting")
    await page.get_by_role(
        "heading", name="Ann got nothing: the shopper's quiet hours until 09:00."
    ).wait_for()
    assert page.url.endswith(f"/why?shopper={ann}&campaign=greeting")
    gates = page.locator("ol.gates").first.locator("li")
    told = [" ".join((await each.inner_text()).split()) for each in await gates.all()]
    assert "Known shopper passed" in told[0]
    assert [each for each in told if "objected" in each] == [
        each for each in told if each.endswith("The shopper's quiet hours until 09:00")
    ]
    assert "Frequency cap passed" in told[-1]
    await page.locator(".plot svg").wait_for()
    await page.get_by_text("What would it take now?").wait_for()
    await page.get_by_text("Ann is in The corner, and would get nothing now").wait_for()


async def test_who_got_it_is_told_by_which_channel_and_how_far_the_cap_has_counted(read, ann):
    page = await (await read("marketer")).opens("/why")
    await ask(page, "bob", "Greeting")
    await page.get_by_role("heading", name="Bob got it by push to the app.").wait_for()
    await page.get_by_role("cell", name="push to the app").wait_for()
    await page.get_by_role("button", name="All that is asked now").click()
    await page.get_by_text("1 of 3 offers of this campaign sent this week").wait_for()


async def test_the_same_in_italian_on_a_phone(read, ann):
    reader = await read("manager", locale="it-IT", viewport={"width": 390, "height": 844})
    page = await reader.opens("/why")
    await ask(page, "ann", "Greeting", button="Chiedi perché")
    await page.get_by_role(
        "heading", name="Ann non ha ricevuto nulla: ore di quiete del cliente fino alle 09:00."
    ).wait_for()
    await page.get_by_text("Limite di frequenza").first.wait_for()
    assert await page.evaluate("() => document.documentElement.scrollWidth") <= 390


async def test_nobody_is_found_by_a_part_of_a_number(read, ann):
    page = await (await read("manager")).opens("/why")
    await ask(page, "shopper-", "Greeting")
    await page.get_by_role("status").get_by_text("Nobody is known by this.").wait_for()
    assert page.url.endswith("/why")


async def test_the_campaign_that_is_set_wrongly_is_seen_at_a_glance(read, ann):
    page = await (await read("marketer")).opens("/why")
    await page.get_by_role("link", name="Silences by reason", exact=True).click()
    first = page.locator("section.card").first
    await first.get_by_role("heading", name="Boots for members").wait_for()
    await first.get_by_text("Never spoke").wait_for()
    await expect(page.get_by_text("Never spoke")).to_have_count(1)
    await first.get_by_role("link", name="Segment").click()
    latest = page.locator("#latest li")
    await latest.first.get_by_text("The shopper does not have the tag 'membr'").wait_for()
    await expect(latest).to_have_count(OTHERS + 2)
    await latest.first.get_by_role("link", name="Why?").click()
    await page.get_by_role(
        "heading", name="got nothing: the shopper does not have the tag 'membr'"
    ).wait_for()
    await page.get_by_role("link", name="And now?").click()
    await page.get_by_text("What would it take now?").wait_for()


async def test_silences_can_be_saved_and_asked_for_other_days(read, ann):
    page = await (await read("analyst")).opens("/why?tab=silences")
    async with page.expect_download() as saving:
        await page.get_by_role("button", name="Save as CSV").click()
    assert (await saving.value).suggested_filename.startswith("silences-")
    await page.get_by_label("From day").fill("2020-01-01")
    await page.get_by_label("To day").fill("2020-01-02")
    await page.get_by_role("button", name="Show").click()
    await page.get_by_text("Nothing was decided on these days.").wait_for()


async def test_an_analyst_reads_the_why_of_a_number_and_never_a_name(read, ann):
    page = await (await read("analyst")).opens("/why")
    await page.get_by_text("Analysts count shoppers and do not see who they are.").wait_for()
    assert await page.get_by_role("textbox").count() == 0
    await page.goto(page.url + f"?shopper={ann}&campaign=greeting")
    await page.get_by_role("heading", name="This shopper got nothing").wait_for()
    assert "Ann" not in await page.content()


async def test_what_is_not_there_is_said(read, ann):
    page = await (await read("manager")).opens("/why?shopper=sh_nobody&campaign=greeting")
    await page.get_by_role("alert").get_by_text("there is no shopper sh_nobody").wait_for()
    page = await (await read("manager")).opens(f"/why?shopper={ann}&campaign=gone")
    await page.get_by_role("alert").get_by_text("gone").wait_for()
