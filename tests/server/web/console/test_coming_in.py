"""The forms at the gate: a cookie that no script reads and no plain line carries, no way out to other sites, no act begun by one."""

import httpx
import pytest
from fastapi import FastAPI, Response
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from server.web.console.coming_in import coming_in, within


@pytest.fixture
def doors():
    """The API's log-in as the forms know it: two people, one of whom has a second step."""
    doors = FastAPI()
    doors.ended = []

    @doors.post("/v1/login")
    async def log_in(body: dict, response: Response):
        if body["password"] != "right":
            response.status_code = 429 if body["password"] == "often" else 401
            return {"title": "no", "detail": "no"}
        if body["email"] == "bob":
            response.status_code = 202
            return {"ticket": "bobs-ticket", "ends_at": "2026-06-10T12:10:00Z"}
        return {"token": "anns-token"}

    @doors.post("/v1/login/code")
    async def code(body: dict, response: Response):
        if body != {"ticket": "bobs-ticket", "code": "123456"}:
            response.status_code = 401
            return {"title": "no", "errors": [{"place": "body.code", "reason": "no"}]}
        return {"token": "bobs-token"}

    @doors.post("/v1/logout", status_code=204)
    async def log_out():
        doors.ended.append(1)

    return doors


@pytest.fixture
def knock(doors):
    """`knock("https")`: a browser that speaks to the forms by this scheme."""
    console = FastAPI()
    coming_in(console, doors)

    def by(scheme="http", **more):
        app = ProxyHeadersMiddleware(console, trusted_hosts=["127.0.0.1"])
        transport = httpx.ASGITransport(app, client=(more.pop("caller", "10.0.0.9"), 1))
        return httpx.AsyncClient(transport=transport, base_url=f"{scheme}://shop.example", **more)

    return by


def cookie(answer, name="soglia_session"):
    return next((each for each in answer.headers.get_list("set-cookie") if each.startswith(f"{name}=")), None)


RIGHT = "right"


async def log_in(browser, email="ann", password=RIGHT, **more):
    return await browser.post("/login", data={"email": email, "password": password, **more})


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(knock):
    kept = cookie(await log_in(knock()))
    assert "HttpOnly" in kept
    assert "SameSite=lax" in kept
    assert "Secure" not in kept


async def test_over_https_it_never_goes_by_a_plain_line(knock):
    assert "Secure" in cookie(await log_in(knock("https")))


async def test_behind_a_proxy_of_ours_its_word_counts_and_nobody_elses(knock):
    said = {"X-Forwarded-Proto": "https"}
    assert "Secure" in cookie(await log_in(knock(caller="127.0.0.1", headers=said)))
    assert "Secure" not in cookie(await log_in(knock(caller="10.0.0.9", headers=said)))


async def test_a_log_in_ends_the_session_that_the_browser_had(knock, doors):
    browser = knock()
    await log_in(browser)
    assert doors.ended == []
    await log_in(browser)
    assert doors.ended == [1]


async def test_who_has_a_second_step_gets_no_session_before_it(knock):
    browser = knock("https")
    half = await log_in(browser, "bob", next="/zones")
    assert cookie(half) is None
    assert half.headers["location"] == "/login?step=code&next=%2Fzones"
    kept = cookie(half, "soglia_step")
    assert "HttpOnly" in kept
    assert "Secure" in kept
    wrong = await browser.post("/login/code", data={"code": "000000", "next": "/zones"})
    assert wrong.headers["location"].startswith("/login?step=code&why=code")
    right = await browser.post("/login/code", data={"code": "123456", "next": "/zones"})
    assert (right.headers["location"], "bobs-token" in cookie(right)) == ("/zones", True)


async def test_the_code_is_asked_for_without_any_script(knock):
    browser = knock("https")
    await log_in(browser, "bob")
    page = (await browser.get("/login?step=code")).text
    assert '<form method="post" action="/login/code">' in page
    assert 'name="code"' in page
    assert 'name="password"' in (await knock().get("/login?step=code")).text  # who has no ticket begins anew


async def test_what_was_wrong_is_said(knock):
    assert "why=wrong" in (await log_in(knock(), password="guess")).headers["location"]
    assert "why=wait" in (await log_in(knock(), password="often")).headers["location"]
    assert "Wait a minute" in (await knock().get("/login?why=wait")).text


ELSEWHERE = [
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "javascript:alert(1)",
    "evil.example",
    "",
]


@pytest.mark.parametrize("path", ELSEWHERE)
async def test_no_link_leads_from_the_log_in_to_another_site(knock, path):
    assert within(path) == "/"
    assert (await log_in(knock(), next=path)).headers["location"] == "/"
    assert (await knock().get("/prefer", params={"language": "it", "next": path})).headers["location"] == "/"


async def test_what_is_asked_for_stands_in_the_form_as_text(knock):
    page = (await knock().get("/login", params={"email": '"><script>x</script>', "next": '"><b>'})).text
    assert "<script>x" not in page
    assert '"><b>' not in page
