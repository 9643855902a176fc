"""A marketer writes a campaign, sees it as shoppers will, tries it, starts it; a phone that walks in gets it. Analysts look on."""

import asyncio
import time
from copy import deepcopy

import httpx
import pytest
from playwright.async_api import expect

from tests.console.browsing import PASSWORD
from tests.console.conftest import IN_A_BROWSER

pytestmark = IN_A_BROWSER

#: One document of each kind, with as many of its fields as go together; a kind that is missing here is tried without any.
FILLED = {
    "budget": {"total": 100.0, "per_day": 12.5},
    "consent": {"purpose": "profiling"},
    "cooldown": {"wait": "4h", "scope": "all"},
    "first_visit": {"of": "zone"},
    "frequency_cap": {"at_most": 2, "calendar": "week", "scope": "all", "clock": "shopper", "week_starts": "sun"},
    "lapsed": {"zone": "scarpe", "away": "30d"},
    "not_in_zone": {"zone": "borse", "within": "1w"},
    "nth_visit": {"n": 3, "counting": "every", "of": "zone"},
    "opening_hours": {"left": "30m"},
    "quiet_hours": {"start": "22:00", "end": "24:00", "clock": "shop"},
    "reachable": {"channels": ["fcm", "email"]},
    "redeemable": {"left": "1h"},
    "redeemed": {"campaign": "vetrina", "within": "30d", "at_least": 1, "at_most": 3, "spent_at_least": 10.5},
    "schedule": {
        "first_day": "2026-01-01",
        "last_day": "2027-01-31",
        "weekdays": ["mon", "sat"],
        "holidays": "skip",
        "hours": [{"start": "10:00", "end": "19:00"}, {"start": "21:00", "end": "24:00"}],
        "clock": "shopper",
    },
    "segment": {
        "has_tags": ["oro"],
        "lacks_tags": ["turista"],
        "equals": {"city": "Milano", "code": "7", "age": 7, "member": True},
        "one_of": {"size": [42, "43"]},
        "at_least": {"visits": 3.0},
    },
    "stayed_long": {"at_least": "10m", "of": "zone"},
    "stock": {"total": 100, "per_day": 10, "per_shop_per_day": 5},
    "was_in_zone": {"zone": "uomo", "at_least": 2, "within": "2w"},
}  # fmt: skip

#: In the middle of the street before the shop, Via Brera.
VIA_BRERA = (45.4717646, 9.1878819)


def offer(**changes):
    return {"title": {"en": "Twenty off"}, "body": {"en": "Today only."}, **changes}


def a_campaign(name, **changes):
    where = {"on": "entered", "where": {"zones": ["scarpe"]}}
    return {"name": name, "state": "draft", "trigger": where, "offer": offer(), **changes}


async def keep(shop, name, **changes):
    answer = await shop.http.post("/v1/campaigns", json=a_campaign(name, **changes))
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def kept(shop, campaign):
    return (await shop.http.get(f"/v1/campaigns/{campaign}")).json()


async def comes_by(shop, phone):
    """Somebody stands in Via Brera for half a minute, as their phone tells."""
    for ago in range(30, -1, -5):
        await shop.ping(phone, time.time() - ago, *VIA_BRERA)


async def somebody_was_there(shop):
    """Waits until the visit is in the books."""
    for _ in range(150):
        if (await shop.http.get("/v1/visits")).json()["visits"]:
            return
        await asyncio.sleep(0.2)
    raise AssertionError("nobody's visit was kept")


async def arrived(arriving, title):
    """Waits until a message of this title is on the phone."""
    async with asyncio.timeout(30):
        while (await arriving.get()).message.title != title:
            pass


async def saves(page):
    await page.get_by_role("button", name="Save", exact=True).click()
    await page.get_by_text("Saved.", exact=True).first.wait_for()


async def test_a_marketer_writes_a_campaign_tries_it_and_a_phone_that_walks_in_gets_it(read, shop):
    page = await (await read("marketer")).opens("/campaigns")
    await page.get_by_role("link", name="New campaign").click()
    await page.get_by_label("Name (for you; shoppers do not see it)").fill("Coffee for who comes by")
    await page.get_by_label("Title").fill("A coffee for you")
    await page.get_by_label("Text", exact=True).fill("Dear")
    await page.get_by_role("button", name="First name").click()
    phone = page.get_by_role("img", name="Android")
    await phone.get_by_text("Dear Anna").wait_for()
    await page.get_by_role("button", name="iPhone").click()
    await page.get_by_role("img", name="iPhone").get_by_text("A coffee for you").wait_for()
    await page.get_by_text("of 4,096 bytes").wait_for()
    await page.get_by_role("combobox", name="Zones", exact=True).click()
    await page.get_by_role("option", name="Via Brera").first.click()
    await page.keyboard.press("Escape")
    await page.get_by_label("Priority (the highest speaks)").fill("99")
    await page.keyboard.press("Tab")
    await page.get_by_role("button", name="Save", exact=True).click()
    await page.wait_for_url("**/campaigns/c_*")
    campaign = page.url.rsplit("/", 1)[1]
    document = await kept(shop, campaign)
    assert document["trigger"] == {"on": "entered", "where": {"zones": ["via-brera"]}}
    assert document["priority"] == 99
    assert document["offer"]["body"] == {"en": "Dear {{ shopper.first_name | default: '' }}"}

    await comes_by(shop, await shop.meet("early-bird"))
    await somebody_was_there(shop)
    await page.get_by_role("tab", name="Try").click()
    await page.get_by_role("button", name="Start the dry run").click()
    await page.get_by_text("would have been sent, to").wait_for()
    await page.get_by_role("button", name="Go live").click()
    await page.get_by_role("dialog").get_by_text("By the dry run it would have reached").wait_for()
    await page.get_by_role("dialog").get_by_role("button", name="Go live").click()
    await page.get_by_text("It is live.").wait_for()

    late = await shop.meet("late-riser")
    with shop.fcm.phone("phone-late-riser") as arriving:
        await comes_by(shop, late)
        await arrived(arriving, "A coffee for you")


async def test_every_condition_can_be_drawn_and_is_kept_as_it_was(read, shop):
    kinds = [each["kind"] for each in (await shop.http.get("/v1/conditions")).json()["conditions"]]
    conditions = [{"kind": kind, **FILLED.get(kind, {})} for kind in kinds]
    campaign = await keep(shop, "All there is", conditions=conditions)
    before = await kept(shop, campaign)
    page = await (await read("marketer")).opens(f"/campaigns/{campaign}")
    titles = [each["title"] for each in (await shop.http.get("/v1/conditions")).json()["conditions"]]
    for title in titles:
        await page.locator(".condition").get_by_text(title, exact=True).wait_for()
    await page.get_by_label("Name (for you; shoppers do not see it)").fill("All there is, again")
    await saves(page)
    after = await kept(shop, campaign)
    assert after["conditions"] == before["conditions"]
    assert after["name"] == "All there is, again"


async def test_what_the_editor_does_not_know_survives_an_edit(read, shop):
    follow_ups = [{"when": "redeemed", "after": "1d", "channels": ["email"], "offer": offer(data={"k": "v"})}]
    rest = {
        "offer": offer(data={"screen": "shoes"}, attribution_s=3600.0),
        "value": 7.5,
        "follow_ups": follow_ups,
    }
    campaign = await keep(shop, "Old name", **rest)
    before = await kept(shop, campaign)
    page = await (await read("marketer")).opens(f"/campaigns/{campaign}")
    await page.get_by_label("Name (for you; shoppers do not see it)").fill("New name")
    await saves(page)
    after = await kept(shop, campaign)
    untold = {"name": "New name", "version": before["version"] + 1}
    assert after == before | untold


async def test_a_fault_is_shown_at_its_field(read, shop):
    campaign = await keep(shop, "Faulty")
    page = await (await read("marketer")).opens(f"/campaigns/{campaign}")
    title = page.get_by_label("Title")
    await title.fill("Hello {{ shoper.first_name }}")
    often = page.locator("#step-often")
    await often.get_by_role("button", name="Condition").click()
    await page.get_by_text("At most so many offers", exact=True).click()
    await page.get_by_role("button", name="Save", exact=True).click()
    await page.get_by_text("things have to be mended").wait_for()
    await page.locator(".say").get_by_role("alert").get_by_text("there is no 'shoper'").wait_for()
    await often.get_by_role("alert").get_by_text("is missing").wait_for()
    assert (await kept(shop, campaign))["offer"]["title"] == {"en": "Twenty off"}
    await title.fill("Hello")
    await often.get_by_role("spinbutton", name="At most").fill("1")
    await often.get_by_role("spinbutton", name="In the last").fill("7")
    await saves(page)
    cap = {"kind": "frequency_cap", "at_most": 1, "window": "1w"}
    assert (await kept(shop, campaign))["conditions"] == [cap]


async def test_shoppers_who_are_meant_are_counted_before_anything_is_kept(read, shop):
    await shop.http.post("/v1/shoppers", json={"own_id": "gold-1", "tags": ["counted-gold"]})
    campaign = await keep(shop, "For gold")
    page = await (await read("marketer")).opens(f"/campaigns/{campaign}")
    whom = page.locator("#step-whom")
    await whom.get_by_text("Everybody who agreed to it").wait_for()
    await whom.get_by_role("button", name="Condition").click()
    await page.get_by_text("Only who belongs to a segment", exact=True).click()
    tags = whom.get_by_label("Has all of these tags")
    await tags.fill("counted-gold")
    await tags.press("Enter")
    await whom.get_by_text("1 shopper of").wait_for()
    await whom.get_by_role("button", name="Keep as a segment").click()
    await page.get_by_label("Name of the segment").fill("Golden")
    await page.get_by_role("button", name="Keep", exact=True).click()
    await page.get_by_text("The segment is kept.").wait_for()
    segment = (await shop.http.get("/v1/segments/golden")).json()
    assert segment["conditions"] == [{"kind": "segment", "has_tags": ["counted-gold"]}]


async def test_versions_are_told_field_by_field_and_one_can_go_back(read, shop):
    campaign = await keep(shop, "Twice")
    document = await kept(shop, campaign)
    changed = deepcopy(document)
    changed["offer"]["title"]["en"] = "Thirty off"
    await shop.http.put(f"/v1/campaigns/{campaign}", json=changed)
    page = await (await read("marketer")).opens(f"/campaigns/{campaign}")
    await page.get_by_role("tab", name="Versions").click()
    row = page.get_by_role("row", name="offer / title / en")
    await row.wait_for()
    assert await row.get_by_role("cell").all_inner_texts() == [
        "offer / title / en",
        "Twenty off",
        "Thirty off",
    ]
    await page.get_by_role("button", name="Go back to this one").click()
    await page.get_by_role("button", name="Go back", exact=True).click()
    await page.get_by_label("Title").wait_for()
    await page.wait_for_function(
        "() => [...document.querySelectorAll('input')].some(i => i.value === 'Twenty off')"
    )
    assert (await kept(shop, campaign))["version"] == 3


async def test_ending_asks_first_because_it_is_for_good(read, shop):
    campaign = await keep(shop, "Short-lived", state="paused")
    page = await (await read("marketer")).opens("/campaigns")
    await page.get_by_label("Search").fill("short-lived")
    row = page.get_by_role("article").filter(has_text="Short-lived")
    await page.wait_for_function("() => document.querySelectorAll('article').length === 1")
    await row.get_by_role("button", name="More").click()
    await page.get_by_text("End it", exact=True).click()
    await page.get_by_role("dialog").get_by_text("cannot be started again").wait_for()
    await page.get_by_role("dialog").get_by_role("button", name="End it").click()
    await page.get_by_text("It has ended.").wait_for()
    assert (await kept(shop, campaign))["state"] == "ended"


async def test_a_tester_joins_by_the_code_and_gets_the_draft_on_their_phone(read, shop):
    campaign = await keep(shop, "To be tested")
    own = await shop.meet("tester")
    page = await (await read("marketer")).opens(f"/campaigns/{campaign}")
    await page.get_by_role("tab", name="Try").click()
    await page.get_by_label("Whose phone").fill("Tina's phone")
    await page.get_by_role("button", name="Invite a phone").click()
    code = await page.get_by_role("dialog").locator(".mono").inner_text()
    joined = await shop.http.put("/v1/devices/me/tester", json={"code": code}, headers=own)
    assert joined.status_code == 200
    await page.get_by_role("button", name="Done").click()
    with shop.fcm.phone("phone-tester") as arriving:
        await page.get_by_role("button", name="Send a test").click()
        await page.get_by_text("fcm: sent").wait_for()
        await arrived(arriving, "[TEST] Twenty off")


async def test_an_analyst_looks_and_changes_nothing(read, shop):
    campaign = await keep(shop, "Not for analysts")
    page = await (await read("analyst")).opens("/campaigns")
    await page.get_by_role("link", name="Not for analysts").wait_for()
    assert await page.get_by_role("link", name="New campaign").count() == 0
    await page.get_by_role("link", name="Not for analysts").click()
    await page.get_by_role("img", name="Android").get_by_text("Twenty off").wait_for()
    for name in ("Save", "Go live", "Condition", "Invite a phone"):
        assert await page.get_by_role("button", name=name).count() == 0
    assert await page.get_by_label("Title").get_attribute("readonly") is not None
    login = {"email": "analyst@brera.example", "password": PASSWORD}
    async with httpx.AsyncClient(base_url=shop.url) as http:
        token = (await http.post("/v1/login", json=login)).json()["token"]
        http.headers["Authorization"] = f"Bearer {token}"
        document = await kept(shop, campaign)
        refused = await http.put(f"/v1/campaigns/{campaign}", json=document | {"name": "Mine"})
    assert refused.status_code == 403


async def test_the_calendar_marks_where_two_meet(read, shop):
    page = await (await read("analyst")).opens("/campaigns/calendar?month=2026-11")
    row = page.get_by_role("row", name="Saldi del sabato")
    await expect(row.get_by_role("img", name="meets another")).to_have_count(4)
    await page.get_by_text("“Saldi del sabato” and “Saluto ai clienti con la tessera oro”").wait_for()
    await page.get_by_role("link", name="The month after").click()
    await page.get_by_text("December 2026").wait_for()


async def test_a_coupon_is_made_and_offered_by_the_button(read, shop):
    page = await (await read("marketer")).opens("/campaigns/coupons")
    await page.get_by_role("button", name="New coupon").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Short name").fill("spring-5")
    await dialog.get_by_label("Name", exact=True).fill("Five off in spring")
    await dialog.get_by_role("button", name="Save").click()
    await page.get_by_role("cell", name="Five off in spring").wait_for()
    campaign = await keep(shop, "With a coupon")
    page = await (await read("marketer")).opens(f"/campaigns/{campaign}")
    await page.get_by_label("Button under the offer").click()
    await page.get_by_role("option", name="Get a coupon").click()
    await page.get_by_label("Which coupon").click()
    await page.get_by_role("option", name="Five off in spring").click()
    await saves(page)
    assert (await kept(shop, campaign))["offer"]["action"] == {"kind": "claim_coupon", "coupon": "spring-5"}


@pytest.mark.parametrize(
    "path", ["/campaigns", "/campaigns/new", "/campaigns/vetrina", "/campaigns/calendar"]
)
async def test_a_phone_in_the_aisle_shows_it_in_italian_without_scrolling_sideways(read, path):
    reader = await read("marketer", viewport={"width": 390, "height": 800}, locale="it-IT")
    page = await reader.opens(path)
    await page.locator(".page").first.wait_for()
    wide = await page.evaluate("() => document.documentElement.scrollWidth")
    assert wide <= 390
    await page.get_by_text("Campagn").first.wait_for(state="attached")
