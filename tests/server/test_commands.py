"""An operator at the command line: what is said, where, and with which exit code."""

import asyncio
import logging

import pytest
import structlog
from typer.testing import CliRunner

from server.commands import program
from server.records.database import Database
from server.records.keys import Keyring


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


def who(folder, token):
    async def look():
        database = Database.open(f"sqlite+aiosqlite:///{folder}/soglia.sqlite3")
        try:
            return await Keyring(database).look_up(token)
        finally:
            await database.close()

    return asyncio.run(look())


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
    assert soglia("key", "add", "--kind", "gateway").exit_code == 2
    answer = soglia("key", "add", "--kind", "gateway", "--gateway", "gw_none")
    assert (answer.exit_code, "gw_none" in answer.stderr) == (1, True)
    assert soglia("key", "add", "--kind", "staff").exit_code == 2


def test_staff_are_let_in_once_with_a_long_password(soglia):
    words = ("staff", "add", "ann@shop.example", "--role", "owner", "--password-stdin")
    assert soglia(*words, typed="short\n").exit_code == 2
    assert soglia(*words, typed="correct horse battery\n").exit_code == 0
    again = soglia(*words, typed="correct horse battery\n")
    assert again.exit_code == 1
    assert "has this e-mail already" in again.stderr


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


def test_a_database_that_does_not_answer_is_said_in_a_sentence(soglia, monkeypatch):
    monkeypatch.setenv("SOGLIA_DATABASE__URL", "postgresql://nobody@127.0.0.1:9/none")
    answer = soglia("key", "list")
    assert answer.exit_code == 1
    assert "Not done" in answer.stderr
    assert "Traceback" not in answer.output
