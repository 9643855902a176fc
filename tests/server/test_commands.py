"""An operator at the command line: what is said, where, and with which exit code."""

import asyncio
import json
import logging
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime
from io import StringIO

import httpx
import pyotp
import pytest
import structlog
from rich.console import Console
from typer.testing import CliRunner

from server.campaigns import read_campaign
from server.commands import program
from server.operating import print_rows
from server.records import campaigns, keys, second_factors, staff, testers, zones
from server.records.database import Database
from server.records.keys import Keyring
from server.records.passwords import Passwords
from server.records.tables import AuditRow
from server.zones import Zone
from tests.makers import a_shop
from tests.server.campaigns.makers import a_document
from tests.server.records.rows import a_decision, a_device, a_shopper, an_attempt, an_offer, keep, rows_of


@pytest.fixture
def soglia(tmp_path, monkeypatch):
    """`soglia("key", "list")`: runs the command on a database in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOGLIA_SERVER__PORT", "0")
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield lambda *words, typed=None: CliRunner().invoke(program, words, input=typed)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def in_records(folder, ask):
    async def look():
        database = Database.open(f"sqlite+aiosqlite:///{folder}/soglia.sqlite3")
        try:
            return await ask(database)
        finally:
            await database.close()

    return asyncio.run(look())


def who(folder, token):
    return in_records(folder, lambda database: Keyring(database).look_up(token))


def a_session(folder, member):
    async def issued(database):
        async with database.writing() as connection:
            return await keys.issue(connection, "staff", "session", datetime.now(UTC), owner=member)

    return in_records(folder, issued).token


def opens(folder, email, password):
    async def fits(database):
        async with database.reading() as connection:
            known = await staff.find_by_email(connection, email)
        return (await Passwords().fits(password, known.password_hash))[0]

    return in_records(folder, fits)


def in_one_line(framed):
    """What an error's box says, whatever its width."""
    return " ".join(framed.replace("│", "").split())


def test_a_key_is_made_with_nothing_set_up_before(soglia, tmp_path):
    made = soglia("key", "add", "--kind", "server", "--name", "till")
    assert made.exit_code == 0, made.output
    token = made.stdout.strip()
    assert token not in made.stderr
    assert who(tmp_path, token).kind == "server"


def test_a_key_is_listed_without_its_token_and_revoked(soglia, tmp_path):
    made = soglia("key", "add", "--kind", "app", "--name", "the-app")
    key = who(tmp_path, made.stdout.strip()).key
    listed = soglia("key", "list")
    assert key in listed.stdout
    assert "the-app" in listed.stdout
    assert made.stdout.strip() not in listed.stdout
    assert soglia("key", "revoke", key).exit_code == 0
    assert who(tmp_path, made.stdout.strip()) is None


def test_a_key_that_is_not_there_cannot_be_revoked(soglia):
    answer = soglia("key", "revoke", "k_none")
    assert answer.exit_code == 1
    assert "there is no key k_none" in answer.stderr


def test_a_gateway_key_needs_its_gateway(soglia):
    without = soglia("key", "add", "--kind", "gateway")
    assert without.exit_code == 2
    assert "give --gateway ID (see GET /v1/gateways)" in in_one_line(without.stderr)
    other = soglia("key", "add", "--kind", "app", "--gateway", "gw_none")
    assert other.exit_code == 2
    assert "--gateway goes with --kind gateway" in in_one_line(other.stderr)
    answer = soglia("key", "add", "--kind", "gateway", "--gateway", "gw_none")
    assert (answer.exit_code, "gw_none" in answer.stderr) == (1, True)


def test_only_kinds_that_people_make_are_offered(soglia):
    assert soglia("key", "add", "--kind", "staff").exit_code == 2
    shown = in_one_line(soglia("key", "add", "--help").output)
    assert "app|server|gateway" in shown
    assert "device" not in shown


def test_a_list_of_keys_gives_programs_whole_ids_between_tabs(soglia, tmp_path):
    made = soglia(
        "key",
        "add",
        "--kind",
        "app",
        "--name",
        "an app with\ta tab and quite a long name, longer than lines are",
    )
    key = who(tmp_path, made.stdout.strip()).key
    (line,) = soglia("key", "list").stdout.splitlines()
    assert line.split("\t")[:3] == [
        key,
        "app",
        "an app with a tab and quite a long name, longer than lines are",
    ]
    assert len(line.split("\t")) == 6


@pytest.mark.parametrize("width", [20, 80, 200])
def test_a_table_of_keys_shows_whole_ids_on_any_screen(width):
    screen = Console(file=StringIO(), force_terminal=True, color_system=None, width=width)
    key, gateway = "k_" + "a" * 24, "gw_" + "b" * 24
    print_rows(
        ("key", "name", "gateway"), [(key, "[bold] " + "long " * 40, gateway)], {"key", "gateway"}, screen
    )
    shown = screen.file.getvalue()
    assert key in shown
    assert gateway in shown
    assert shown.count("long") == 40
    assert "[bold]" in shown


def test_staff_are_let_in_once_with_a_long_password(soglia):
    words = ("staff", "add", "ann@shop.example", "--role", "owner", "--password-stdin")
    assert soglia(*words, typed="short\n").exit_code == 2
    assert soglia(*words, typed="correct horse battery\n").exit_code == 0
    again = soglia(*words, typed="correct horse battery\n")
    assert again.exit_code == 1
    assert "has this e-mail already" in again.stderr


def test_who_has_no_address_is_not_let_in(soglia):
    refused = soglia("staff", "add", "anna", "--password-stdin", typed="correct horse battery\n")
    assert refused.exit_code == 2
    assert "anna is no e-mail" in in_one_line(refused.stderr)


def test_a_forgotten_password_is_replaced_and_ends_sessions(soglia, tmp_path):
    soglia(
        "staff",
        "add",
        "ann@shop.example",
        "--role",
        "owner",
        "--password-stdin",
        typed="correct horse battery\n",
    )
    email, role, _shops, _name, member, _came, left = soglia("staff", "list").stdout.rstrip("\n").split("\t")
    assert (email, role, left) == ("ann@shop.example", "owner", "")
    token = a_session(tmp_path, member)
    assert who(tmp_path, token).owner == member
    changed = soglia(
        "staff", "password", "Ann@shop.example", "--password-stdin", typed="battery staple horse\n"
    )
    assert changed.exit_code == 0, changed.output
    assert "sessions ended: 1" in changed.stderr
    assert who(tmp_path, token) is None
    assert opens(tmp_path, "ann@shop.example", "battery staple horse")
    assert not opens(tmp_path, "ann@shop.example", "correct horse battery")


def test_a_cashier_is_let_in_for_shops_that_there_are(soglia):
    words = (
        "staff",
        "add",
        "bea@shop.example",
        "--role",
        "cashier",
        "--password-stdin",
        "--shop",
        "atlantis",
    )
    refused = soglia(*words, typed="correct horse battery\n")
    assert (refused.exit_code, "no site atlantis" in refused.output) == (1, True)
    assert soglia(*words[:-2], typed="correct horse battery\n").exit_code == 0


def test_nobody_gets_a_password_who_is_not_on_the_staff(soglia):
    answer = soglia(
        "staff", "password", "bob@shop.example", "--password-stdin", typed="correct horse battery\n"
    )
    assert answer.exit_code == 1
    assert "nobody on the staff has the e-mail bob@shop.example" in answer.stderr


def test_who_lost_phone_and_recovery_codes_logs_in_with_the_password_alone_again(soglia, tmp_path):
    soglia(
        "staff",
        "add",
        "ann@shop.example",
        "--role",
        "owner",
        "--password-stdin",
        typed="battery staple horse\n",
    )

    async def set_up(database):
        now = datetime.now(UTC)
        async with database.writing() as connection:
            ann = await staff.find_by_email(connection, "ann@shop.example")
            secret = await second_factors.begin(connection, ann.id, now)
            await second_factors.confirm(connection, ann.id, pyotp.TOTP(secret).at(now), now)
            return await second_factors.wanted_of(connection, ann.id)

    assert in_records(tmp_path, set_up)
    taken = soglia("staff", "second-step-off", "Ann@shop.example")
    assert (taken.exit_code, "password alone" in taken.stderr) == (0, True)
    again = soglia("staff", "second-step-off", "ann@shop.example")
    assert (again.exit_code, "no code is asked for" in again.stderr) == (1, True)
    assert "nobody on the staff" in soglia("staff", "second-step-off", "bob@shop.example").stderr


def test_migrate_can_be_said_twice(soglia):
    assert soglia("migrate").exit_code == 0
    assert soglia("migrate").exit_code == 0


def test_the_doctor_is_content_with_a_fresh_shop(soglia):
    soglia("migrate")
    answer = soglia("doctor")
    assert answer.exit_code == 0, answer.output
    assert "soglia staff add EMAIL" in answer.stdout


def test_the_doctor_fails_where_something_is_broken(soglia, tmp_path):
    (tmp_path / "soglia.sqlite3").write_bytes(b"junk" * 1000)
    assert soglia("doctor").exit_code == 1


def test_a_wrong_setting_stops_every_command_with_a_sentence(soglia, monkeypatch):
    monkeypatch.setenv("SOGLIA_SERVER__PORT", "many")
    for words in (("serve",), ("migrate",), ("key", "list"), ("doctor",)):
        answer = soglia(*words)
        assert answer.exit_code == 2
        assert "server.port (SOGLIA_SERVER__PORT)" in answer.stderr
        assert "Traceback" not in answer.output


@pytest.mark.parametrize("words", [("key", "list"), ("migrate",), ("serve",)])
def test_a_folder_that_is_missing_is_named_and_nothing_else_is_said(soglia, tmp_path, monkeypatch, words):
    monkeypatch.setenv("SOGLIA_DATABASE__URL", f"sqlite:///{tmp_path}/nowhere/soglia.sqlite3")
    answer = soglia(*words)
    assert answer.exit_code == 1
    (line,) = (line for line in answer.stderr.splitlines() if "no_channel" not in line)
    assert f"there is no folder {tmp_path}/nowhere" in line
    assert "mkdir -p" in line


def test_a_taken_port_is_said_in_a_sentence_before_anything_serves(soglia, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("SOGLIA_SERVER__PORT", str(port))
        answer = soglia("serve")
    assert answer.exit_code == 1
    assert f"Not done: 127.0.0.1:{port} is taken by another program" in answer.stderr
    assert "serving" not in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_server_says_the_port_that_it_took_and_answers_there(tmp_path):
    environment = os.environ | {
        "SOGLIA_SERVER__PORT": "0",
        "SOGLIA_LOGS__FORMAT": "json",
        "SOGLIA_DATABASE__URL": f"sqlite:///{tmp_path}/soglia.sqlite3",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "server", "serve"], env=environment, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            said = map(json.loads, server.stderr)
            port = next(line["port"] for line in said if line["event"] == "serving")
            assert httpx.get(f"http://127.0.0.1:{port}/health/live").is_success
        finally:
            server.terminate()
            server.stderr.read()
    assert server.returncode == 0


def test_a_database_that_does_not_answer_is_said_in_a_sentence(soglia, monkeypatch):
    monkeypatch.setenv("SOGLIA_DATABASE__URL", "postgresql://nobody@127.0.0.1:9/none")
    answer = soglia("key", "list")
    assert answer.exit_code == 1
    assert "Not done" in answer.stderr
    assert "Traceback" not in answer.output


def test_why_is_answered_at_the_command_line(soglia, tmp_path):
    unknown = soglia("why", "ann", "welcome")
    assert unknown.exit_code == 1
    assert "there is no shopper" in unknown.stderr


def test_why_tells_the_variant_the_step_and_each_channel_that_was_asked(soglia, tmp_path):
    async def happen(database):
        async with database.writing() as connection:
            await campaigns.put(connection, read_campaign(a_document(state="draft")), datetime.now(UTC))
            await keep(
                connection,
                a_shopper("sh_1", own_id="ann"),
                a_decision("dec_1", campaign_id="shoes", variant="warm", step=1, held_id="fu_1"),
                an_offer("of_1", channel="email", outcome="sent", settled_at=datetime.now(UTC)),
                an_attempt("of_1", channel="fcm", outcome="passed_over", why="no live address"),
                an_attempt("of_1", channel="email", why="<1@shop>"),
            )

    soglia("key", "list")  # makes the tables
    in_records(tmp_path, happen)
    told = [tuple(line.split("\t")) for line in soglia("why", "ann", "shoes").stdout.splitlines()]
    assert [line[1] for line in told[:4]] == ["send", "variant", "step", "follows"]
    assert [line[2] for line in told[1:4]] == ["warm", "1", "fu_1"]
    tried = {line[1]: line[2] for line in told}
    assert tried["fcm"].endswith("UTC passed_over: no live address")
    assert tried["email"].endswith("UTC sent: <1@shop>")


def test_why_speaks_italian_throughout_and_by_the_shops_own_clock(soglia, tmp_path):
    noon = datetime(2026, 7, 8, 10, 0, tzinfo=UTC)

    async def happen(database):
        async with database.writing() as connection:
            shop = a_shop(id="shoes", time_zone="Europe/Rome")
            await zones.put(connection, [zones.Given(shop)], noon)
            woken = {"on": "entered", "where": {"zones": ["shoes"]}}
            await campaigns.put(connection, read_campaign(a_document(state="live", trigger=woken)), noon)
            due = {"verdict": "hold", "due_at": noon, "reasons": [HELD]}
            await keep(
                connection,
                a_shopper("sh_1", own_id="ann"),
                a_shopper("sh_2", own_id="bob"),
                a_device("d_1"),
                a_decision("dec_1", campaign_id="shoes", decided_at=noon, **due),
            )

    soglia("key", "list")  # makes the tables
    in_records(tmp_path, happen)
    told = [
        tuple(line.split("\t"))
        for line in soglia("why", "ann", "shoes", "--language", "it").stdout.splitlines()
    ]
    assert told[0] == ("deciso", "attesa", "2026-07-08 12:00 Europe/Rome, entrato in shoes, versione 1")
    assert told[1] == ("", "riguarda tutto", "2026-07-08 12:00 Europe/Rome")
    assert told[2] == ("", "attesa", "aspetta e riguarda tutto l'8 luglio 2026 alle 12:00")
    english = ("decided", "passes", "looks again", "they are in", "if they came to", "not looked at", "UTC")
    assert [word for line in told for field in line for word in english if word in field] == []
    assert ("", "cliente noto", "passa") in told
    unwoken = soglia("why", "bob", "shoes", "--language", "it").stdout.splitlines()
    assert unwoken[0].split("\t")[2] == "fino ad allora nessun suo evento ha svegliato questa campagna"
    assert unwoken[1].split("\t")[2].startswith("il cliente non ha un dispositivo")


HELD = {
    "gate": "hold",
    "words": "waits and looks again on 8 July 2026 at 12:00",
    "phrase": "waits",
    "facts": {"due": {"at": "2026-07-08T12:00:00"}},
}


def test_a_dry_run_speaks_italian_throughout(soglia, tmp_path):
    (tmp_path / "draft.toml").write_text(DRAFT)
    done = soglia("dry-run", "draft.toml", "--language", "it")
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["visite", "raggiunti"]
    assert "Nulla è stato inviato" in done.stderr


def test_a_campaign_is_sent_to_a_testers_own_phone(soglia, tmp_path):
    texts = {
        "title": {"it": "Ciao", "en": "Hello {{ shopper.first_name }}"},
        "body": {"it": "Scarpe", "en": "Shoes"},
    }
    draft = a_document(state="draft", channels=["live", "email"], offer=texts)
    now = datetime.now(UTC)

    async def join(database):
        async with database.writing() as connection:
            await campaigns.put(connection, read_campaign(draft), now)
            await keep(connection, a_shopper("sh_1"), a_device("d_1"))
            _, code = await testers.invite(connection, "Giulia", now)
            return (await testers.join(connection, code, a_device("d_1"), now)).id

    soglia("key", "list")  # makes the tables
    tester = in_records(tmp_path, join)
    done = soglia("test-send", "shoes", tester)
    assert done.stdout.splitlines() == [
        "live\tunreachable\tno phone listens",
        "email\tuntried\tit is not set up",
    ]
    assert "[TEST] Ciao: Scarpe" in done.stderr
    unwritten = soglia("test-send", "shoes", tester, "--language", "en")
    assert (unwritten.exit_code, "shopper.first_name" in unwritten.stderr) == (1, True)
    assert soglia("test-send", "shoes", "te_none").exit_code == 1
    assert "channels" in soglia("test-send", "shoes", tester, "--channel", "pigeon").stderr


DRAFT = """
[[campaigns]]
id = "draft"
name = "Draft"
trigger = { on = "entered", where = { zones = ["shoes"] } }
offer = { title = { en = "Hello" }, body = { en = "20 % off" } }
"""


def test_a_draft_in_a_file_is_rehearsed_without_effect(soglia, tmp_path):
    (tmp_path / "draft.toml").write_text(DRAFT)
    done = soglia("dry-run", "draft.toml", "--days", "2")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0].split("\t") == ["visits", "draft", "0", ""]
    assert "Nothing was sent" in done.stderr


def test_what_is_wrong_with_a_file_of_campaigns_is_told_with_its_place(soglia, tmp_path):
    (tmp_path / "draft.toml").write_text(DRAFT.replace("entered", "danced"))
    done = soglia("dry-run", "draft.toml")
    assert done.exit_code == 1
    assert "campaigns[0].trigger.on" in done.stderr
    assert soglia("dry-run", "missing.toml").exit_code == 1
    assert soglia("dry-run", "unknown").exit_code == 1


def test_campaigns_travel_as_a_file_and_what_will_change_is_shown_before(soglia, tmp_path):
    (tmp_path / "here.toml").write_text(DRAFT.replace('zones = ["shoes"]', 'zones = ["nowhere"]'))
    refused = soglia("campaigns", "import", "here.toml", "--yes")
    assert refused.exit_code == 1
    assert "campaigns[0].trigger.where.zones[0]: there is no zone 'nowhere'" in refused.stderr

    async def draw(database):
        async with database.writing() as connection:
            await zones.put(connection, [zones.Given(Zone("shoes", "Shoes"))], datetime.now(UTC))

    in_records(tmp_path, draw)
    (tmp_path / "here.toml").write_text(DRAFT)
    assert soglia("campaigns", "import", "here.toml", typed="n\n").exit_code == 1
    assert soglia("campaigns", "export").stdout == ""
    done = soglia("campaigns", "import", "here.toml", "--yes")
    assert (done.exit_code, done.stdout) == (0, "draft\tcreated\t\n")
    assert soglia("campaigns", "export", "there.toml").exit_code == 0
    assert "Nothing changes" in soglia("campaigns", "import", "there.toml").stderr
    louder = (tmp_path / "there.toml").read_text().replace("20 %", "30 %")
    (tmp_path / "there.toml").write_text(louder)
    assert soglia("campaigns", "import", "there.toml", "--yes").stdout == "draft\tchanged\toffer\n"
    assert "30 %" in soglia("campaigns", "export").stdout


def test_what_an_operator_does_is_written_down_done_or_not(soglia, tmp_path):
    words = ("staff", "add", "ann@shop.example", "--role", "owner", "--password-stdin")
    for _ in range(2):
        soglia(*words, typed="correct horse battery\n")
    rows = in_records(tmp_path, lambda database: rows_of(database, AuditRow))
    assert sorted((row.kind, row.verb, row.outcome) for row in rows) == [
        ("command", "soglia staff add", 0),
        ("command", "soglia staff add", 1),
    ]
    assert all(row.key_id.startswith("os:") for row in rows)
    assert "ann@" not in str(rows)
