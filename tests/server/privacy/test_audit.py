"""What staff did and saw is written down before they are answered, whichever door they came by; and it says nothing of who was erased."""

import json
import re
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa

from server import app as house_app
from server.campaigns import read_campaign
from server.records import audit, campaigns, forgetting, keys, shoppers, zones
from server.records.audit import NOBODYS, PEOPLE, THINGS, Act
from server.records.keys import Principal
from server.records.passwords import Passwords
from server.records.tables import AuditRow, DeviceRow, StaffRow
from server.settings import DatabaseSettings, Settings
from server.web.audit import IMPERSONAL, Audited, audit_routes
from server.web.preview import preview_routes
from server.web.shopper import shopper_routes
from server.web.till import till_routes
from server.web.why import why_routes
from tests.makers import a_department, a_shop
from tests.server.campaigns.makers import a_document
from tests.server.records.rows import a_decision, a_device, a_shopper, a_visit, an_address, keep, rows_of

PASSWORD = "a long one for the owner"
OWNER = Principal("staff", "k_1", "st_owner", role="owner")


@pytest.fixture
async def house(tmp_path):
    """The whole house as it is served: the door to all doors, its API document, and an owner's session."""
    settings = Settings(database=DatabaseSettings(url=f"sqlite:///{tmp_path}/house.sqlite3"))
    async with house_app.built(settings) as built:
        api = built.application._application
        yield api


@pytest.fixture
async def knock(house, noon):
    """`await knock("GET", path)` as an owner; and the lines that are there."""
    audited = next(each for each in house.user_middleware if each.cls is Audited)
    database = audited.kwargs["database"]
    async with database.writing() as connection:
        member = StaffRow(
            id="st_1",
            email="o@shop.example",
            name="Olga",
            role="owner",
            password_hash=await Passwords().hashed(PASSWORD),
            created_at=noon,
        )
        await keep(connection, member)
        token = (await keys.issue(connection, "staff", "session", noon, owner="st_1")).token
    transport = httpx.ASGITransport(house, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:

        async def knock(method, path, **more):
            headers = {"Authorization": f"Bearer {token}"}
            return await client.request(method, path, headers=headers, **more)

        knock.database = database
        yield knock


def doors(api):
    """Every door that staff may come by: method, path, and what its document says."""
    admitted = {
        name
        for name, scheme in api.openapi()["components"]["securitySchemes"].items()
        if re.search(r"\bstaff session", scheme["description"])
    }
    for path, methods in api.openapi()["paths"].items():
        for method, said in methods.items():
            if admitted & {name for needs in said.get("security", []) for name in needs}:
                yield method.upper(), path, said


async def test_no_door_that_staff_come_by_is_left_out(house, knock):
    """Each is knocked at, with nonsense where it wants something: what is refused is written down as well."""
    unwritten = set()
    every_door = [*doors(house)]
    assert len(every_door) > 60
    for method, path, _ in every_door:
        if path in {"/v1/live", "/v1/logout"}:  # one never ends; the other ends the session: looked at below
            continue
        before = len(await rows_of(knock.database, AuditRow))
        await knock(method, re.sub(r"{\w+}", "1", path))
        lines = (await rows_of(knock.database, AuditRow))[before:]
        if not lines and not (method == "GET" and path in IMPERSONAL):
            unwritten.add((method, path))
    assert unwritten == set()


async def test_staff_that_leave_and_staff_that_listen_are_written_down_too(house, knock):
    await knock("POST", "/v1/logout")
    assert [row.verb for row in await rows_of(knock.database, AuditRow)] == ["POST /v1/logout"]
    assert "/v1/live" not in IMPERSONAL


def _names_in(said, schemas) -> set[str]:
    """The names of all that an answer may say, however deep."""
    names, seen, waiting = set(), set(), [said]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            names |= set(part.get("properties", {}))
            if (ref := part.get("$ref")) and ref not in seen:
                seen.add(ref)
                waiting.append(schemas[ref.rpartition("/")[2]])
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return names


async def test_what_is_looked_at_unwritten_holds_no_shopper(house):
    looks = {path: said for method, path, said in doors(house) if method == "GET"}
    assert looks.keys() >= IMPERSONAL
    schemas = house.openapi()["components"]["schemas"]
    for path in IMPERSONAL:
        names = _names_in(looks[path]["responses"]["200"], schemas)
        assert not names & {"shopper", "shoppers", "own_id", "device", "devices", "visit", "visits"} - (
            {"visits"} if path.startswith("/v1/reports/") else set()
        ), path


async def test_every_name_in_a_path_is_known_as_somebodys_or_nobodys(house):
    named = {name for _, path, _ in doors(house) for name in re.findall(r"{(\w+)}", path)}
    assert named <= {*THINGS, *PEOPLE, *NOBODYS, "key"}


@pytest.fixture
def shop(open_doors, database, guard, edits, noon):
    client = open_doors(
        till_routes(database, guard, edits),
        shopper_routes(database, guard, edits),
        audit_routes(database, guard),
        why_routes(database, guard),
        preview_routes(database, guard),
    )
    client._transport.app.add_middleware(Audited, database=database, clock=lambda: noon)
    return client


@pytest.fixture
async def ann(database, noon):
    async with database.writing() as connection:
        return (await shoppers.meet(connection, "card-1", noon))[0].id


async def lines(database):
    rows = sorted(await rows_of(database, AuditRow), key=lambda row: row.verb)
    return [(row.staff_id, row.verb, row.object, row.shopper_id, row.outcome) for row in rows]


async def test_who_looked_at_whom_when_and_what_became_of_it(shop, database, tokens, ann):
    assert (await shop.get(f"/v1/shoppers/{ann}", headers=tokens.headers("marketer"))).status_code == 200
    assert (
        await shop.get(f"/v1/shoppers/{ann}/export", headers=tokens.headers("analyst"))
    ).status_code == 403
    await shop.get("/v1/shoppers?own_id=card-1", headers=tokens.headers("manager"))
    assert await lines(database) == [
        ("st_manager", "GET /v1/shoppers", ann, ann, 200),
        ("st_marketer", "GET /v1/shoppers/{shopper}", ann, ann, 200),
        ("st_analyst", "GET /v1/shoppers/{shopper}/export", ann, ann, 403),
    ]


async def test_who_was_found_is_written_down_and_not_what_was_typed(shop, database, tokens, ann, noon):
    async with database.writing() as connection:
        await keep(
            connection, a_device("d_1", ann), an_address("ad_1", "d_1", ann, kind="email", value="a@b.it")
        )
    for sought in ("a@b.it", "c@d.it"):
        await shop.get("/v1/shoppers", params={"find": sought}, headers=tokens.headers("manager"))
    assert {(thing, shopper) for _, _, thing, shopper, _ in await lines(database)} == {
        (ann, ann),
        (None, None),
    }
    assert "@" not in str(await rows_of(database, AuditRow))


@pytest.fixture
async def bob(database, noon):
    """Whom the shop calls by what is Ann's id with us."""
    async with database.writing() as connection:
        ann = (await shoppers.meet(connection, "card-1", noon))[0].id
        places = [a_shop(), a_department("shoes", a_shop().place)]
        await zones.put(connection, [zones.Given(place) for place in places], noon)
        await campaigns.put(connection, read_campaign(a_document()), noon)
        return (await shoppers.meet(connection, ann, noon))[0].id


async def test_a_line_names_whom_the_door_read_whomever_else_the_request_names(
    shop, database, tokens, ann, bob
):
    for method, path, body in (
        ("GET", f"/v1/decisions?shopper={bob}&shopper=card-1", None),
        ("GET", f"/v1/visits?device=d_bobs&shopper={bob}&shopper=card-1", None),
        ("GET", f"/v1/shoppers/{ann}?shopper={bob}&own_id={ann}", None),
        ("POST", f"/v1/campaigns/shoes/preview?shopper={bob}", {"shopper": ann}),
        ("POST", "/v1/campaigns/shoes/preview", {"shopper": ann}),
        ("POST", f"/v1/campaigns/shoes/preview?own_id={ann}", {"own_id": "card-1"}),
        ("POST", f"/v1/shoppers?shopper={bob}", {"own_id": "card-1"}),
    ):
        padded = " \n" * 20_000 + json.dumps(body)
        content = {"content": padded, "headers": {"Content-Type": "application/json"}} if body else {}
        headers = tokens.headers("owner") | content.pop("headers", {})
        answer = await shop.request(method, path, headers=headers, **content)
        assert answer.status_code == 200, (path, answer.text)
    assert {(thing, shopper) for _, _, thing, shopper, _ in await lines(database)} == {(ann, ann)}


async def test_a_body_that_names_a_shopper_is_about_them_and_is_not_kept(shop, database, tokens):
    body = {"own_id": "card-9", "attributes": {"illness": "flu"}}
    made = (await shop.post("/v1/shoppers", json=body, headers=tokens.headers("server"))).json()
    assert await lines(database) == [(None, "POST /v1/shoppers", made["shopper"], made["shopper"], 200)]
    assert "flu" not in str(await rows_of(database, AuditRow))


async def test_what_somebody_typed_that_is_nobody_is_not_kept(shop, database, tokens):
    await shop.get("/v1/shoppers/ann@mail.example", headers=tokens.headers("owner"))
    await shop.get("/v1/shoppers/0039-333-1234567", headers=tokens.headers("owner"))
    assert {(each, status) for _, _, each, _, status in await lines(database)} == {(None, 404), (None, 422)}


async def test_phones_and_strangers_are_no_staff(shop, database, tokens, ann):
    for headers in ({}, tokens.headers("device"), {"Authorization": "Bearer sog_staff_nonsense"}):
        await shop.get(f"/v1/shoppers/{ann}", headers=headers)
    assert await lines(database) == []


async def test_no_answer_leaves_that_could_not_be_written_down(shop, database, tokens, ann):
    async with database.writing() as connection:
        await connection.execute(sa.text("ALTER TABLE audit RENAME TO audit_gone"))
    try:
        answer = await shop.get(f"/v1/shoppers/{ann}", headers=tokens.headers("owner"))
        assert answer.status_code == 503
        assert "card-1" not in answer.text
        made = await shop.post("/v1/shoppers", json={"own_id": "card-2"}, headers=tokens.headers("owner"))
        assert made.status_code == 503
        assert "may have been done" in made.json()["detail"]
    finally:
        async with database.writing() as connection:
            await connection.execute(sa.text("ALTER TABLE audit_gone RENAME TO audit"))


@pytest.mark.parametrize(
    "nonsense", ["device=%00", "shopper=a%00b", "offer=%ed%a0%80", "order=" + "9" * 5000, "tester=%ff"]
)
async def test_a_name_that_none_can_be_keeps_no_line_from_being_written(
    shop, database, tokens, ann, nonsense
):
    answer = await shop.delete(f"/v1/shoppers/nobody?{nonsense}", headers=tokens.headers("manager"))
    assert answer.status_code == 404
    answer = await shop.put(
        f"/v1/shoppers/{ann}/consents?{nonsense}",
        json={"purposes": {"email": False}, "version": "1"},
        headers=tokens.headers("manager"),
    )
    assert answer.status_code == 200
    assert await lines(database) == [
        ("st_manager", "DELETE /v1/shoppers/{shopper}", None, None, 404),
        ("st_manager", "PUT /v1/shoppers/{shopper}/consents", ann, ann, 200),
    ]


async def test_names_that_no_database_takes_are_dropped_and_of_thousands_the_first_count(database, noon, ann):
    nonsense = [("device", name) for name in ("\x00", "d_\x00", "\ud800", "\x7f", "x" * 201, "")]
    many = [("device", f"d_{number}") for number in range(3000)]
    asked = []

    def note(_connection, _cursor, statement, *_more):
        asked.append(statement)

    async with database.writing() as connection:
        row = await audit.write(connection, Act(OWNER, "GET /", 200, [*nonsense, ("shopper", ann)]), noon)
        assert (row.object, row.shopper_id) == (ann, ann)
        sa.event.listen(database.engine.sync_engine, "before_cursor_execute", note)
        await audit.write(connection, Act(OWNER, "GET /", 200, many), noon)
        sa.event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    assert len(asked) < 50


async def test_what_nobody_foresaw_is_written_down_as_well(shop, database, tokens, ann):
    async with database.writing() as connection:
        await connection.execute(sa.text("UPDATE shoppers SET tags = '7'"))  # no list: it cannot be shown
    answer = await shop.get(f"/v1/shoppers/{ann}", headers=tokens.headers("owner"))
    assert answer.status_code == 500
    assert [status for *_, status in await lines(database)] == [500]


async def test_an_owner_reads_it_page_by_page_and_nobody_else(shop, database, tokens, ann, noon):
    async with database.writing() as connection:
        for minute in range(5):
            act = Act(OWNER, "GET /v1/shoppers/{shopper}", 200, [("shopper", ann)])
            await audit.write(connection, act, noon - timedelta(minutes=minute + 1))
    assert (await shop.get("/v1/audit", headers=tokens.headers("manager"))).status_code == 403
    assert (await shop.get("/v1/audit", headers=tokens.headers("server"))).status_code == 403
    asked = {"shopper": "card-1", "who": "st_owner", "verb": "GET /v1/shoppers/{shopper}", "limit": 3}
    first = (await shop.get("/v1/audit", params=asked, headers=tokens.headers("owner"))).json()
    rest = (
        await shop.get("/v1/audit", params=asked | {"cursor": first["next"]}, headers=tokens.headers("owner"))
    ).json()
    told = [line["at"] for line in (*first["lines"], *rest["lines"])]
    assert len(set(told)) == 5
    assert told == sorted(told, reverse=True)
    assert {(line["name"], line["role"], line["outcome"]) for line in first["lines"]} == {
        ("Owner", "owner", 200)
    }
    until = (noon - timedelta(minutes=3)).isoformat()
    some = await shop.get("/v1/audit", params=asked | {"until": until}, headers=tokens.headers("owner"))
    assert len(some.json()["lines"]) == 2
    looked_at_the_log = [verb for _, verb, _, _, _ in await lines(database) if verb == "GET /v1/audit"]
    assert len(looked_at_the_log) == 5


async def test_things_of_a_shopper_are_known_as_theirs_and_emptied_with_them(database, ann, noon):
    async with database.writing() as connection:
        await keep(
            connection,
            a_shopper(),
            a_device(),
            a_visit(),
            a_decision(),
        )
        phone = (await keys.issue(connection, "device", "phone", noon, owner="d_1")).key
        till = (await keys.issue(connection, "server", "till", noon)).key
        for named in (
            ("device", "d_1"),
            ("visit", "v_1"),
            ("decision", "dec_1"),
            ("key", phone),
            ("key", till),
            ("zone", "shoes"),
        ):
            await audit.write(connection, Act(OWNER, "GET /", 200, [named]), noon)
        told = {(row.object, row.shopper_id) for row in await audit.listed(connection, audit.AuditQuery())}
        theirs = {(each, "sh_1") for each in ("d_1", "v_1", "dec_1", phone)}
        assert told == {*theirs, (till, None), ("shoes", None)}
        await forgetting.forget(connection, "sh_1", noon)
        left = [(row.object, row.shopper_id) for row in await audit.listed(connection, audit.AuditQuery())]
    assert sorted(left, key=str) == sorted([(None, None)] * 4 + [(till, None), ("shoes", None)], key=str)
    assert await rows_of(database, DeviceRow) == []


async def test_an_erasure_is_written_down_without_whom(shop, database, tokens, ann):
    await shop.get(f"/v1/shoppers/{ann}", headers=tokens.headers("manager"))
    await shop.delete(f"/v1/shoppers/{ann}", headers=tokens.headers("manager"))
    assert await lines(database) == [
        ("st_manager", "DELETE /v1/shoppers/{shopper}", None, None, 204),
        ("st_manager", "GET /v1/shoppers/{shopper}", None, None, 200),
    ]
    assert ann not in json.dumps([row.model_dump(mode="json") for row in await rows_of(database, AuditRow)])


async def test_logging_in_is_written_down_and_so_is_a_wrong_password_for_somebody(house, knock):
    for password in ("not it at all", "neither is this"):
        await knock("POST", "/v1/login", json={"email": "o@shop.example", "password": password})
    await knock("POST", "/v1/login", json={"email": "nobody@shop.example", "password": "whatever it is"})
    await knock("POST", "/v1/login", json={"email": "o@shop.example", "password": PASSWORD})
    told = [
        (row.staff_id, row.role, row.verb, row.outcome) for row in await rows_of(knock.database, AuditRow)
    ]
    assert sorted(told) == [("st_1", "owner", "POST /v1/login", status) for status in (200, 401, 401)]
