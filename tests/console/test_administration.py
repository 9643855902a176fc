"""An owner sees to staff, keys, webhooks, and reads who did what."""

import pytest

from tests.console.browsing import reading
from tests.console.conftest import IN_A_BROWSER

pytestmark = IN_A_BROWSER


async def test_somebody_is_invited_chooses_a_password_comes_in_and_is_let_go(read, chrome, shop):
    page = await (await read()).opens("/administration/staff")
    await page.get_by_role("button", name="Invite somebody").click()
    form = page.get_by_role("dialog")
    await form.get_by_label("E-mail").fill("nina@brera.example")
    await form.get_by_label("Name").fill("Nina")
    await form.get_by_role("button", name="Make the link").click()
    await page.get_by_text("Give Nina this link").wait_for()
    link = (await page.locator(".secret").text_content()).strip()
    assert link.startswith(f"{shop.url}/invitation/")
    await page.get_by_role("button", name="I have it").click()
    await page.get_by_text("to join as Store manager").wait_for()

    async with reading(chrome, shop.url, java_script_enabled=False) as nina:
        await nina.page.goto(link)
        await nina.page.get_by_text("Welcome, Nina.").wait_for()
        for label in ("New password", "The same once more"):
            await nina.page.get_by_label(label).fill("four words of Nina's")
        await nina.page.get_by_role("button", name="Keep this password").click()
        await nina.page.get_by_text("Your password is set.").wait_for()
        await nina.page.get_by_label("Password").fill("four words of Nina's")
        await nina.page.get_by_role("button", name="Log in").click()
        await nina.page.wait_for_url(lambda url: "/login" not in url)
        await nina.page.goto(link)
        await nina.page.get_by_text("holds no longer").wait_for()

    await page.reload()
    row = page.get_by_role("row").filter(has_text="nina@brera.example")
    await row.get_by_role("button", name="What to do with this person").click()
    await page.get_by_text("They have left").click()
    await page.get_by_role("alertdialog").get_by_role("button", name="They have left").click()
    await page.get_by_text("1 has left").wait_for()
    said = {"email": "nina@brera.example", "password": "four words of Nina's"}
    assert (await shop.http.post("/v1/login", json=said)).status_code == 401
    await page.get_by_text("1 has left").click()
    await page.get_by_role("button", name="Let back in").click()
    await page.get_by_text("Nina can log in again.").wait_for()
    assert (await shop.http.post("/v1/login", json=said)).status_code == 200


async def test_a_role_is_changed_and_holds(read, shop):
    body = {"email": "leo@brera.example", "name": "Leo", "role": "analyst", "password": "four words of Leo"}
    leo = (await shop.http.post("/v1/staff", json=body, headers=shop.owner)).json()
    page = await (await read()).opens("/administration/staff")
    row = page.get_by_role("row").filter(has_text="leo@brera.example")
    await row.get_by_role("button", name="What to do with this person").click()
    await page.get_by_text("Change name or role").click()
    await page.get_by_role("dialog").get_by_role("combobox", name="Role").click()
    await page.get_by_role("option", name="Marketer").click()
    await page.get_by_role("button", name="Keep the change").click()
    await row.get_by_text("Marketer").wait_for()
    members = (await shop.http.get("/v1/staff", headers=shop.owner)).json()["staff"]
    assert next(each["role"] for each in members if each["id"] == leo["id"]) == "marketer"


async def test_a_key_is_shown_once_works_and_is_revoked(read, shop):
    page = await (await read()).opens("/administration/keys")
    await page.get_by_role("button", name="Make a key").click()
    await page.get_by_role("dialog").get_by_label("Name").fill("The new till")
    await page.get_by_role("button", name="Make it").click()
    token = (await page.locator(".secret").text_content()).strip()
    await page.get_by_role("button", name="I have it").click()
    holder = {"Authorization": f"Bearer {token}"}
    assert (await shop.http.get("/v1/zones", headers=holder)).status_code == 200
    row = page.get_by_role("row").filter(has_text="The new till")
    await row.get_by_role("button", name="Revoke").click()
    await page.get_by_role("alertdialog").get_by_role("button", name="Revoke").click()
    await row.get_by_role("button", name="Revoke").wait_for(state="detached")
    assert token not in await page.content()
    assert (await shop.http.get("/v1/zones", headers=holder)).status_code == 401


async def test_a_webhook_is_added_tried_and_its_deliveries_are_told(read, shop):
    page = await (await read()).opens("/administration/webhooks")
    await page.get_by_text("No webhook yet.").wait_for()
    await page.get_by_role("button", name="Add a webhook").click()
    form = page.get_by_role("dialog")
    await form.get_by_label("Name").fill("Our CRM")
    await form.get_by_label("Address").fill("http://127.0.0.1:9/hook")
    await form.get_by_role("button", name="Save").click()
    await page.get_by_text("leads into a private network").first.wait_for()  # said, and nothing was kept
    await form.get_by_label("Address").fill("https://crm.shop.invalid/hook")
    await form.get_by_role("button", name="Save").click()
    await page.get_by_text("The secret of this webhook").wait_for()
    assert (await page.locator(".secret").text_content()).strip().startswith("whsec_")
    await page.get_by_role("button", name="I have it").click()
    await page.get_by_role("button", name="Send a test").click()
    await page.get_by_role("row").filter(has_text="webhook.test").wait_for()
    await page.get_by_role("button", name="Remove").click()
    await page.get_by_role("alertdialog").get_by_role("button", name="Remove").click()
    await page.get_by_text("No webhook yet.").wait_for()


async def test_the_audit_log_tells_in_words_who_did_what(read, shop):
    made = await shop.http.post("/v1/shoppers", json={"own_id": "card-77"}, headers=shop.owner)
    shopper = made.raise_for_status().json()["shopper"]
    erased = await shop.http.delete(f"/v1/shoppers/{shopper}", headers=shop.owner)
    assert erased.is_success
    page = await (await read()).opens("/administration/audit")
    row = page.get_by_role("row").filter(has_text="erased a shopper")
    await row.get_by_text("DELETE /v1/shoppers/{shopper}").wait_for()
    await page.get_by_role("combobox", name="Did what").fill("logged in")
    await page.get_by_role("option", name="logged in").click()
    await row.wait_for(state="detached")
    await page.get_by_role("row").filter(has_text="POST /v1/login").first.wait_for()


async def test_settings_are_read_without_secrets(read):
    page = await (await read()).opens("/administration/settings")
    await page.get_by_text("set, and secret").first.wait_for()
    assert "sqlite+aiosqlite:///" not in await page.content()


@pytest.mark.parametrize("role", ["manager", "marketer", "analyst"])
async def test_administration_is_the_owners(read, role):
    page = await (await read(role)).opens("/administration/staff")
    await page.get_by_text("This page is not for your role").wait_for()
    assert await page.get_by_role("link", name="Administration").count() == 0


@pytest.mark.parametrize("part", ["", "/staff", "/keys", "/webhooks", "/dead-letters", "/audit", "/settings"])
async def test_every_part_fits_a_phone_in_the_dark_and_speaks_italian(read, part):
    reader = await read(viewport={"width": 390, "height": 800}, locale="it-IT", color_scheme="dark")
    page = await reader.opens(f"/administration{part}")
    await page.get_by_role("heading", level=1).wait_for()
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
