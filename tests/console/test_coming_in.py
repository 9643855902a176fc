"""Staff log in at a real browser, choose their language and light, and leave."""

from tests.console.browsing import reading
from tests.console.conftest import IN_A_BROWSER

pytestmark = IN_A_BROWSER


async def test_nobody_sees_a_page_before_they_log_in_and_then_they_are_where_they_wanted(chrome, shop):
    async with reading(chrome, shop.url) as reader:
        await reader.page.goto(f"{shop.url}/account")
        assert "/login?next=/account" in reader.page.url
        await reader.page.get_by_label("E-mail").fill("owner@brera.example")
        await reader.page.get_by_label("Password").fill("wrong")
        await reader.page.get_by_role("button", name="Log in").click()
        await reader.page.get_by_role("alert").get_by_text("do not fit together").wait_for()
        await reader.page.get_by_label("Password").fill("a long password for tests")
        await reader.page.get_by_role("button", name="Log in").click()
        await reader.page.get_by_role("heading", name="Your account").wait_for()
        cookie = next(
            each for each in await reader.page.context.cookies() if each["name"] == "soglia_session"
        )
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
        assert reader.complaints == []


async def test_who_logs_out_has_no_session_any_more(read, shop):
    reader = await read()
    page = await reader.opens("/account")
    await page.get_by_role("button", name="Log out", exact=True).click()
    await page.get_by_role("heading", name="Soglia").wait_for()
    await page.goto(f"{shop.url}/account")
    assert "/login" in page.url


async def test_language_and_light_are_remembered(read):
    page = await (await read()).opens("/account")
    await page.get_by_role("link", name="Italiano").click()
    await page.get_by_role("heading", name="Il tuo account").wait_for()
    assert await page.locator("html").get_attribute("lang") == "it"
    await page.get_by_role("link", name="Chiaro o scuro").click()
    await page.wait_for_function("() => document.body.classList.contains('body--dark')")
    await page.reload()
    await page.wait_for_function("() => document.body.classList.contains('body--dark')")


async def test_another_site_can_post_no_form_here(shop):
    answer = await shop.http.post(
        "/login", data={"email": "a", "password": "b"}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403
