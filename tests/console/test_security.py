"""Attacks on the console: from other sites, by other people's pages, with ended sessions, through names that are no names."""

import re

import aiohttp
import pytest
import socketio

from server.web.console import pages
from tests.console.browsing import PASSWORD
from tests.console.conftest import IN_A_BROWSER

pytestmark = IN_A_BROWSER

NASTY = '<img src=/none onerror="window.hurt = 1">\'"'

SOCKET = "/_nicegui_ws/socket.io"


async def a_session(shop, role):
    """The cookie of a new session of this role's."""
    said = {"email": f"{role}@brera.example", "password": PASSWORD}
    answer = await shop.http.post("/v1/login", json=said)
    return answer.raise_for_status().json()["token"]


async def hired(shop, name):
    """Somebody new; their id and a session's token."""
    body = {"email": f"{name}@brera.example", "name": name.title(), "role": "analyst", "password": PASSWORD}
    member = (await shop.http.post("/v1/staff", json=body, headers=shop.owner)).raise_for_status().json()
    return member["id"], await a_session(shop, name)


async def test_another_site_starts_nothing_here(shop):
    for path in ("/login", "/login/code", "/logout", "/invitation/x"):
        for origin in ("https://evil.example", "null"):
            answer = await shop.http.post(path, data={"email": "a"}, headers={"Origin": origin})
            assert answer.status_code == 403, (path, origin)


async def test_another_sites_web_socket_is_not_let_in(shop):
    url = f"{shop.url}{SOCKET}/?EIO=4&transport=websocket"
    async with aiohttp.ClientSession() as line:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await line.ws_connect(url, origin="https://evil.example")
        assert refused.value.status == 403
        socket = await line.ws_connect(url, origin=shop.url)
        await socket.close()


async def test_no_page_stands_in_another_sites_frame_or_takes_what_it_should_not(shop):
    token = await a_session(shop, "owner")
    for path in ("/login", "/", "/account", "/invitation/x", "/nowhere"):
        answer = await shop.http.get(path, headers={"Cookie": f"soglia_session={token}", "Authorization": ""})
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy, path
        assert "default-src 'self'" in policy
        assert "form-action 'self'" in policy
        assert "object-src 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_nobody_acts_on_a_page_that_somebody_else_opened(shop):
    """Whoever learns the id of an owner's page still has to have the owner's cookie."""
    owner, analyst = await a_session(shop, "owner"), await a_session(shop, "analyst")
    answer = await shop.http.get("/account", headers={"Cookie": f"soglia_session={owner}"})
    page = re.search(r'client_id["\\\']+:\s*["\\\']+([0-9a-f-]{36})', answer.text).group(1)
    said = {"client_id": page, "tab_id": "t", "document_id": "d", "next_message_id": 0}

    async def shakes_hands(token, query):
        line = socketio.AsyncClient(reconnection=False)
        headers = {"Cookie": f"soglia_session={token}"} if token else {}
        try:
            await line.connect(
                f"{shop.url}?{query}", headers=headers, socketio_path=SOCKET, transports=["websocket"]
            )
            return await line.call("handshake", said, timeout=20)
        except socketio.exceptions.ConnectionError:
            return "not let in"
        finally:
            await line.disconnect()

    for token in (analyst, None):
        assert await shakes_hands(token, f"client_id={page}") == "not let in"
        assert await shakes_hands(token, "") is False
    assert await shakes_hands(owner, f"client_id={page}") is True


async def test_a_page_whose_session_has_ended_leads_to_the_log_in(read, shop):
    member, _ = await hired(shop, "carla")
    reader = await read("carla")
    page = await reader.opens("/account")
    ended = await shop.http.delete(f"/v1/staff/{member}/sessions", headers=shop.owner)
    assert ended.status_code == 204
    await page.wait_for_url("**/login?next=/account")
    await reader.page.goto(f"{shop.url}/reports")
    assert "/login" in page.url
    reader.complaints.clear()


async def test_who_left_is_out_at_once_and_their_open_page_too(read, shop):
    member, _ = await hired(shop, "dario")
    reader = await read("dario")
    page = await reader.opens("/")
    assert (await shop.http.delete(f"/v1/staff/{member}", headers=shop.owner)).status_code == 204
    await page.wait_for_url("**/login?next=/")
    reader.complaints.clear()


async def put(shop, method, path, body, headers=None):
    answer = await shop.http.request(method, path, json=body, headers=headers or {})
    assert answer.is_success, answer.text
    return answer.json()


async def test_names_from_outside_are_text_on_every_page(read, shop):
    zone = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [9.187, 45.472]},
        "properties": {"name": NASTY, "level": "site", "radius": 40, "time_zone": "Europe/Rome"},
    }
    await put(shop, "PUT", "/v1/zones/nasty", zone)
    gateway = await put(shop, "POST", "/v1/gateways", {"name": NASTY, "anchor": {"name": NASTY}})
    campaign = {
        "name": NASTY,
        "state": "draft",
        "trigger": {"on": "entered", "where": {"zones": ["nasty"]}},
        "offer": {"title": {"en": NASTY}, "body": {"en": NASTY}},
    }
    await put(shop, "PUT", "/v1/campaigns/nasty", campaign)
    shopper = await put(shop, "POST", "/v1/shoppers", {"own_id": NASTY, "attributes": {"name": NASTY}})
    staff = {"email": "<i>@brera.example", "name": NASTY, "role": "cashier"}
    await put(shop, "POST", "/v1/staff/invitations", staff, shop.owner)
    await put(shop, "POST", "/v1/staff", staff | {"password": PASSWORD}, shop.owner)
    await put(shop, "POST", "/v1/keys", {"kind": "app", "name": NASTY}, shop.owner)
    webhook = {"name": NASTY, "url": "https://crm.shop.example/<b>", "on": False}
    await put(shop, "PUT", "/v1/webhooks/nasty", webhook, shop.owner)
    reader = await read("owner")
    known = {"zone": "nasty", "campaign": "nasty", "webhook": "nasty"}
    known |= {"gateway": gateway["gateway"], "shopper": shopper["shopper"]}
    opened = set()
    for page in pages.found():
        path = re.sub(r"{(\w+)}", lambda name: known.get(name.group(1), "nasty"), page.path)
        await reader.opens(path)
        await reader.page.get_by_role("heading", level=1).wait_for()
        await reader.page.wait_for_timeout(400)  # what a page draws a moment later may hurt as well
        assert await reader.page.evaluate("() => window.hurt") is None, path
        assert await reader.page.locator("img[src='/none']").count() == 0, path
        opened.add(path)
    assert len(opened) > 10
