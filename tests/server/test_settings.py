"""A setting that is wrong stops the start and is named; one that is right is documented."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from pydantic import SecretStr

from server.bus.local import LocalBus
from server.delivery.sender import Pace
from server.presence.due import Patience
from server.settings import Settings, WrongSettings, read_settings

FILE = Path(__file__).resolve().parents[2] / "config" / "server.toml"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """No settings of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SOGLIA_CONFIG", raising=False)


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "soglia.toml"
        path.write_text(text)
        return path

    return write


def test_nothing_need_be_set():
    settings = read_settings()
    assert settings == Settings()
    assert settings.database.url == "sqlite+aiosqlite:///soglia.sqlite3"
    assert (settings.freshness.limit_s, settings.freshness.oldest_s) == (120, 7 * 86_400)
    assert not settings.fcm.enabled


def test_the_environment_wins_over_the_file(written, monkeypatch):
    path = written('[server]\nport = 9000\nhost = "192.0.2.1"\n')
    monkeypatch.setenv("SOGLIA_SERVER__PORT", "9001")
    settings = read_settings(path)
    assert (settings.server.host, settings.server.port) == ("192.0.2.1", 9001)


def test_a_file_may_be_named_by_the_environment(written, monkeypatch):
    monkeypatch.setenv("SOGLIA_CONFIG", str(written("[server]\nport = 9000\n")))
    assert read_settings().server.port == 9000


def test_settings_made_in_code_do_not_depend_on_the_machine(monkeypatch):
    monkeypatch.setenv("SOGLIA_SERVER__PORT", "9001")
    assert Settings().server.port == 8080


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[server]\nport = 70000\n", r"^server\.port \(.*soglia\.toml\): .*65535"),
        ("[server]\nprot = 1\n", r"^server\.prot .*no such setting; did you mean port\?"),
        ("[serve]\nport = 1\n", r"^serve .*no such setting; did you mean server\?"),
        ("[freshness]\nlimit_s = 0\n", r"^freshness\.limit_s .*greater than 0"),
        ("[freshness]\nlimit_s = 700000\n", r"^freshness .*cannot be longer than oldest_s"),
        ("[freshness]\nlimit_s = nan\n", r"^freshness\.limit_s .*finite"),
        ("[outbox]\nlease_s = 5\n", r"^outbox\.lease_s .*30"),
        ("[presence]\nradio_least_s = 200\n", r"^presence .*radio_least_s cannot be longer"),
        ('[database]\nurl = "mysql://x"\n', r"^database\.url .*must be a sqlite:// or postgresql:// URL"),
        ('[database]\nurl = "soglia.sqlite3"\n', r"^database\.url .*must be a URL such as"),
        ('[database]\nurl = "sqlite://"\n', r"^database\.url .*must name a file"),
        ('[database]\nurl_file = "none"\n', r"^database .*url_file cannot be read"),
        (
            '[fcm]\nservice_account_file = "none"\n',
            r"^fcm \(.*soglia\.toml\): service_account_file none cannot be read",
        ),
        ('[fcm]\nendpoint = "fcm"\n', r"^fcm\.endpoint "),
        ('[server]\ntrusted_proxies = ["everybody"]\n', r"^server\.trusted_proxies\.0 "),
        ('[logs]\nlevel = "loud"\n', r"^logs\.level "),
        ("server = 1\n", r"^server "),
        ("[server\n", r"is no TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_reason(written, text, says):
    with pytest.raises(WrongSettings) as wrong:
        read_settings(written(text))
    assert re.search(says, str(wrong.value)), str(wrong.value)


def test_all_that_is_wrong_is_said_at_once(written):
    with pytest.raises(WrongSettings) as wrong:
        read_settings(written("[server]\nport = -1\nbatch_limit = 0\n"))
    assert len(str(wrong.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SOGLIA_SERVER__PORT", "many", r"^server\.port \(SOGLIA_SERVER__PORT\): "),
        ("SOGLIA_SERVER__PROT", "1", r"^server\.prot \(SOGLIA_SERVER__PROT\): .*did you mean port"),
        ("SOGLIA_SERVR__PORT", "1", r"^SOGLIA_SERVR__PORT .*did you mean server"),
        ("SOGLIA_PORT", "1", r"^SOGLIA_PORT "),
        (
            "SOGLIA_SERVER_PORT",
            "1",
            r"^SOGLIA_SERVER_PORT .*did you mean SOGLIA_SERVER__PORT \(two underscores",
        ),
        ("SOGLIA_DATABASE_URL_FILE", "x", r"did you mean SOGLIA_DATABASE__URL_FILE \(two underscores"),
        (
            "SOGLIA_FCM__SERVICE_ACCOUNT_FILE",
            "nofile.json",
            r"^fcm \(SOGLIA_FCM__SERVICE_ACCOUNT_FILE\): service_account_file nofile\.json cannot be read: No such",
        ),
        ("SOGLIA_FCM__SERVICE_ACCOUNT", "no JSON", r"^fcm \(SOGLIA_FCM__SERVICE_ACCOUNT\): "),
        (
            "SOGLIA_DATABASE__URL_FILE",
            "none",
            r"^database \(SOGLIA_DATABASE__URL_FILE\): url_file cannot be read",
        ),
    ],
)
def test_a_wrong_variable_is_named(monkeypatch, name, value, says):
    monkeypatch.setenv(name, value)
    with pytest.raises(WrongSettings) as wrong:
        read_settings()
    assert re.search(says, str(wrong.value)), str(wrong.value)


def test_of_two_settings_that_disagree_both_sources_are_named(written, monkeypatch):
    path = written("[freshness]\nlimit_s = 700\n")
    monkeypatch.setenv("SOGLIA_FRESHNESS__OLDEST_S", "600")
    monkeypatch.setenv("SOGLIA_FRESHNESS__FUTURE_S", "60")
    with pytest.raises(WrongSettings) as wrong:
        read_settings(path)
    assert str(wrong.value).startswith(f"freshness ({path}, SOGLIA_FRESHNESS__OLDEST_S): limit_s cannot")


def test_variables_of_the_other_programs_are_none_of_ours(monkeypatch):
    monkeypatch.setenv("SOGLIA_SCANNER_SERVER__URL", "http://x")
    monkeypatch.setenv("SOGLIA_TEST_POSTGRES", "x")
    assert read_settings() == Settings()


def test_a_file_that_is_not_there_is_said():
    with pytest.raises(WrongSettings, match=r"no settings file nowhere\.toml"):
        read_settings(Path("nowhere.toml"))


def test_a_secret_may_stand_in_a_file_of_its_own(tmp_path, monkeypatch):
    (tmp_path / "url").write_text("postgresql://soglia:hush@db/soglia\n")
    monkeypatch.setenv("SOGLIA_DATABASE__URL_FILE", str(tmp_path / "url"))
    assert read_settings().database.url == "postgresql+asyncpg://soglia:hush@db/soglia"


def test_a_secret_is_given_once(tmp_path, monkeypatch):
    (tmp_path / "url").write_text("sqlite:///a")
    monkeypatch.setenv("SOGLIA_DATABASE__URL_FILE", str(tmp_path / "url"))
    monkeypatch.setenv("SOGLIA_DATABASE__URL", "sqlite:///b")
    with pytest.raises(WrongSettings, match="give one of url and url_file"):
        read_settings()


@pytest.mark.parametrize(
    "variables",
    [
        {"SOGLIA_DATABASE__URL": "mysql://soglia:hush@db/soglia"},
        {"SOGLIA_DATABASE__URL": "postgresql://soglia:hush@db:port/soglia"},
        {"SOGLIA_FCM__SERVICE_ACCOUNT": '{"private_key": "hush"}'},
        {"SOGLIA_FCM__SERVICE_ACCOUNT": "hush"},
        {"SOGLIA_FCM__SERVICE_ACCOUNT_FILE": '{"private_key": "hush"}'},
    ],
)
def test_a_wrong_secret_is_not_shown(monkeypatch, variables):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(WrongSettings) as wrong:
        read_settings()
    assert "hush" not in str(wrong.value)


def test_settings_that_are_printed_show_no_secret():
    settings = Settings.model_validate({"database": {"url": "postgresql://soglia:hush@db/soglia"}})
    assert "hush" not in repr(settings)


@pytest.mark.parametrize(
    ("url", "ours", "file"),
    [
        ("sqlite:///soglia.sqlite3", "sqlite+aiosqlite:///soglia.sqlite3", Path("soglia.sqlite3")),
        (
            "sqlite:////var/lib/soglia/db",
            "sqlite+aiosqlite:////var/lib/soglia/db",
            Path("/var/lib/soglia/db"),
        ),
        ("postgres://u@h/d", "postgresql+asyncpg://u@h/d", None),
        ("postgresql+asyncpg://u@h/d", "postgresql+asyncpg://u@h/d", None),
    ],
)
def test_a_database_url_needs_no_driver(url, ours, file):
    settings = Settings.model_validate({"database": {"url": url}})
    assert (settings.database.url, settings.database.file) == (ours, file)


def shown_keys(text):
    """(section, key) -> the default that the file shows, as TOML text."""
    section, shown = "", {}
    for line in text.splitlines():
        if header := re.fullmatch(r"\[(\w+)\]", line):
            section = header[1]
        elif key := re.fullmatch(r"# (\w+) = (.+)", line):
            shown[section, key[1]] = key[2]
    return shown


def test_the_file_shows_each_setting_with_its_default():
    shown = shown_keys(FILE.read_text())
    known = {
        (section, key): getattr(getattr(Settings(), section), key)
        for section, field in Settings.model_fields.items()
        for key in field.annotation.model_fields
    }
    assert list(shown) == list(known)
    for place, default in known.items():
        told = tomllib.loads(f"told = {shown[place]}")["told"]
        if default is None or isinstance(default, SecretStr):
            continue
        if place == ("database", "url"):
            told = told.replace("sqlite:", "sqlite+aiosqlite:")
        assert told == (list(default) if isinstance(default, tuple) else default), place


def test_each_setting_says_why_it_is_so():
    for section in Settings.model_fields.values():
        assert section.annotation.__doc__
        for key, field in section.annotation.model_fields.items():
            assert field.description, key
            assert field.description.endswith("."), key


def test_the_file_can_be_used_as_it_is_and_with_every_default_spelled_out(tmp_path):
    assert read_settings(FILE) == Settings()
    sections = [getattr(Settings(), name) for name in Settings.model_fields]
    unset = {
        key for section in sections for key in type(section).model_fields if getattr(section, key) is None
    }
    key = rf"^# (?!(?:{'|'.join(unset)}) = )(\w+ = )"
    database = FILE.read_text().replace(
        '# url = "sqlite', 'url = "sqlite'
    )  # other sections have a url that is not set
    spelled = re.sub(key, r"\1", database, flags=re.MULTILINE)
    path = tmp_path / "spelled.toml"
    path.write_text(spelled)
    assert read_settings(path) == Settings()


def test_a_service_account_opens_the_channel(tmp_path):
    account = a_service_account()
    (tmp_path / "firebase.json").write_text(json.dumps(account))
    settings = Settings.model_validate({"fcm": {"service_account_file": tmp_path / "firebase.json"}})
    assert settings.fcm.enabled
    assert settings.fcm.certificate().project_id == "shop"


def a_service_account():
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return {
        "type": "service_account",
        "project_id": "shop",
        "private_key_id": "1",
        "private_key": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        "client_email": "soglia@shop.example",
        "client_id": "1",
        "token_uri": "http://127.0.0.1:9/token",
    }


def test_rooms_that_are_built_without_settings_behave_as_the_defaults_say():
    """The numbers stand twice: with their reasons in the settings, and where tests and benchmarks build a room by itself."""
    assert Patience(**Settings().presence.model_dump()) == Patience()
    assert Pace(**Settings().outbox.model_dump()) == Pace()
    assert LocalBus(Settings().bus.room).room == LocalBus().room
