"""An operator walks through the shop and teaches it: from gateways' recordings to a survey in use, and back."""

import asyncio
import csv
import json
import logging
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import structlog
from typer.testing import CliRunner

from server import knowledge
from server.commands import program
from server.records import anchors, catalogue, floor_plans, surveys, zones
from server.records.database import Database
from server.records.schema import migrate
from server.survey_commands import verdict
from tests.server.a_walk import ANCHORS, PLAN, ZONES, a_walk

FOB = "C0:FF:EE:00:00:01"
ROME = ZoneInfo("Europe/Rome")


def in_records(folder, act):
    async def work():
        database = Database.open(f"sqlite+aiosqlite:///{folder}/soglia.sqlite3")
        try:
            await migrate(database)
            return await act(database)
        finally:
            await database.close()

    return asyncio.run(work())


async def set_up(database):
    now = datetime.now(UTC)
    async with database.writing() as connection:
        await floor_plans.put(connection, PLAN, now)
        await zones.put(connection, [zones.Given(zone) for zone in ZONES], now)
        await anchors.put(connection, [anchors.Given(anchor) for anchor in ANCHORS], now)


@pytest.fixture
def soglia(tmp_path, monkeypatch):
    """`soglia("survey", "list")`: runs the command on the records of a shop with a floor plan."""
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    in_records(tmp_path, set_up)
    yield lambda *words: CliRunner().invoke(program, ("survey", *words))
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def in_one_line(framed):
    return " ".join(framed.replace("│", "").split())


def rows(path, header, lines):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *lines])
    return str(path)


@pytest.fixture
def labelled(tmp_path):
    """The walk with the place of each packet."""
    heard = a_walk().heard
    return rows(
        tmp_path / "labelled.csv",
        ("at", "anchor", "rssi", "x", "y"),
        zip(heard.at, heard.anchor, heard.rssi_dbm, heard.x_m.round(2), heard.y_m.round(2), strict=True),
    )


def gateways_recordings(folder):
    """What `soglia-scanner listen --all --record` wrote on each gateway: the fob, and a stranger."""
    heard = a_walk().heard
    pairs = []
    for anchor in ANCHORS:
        file = folder / f"{anchor.id}.jsonl"
        with file.open("w") as lines:
            for at, name, rssi in zip(heard.at.tolist(), heard.anchor, heard.rssi_dbm.tolist(), strict=True):
                if name == anchor.id:
                    for address in (FOB, "AA:AA:AA:AA:AA:AA"):
                        lines.write(json.dumps({"at": at, "address": address, "rssi": rssi}) + "\n")
        pairs.append(f"{anchor.id}={file}")
    return pairs


def test_from_gateways_recordings_to_a_survey_in_use_and_back(soglia, tmp_path):
    joined = soglia("join", *gateways_recordings(tmp_path), "--fob", FOB, "--out", "walk.csv")
    assert joined.exit_code == 0, joined.output
    assert f"{len(a_walk().heard.at):,} packets of {FOB}" in joined.stderr
    clock = [(f"{datetime.fromtimestamp(at, ROME):%H:%M:%S.%f}", x, y) for at, x, y in a_walk().marks]
    marks = rows(tmp_path / "marks.csv", ("at", "x", "y"), clock)
    learned = soglia("learn", "walk.csv", "--plan", "fp_1", "--marks", marks)
    assert learned.exit_code == 0, learned.output
    survey = learned.stdout.strip()
    assert "the right zone is the likeliest in" in learned.stderr
    assert f"soglia survey use {survey}" in learned.stderr
    assert soglia("list").stdout.split("\t")[:4] == [survey, "fp_1", "1", "draft"]
    assert soglia("use", survey).exit_code == 0
    assert soglia("list").stdout.split("\t")[3] == "in use"
    reverted = soglia("revert", "fp_1")
    assert "No survey is in use on floor plan fp_1 any more" in reverted.stderr
    assert soglia("list").stdout.split("\t")[3] == "retired"


def test_a_survey_changes_what_the_path_believes_and_going_back_undoes_it(soglia, tmp_path, labelled):
    def radio():
        return in_records(tmp_path, knowledge.load).atlas.radio_maps[0].log_likelihood.tobytes()

    plain = radio()
    survey = soglia("learn", labelled, "--plan", "fp_1").stdout.strip()
    assert radio() == plain, "a draft changes nothing"
    soglia("use", survey)
    assert radio() != plain
    soglia("revert", "fp_1")
    assert radio() == plain


def test_a_running_server_hears_of_a_survey_as_of_a_floor_plan(soglia, tmp_path, labelled):
    async def version(database):
        async with database.reading() as connection:
            return (await catalogue.versions(connection)).get("zones", 0)

    survey = soglia("learn", labelled, "--plan", "fp_1").stdout.strip()
    assert in_records(tmp_path, version) == 0
    soglia("use", survey)
    assert in_records(tmp_path, version) == 1
    soglia("revert", "fp_1")
    assert in_records(tmp_path, version) == 2


def test_a_survey_may_be_named_by_how_its_id_begins(soglia, labelled):
    one, other = (soglia("learn", labelled, "--plan", "fp_1").stdout.strip() for _ in range(2))
    whole = one.removeprefix("sv_")
    own = next(whole[:length] for length in range(1, 25) if not other.startswith(f"sv_{whole[:length]}"))
    for word in (own, f"sv_{own}", one):
        assert soglia("show", word).stdout.startswith(f"Survey {one}: version 1")
    assert "Version 1 is in use" in soglia("use", own).stderr
    several = soglia("use", "sv_")
    assert several.exit_code == 1
    assert f"more than one survey begins with sv_: {', '.join(sorted([one, other]))}" in several.stderr
    assert "there is no survey %" in soglia("use", "%").stderr


def test_where_there_is_no_survey_yet_the_list_says_so(soglia, labelled):
    assert soglia("list").stderr == "There is no survey yet.\n"
    soglia("learn", labelled, "--plan", "fp_1")
    assert soglia("list", "--plan", "fp_2").stderr == "There is no survey of floor plan fp_2 yet.\n"
    listed = soglia("list")
    assert listed.stderr.split() == ["survey", "plan", "version", "state", "made", "from", "gain"]
    assert len(listed.stdout.splitlines()) == 1


def test_a_survey_is_shown_as_it_was_learned(soglia, labelled):
    learned = soglia("learn", labelled, "--plan", "fp_1")
    shown = soglia("show", learned.stdout.strip())
    assert shown.exit_code == 0
    assert shown.stdout.strip() in learned.stderr
    assert "\nzone\twalked\tmoments\tright with\tright without\n" in shown.stdout
    for zone in ("hats", "shoes", "coats", "toys"):
        assert f"\n{zone}\t" in shown.stdout


def test_packets_may_be_labelled_with_zones_and_named_spots(soglia, tmp_path):
    heard = a_walk().heard
    at = [(when, name, rssi) for when, name, rssi in zip(heard.at, heard.anchor, heard.rssi_dbm, strict=True)]
    half = len(at) // 2
    recording = rows(
        tmp_path / "walk.csv",
        ("at", "anchor", "rssi", "place"),
        [(*one, "hats" if i < half else "till") for i, one in enumerate(at)],
    )
    refused = soglia("learn", recording, "--plan", "fp_1")
    assert refused.exit_code == 1
    assert "there is no place 'till'; known here: coats, hats, shoes, toys" in refused.stderr
    places = rows(tmp_path / "places.csv", ("place", "x", "y"), [("till", 12, 9)])
    survey = soglia("learn", recording, "--plan", "fp_1", "--places", places).stdout.strip()

    async def spots(database):
        async with database.reading() as connection:
            return [(spot.x_m, spot.y_m) for spot in (await surveys.read(connection, survey)).spots]

    assert in_records(tmp_path, spots) == [(4, 3), (12, 9)]


@pytest.mark.parametrize(
    ("folds", "words"),
    [
        (
            ((100, 80, 60), (100, 85, 60)),
            "a gain of 22.5 points (from +20.0 to +25.0 in 2 parts of the floor).",
        ),
        (((100, 90, 60), (100, 60, 80)), "That may be chance: walk more."),
        (((100, 60, 80), (100, 60, 80)), "a loss of 20.0 points"),
        (((100, 60, 60), (100, 60, 60)), "no gain: 0.0 points"),
    ],
)
def test_a_gain_is_told_with_its_spread_and_a_small_one_with_its_doubt(folds, words):
    tallies = [dict(zip(("moments", "right_with", "right_without"), fold, strict=True)) for fold in folds]
    every = {key: sum(tally[key] for tally in tallies) for key in tallies[0]}
    said = verdict({"all": every, "folds": tallies, "zones": {}})
    assert words in said
    assert ("chance" in said) == ("chance" in words)


def test_a_walk_of_one_place_says_that_nothing_is_proven(soglia, tmp_path):
    recording = rows(tmp_path / "walk.csv", ("at", "anchor", "rssi", "x", "y"), [(1, "an_hats", -60, 1, 1)])
    learned = soglia("learn", recording, "--plan", "fp_1")
    assert learned.exit_code == 0
    assert "What it would gain cannot be said" in learned.stderr
    assert "Never heard by an_coats, an_shoes, an_toys" in learned.stderr


def test_marks_by_another_clock_are_refused_with_both_spans(soglia, tmp_path):
    """Noon in UTC is two in the afternoon in Rome: whoever wrote down UTC has to say so."""
    heard = [(1781092800 + second, "an_hats", -60) for second in range(60)]
    recording = rows(tmp_path / "walk.csv", ("at", "anchor", "rssi"), heard)
    marks = rows(tmp_path / "marks.csv", ("at", "x", "y"), [("12:00:00", 1, 1), ("12:01:00", 1, 1)])
    refused = soglia("learn", recording, "--plan", "fp_1", "--marks", marks)
    assert refused.exit_code == 2
    assert (
        "100% of the packets lie outside all marks: "
        "marks 12:00 to 12:01 (Europe/Rome), packets 14:00 to 14:00. Marks without an offset are read in the time zone"
    ) in refused.stderr
    said = rows(tmp_path / "said.csv", ("at", "x", "y"), [("12:00:00Z", 1, 1), ("12:01:00Z", 1, 1)])
    learned = soglia("learn", recording, "--plan", "fp_1", "--marks", said)
    assert learned.exit_code == 0
    assert "Marks 14:00 to 14:01 (Europe/Rome), packets 14:00 to 14:00." in learned.stderr


def test_marks_of_another_day_are_refused_with_both_days(soglia, tmp_path):
    recording = rows(tmp_path / "walk.csv", ("at", "anchor", "rssi"), [(1781092800, "an_hats", -60)])
    days = [("2026-06-09T09:00:00", 1, 1), ("2026-06-09T09:30:00", 1, 1)]
    marks = rows(tmp_path / "marks.csv", ("at", "x", "y"), days)
    refused = soglia("learn", recording, "--plan", "fp_1", "--marks", marks)
    assert refused.exit_code == 2
    assert (
        "marks 2026-06-09 09:00 to 2026-06-09 09:30 (Europe/Rome), packets 2026-06-10 14:00" in refused.stderr
    )


def test_marks_too_far_apart_to_say_where_somebody_was_are_refused(soglia, tmp_path):
    recording = rows(tmp_path / "walk.csv", ("at", "anchor", "rssi"), [(1781092800, "an_hats", -60)])
    marks = rows(tmp_path / "marks.csv", ("at", "x", "y"), [("13:00:00", 1, 1), ("15:00:00", 5, 1)])
    refused = soglia("learn", recording, "--plan", "fp_1", "--marks", marks)
    assert refused.exit_code == 1
    assert "the marks tell of no packet: they are too far apart" in refused.stderr


def test_what_somebody_did_between_far_marks_is_left_out_and_told(soglia, tmp_path):
    marks = [mark for i, mark in enumerate(a_walk().marks) if not 20 <= i < 40]
    heard = a_walk().heard
    recording = rows(
        tmp_path / "walk.csv",
        ("at", "anchor", "rssi"),
        zip(heard.at, heard.anchor, heard.rssi_dbm, strict=True),
    )
    learned = soglia(
        "learn", recording, "--plan", "fp_1", "--marks", rows(tmp_path / "m.csv", ("at", "x", "y"), marks)
    )
    assert learned.exit_code == 0
    assert "packets of which the marks do not say where" in learned.stderr


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("learn", "walk.csv", "--plan", "fp_9"), "there is no floor plan fp_9"),
        (("learn", "walk.csv", "--plan", "fp_1"), "does not say where: give --marks FILE"),
        (("use", "sv_none"), "there is no survey sv_none"),
        (("show", "sv_none"), "there is no survey sv_none"),
        (("revert", "fp_1"), "no survey of floor plan fp_1 is in use"),
        (("revert", "fp_9"), "there is no floor plan fp_9"),
        (("join", "an_1=none.jsonl", "--fob", FOB, "--out", "o.csv"), "none.jsonl cannot be read"),
        (("join", "an_1=walk.csv", "--fob", "fob", "--out", "o.csv"), "is no fob"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(soglia, tmp_path, words, why):
    rows(tmp_path / "walk.csv", ("at", "anchor", "rssi"), [(1, "an_hats", -60)])
    refused = soglia(*words)
    assert refused.exit_code == 1
    assert why in refused.stderr
    assert "Traceback" not in refused.output


def test_a_fob_that_nobody_heard_is_told_with_what_was(soglia, tmp_path):
    refused = soglia(
        "join", *gateways_recordings(tmp_path), "--fob", "00:00:00:00:00:00", "--out", "walk.csv"
    )
    assert refused.exit_code == 1
    assert "most was heard of c0:ff:ee:00:00:01 (" in refused.stderr


def test_a_recording_needs_the_anchor_that_it_is_of(soglia):
    refused = soglia("join", "door.jsonl", "--fob", FOB, "--out", "walk.csv")
    assert refused.exit_code == 2
    assert "give ANCHOR=FILE, such as an_door=door.jsonl" in in_one_line(refused.stderr)


@pytest.mark.parametrize("command", [(), ("join",), ("learn",)])
def test_the_help_says_by_which_clock_marks_are_read(soglia, command):
    said = in_one_line(soglia(*command, "--help").output)
    assert "the time zone of the plan's site" in said


def test_the_help_tells_the_whole_way(soglia):
    said = in_one_line(soglia("--help").output)
    for step in (
        "soglia-scanner listen --config scanner.toml --record",
        "survey join",
        "survey learn",
        "survey use",
        "survey revert",
    ):
        assert step in said
