"""Staff enrol gateways, see how each is in words, take one out of service, and walk the shop for a survey."""

import asyncio
import time

import httpx

from tests.console.conftest import IN_A_BROWSER

pytestmark = IN_A_BROWSER

SPARE_FOB = "ibeacon:6f1c0a9e-0000-4000-8000-0000000000a1:9:77"


async def beats(shop, token, **said):
    """A gateway says how it is."""
    now = time.time()
    body = {
        "sent_at": now,
        "started_at": now - 60,
        "version": "0.1.0",
        "radio": "hearing",
        "heard_per_s": 12.0,
        "kept_per_s": 3.5,
        "spool_batches": 0,
        "last_heard_at": now,
        **said,
    }
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=shop.url) as http:
        answer = await http.post("/v1/gateways/me/heartbeat", json=body, headers=headers)
        answer.raise_for_status()


def gateway(page, name):
    return page.locator("section.gateway").filter(has=page.get_by_role("link", name=name, exact=True))


async def test_an_owner_enrols_a_gateway_whose_token_works_and_sees_it_well(read, shop):
    page = await (await read()).opens("/gateways")
    await page.get_by_role("button", name="Add a gateway").click()
    await page.get_by_label("Name, such as: door").fill("Back door")
    await page.get_by_role("button", name="Add", exact=True).click()
    line = await page.locator("[data-command]").inner_text()
    assert line.startswith(f"SOGLIA_SCANNER_SERVER__URL={shop.url} SOGLIA_SCANNER_SERVER__TOKEN=")
    assert line.endswith(" soglia-scanner run")
    await page.get_by_role("img", name="The same line as a QR").wait_for()
    token = line.split("TOKEN=")[1].split()[0]
    await page.get_by_role("button", name="I have it").click()
    await gateway(page, "Back door").get_by_text("Not heard from yet").wait_for()
    await beats(shop, token)
    await gateway(page, "Back door").get_by_text("Keeps 3.5 advertisements a second.").wait_for()
    await gateway(page, "Back door").get_by_text("Well", exact=True).wait_for()


async def test_what_is_wrong_with_a_gateway_is_told_in_words(read, shop):
    await beats(shop, shop.gateways["gw-borse"], radio="off", reason="hci0 is down", spool_batches=40)
    await beats(shop, shop.gateways["gw-uomo"], sent_at=time.time() - 90)
    page = await (await read("analyst")).opens("/gateways")
    deaf = gateway(page, "gw-borse")
    await deaf.get_by_text("Its radio is off: hci0 is down.").wait_for()
    await deaf.get_by_text("40 batches wait on its disk to be sent.").wait_for()
    await gateway(page, "gw-uomo").get_by_text("Its clock is 1 min behind").wait_for()
    await page.get_by_text("Troubled").first.wait_for()
    assert await page.get_by_role("button", name="Add a gateway").count() == 0


async def test_zones_that_a_deaf_gateway_leaves_unheard_are_blind_spots_in_italian_too(read, shop):
    await beats(shop, shop.gateways["gw-sneaker"], radio="failed")
    reader = await read()
    page = await reader.opens("/prefer?language=it&next=/gateways")
    blind = page.locator("section.card").filter(has=page.get_by_role("heading", name="Punti ciechi"))
    await blind.get_by_text("Scaffale sneaker", exact=True).wait_for()
    await blind.get_by_text("qui non sente nessuno").first.wait_for()
    await gateway(page, "gw-sneaker").get_by_text("La sua radio è guasta.").wait_for()


async def test_a_gateway_is_renamed_and_removed_only_when_one_is_sure(read, shop):
    page = await (await read("manager")).opens("/gateways/gw-casse")
    await page.get_by_label("Name").fill("Tills")
    await page.get_by_role("button", name="Rename").click()
    await page.get_by_text("Saved.").wait_for()
    await page.get_by_role("button", name="Remove the gateway").click()
    asks = page.get_by_role("alertdialog")
    await asks.get_by_text("Remove Tills?").wait_for()
    await asks.get_by_role("button", name="Cancel").click()
    await asks.wait_for(state="hidden")
    assert (await shop.http.get("/v1/gateways/gw-casse")).json()["name"] == "Tills"
    await page.get_by_role("button", name="Remove the gateway").click()
    await page.get_by_role("alertdialog").get_by_role("button", name="Remove the gateway").click()
    await page.get_by_role("heading", name="Gateways").wait_for()
    assert (await shop.http.get("/v1/gateways/gw-casse")).status_code == 404


async def hears_until(shop, done):
    """Gateways hear the spare fob, the one at the entrance louder than the one at the shoes, until `done` is set."""
    async with httpx.AsyncClient(base_url=shop.url) as http:
        while not done.is_set():
            for name, rssi in (("gw-ingresso", -58.0), ("gw-scarpe", -74.0)):
                now = time.time()
                body = {
                    "sent_at": now,
                    "sightings": [
                        {"at": now - ago, "id": SPARE_FOB, "rssi": rssi - 5 * ago, "count": 1}
                        for ago in (0.4, 0.2, 0)
                    ],
                }
                headers = {"Authorization": f"Bearer {shop.gateways[name]}"}
                (await http.post("/v1/sightings", json=body, headers=headers)).raise_for_status()
            await asyncio.sleep(0.5)


async def test_a_manager_walks_by_tapping_on_a_phone_sees_the_gain_and_takes_it_back(read, shop):
    reader = await read("manager", viewport={"width": 390, "height": 844}, has_touch=True)
    page = await reader.opens("/gateways/survey")
    await page.get_by_label("The fob's id on the air").fill(SPARE_FOB)
    await page.get_by_label("Seconds at each place").fill("5")
    done = asyncio.Event()
    heard = asyncio.create_task(hears_until(shop, done))
    try:
        await page.get_by_role("button", name="Begin the walk").click()
        await page.get_by_text("2 gateways hear the fob.").wait_for()
        floor = page.get_by_role("img", name="Floor plan: tap where you stand")
        box = await floor.bounding_box()
        for number, (right, down) in enumerate(((0.1, 0.5), (0.4, 0.3), (0.7, 0.7)), start=1):
            await page.touchscreen.tap(box["x"] + right * box["width"], box["y"] + down * box["height"])
            await page.get_by_text("Stand still:").wait_for()
            await page.get_by_text(f"{number} place").wait_for()
        await page.get_by_role("button", name="Learn from the walk").click()
        await page.get_by_role("heading", name="What the walk gains").wait_for()
        await page.get_by_text("Nothing changes until you use it.").wait_for()
    finally:
        done.set()
        await heard
    await page.get_by_role("button", name="Use this walk").click()
    await page.get_by_text("in use", exact=True).wait_for()
    (survey,) = (await shop.http.get("/v1/surveys")).json()["surveys"]
    assert (survey["state"], survey["figures"]["spots"] >= 3) == ("in use", True)
    await page.get_by_role("button", name="Take it back").click()
    await page.get_by_role("button", name="Use this walk").wait_for()
    assert await page.evaluate("document.documentElement.scrollWidth <= 390")


async def test_nobody_walks_with_a_shoppers_fob(read, shop):
    fob = {"beacon": SPARE_FOB.replace(":77", ":78"), "shopper": "loyalty-dan", "kind": "fob"}
    (await shop.http.post("/v1/devices", json=fob)).raise_for_status()
    page = await (await read()).opens("/gateways/survey")
    await page.get_by_label("The fob's id on the air").fill(fob["beacon"])
    await page.get_by_role("button", name="Begin the walk").click()
    await page.get_by_text("take a fob that is nobody's").first.wait_for()
