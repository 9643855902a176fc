"""The doctor finds what is broken and says what to do, and finds nothing where all is well."""

import socket
from datetime import UTC, datetime, timedelta

import pytest

from server import doctor
from server.doctor import _apart, _clock
from server.records import staff
from server.records.database import Database
from server.records.schema import migrate
from server.settings import Settings
from tests.server.test_settings import a_service_account


def settings_of(url, **more):
    return Settings.model_validate({"database": {"url": url}, "server": {"port": 0}} | more)


async def states(settings):
    return {finding.matter: finding.state for finding in await doctor.look(settings)}


@pytest.fixture
async def migrated(tmp_path, noon):
    url = f"sqlite+aiosqlite:///{tmp_path}/soglia.sqlite3"
    database = Database.open(url)
    await migrate(database)
    async with database.writing() as connection:
        await staff.add(connection, "ann@shop.example", "Ann", "owner", "-", noon)
    await database.close()
    return url


async def test_where_all_is_well_only_the_push_is_to_be_looked_at(migrated):
    assert await states(settings_of(migrated)) == {
        "folder": "well",
        "clock": "well",
        "database": "well",
        "staff": "well",
        "push": "look",
        "door": "well",
    }


async def test_a_database_that_is_not_there_yet_is_not_made(tmp_path):
    assert (await states(settings_of(f"sqlite:///{tmp_path}/new.sqlite3")))["database"] == "look"
    assert not list(tmp_path.iterdir())


async def test_a_folder_that_is_not_there_is_broken(tmp_path):
    [folder, *_] = await doctor.look(settings_of(f"sqlite:///{tmp_path}/none/new.sqlite3"))
    assert folder.state == "broken"
    assert "mkdir" in folder.todo


async def test_a_database_of_another_version_asks_for_migrate(tmp_path):
    (tmp_path / "old.sqlite3").touch()
    findings = await doctor.look(settings_of(f"sqlite:///{tmp_path}/old.sqlite3"))
    [found] = [finding for finding in findings if finding.matter == "database"]
    assert (found.state, found.todo) == ("broken", "Run `soglia migrate`.")


async def test_a_file_that_is_no_database_is_broken(tmp_path):
    (tmp_path / "junk.sqlite3").write_bytes(b"this is no database" * 100)
    assert (await states(settings_of(f"sqlite:///{tmp_path}/junk.sqlite3")))["database"] == "broken"


async def test_a_database_that_does_not_answer_is_broken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    found = await states(settings_of(f"postgresql://nobody@127.0.0.1:{port}/none"))
    assert found["database"] == "broken"
    assert found["folder"] == "well"


async def test_a_service_account_that_gets_no_token_is_broken(migrated, tmp_path):
    import json

    (tmp_path / "firebase.json").write_text(json.dumps(a_service_account()))
    settings = settings_of(migrated, fcm={"service_account_file": str(tmp_path / "firebase.json")})
    assert (await states(settings))["push"] == "broken"


async def test_a_door_that_is_taken_is_said(migrated):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = Settings.model_validate({"database": {"url": migrated}, "server": {"port": port}})
        assert (await states(settings))["door"] == "look"


def test_a_clock_of_1970_is_broken():
    assert _clock(datetime(1970, 1, 1, tzinfo=UTC)).state == "broken"


def test_clocks_that_differ_are_said(noon):
    assert _apart(noon, noon + timedelta(seconds=1)) == []
    [found] = _apart(noon, noon - timedelta(seconds=90))
    assert "90 s apart" in found.words
