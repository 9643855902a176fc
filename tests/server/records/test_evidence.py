"""What opened and closed a visit is kept in its row, small, and goes with it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.presence.visit import Evidence, Weighing, ZoneEvent
from server.records import evidence, forgetting
from server.records.evidence import read, written
from server.records.path import committed
from server.records.refusal import NotFound
from server.records.tables import AnchorRow, VisitRow, ZoneRow
from server.zones.zone import MANNERS
from tests.conftest import NOON
from tests.server.records.rows import a_device, a_shopper, a_visit, keep, rows_of

NOON_S = NOON.timestamp()


def an_evidence(why="believed", **facts) -> Evidence:
    heard = tuple(Weighing(NOON_S + i, 0.9, -61.0, "gateway-at-the-shoes-1", 3, 1) for i in range(9))
    return Evidence(
        **{
            "why": why,
            "known_at": NOON_S + 12,
            "heard_at": NOON_S + 9,
            "usual_gap_s": 1.5,
            "manner": MANNERS["normal"],
            "weighings": heard,
            **facts,
        }
    )


def an_event(kind, **facts) -> ZoneEvent:
    return ZoneEvent(kind, "d_1", "shoes", "v_1", NOON, NOON, evidence=an_evidence(**facts))


def a_zone_row(id, **facts) -> ZoneRow:
    about = {"parent_id": None, "level": "zone", "created_at": NOON, "updated_at": NOON}
    return ZoneRow(**{"id": id, "name": id.title(), "feature": {"properties": {}}, **about, **facts})


@pytest.fixture
async def shop(database):
    async with database.writing() as connection:
        site = {"properties": {"time_zone": "Europe/Rome"}}
        await keep(
            connection,
            a_shopper("sh_1"),
            a_device("d_1"),
            a_zone_row("shop", level="site", feature=site),
            a_zone_row("shoes", parent_id="shop"),
            AnchorRow(id="gateway-at-the-shoes-1", name="Shoe gateway", created_at=NOON),
        )
    return database


async def record(database, *events):
    await committed(database, lambda records: records.keep_visits(events, {"d_1": "sh_1"}))


async def test_a_visit_is_kept_with_what_opened_and_closed_it(shop):
    await record(shop, an_event("entered"))
    await record(shop, an_event("exited", why="silence", weighings=()))
    async with shop.reading() as connection:
        known = await evidence.explained(connection, "v_1")
    assert known.opened_by == an_evidence()
    assert known.closed_by == an_evidence(why="silence", weighings=())


async def test_evidence_comes_with_names_and_with_the_shops_own_time(shop):
    await record(shop, an_event("entered", why="implied", zone="shoes"))
    async with shop.reading() as connection:
        known = await evidence.explained(connection, "v_1")
    assert known.names == {"shoes": "Shoes", "gateway-at-the-shoes-1": "Shoe gateway"}
    assert known.time_zone == "Europe/Rome"


async def test_a_visit_whose_zone_is_gone_is_told_without_its_name(shop):
    async with shop.writing() as connection:
        await keep(connection, a_visit("v_2", zone_id="gone"))
    async with shop.reading() as connection:
        known = await evidence.explained(connection, "v_2")
        with pytest.raises(NotFound):
            await evidence.explained(connection, "v_9")
    assert (known.opened_by, known.closed_by, known.names, known.time_zone) == (None, None, {}, None)


async def test_visits_that_a_restart_finds_in_zones_that_are_gone_say_so(shop):
    await record(shop, an_event("entered"))
    await committed(shop, lambda records: records.close_visits([("d_1", "shoes")], NOON))
    async with shop.reading() as connection:
        known = await evidence.explained(connection, "v_1")
    assert known.closed_by == Evidence("zone_gone", NOON_S)


async def test_evidence_put_in_its_place_afterwards_is_kept_too(shop):
    events = [an_event("entered"), an_event("exited", why="left")]
    await committed(shop, lambda records: records.keep_history(events, {"d_1": "sh_1"}))
    (visit,) = await rows_of(shop, VisitRow)
    assert (visit.opened_by["why"], visit.closed_by["why"]) == ("believed", "left")


async def test_a_visit_that_late_evidence_makes_longer_shows_what_told_of_its_new_ends(shop):
    await record(shop, an_event("entered"), an_event("exited", why="silence"))
    sooner = replace(an_event("entered", usual_gap_s=7.0), entered_at=NOON - timedelta(seconds=30))
    later = replace(an_event("exited", why="left"), at=NOON + timedelta(seconds=30))
    await committed(shop, lambda records: records.keep_history([sooner, later], {"d_1": "sh_1"}))
    (visit,) = await rows_of(shop, VisitRow)
    assert (visit.entered_at, visit.exited_at) == (sooner.entered_at, later.at)
    assert (visit.opened_by["usual_gap_s"], visit.closed_by["why"]) == (7.0, "left")


async def test_a_shopper_takes_the_evidence_along_and_it_is_gone_when_they_are(shop):
    await record(shop, an_event("entered"))
    async with shop.writing() as connection:
        copy = await forgetting.export(connection, "sh_1")
        await forgetting.forget(connection, "sh_1", NOON)
    assert copy["visits"][0]["opened_by"]["why"] == "believed"
    (counted,) = await rows_of(shop, VisitRow)
    assert (counted.opened_by, counted.closed_by) == (None, None)


def test_evidence_is_less_than_a_kilobyte():
    assert len(json.dumps(written(an_evidence()))) < 1_000


SHARES = st.floats(0, 1)


@given(
    st.lists(
        st.builds(
            Weighing,
            st.floats(NOON_S - 9e4, NOON_S),
            SHARES,
            st.floats(-110, 3000),
            st.none() | st.text(max_size=20),
            st.integers(0, 99),
            st.integers(0, 3),
        ),
        max_size=9,
    )
)
def test_what_is_written_is_read_again(weighings):
    given_one = an_evidence(weighings=tuple(weighings))
    again = read(json.loads(json.dumps(written(given_one))))
    assert again.manner == given_one.manner
    for kept, was in zip(again.weighings, weighings, strict=True):
        assert kept == pytest.approx(was, abs=0.06) if was.anchor is None else kept.anchor == was.anchor
        assert abs(kept.at - was.at) < 0.002
        assert abs(kept.inside - was.inside) < 0.001
    assert read(None) is None
