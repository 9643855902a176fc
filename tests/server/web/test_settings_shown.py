"""An owner reads how the server is set up, and no secret."""

import pytest

from server.settings import Settings
from server.web.settings_shown import settings_routes

SECRETS = ("hunter2", "s3cr3t-token", "vapid-key-of-ours", "0123456789abcdef")


def a_setting() -> Settings:
    return Settings.model_validate(
        {
            "database": {"url": "postgresql://soglia:hunter2@db.shop.example/soglia"},
            "console": {"tiles_url": "https://tiles.example/{z}/{x}/{y}.png?key=s3cr3t-token"},
            "webhook": {
                "url": "https://user:hunter2@crm.shop.example/offers",
                "secret": "whsec_" + "MDEy" * 11,
            },
            "server": {"port": 9000, "host": "127.0.0.1"},
        }
    )


@pytest.fixture
def doors(open_doors, guard, tokens):
    doors = open_doors(settings_routes(guard, a_setting().told()))
    doors.headers.update(tokens.headers("owner"))
    return doors


async def test_every_setting_is_told_with_its_reason(doors):
    sections = {
        each["name"]: each["settings"] for each in (await doors.get("/v1/settings")).json()["sections"]
    }
    assert sections.keys() == Settings.model_fields.keys()
    port = next(each for each in sections["server"] if each["key"] == "port")
    assert (port["value"], port["usual"], port["secret"]) == ("9000", False, False)
    host = next(each for each in sections["server"] if each["key"] == "host")
    assert host["usual"]
    assert all(each["why"] for each in sections["retention"])


async def test_no_secret_is_told(doors):
    said = (await doors.get("/v1/settings")).text
    assert not [secret for secret in (*SECRETS, "MDEyMDEy") if secret in said]
    sections = {
        each["name"]: each["settings"] for each in (await doors.get("/v1/settings")).json()["sections"]
    }
    url = next(each for each in sections["database"] if each["key"] == "url")
    assert (url["value"], url["secret"]) == ("set", True)


@pytest.mark.parametrize("who", ["manager", "server", "device"])
async def test_only_an_owner_sees_them(doors, tokens, who):
    assert (await doors.get("/v1/settings", headers=tokens.headers(who))).status_code == 403


def test_every_key_that_sounds_secret_is_one():
    """A new channel's password must not be shown because somebody forgot to say that it is one."""
    told = {(section.name, each.key): each for section in Settings().told() for each in section.settings}
    sounding = {
        place
        for place, each in told.items()
        if any(word in place[1] for word in ("password", "secret", "token", "private_key"))
    }
    assert sounding
    assert {place for place in sounding if not told[place].secret} == set()
