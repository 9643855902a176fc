"""Takes the pictures of README's gallery: every page of the menu at 1440 and 390 px, light and dark, of a shop in which something happens.

    python -m tests.console.gallery FOLDER

A real server, the demo's town walking through it for a minute, a real Chromium. Pictures are PNG, small.
"""

import asyncio
import sys
from pathlib import Path

import httpx

from server.web.console import pages
from simulator.live import playing
from simulator.stage import DEMO, premises
from simulator.town import raise_town
from simulator.world import read_world
from tests.console.a_shop import PASSWORD, Shop
from tests.console.browsing import browser, reading

#: Long enough that people are in every department.
STORY_S = 75.0

#: What is drawn after a page has opened: maps, charts, what came over the web socket.
DRAWN_S = 2.5

WIDTHS = {1440: 900, 390: 844}


async def take(folder: Path) -> None:
    shown = [page for page in pages.found() if page.menu is not None or page.path in {"/start", "/account"}]
    async with premises() as here:
        async with httpx.AsyncClient(base_url=here.house.url) as http:
            shop = Shop(here.house, here.fcm, http, read_world(DEMO))
            email = await shop.hire("owner")
        town = raise_town(shop.world, 1, STORY_S)
        async with playing(town, here.access, here.fcm) as (_play, story), browser() as chrome:
            await asyncio.wait({story}, timeout=STORY_S * 0.8)
            for width, height in WIDTHS.items():
                for light in ("light", "dark"):
                    manners = {"viewport": {"width": width, "height": height}, "color_scheme": light}
                    async with reading(chrome, here.house.url, **manners) as reader:
                        await reader.logs_in(email, PASSWORD)
                        for page in shown:
                            await reader.opens(page.path)
                            await asyncio.sleep(DRAWN_S)
                            name = page.path.strip("/").replace("/", "-") or "now"
                            path = folder / f"{name}-{width}-{light}.png"
                            await reader.page.screenshot(path=path)
                            print(path)  # noqa: T201 - a command tells what it made


if __name__ == "__main__":
    wanted = Path(sys.argv[1])
    wanted.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(wanted))
