"""A manager asks why there was a visit: words, figures and a plot, and never where somebody stood."""

from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
import sqlalchemy as sa

from server.presence.visit import Evidence, Phase, Weighing
from server.records.evidence import written
from server.records.tables import AnchorRow, ZoneRow
from server.web.why import why_routes
from server.zones.zone import Manner
from tests.server.records.rows import a_visit, keep

SVG = "{http://www.w3.org/2000/svg}"
SPITEFUL = "<script>alert(1)</script> & “Shoes”"


IN_ROME = {"properties": {"time_zone": "Europe/Rome"}}


def evidence_of(noon):
    at = noon.timestamp()
    heard = Weighing(at, 0.93, -61.0, "gw", 3, int(Phase.ARRIVING))
    fix = Weighing(at + 600, 0.04, 8.0, None, 0, int(Phase.LEAVING))
    normal = Manner("normal", 0.8, 0.2, 3.0, 10.0)
    opened = Evidence("believed", at + 3, at + 2, 1.0, None, normal, (heard, heard._replace(at=at + 2)))
    return written(opened), written(Evidence("left", at + 610, at + 605, 5.0, None, normal, (heard, fix)))


@pytest.fixture
async def shop(database, guard, tokens, open_doors, noon):
    opened_by, closed_by = evidence_of(noon)
    left = noon + timedelta(minutes=10)
    async with database.writing() as connection:
        zone = {"level": "zone", "feature": {"properties": {}}, "created_at": noon, "updated_at": noon}
        await keep(
            connection,
            ZoneRow(id="shoes", name=SPITEFUL, **zone),
            ZoneRow(id="milan", name="Milan", **{**zone, "level": "site", "feature": IN_ROME}),
            AnchorRow(id="gw", name="Shoe gateway", created_at=noon),
            a_visit("v_1", exited_at=left, opened_by=opened_by, closed_by=closed_by),
            a_visit("v_2", opened_by=opened_by),
            a_visit("v_3", exited_at=left),
        )
    client = open_doors(why_routes(database, guard))
    client.headers.update(tokens.headers("analyst"))
    return client


async def test_a_visit_shows_what_opened_it_in_words_and_figures(shop):
    told = (await shop.get("/v1/visits/v_1/evidence")).json()
    opened = told["opened"]
    assert opened["words"][0] == (
        f"Inside “{SPITEFUL}” from 12:00:00 UTC: heard by “Shoe gateway” at -61 dBm and by 3 others; 93 % sure of it."
    )
    assert (opened["why"], opened["known_at"], opened["thresholds"]["enter_at"]) == (
        "believed",
        "2026-06-10T12:00:03Z",
        0.8,
    )
    first = opened["weighings"][0]
    assert (first["by"], first["anchor"], first["dbm"], first["accuracy_m"]) == ("radio", "gw", -61.0, None)
    assert "“sure” zone" in opened["otherwise"][-1]


async def test_a_visit_shows_what_closed_it(shop):
    closed = (await shop.get("/v1/visits/v_1/evidence")).json()["closed"]
    assert closed["why"] == "left"
    assert closed["words"][1] == "At most 20 % for 10 s ends a visit here: certain at 12:10:10 UTC."
    assert [each["accuracy_m"] for each in closed["weighings"]] == [None, 8.0]


async def test_a_visit_that_lasts_has_nothing_that_closed_it(shop):
    assert (await shop.get("/v1/visits/v_2/evidence")).json()["closed"] is None


async def test_a_visit_of_before_evidence_was_kept_says_so(shop):
    told = (await shop.get("/v1/visits/v_3/evidence")).json()
    assert told["opened"]["words"] == told["closed"]["words"] == ["Nothing was kept of why."]
    assert told["opened"]["weighings"] == []
    assert (await shop.get("/v1/visits/v_3/evidence.svg")).status_code == 200


async def test_a_visit_in_a_zone_that_is_deleted_keeps_the_clock_of_the_shop(shop, database, noon):
    opened_by, _ = evidence_of(noon)
    left = noon + timedelta(minutes=10)
    gone = written(Evidence("zone_gone", left.timestamp()))
    async with database.writing() as connection:
        await keep(
            connection,
            a_visit("v_4", zone_id="hats", exited_at=left, opened_by=opened_by, closed_by=gone),
            a_visit("v_5", zone_id="milan", entered_at=noon - timedelta(minutes=1)),
        )
    told = (await shop.get("/v1/visits/v_4/evidence")).json()
    assert told["opened"]["words"][0].startswith("Inside “hats” from 14:00:00: heard by")
    assert told["closed"]["words"] == [
        "Outside “hats” from 14:10:00: the zone was taken out of use, and is deleted now."
    ]


async def test_a_deleted_zone_of_which_only_gateways_tell_keeps_the_clock_of_their_shop(shop, database, noon):
    opened_by, _ = evidence_of(noon)
    async with database.writing() as connection:
        await keep(connection, a_visit("v_4", zone_id="hats", device_id="d_9", opened_by=opened_by))
        await connection.execute(sa.update(AnchorRow).values(site_id="milan"))
    told = (await shop.get("/v1/visits/v_4/evidence")).json()
    assert told["opened"]["words"][1] == "The zone asks for 80 % for 3 s: certain at 14:00:03."


@pytest.mark.parametrize("own", [True, False])
async def test_a_zone_that_is_closed_itself_or_with_what_it_lies_in_is_told_as_closed(
    shop, database, noon, own
):
    left = noon + timedelta(minutes=10)
    about = {"level": "zone", "created_at": noon, "updated_at": noon}
    async with database.writing() as connection:
        await keep(
            connection,
            ZoneRow(id="floor", name="Floor", feature={"properties": {"closed": not own}}, **about),
            ZoneRow(
                id="hats", name="Hats", parent_id="floor", feature={"properties": {"closed": own}}, **about
            ),
            a_visit(
                "v_4",
                zone_id="hats",
                exited_at=left,
                closed_by=written(Evidence("zone_gone", left.timestamp())),
            ),
        )
    (words,) = (await shop.get("/v1/visits/v_4/evidence")).json()["closed"]["words"]
    assert words == "Outside “Hats” from 12:10:00 UTC: the zone was closed."


async def test_a_visit_during_which_staff_changed_the_zone_says_when(shop, database, noon):
    async with database.writing() as connection:
        changed = noon + timedelta(minutes=9, seconds=58)
        await connection.execute(sa.update(ZoneRow).where(ZoneRow.id == "shoes").values(updated_at=changed))
    words = (await shop.get("/v1/visits/v_1/evidence")).json()["closed"]["words"]
    assert words[-1] == "The zone was changed at 12:09:58 UTC, during this visit."


async def test_evidence_speaks_italian_where_asked(shop):
    told = (await shop.get("/v1/visits/v_1/evidence?language=it")).json()
    assert told["opened"]["words"][0].startswith(
        f"Dentro «{SPITEFUL}» dalle 12:00:00 UTC: sentito da «Shoe gateway»"
    )
    assert (await shop.get("/v1/visits/v_1/evidence?language=tlh")).status_code == 422


@pytest.mark.parametrize(("visit", "panels"), [("v_1", 2), ("v_2", 1), ("v_3", 0)])
async def test_the_plot_is_small_safe_and_can_be_read_aloud(shop, visit, panels):
    answer = await shop.get(f"/v1/visits/{visit}/evidence.svg")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.headers["content-security-policy"] == "default-src 'none'"
    picture = ET.fromstring(answer.text)  # noqa: S314  (our own)
    assert (picture.get("width"), picture.get("height"), picture.get("role")) == ("480", "160", "img")
    assert SPITEFUL in picture.find(f"{SVG}title").text
    assert len(picture.find(f"{SVG}desc").text) > 10
    assert {each.get("id") for each in picture if each.get("id")} == set(
        picture.get("aria-labelledby").split()
    )
    assert len(picture.findall(f"{SVG}polyline")) == panels
    assert len(answer.content) < 6_000
    drawn = {each.tag.removeprefix(SVG) for each in picture.iter()}
    assert drawn <= {"svg", "title", "desc", "rect", "line", "polyline", "circle", "text"}


async def test_all_that_is_drawn_lies_within_the_picture(shop):
    answer = await shop.get("/v1/visits/v_1/evidence.svg")
    picture = ET.fromstring(answer.text)  # noqa: S314  (our own)
    points = [
        tuple(map(float, point.split(",")))
        for line in picture.iter(f"{SVG}polyline")
        for point in line.get("points").split()
    ]
    assert all(0 <= x <= 480 and 0 <= y <= 160 for x, y in points)


async def test_evidence_is_for_staff_and_of_visits_that_are_known(shop, tokens):
    assert (await shop.get("/v1/visits/v_9/evidence")).status_code == 404
    assert (await shop.get("/v1/visits/v_9/evidence.svg")).status_code == 404
    for kind in ("device", "gateway", "app"):
        refused = await shop.get("/v1/visits/v_1/evidence", headers=tokens.headers(kind))
        assert refused.status_code == 403
