"""Staff see to their own log-in: another password, a second step with an app, the end of sessions elsewhere."""

import time

import pyotp

from tests.console.browsing import PASSWORD, reading
from tests.console.conftest import IN_A_BROWSER

pytestmark = IN_A_BROWSER

#: The code of the setting up holds once; the next is of the following half minute, and that after this one holds too.
STEP_S = 30


async def hired(shop, name):
    body = {"email": f"{name}@brera.example", "name": name.title(), "role": "analyst", "password": PASSWORD}
    return (await shop.http.post("/v1/staff", json=body, headers=shop.owner)).raise_for_status().json()


async def again(page, act):
    """Types the password once more, as such acts want it."""
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("dialog").get_by_role("button", name=act).click()


async def test_a_second_step_is_set_up_and_asked_for_without_any_script(read, chrome, shop):
    await hired(shop, "bea")
    page = await (await read("bea")).opens("/account")
    await page.get_by_role("button", name="Set it up").click()
    await again(page, "Set it up")
    await page.get_by_alt_text("QR code for your app").wait_for()
    await page.get_by_text("No camera?").click()
    secret = (await page.locator(".secret").text_content()).strip()
    app = pyotp.TOTP(secret)
    await page.get_by_label("The code that the app shows now").fill(app.now())
    await page.get_by_role("button", name="Turn it on").click()
    await page.get_by_text("Your recovery codes").wait_for()
    recovery = (await page.locator(".codes li").first.text_content()).strip()
    await page.get_by_role("button", name="I have it").click()
    await page.get_by_text("10 recovery codes left").wait_for()

    async with reading(chrome, shop.url, java_script_enabled=False) as plain:
        other = plain.page
        await other.goto(f"{shop.url}/account")
        await other.locator("input[name=email]").fill("bea@brera.example")
        await other.locator("input[name=password]").fill(PASSWORD)
        await other.get_by_role("button", name="Log in").click()
        assert "soglia_session" not in {each["name"] for each in await other.context.cookies()}
        await other.get_by_label("Code from the app").fill("000000")
        await other.get_by_role("button", name="Log in").click()
        await other.get_by_role("alert").get_by_text("does not hold").wait_for()
        await other.get_by_label("Code from the app").fill(app.at(time.time() + STEP_S))
        await other.get_by_role("button", name="Log in").click()
        await other.wait_for_url("**/account")
        assert "soglia_session" in {each["name"] for each in await other.context.cookies()}

    async with reading(chrome, shop.url) as lost:
        await lost.page.goto(f"{shop.url}/login")
        await lost.page.locator("input[name=email]").fill("bea@brera.example")
        await lost.page.locator("input[name=password]").fill(PASSWORD)
        await lost.page.get_by_role("button", name="Log in").click()
        await lost.page.get_by_label("Code from the app").fill(recovery.upper())
        await lost.page.get_by_role("button", name="Log in").click()
        await lost.page.wait_for_url(lambda url: "/login" not in url)

    await page.reload()
    await page.get_by_text("9 recovery codes left").wait_for()
    await page.get_by_role("button", name="Take it off").click()
    await again(page, "Take it off")
    await page.get_by_role("button", name="Set it up").wait_for()


async def test_another_password_ends_the_sessions_elsewhere(read, shop):
    await hired(shop, "gino")
    elsewhere = await (await read("gino")).opens("/account")
    page = await (await read("gino")).opens("/account")
    await page.get_by_label("The password of now").fill("wrong")
    await page.get_by_label("The new one", exact=True).fill("another long password")
    await page.get_by_label("The new one, once more").fill("another one")
    await page.get_by_role("button", name="Change it").click()
    await page.get_by_text("The two are not the same.").wait_for()
    await page.get_by_label("The new one, once more").fill("another long password")
    await page.get_by_role("button", name="Change it").click()
    await page.get_by_text("This is not your password.").wait_for()
    await page.get_by_label("The password of now").fill(PASSWORD)
    await page.get_by_role("button", name="Change it").click()
    await page.get_by_text("Changed. Your other sessions have ended.").wait_for()
    await elsewhere.wait_for_url("**/login?next=/account")
    said = {"email": "gino@brera.example", "password": "another long password"}
    assert (await shop.http.post("/v1/login", json=said)).status_code == 200


async def test_a_session_that_one_does_not_know_is_ended(read, shop):
    await hired(shop, "ida")
    page = await (await read("ida")).opens("/account")
    said = {"email": "ida@brera.example", "password": PASSWORD, "browser": "Firefox, Windows"}
    other = (await shop.http.post("/v1/login", json=said)).json()["token"]
    await page.reload()
    row = page.get_by_role("row").filter(has_text="Firefox, Windows")
    await row.get_by_role("button", name="End").click()
    await row.wait_for(state="detached")
    await page.get_by_text("This one").wait_for()
    ended = await shop.http.get("/v1/session", headers={"Authorization": f"Bearer {other}"})
    assert ended.status_code == 401


async def test_the_account_fits_a_phone_and_speaks_italian(read):
    page = await (await read("analyst", viewport={"width": 390, "height": 800}, locale="it-IT")).opens(
        "/account"
    )
    await page.get_by_role("heading", name="Cambia la password").wait_for()
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
