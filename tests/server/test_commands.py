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
import pytest
import structlog
from rich.console import Console
from typer.testing import CliRunner

from server.commands import program
from server.operating import print_rows
from server.records import keys, staff, zones
from server.records.database import Database
from server.records.keys import Keyring
from server.records.passwords import Passwords
from server.zones import Zone


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
    email, role, _name, member, _came, left = soglia("staff", "list").stdout.rstrip("\n").split("\t")
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


def test_nobody_gets_a_password_who_is_not_on_the_staff(soglia):
    answer = soglia(
        "staff", "password", "bob@shop.example", "--password-stdin", typed="correct horse battery\n"
    )
    assert answer.exit_code == 1
    assert "nobody on the staff has the e-mail bob@shop.example" in answer.stderr


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
