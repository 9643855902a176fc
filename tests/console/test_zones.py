"""Staff draw zones with the mouse and by the keyboard, describe them, bring them in and give them out."""

import asyncio
import json
import time
import zlib

import pytest
from playwright.async_api import expect

from tests.console.conftest import IN_A_BROWSER

pytestmark = IN_A_BROWSER

#: Where Ann's phone will be: a corner of Via Fiori Oscuri on which no zone of the demo lies.
LAT, LON = 45.47215, 9.18905
#: A square of some 40 m around it.
SQUARE = [(LAT + dy, LON + dx) for dx, dy in ((-3e-4, -2e-4), (3e-4, -2e-4), (3e-4, 2e-4), (-3e-4, 2e-4))]
#: Its message is there within this, on a small busy machine.
WITHIN_S = 90

GREETING = {
    "id": "corner-greeting",
    "name": "Greeting at the corner",
    "state": "live",
    "conditions": [],
    "priority": 50,
    "offer": {"title": {"en": "Good day at the corner"}, "body": {"en": "Come in"}, "life_s": 3600},
}


@pytest.fixture
async def draw(read):
    """A new zone before somebody with a mouse; gives the page."""

    async def draw(**manners):
        page = await (await read(**manners)).opens("/zones/new/zone")
        await page.get_by_role("button", name="Outline").wait_for()
        return page

    return draw


async def pixel(page, lat, lon):
    """Where on the screen a place of the map is."""
    x, y = await page.evaluate(
        """([lat, lon]) => {
            const element = document.querySelector('.shop-map');
            const map = window.getElement(Number(element.id.slice(1))).map;
            const frame = map.getContainer().getBoundingClientRect();
            const { x, y } = map.latLngToContainerPoint([lat, lon]);
            return [frame.left + x, frame.top + y];
        }""",
        [lat, lon],
    )
    return x, y


async def look_at(page, lat=LAT, lon=LON, zoom=18):
    await page.evaluate(
        """([lat, lon, zoom]) => window.getElement(Number(document.querySelector('.shop-map').id.slice(1)))
            .map.setView([lat, lon], zoom, { animate: false })""",
        [lat, lon, zoom],
    )


async def click(page, *places):
    for lat, lon in places:
        await page.mouse.move(*await pixel(page, lat, lon), steps=3)
        await page.mouse.down()
        await page.mouse.up()


async def outline(page, *places):
    """Draws an outline and closes it on its first corner."""
    await look_at(page)
    await click(page, *places, places[0])
    await page.get_by_text(f"{len(places)} corners").wait_for()


async def save(page):
    await page.get_by_role("button", name="Save").click()


def hint(page):
    return page.locator(".map-hint")


async def zone(shop, own_id):
    return (await shop.http.get(f"/v1/zones/{own_id}")).raise_for_status().json()


async def a_zone(shop, own_id, name, **properties):
    feature = {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [[[lon, lat] for lat, lon in (*SQUARE, SQUARE[0])]]},
        "properties": {"id": own_id, "name": name, **properties},
    }
    (await shop.http.put("/v1/zones", json=feature)).raise_for_status()


async def test_a_zone_drawn_with_the_mouse_sends_an_offer_to_who_walks_into_it(draw, shop):
    page = await draw()
    await outline(page, *SQUARE)
    await page.get_by_label("Name", exact=True).fill("The corner")
    await page.get_by_role("radio", name="Quick").click()
    await save(page)
    await page.wait_for_url("**/zones/the-corner?done=saved")
    kept = await zone(shop, "the-corner")
    assert kept["geometry"]["type"] == "Polygon"
    assert len(kept["geometry"]["coordinates"][0]) == 5
    assert kept["properties"]["manner"] == "quick"

    campaign = {**GREETING, "trigger": {"on": "entered", "where": {"zones": ["the-corner"]}}}
    (await shop.http.post("/v1/campaigns", json=campaign)).raise_for_status()
    phone = await shop.meet("ann")
    deadline = time.monotonic() + WITHIN_S
    while not shop.fcm.messages_for("phone-ann"):
        assert time.monotonic() < deadline, "nothing was sent"
        await shop.ping(phone, time.time(), LAT, LON)
        await asyncio.sleep(0.5)
    assert "Good day at the corner" in str(shop.fcm.messages_for("phone-ann")[0])


async def test_what_was_drawn_is_taken_back_and_done_again(draw):
    page = await draw()
    await outline(page, *SQUARE)
    await page.keyboard.press("Control+z")
    await expect(hint(page)).to_contain_text("Choose Outline or Circle")
    await page.keyboard.press("Control+y")
    await expect(hint(page)).to_contain_text("4 corners")
    await page.get_by_role("button", name="New corner here").first.click()
    await expect(hint(page)).to_contain_text("Drag the corner")
    await page.keyboard.press("Delete")
    await expect(hint(page)).to_contain_text("4 corners")
    await page.get_by_role("button", name="Outline").click()
    await click(page, *SQUARE[:2])
    await page.keyboard.press("Escape")
    await expect(hint(page)).to_contain_text("4 corners")


async def test_an_outline_that_crosses_itself_is_refused_in_words_where_it_is_drawn(draw):
    page = await draw()
    a, b, c, d = SQUARE
    await outline(page, a, c, b, d)
    await page.get_by_text("The outline crosses itself at the marked corner").wait_for()
    await expect(page.locator(".handle.faulty")).to_have_count(1)
    await page.get_by_label("Name", exact=True).fill("Knot")
    await save(page)
    await page.get_by_role("alert").get_by_text("Nothing was changed").wait_for()
    assert "/zones/new/zone" in page.url


async def test_a_circle_is_dragged_from_its_middle_and_tells_its_metres(draw, shop):
    page = await draw()
    await look_at(page)
    await page.get_by_role("button", name="Circle", exact=True).click()
    await page.mouse.move(*await pixel(page, LAT, LON))
    await page.mouse.down()
    await page.mouse.move(*await pixel(page, LAT + 3.6e-4, LON), steps=5)
    await expect(page.locator(".drawn-metres")).to_have_text("40 m")
    await page.mouse.up()
    await expect(hint(page)).to_contain_text("Radius 40")
    await page.get_by_label("Name", exact=True).fill("Round")
    await save(page)
    await page.wait_for_url("**/zones/round?done=saved")
    kept = await zone(shop, "round")
    assert (kept["geometry"]["type"], round(kept["properties"]["radius"])) == ("Point", 40)


async def test_a_corner_snaps_to_the_corner_of_another_zone(draw, shop):
    await a_zone(shop, "neighbour", "Neighbour")
    page = await draw()
    away = [(LAT - 6e-4, LON - 3e-4), (LAT - 6e-4, LON + 3e-4)]
    near = (SQUARE[1][0] - 2e-6, SQUARE[1][1] + 4e-6)
    await outline(page, *away, near)
    await page.get_by_label("Name", exact=True).fill("Snapped")
    await save(page)
    await page.wait_for_url("**/zones/snapped?done=saved")
    corners = (await zone(shop, "snapped"))["geometry"]["coordinates"][0]
    assert [SQUARE[1][1], SQUARE[1][0]] in [[round(x, 7), round(y, 7)] for x, y in corners]


async def test_a_hole_is_cut_and_a_zone_is_split_in_two(draw, shop):
    page = await draw()
    await outline(page, *SQUARE)
    await page.get_by_role("button", name="Hole", exact=True).click()
    inner = [(LAT + dy, LON + dx) for dx, dy in ((-1e-4, -1e-4), (0, -1e-4), (0, 1e-4), (-1e-4, 1e-4))]
    await click(page, *inner)
    await page.keyboard.press("Enter")
    await expect(hint(page)).to_contain_text("8 corners")
    await page.get_by_role("button", name="Undo").click()
    await page.get_by_role("button", name="Split", exact=True).click()
    await click(page, (LAT + 4e-4, LON), (LAT - 4e-4, LON))
    await page.get_by_label("Name", exact=True).fill("Left")
    await page.get_by_label("Name of the other half").fill("Right")
    await save(page)
    await page.wait_for_url("**/zones/left?done=saved")
    assert (await zone(shop, "right"))["geometry"]["type"] == "Polygon"


async def test_a_zone_is_drawn_without_a_mouse(draw, shop):
    page = await draw()
    await page.get_by_text("Type the numbers").click()
    await page.get_by_label("Corners").fill("\n".join(f"{lat}, {lon}" for lat, lon in SQUARE))
    await page.get_by_role("button", name="Draw these corners").click()
    await expect(hint(page)).to_contain_text("4 corners")
    corner = page.get_by_role("button", name="Corner 1 of 4")
    await corner.focus()
    await page.keyboard.press("Shift+ArrowLeft")
    await page.get_by_label("Name", exact=True).fill("Typed")
    await save(page)
    await page.wait_for_url("**/zones/typed?done=saved")
    first = (await zone(shop, "typed"))["geometry"]["coordinates"][0][0]
    assert first[0] < SQUARE[0][1]


async def test_a_zone_is_renamed_and_only_deleted_when_asked_twice(read, shop):
    await a_zone(shop, "old-name", "Old name")
    page = await (await read("manager")).opens("/zones/old-name")
    await page.get_by_label("Name", exact=True).fill("New name")
    await page.get_by_text("not saved yet").wait_for()
    await save(page)
    await page.get_by_role("alert").get_by_text("Saved.").wait_for()
    assert (await zone(shop, "old-name"))["properties"]["name"] == "New name"
    await page.get_by_role("button", name="Delete").click()
    await page.get_by_role("button", name="Keep it").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert (await zone(shop, "old-name"))["properties"]["name"] == "New name"
    await page.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await page.wait_for_url("**/zones?done=deleted")
    assert (await shop.http.get("/v1/zones/old-name")).status_code == 404


async def test_a_file_says_what_it_would_change_before_it_does(read, shop):
    await a_zone(shop, "kept", "Kept")
    page = await (await read()).opens("/zones")
    features = [await zone(shop, "kept"), await zone(shop, "kept")]
    features[0]["properties"]["name"] = "Changed by a file"
    features[1]["properties"] |= {"id": "brought", "name": "Brought by a file"}
    file = {"type": "FeatureCollection", "features": features}
    await page.get_by_role("button", name="Import").click()
    await page.locator("input[type=file]").set_input_files(
        {
            "name": "zones.geojson",
            "mimeType": "application/geo+json",
            "buffer": json.dumps(file).encode(),
        }
    )
    rows = page.get_by_role("dialog").locator("tr")
    await rows.filter(has_text="Brought by a file").get_by_text("added").wait_for()
    await rows.filter(has_text="Changed by a file").get_by_text("changed", exact=True).wait_for()
    assert (await shop.http.get("/v1/zones/brought")).status_code == 404
    await page.get_by_role("button", name="Take these changes").click()
    await page.get_by_role("alert").get_by_text("as the file has them").wait_for()
    assert (await zone(shop, "kept"))["properties"]["name"] == "Changed by a file"


async def test_an_analyst_sees_zones_and_changes_none(read):
    page = await (await read("analyst")).opens("/zones/scarpe")
    await page.get_by_text("Owners and store managers may change zones.").wait_for()
    assert await page.get_by_role("button", name="Save").count() == 0


async def test_zones_are_at_hand_on_a_phone_and_in_italian(read):
    reader = await read(viewport={"width": 390, "height": 844}, locale="it-IT")
    page = await reader.opens("/zones/via-brera")
    await page.get_by_text("Trascina il bordo per cambiarlo").wait_for()
    await page.get_by_text("Quanto sicura e quanto rapida").wait_for()
    assert await page.evaluate("() => document.documentElement.scrollWidth") <= 390


def png(width, height):
    """A grey picture of this size."""

    def chunk(kind, content):
        return (
            len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")
        )

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    rows = zlib.compress((b"\0" + b"\xc0" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


async def test_a_floor_plan_gets_its_picture_and_its_scale(read, shop):
    page = await (await read()).opens("/zones/new/plan")
    await page.get_by_label("Name", exact=True).fill("First floor")
    await page.get_by_role("button", name="Save").click()
    await page.wait_for_url("**/zones/plans/first-floor")
    picture = {"name": "floor.png", "mimeType": "image/png", "buffer": png(200, 100)}
    await page.locator("input[type=file]").set_input_files(picture)
    await page.locator("img.plan-picture").wait_for()
    plan = (await shop.http.get("/v1/floor-plans/first-floor")).json()
    assert (plan["width_m"], plan["height_m"]) == (20, 10)
    await page.get_by_role("button", name="Set the scale by two points").click()
    await click(page, (5, 0), (5, 20))  # y, x: from one end to the other
    await page.get_by_label("Metres", exact=True).fill("40")
    await page.get_by_role("button", name="Set the scale", exact=True).click()
    await page.get_by_role("alert").get_by_text("The scale is set.").wait_for()
    plan = (await shop.http.get("/v1/floor-plans/first-floor")).json()
    assert (round(plan["width_m"]), round(plan["height_m"])) == (40, 20)


async def test_an_anchor_is_hung_where_it_was_dragged_to(read, shop):
    page = await (await read()).opens("/zones/plans/passo-lieve-terra")
    anchor = page.get_by_role("button", name="Reparto borse, colonna")
    await anchor.hover()
    await page.mouse.down()
    await page.mouse.move(*await pixel(page, 6, 9), steps=6)
    await page.mouse.up()
    await page.get_by_role("alert").get_by_text("hangs there now").wait_for()
    kept = (await shop.http.get("/v1/anchors/gw-borse")).json()
    assert abs(kept["x_m"] - 9) < 0.5
    assert abs(kept["y_m"] - 6) < 0.5


async def test_a_department_is_drawn_on_the_floor_plan(read, shop):
    page = await (await read()).opens("/zones/new/zone?plan=passo-lieve-terra")
    await page.get_by_text("Click where the first corner is").wait_for()
    await click(page, (9, 7), (9, 10), (12, 10), (12, 7), (9, 7))
    await expect(hint(page)).to_contain_text("4 corners, 9 m")
    await page.get_by_label("Name", exact=True).fill("Boots")
    await save(page)
    await page.wait_for_url("**/zones/boots?done=saved")
    kept = (await zone(shop, "boots"))["properties"]
    assert (kept["plan"]["id"], kept["parent"]) == ("passo-lieve-terra", "passo-lieve")
