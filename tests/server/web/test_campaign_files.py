"""A shop's campaigns as one file: taken out, brought back, what changes shown before."""

import pytest

from server.records import zones
from server.web.campaign_files import campaign_file_routes
from server.zones import Zone

FILE = """
[[campaigns]]
id = "hello"
name = "Hello"
trigger = { on = "entered", where = { zones = ["shoes"] } }
offer = { title = { en = "Hello" }, body = { en = "20 % off" } }
"""


@pytest.fixture
async def shop(database, guard, edits, tokens, open_doors, noon):
    async with database.writing() as connection:
        await zones.put(connection, [zones.Given(Zone("shoes", "Shoes"))], noon)
    client = open_doors(campaign_file_routes(database, guard, edits, lambda: noon))
    client.headers.update(tokens.headers("marketer"))
    return client


async def test_a_file_is_shown_first_and_kept_when_asked(shop):
    shown = (await shop.put("/v1/campaigns.toml", content=FILE)).json()
    assert shown == {"kept": False, "campaigns": [{"id": "hello", "change": "created", "fields": []}]}
    assert (await shop.get("/v1/campaigns.toml")).text == ""
    assert (await shop.put("/v1/campaigns.toml?do=keep", content=FILE)).json()["kept"]
    kept = (await shop.get("/v1/campaigns.toml")).text
    assert (await shop.put("/v1/campaigns.toml", content=kept)).json()["campaigns"][0]["change"] == "same"
    live = (await shop.put("/v1/campaigns.toml", content=kept.replace('"draft"', '"live"'))).json()
    assert live["campaigns"] == [{"id": "hello", "change": "changed", "fields": ["state"]}]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[[campaigns", "body"),
        (FILE.replace("entered", "danced"), "body.campaigns[0].trigger.on"),
        (FILE.replace('["shoes"]', '["hats"]'), "body.campaigns[0].trigger.where.zones[0]"),
    ],
)
async def test_a_file_with_a_mistake_changes_nothing_and_says_where(shop, text, place):
    refused = await shop.put("/v1/campaigns.toml?do=keep", content=text)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["place"] == place
    assert (await shop.get("/v1/campaigns.toml")).text == ""


async def test_only_marketers_bring_files(shop, tokens):
    headers = tokens.headers("analyst")
    assert (await shop.put("/v1/campaigns.toml", content=FILE, headers=headers)).status_code == 403


async def test_a_file_with_a_cap_on_a_group_that_is_not_named_is_refused_with_its_place(shop):
    cap = 'conditions = [{ kind = "cooldown", wait = "1d", scope = "group" }]'
    refused = await shop.put("/v1/campaigns.toml?keep=true", content=f"{FILE}{cap}\n")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["place"].endswith("campaigns[0].conditions[0].scope")
