"""Whoever is of one shop sees and changes nothing of the other, whichever door they come by: every door of the house is tried.

Two shops with the same things in them; what is in the other one has `navigli` in its id and its name.
"""

import re
from contextlib import asynccontextmanager

import httpx
import pytest
import sqlalchemy as sa

from server import app as house_app
from server.records import keys, staff
from server.records.tables import ReplyRow, StaffRow, SurveyRow
from server.settings import DatabaseSettings, Settings
from server.web.audit import Audited
from server.web.limits import BodyLimit
from server.web.shops import KEEP_TO_SHOPS, without
from tests.conftest import NOON
from tests.server.records.rows import a_decision, a_device, a_shopper, a_visit, keep

#: Of each kind of thing that an address may name, the one of the other shop.
THEIRS = {
    "zone": "navigli",
    "plan": "plan-navigli",
    "anchor": "an-navigli",
    "gateway": "gw-navigli",
    "survey": "sv_navigli",
    "visit": "v_navigli",
    "decision": "dec_navigli",
    "reply": "re_navigli",
    "shopper": "sh_navigli",
    "device": "d_navigli",
    "campaign": "c-navigli",
    "coupon": "co-navigli",
}
OURS = {kind: name.replace("navigli", "brera") for kind, name in THEIRS.items()}

FIGURES = {
    "spots": 0,
    "seconds": 0.0,
    "packets": 0,
    "heard": {},
    "silent": [],
    "strange": {},
    "beside": 0,
    "coverage": {},
    "proof": None,
}


def a_shop_of(name, lon):
    site = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, 45.46]},
        "properties": {
            "id": name,
            "name": f"The {name}",
            "level": "site",
            "radius": 60,
            "time_zone": "Europe/Rome",
        },
    }
    shelf = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, 45.46]},
        "properties": {"id": f"{name}-shoes", "name": f"Shoes {name}", "parent": name, "radius": 10},
    }
    return [site, shelf]


def a_campaign_of(*zones):
    names = "-".join(zones)
    texts = {"title": {"en": "Shoes"}, "body": {"en": "Today"}, "life_s": 600}
    where = {"zones": [f"{zone}-shoes" for zone in zones]}
    return {"id": f"c-{names}", "name": f"In {names}", "state": "live", "offer": texts} | {
        "trigger": {"on": "entered", "where": where}
    }


async def furnish(client, connect):
    for name, lon in (("brera", 9.187), ("navigli", 9.177)):
        said = [
            ("PUT", "zones", {"type": "FeatureCollection", "features": a_shop_of(name, lon)}),
            (
                "PUT",
                f"floor-plans/plan-{name}",
                {"name": f"Floor {name}", "site": name, "width_m": 9, "height_m": 9},
            ),
            ("PUT", f"anchors/an-{name}", {"name": f"Door {name}", "site": name}),
            ("POST", "gateways", {"id": f"gw-{name}", "name": f"Gateway {name}", "anchor": f"an-{name}"}),
            ("POST", "campaigns", a_campaign_of(name)),
            ("PUT", f"coupons/co-{name}", {"id": f"co-{name}", "name": f"Coupon {name}", "shops": [name]}),
        ]
        for method, path, body in said:
            answer = await client.request(method, f"/v1/{path}", json=body)
            assert answer.is_success, (path, answer.text)
        async with connect() as connection:
            ids = {"shopper_id": f"sh_{name}", "device_id": f"d_{name}", "zone_id": f"{name}-shoes"}
            reasons = [{"gate": "not_in_zone", "words": f"was in {name}-shoes too", "facts": {}}]
            await keep(
                connection,
                a_shopper(f"sh_{name}", own_id=f"card-{name}"),
                a_device(f"d_{name}", f"sh_{name}"),
                a_visit(f"v_{name}", **ids),
                a_visit(f"v_site_{name}", **ids | {"zone_id": name}),
                a_decision(f"dec_{name}", **ids, campaign_id=f"c-{name}", verdict="withhold", reasons=reasons),
                ReplyRow(
                    id=f"re_{name}", outbox_id=f"of_{name}", **ids, campaign_id=f"c-{name}", kind="ask_assistance",
                    agreed_to="1", at=NOON,
                ),
                SurveyRow(
                    id=f"sv_{name}", plan_id=f"plan-{name}", version=1, made_at=NOON, made_by="st_1", source="walk",
                    state="draft", spots=[], figures=FIGURES,
                ),
            )  # fmt: skip
    both = await client.post(
        "/v1/campaigns", json=a_campaign_of("brera", "navigli") | {"id": "c-both", "name": "Both"}
    )
    assert both.is_success, both.text
    async with connect() as connection:
        saw = {"zones_before": ["brera", "navigli-shoes"], "last_in": "navigli", "n": 2}
        words = [{"gate": "not_in_zone", "words": "was in The navigli and in brera", "facts": {}}]
        await keep(
            connection,
            a_decision(
                "dec_both", shopper_id="sh_brera", device_id="d_brera", zone_id="brera-shoes", visit_id="v_brera",
                campaign_id="c-both", verdict="withhold", saw=saw, reasons=words,
            ),
        )  # fmt: skip


@pytest.fixture
async def house(tmp_path):
    """The whole house as it is served: `house(role)` is a line for somebody of this role, `house("manager", ["brera"])` of one shop."""
    settings = Settings(database=DatabaseSettings(url=f"sqlite:///{tmp_path}/house.sqlite3"))
    async with house_app.built(settings) as built:
        api = built.application._application
        database = next(each for each in api.user_middleware if each.cls is Audited).kwargs["database"]
        transport = httpx.ASGITransport(api, raise_app_exceptions=False)

        @asynccontextmanager
        async def line(role, shops=None):
            async with database.writing() as connection:
                row = await staff.add(
                    connection, f"{role}@shop.example", role, role, "none", NOON, shops=shops
                )
                token = (await keys.issue(connection, "staff", "session", NOON, owner=row.id)).token
            headers = {"Authorization": f"Bearer {token}"}
            async with httpx.AsyncClient(
                transport=transport, base_url="http://shop.example", headers=headers
            ) as client:
                yield client

        async with line("owner") as owner:
            await furnish(owner, database.writing)
        line.api, line.database = api, database
        line.keyring = _keyring_of(api)
        yield line


def _keyring_of(api):
    return (
        next(each for each in api.user_middleware if each.cls is BodyLimit)
        .kwargs["knows"]
        .__closure__[0]
        .cell_contents
    )


def doors(api):
    """Every door that staff may come by: its method and path."""
    schemes = api.openapi()["components"]["securitySchemes"]
    admitted = {
        name for name, scheme in schemes.items() if re.search(r"\bstaff session", scheme["description"])
    }
    for path, methods in api.openapi()["paths"].items():
        for method, said in methods.items():
            if admitted & {name for needs in said.get("security", []) for name in needs}:
                yield method.upper(), path


def filled(path, names):
    return re.sub(r"{(\w+)}", lambda found: names.get(found[1], "1"), path)


async def test_no_look_of_a_manager_of_one_shop_shows_anything_of_the_other(house):
    seen = set()
    async with house("manager", ["brera"]) as manager:
        for method, path in doors(house.api):
            if method != "GET" or path == "/v1/live":
                continue
            for names in (OURS, THEIRS):
                asked = {"first_day": "2026-06-01", "last_day": "2026-06-30"} if "/reports/" in path else {}
                if path.endswith("/why"):
                    asked = {"shopper": names["shopper"], "campaign": names["campaign"]}
                answer = await manager.get(filled(path, names), params=asked)
                if "/reports/" in path and answer.status_code == 422:
                    answer = await manager.get(filled(path, names))
                assert answer.status_code < 500, (path, answer.text)
                if names is THEIRS and answer.status_code >= 400:
                    continue  # what they named themselves may be named back
                assert "navigli" not in answer.text, (path, answer.text)
                if answer.is_success:
                    seen.add(f"{method} {path}")
    ours = {verb for verb in KEEP_TO_SHOPS if verb.startswith("GET")}
    # One never ends; of the others there is nothing here. Walks are tried beside the other doors of surveys.
    missed = {"GET /v1/live", "GET /v1/floor-plans/{plan}/picture", "GET /v1/surveys/walks/{walk}"}
    assert seen - {"GET /v1/session"} >= ours - missed
    assert seen <= ours | own_doors(house.api)


def own_doors(api):
    """What is about whoever comes."""
    paths = api.openapi()["paths"]
    return {
        f"{method.upper()} {path}"
        for path, methods in paths.items()
        for method, said in methods.items()
        if any("session" in needs for needs in said.get("security", []))
    }


async def test_a_manager_of_all_shops_sees_both(house):
    async with house("manager") as manager:
        for path in (
            "zones",
            "anchors",
            "gateways",
            "floor-plans",
            "visits",
            "decisions",
            "campaigns",
            "shoppers",
        ):
            answer = await manager.get(f"/v1/{path}")
            assert "navigli" in answer.text, path
            assert "brera" in answer.text, path


async def test_what_is_theirs_is_shown_to_them(house):
    async with house("manager", ["brera"]) as manager:
        for path in (
            *(
                "zones",
                "anchors",
                "gateways",
                "floor-plans",
                "surveys",
                "visits",
                "decisions",
                "campaigns",
                "coupons",
            ),
            *(
                "shoppers",
                "replies",
                "reports/visits?first_day=2026-06-01&last_day=2026-06-30",
                "reports/lately",
            ),
        ):
            answer = await manager.get(f"/v1/{path}")
            assert (answer.status_code, "brera" in answer.text) == (200, True), (path, answer.text)


async def test_nothing_of_the_other_shop_can_be_changed_removed_or_made(house):
    """Each door is knocked at with the other shop's things in its address, and with nothing in its body."""
    async with house("manager", ["brera"]) as manager:
        for method, path in doors(house.api):
            if method == "GET" or f"{method} {path}" in own_doors(house.api):
                continue
            named = set(re.findall(r"{(\w+)}", path)) & THEIRS.keys()
            answer = await manager.request(method, filled(path, THEIRS), json={})
            if named or f"{method} {path}" not in KEEP_TO_SHOPS:
                assert answer.status_code in {403, 404}, (method, path, answer.status_code, answer.text)
            else:
                assert not answer.is_success, (method, path, answer.text)


FLOOR = {"name": "Floor", "width_m": 9, "height_m": 9}
STEALING = [
    ("PUT", "zones", {"type": "FeatureCollection", "features": a_shop_of("navigli", 9.1)}),
    ("PUT", "zones", {"type": "FeatureCollection", "features": a_shop_of("new", 9.1)}),
    ("POST", "zones", {"type": "FeatureCollection", "features": a_shop_of("new", 9.1)}),
    ("PUT", "zones/new", a_shop_of("new", 9.1)[0]),
    ("PUT", "zones/brera-shoes", {**a_shop_of("brera", 9.187)[1], "properties": {"name": "S", "parent": "navigli", "radius": 9}}),
    ("PUT", "zones/brera", {**a_shop_of("brera", 9.187)[0], "properties": {"name": "S", "level": "zone", "radius": 9, "parent": "navigli"}}),
    ("PUT", "zones/lift", {"type": "Feature", "geometry": None, "properties": {"name": "S", "parent": "brera", "anchors": ["an-navigli"]}}),
    ("DELETE", "zones/brera", None),
    ("PUT", "floor-plans/plan-brera", FLOOR | {"site": "navigli"}),
    ("PUT", "floor-plans/new", FLOOR),
    ("PUT", "anchors/an-brera", {"name": "Door", "site": "navigli"}),
    ("PUT", "anchors/an-brera", {"name": "Door", "site": "brera", "plan": "plan-navigli"}),
    ("PUT", "anchors/new", {"name": "Door"}),
    ("PUT", "anchors", {"anchors": [{"id": "an-navigli", "name": "Door", "site": "brera"}]}),
    ("POST", "gateways", {"name": "Mine", "anchor": "an-navigli"}),
    ("POST", "gateways", {"name": "Mine", "anchor": {"name": "door", "site": "navigli"}}),
    ("POST", "gateways", {"name": "Mine", "anchor": {"name": "door"}}),
]  # fmt: skip


async def test_nobody_of_one_shop_reaches_into_the_other_by_what_they_send(house):
    async with house("manager", ["brera"]) as manager:
        for method, path, body in STEALING:
            answer = await manager.request(method, f"/v1/{path}", json=body)
            assert answer.status_code in {403, 404}, (method, path, answer.text)


async def test_their_own_shop_is_theirs_to_arrange(house):
    async with house("manager", ["brera"]) as manager:
        shelf = {"name": "Bags", "parent": "brera", "radius": 5}
        feature = {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [9.187, 45.46]},
            "properties": shelf,
        }
        site, _ = a_shop_of("brera", 9.187)
        for method, path, body in (
            ("PUT", "zones/brera", site),
            ("PUT", "zones/brera-bags", feature),
            ("DELETE", "zones/brera-bags", None),
            ("PUT", "floor-plans/new", FLOOR | {"site": "brera"}),
            ("PUT", "anchors/new", {"name": "Door", "plan": "new", "x_m": 1, "y_m": 1}),
            ("DELETE", "anchors/new", None),
            ("POST", "gateways", {"name": "Mine", "anchor": {"name": "door", "site": "brera"}}),
            ("PUT", "gateways/gw-brera", {"name": "Till"}),
            ("PUT", "replies/re_brera/done", {"done": True}),
        ):
            answer = await manager.request(method, f"/v1/{path}", json=body)
            assert answer.is_success, (method, path, answer.text)


async def test_a_campaign_of_both_shops_is_shown_without_the_other(house):
    async with house("manager", ["brera"]) as manager:
        shown = (await manager.get("/v1/campaigns/c-both")).json()
        assert shown["trigger"]["where"]["zones"] == ["brera-shoes"]
        assert (await manager.get("/v1/campaigns/c-navigli")).status_code == 404
        told = (await manager.get("/v1/decisions/dec_both")).json()
        assert told["saw"] == {"zones_before": ["brera"], "last_in": "…", "n": 2}
        assert told["reasons"][0]["words"] == "was in … and in brera"
        asked = {"shopper": "sh_brera", "campaign": "c-both"}
        why = (await manager.get("/v1/decisions/why", params=asked)).json()
        assert why["decided"]["reasons"][0]["words"] == "was in … and in brera"
        assert (
            await manager.get("/v1/decisions/why", params=asked | {"shopper": "sh_navigli"})
        ).status_code == 404


async def test_a_shopper_of_both_shops_is_seen_in_each(house):
    async with house("manager", ["brera"]) as manager:
        assert (await manager.get("/v1/shoppers/sh_brera")).status_code == 200
        found = (await manager.get("/v1/shoppers", params={"find": "card-navigli"})).json()
        assert found["shoppers"] == []
        assert (await manager.get("/v1/shoppers/sh_brera/export")).status_code == 403


async def test_who_is_of_a_shop_that_is_gone_sees_nothing(house):
    async with house("manager", ["brera"]) as manager:
        async with house.database.writing() as connection:
            gone = {"shops": ["gone"]}
            await connection.execute(
                sa.update(StaffRow.__table__).where(sa.column("role") == "manager").values(gone)
            )
        await house.keyring.reload()
        for path, things in (("zones", "features"), ("campaigns", "campaigns"), ("visits", "visits")):
            assert (await manager.get(f"/v1/{path}")).json()[things] == []


async def test_a_cashier_passes_the_tills_doors_and_no_other(house):
    """Whatever is asked: what refuses a cashier refuses them before it looks at anything."""
    passed = set()
    async with house("cashier") as cashier:
        for method, path in doors(house.api):
            if path == "/v1/logout":
                continue
            answer = await cashier.request(method, filled(path, OURS), json={} if method != "GET" else None)
            if answer.status_code != 403:
                passed.add(f"{method} {path}")
    at_till = {
        "GET /v1/redemptions",
        "POST /v1/redemptions",
        "POST /v1/redemptions/rollback",
        "GET /v1/till/shops",
    }
    assert passed - own_doors(house.api) == at_till


def test_names_of_others_are_left_out_of_lists_and_dotted_elsewhere():
    said = {"zones": ["a", "b"], "b": 1, "in": {"zone": "b", "n": 3}, "words": "was in b, not in bb"}
    assert without(said, frozenset({"b"})) == {
        "zones": ["a"],
        "in": {"zone": "…", "n": 3},
        "words": "was in …, not in bb",
    }
    assert without(said, frozenset()) is said
