"""Every page of the console, for everybody whom it is for: it opens, complains of nothing, and can be used without eyes or a mouse.

Accessibility is judged by axe-core (Deque), which the axe-playwright-python package carries; nothing is fetched.
"""

import pytest
from axe_playwright_python.async_playwright import Axe

from server.web.console import pages
from tests.console.conftest import IN_A_BROWSER

pytestmark = IN_A_BROWSER

PAGES = [page for page in pages.found() if "{" not in page.path]
GRAVE = {"serious", "critical"}


async def grave_faults(page):
    """What keeps somebody out, and where: rule and element."""
    found = await Axe().run(page)
    return [
        (fault["id"], node["target"], node["failureSummary"][:200])
        for fault in found.response["violations"]
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("light", ["light", "dark"])
async def test_no_page_keeps_anybody_out(read, light):
    reader = await read(color_scheme=light)
    faults = {}
    for each in PAGES:
        page = await reader.opens(each.path)
        await page.locator("#main").wait_for()
        if grave := await grave_faults(page):
            faults[each.path] = grave
    assert faults == {}


async def test_no_page_is_wider_than_a_phone(read):
    reader = await read(viewport={"width": 390, "height": 844}, locale="it-IT")
    wide = {}
    for each in PAGES:
        page = await reader.opens(each.path)
        await page.locator("#main").wait_for()
        width = await page.evaluate("() => document.documentElement.scrollWidth")
        if width > 390:
            wide[each.path] = width
    assert wide == {}


@pytest.mark.parametrize("role", ["manager", "marketer", "analyst"])
async def test_the_menu_leads_only_to_pages_that_are_for_this_role(read, role):
    reader = await read(role)
    page = await reader.opens("/account")
    hrefs = await page.locator("nav.menu a.menu-item").evaluate_all(
        "links => links.map(a => a.getAttribute('href'))"
    )
    assert sorted(hrefs) == sorted(each.path for each in PAGES if each.menu is not None and each.is_for(role))
    for path in hrefs:
        page = await reader.opens(path)
        assert await page.get_by_text("This page is not for your role").count() == 0
