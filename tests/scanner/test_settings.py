"""A wrong setting stops the start, and says which and why."""

import tomllib
from pathlib import Path

import pytest

from scanner.settings import Settings, WrongSettings, read_settings

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "scanner.toml"


@pytest.fixture
def written(tmp_path):
    """A settings file with this text, after a sound [server]."""

    def write(
        text: str = "", server: str = 'url = "http://127.0.0.1:8080"\ntoken = "sog_gateway_x"\n'
    ) -> Path:
        path = tmp_path / "scanner.toml"
        path.write_text(f"[server]\n{server}\n{text}")
        return path

    return write


def test_only_the_server_must_be_given(written):
    settings = read_settings(written())
    assert settings.radio.adapter == "hci0"
    assert settings.server.secret == "sog_gateway_x"


def test_the_environment_wins_over_the_file(written, monkeypatch):
    monkeypatch.setenv("SOGLIA_SCANNER_RADIO__ADAPTER", "hci1")
    assert read_settings(written('[radio]\nadapter = "hci2"\n')).radio.adapter == "hci1"


def test_the_environment_alone_is_enough(monkeypatch):
    monkeypatch.setenv("SOGLIA_SCANNER_SERVER__URL", "https://soglia.example")
    monkeypatch.setenv("SOGLIA_SCANNER_SERVER__TOKEN", "sog_gateway_x")
    assert str(read_settings(None).server.url) == "https://soglia.example/"


def test_a_token_may_stand_in_a_file(written, tmp_path):
    (tmp_path / "token").write_text("sog_gateway_y\n")
    server = f'url = "http://127.0.0.1:8080"\ntoken_file = "{tmp_path}/token"\n'
    assert read_settings(written(server=server)).server.secret == "sog_gateway_y"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[radio]\nadaptor = "hci0"\n', "radio.adaptor: there is no such setting"),
        ('[radio]\nmode = "loud"\n', "radio.mode: Input should be 'active' or 'passive'"),
        ("[window]\nwidth_s = 0\n", "window.width_s: Input should be greater than or equal to 0.1"),
        ("[windows]\n", "windows: there is no such setting"),
        (
            '[ours]\neddystone_namespaces = ["12"]\n',
            "ours.eddystone_namespaces.0: an Eddystone namespace is 20",
        ),
        ("[radio\n", "is not TOML"),
    ],
)
def test_a_wrong_setting_is_named_with_its_reason(written, text, complaint):
    with pytest.raises(WrongSettings, match=complaint.replace(".", r"\.")):
        read_settings(written(text))


@pytest.mark.parametrize(
    ("server", "complaint"),
    [
        ('url = "http://127.0.0.1"\n', "server: give the gateway's token as either token or token_file"),
        ('url = "http://127.0.0.1"\ntoken = " "\n', "server: the gateway's token is empty"),
        ('url = "ftp://127.0.0.1"\ntoken = "x"\n', "server.url: URL scheme should be 'http' or 'https'"),
        ('url = "http://127.0.0.1"\ntoken_file = "not-there"\n', "server.token_file cannot be read"),
        ('token = "x"\n', "server.url: it must be given"),
    ],
)
def test_a_server_we_could_not_speak_to_stops_the_start(written, server, complaint):
    with pytest.raises(WrongSettings, match=complaint):
        read_settings(written(server=server))


def test_a_mistyped_variable_stops_the_start(written, monkeypatch):
    monkeypatch.setenv("SOGLIA_SCANNER_RADOI__ADAPTER", "hci1")
    with pytest.raises(WrongSettings, match="SOGLIA_SCANNER_RADOI__ADAPTER: there is no such setting"):
        read_settings(written())


def test_a_complaint_never_shows_the_token(written):
    server = 'url = "nowhere"\ntoken = ["sog_gateway_secret"]\n'
    with pytest.raises(WrongSettings) as wrong:
        read_settings(written(server=server))
    assert "secret" not in str(wrong.value)
    assert "sog_gateway_x" not in repr(read_settings(written()))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(WrongSettings, match=r"no settings file at .*nowhere\.toml"):
        read_settings(tmp_path / "nowhere.toml")


def test_settings_made_in_code_listen_to_nothing_else(monkeypatch):
    monkeypatch.setenv("SOGLIA_SCANNER_RADIO__ADAPTER", "hci7")
    assert Settings(server={"url": "http://127.0.0.1", "token": "x"}).radio.adapter == "hci0"


def test_the_file_we_ship_explains_every_setting_and_shows_its_default(tmp_path):
    shipped = SHIPPED.read_text()
    uncommented = "\n".join(
        line.removeprefix("# ") if _is_a_key(line) else line for line in shipped.splitlines()
    )
    shown = tomllib.loads(uncommented)
    for section, field in Settings.model_fields.items():
        keys = set(field.annotation.model_fields) - {"token"}  # shown as token_file
        assert set(shown[section]) == keys, section
        if section not in ("server", "ours"):
            assert field.annotation(**shown[section]) == field.annotation(), section


def _is_a_key(line: str) -> bool:
    key, _, value = line.removeprefix("# ").partition(" = ")
    return line.startswith("# ") and key.isidentifier() and bool(value)


def test_the_file_we_ship_starts_once_the_token_is_there(tmp_path, monkeypatch):
    (tmp_path / "scanner.token").write_text("sog_gateway_x")
    monkeypatch.chdir(tmp_path)
    assert read_settings(SHIPPED).server.secret == "sog_gateway_x"
