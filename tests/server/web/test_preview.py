"""Staff see what a real shopper would read, before anybody reads it."""

import pytest

from server.campaigns import read_campaign
from server.records import campaigns, zones
from server.records.tables import OutboxRow
from server.web.preview import preview_routes
from tests.makers import a_department, a_shop
from tests.server.campaigns.makers import a_document
from tests.server.records.rows import a_shopper, keep, rows_of

OFFER = {
    "title": {"it": "Ciao {{ shopper.first_name | default: 'bella' }}", "en": "Hello {{ shopper.first_name }}"},
    "body": {"it": "Da {{ zone.name }}, {{ shop.name }}, fino alle {{ offer.until }}", "en": "Until {{ offer.until }}"},
    "action": {"kind": "claim_coupon", "coupon": "spring", "label": {"it": "Prendi", "en": "Claim"}},
}  # fmt: skip

VARIANTS = [
    {
        "id": "warm",
        "offer": {"title": {"en": "It is cold"}, "body": {"en": "Come in, {{ shopper.nickname }}"}},
    },
    {"id": "own"},
]
FOLLOW_UPS = [
    {"when": "not_opened", "after": "30m", "channels": ["fcm"], "offer": {"title": {"it": "Ancora qui?"}, "body": {"it": "Scarpe"}}},
    {"when": "redeemed", "after": "30m", "channels": ["fcm"], "offer": {"title": {"it": "Grazie {{ shopper.nickname }}"}, "body": {"it": "!"}}},
]  # fmt: skip


@pytest.fixture
async def preview(open_doors, database, guard, tokens, noon):
    doors = open_doors(preview_routes(database, guard, clock=lambda: noon))
    document = a_document(
        state="draft", trigger={"on": "entered", "where": {"zones": ["shoes"]}}, offer=OFFER
    )
    async with database.writing() as connection:
        places = [a_shop(name="Brera", time_zone="Europe/Rome"), a_department("shoes", a_shop().place)]
        await zones.put(connection, [zones.Given(place) for place in places], noon)
        await campaigns.put(connection, read_campaign(document), noon)
        tried = document | {"id": "tried", "variants": VARIANTS, "follow_ups": FOLLOW_UPS}
        await campaigns.put(connection, read_campaign(tried), noon)
        await keep(
            connection,
            a_shopper("sh_ann", own_id="loyalty-1", language="it", attributes={"first_name": "Anna"}),
            a_shopper("sh_bob", language="en"),
        )

    async def preview(role="marketer", campaign="shoes", **body):
        path = f"/v1/campaigns/{campaign}/preview"
        return await doors.post(path, json=body, headers=tokens.headers(role))

    return preview


async def test_every_language_is_shown_as_the_shopper_would_read_it(preview):
    shown = (await preview(own_id="loyalty-1")).json()
    assert (shown["gets"], shown["zone"]) == ("it", "shoes")
    italian, english = shown["texts"]
    assert (italian["title"], italian["body"]) == ("Ciao Anna", "Da shoes, Brera, fino alle 16:00")
    assert english["title"] == "Hello Anna"
    assert italian["bytes"] < 4096
    assert shown["told"] == {"action": "claim_coupon", "coupon": "spring", "label": "Prendi"}


async def test_what_would_not_be_sent_is_shown_with_its_reason(preview):
    italian, english = (await preview(shopper="sh_bob")).json()["texts"]
    assert italian["title"] == "Ciao bella"
    assert english["title"] is None
    assert "shopper.first_name" in english["reason"]


async def test_nothing_is_sent(preview, database):
    await preview(shopper="sh_ann", zone="shop")
    assert await rows_of(database, OutboxRow) == []


async def test_who_or_what_is_not_there_is_not_found(preview):
    for asked in ({"shopper": "sh_none"}, {"own_id": "x"}, {}, {"shopper": "sh_ann", "zone": "nowhere"}):
        assert (await preview(**asked)).status_code == 404
    assert (await preview(campaign="none", shopper="sh_ann")).status_code == 404


async def test_an_analyst_does_not_read_over_shoppers_shoulders(preview):
    assert (await preview("analyst", shopper="sh_ann")).status_code == 403


async def test_a_variant_and_a_follow_up_are_shown_as_the_shopper_would_read_them(preview):
    own = (await preview(campaign="tried", shopper="sh_ann", variant="own")).json()
    assert (own["variant"], own["step"], own["texts"][0]["title"]) == ("own", 0, "Ciao Anna")
    [asks] = (await preview(campaign="tried", shopper="sh_ann", step=1)).json()["texts"]
    assert (asks["language"], asks["title"], asks["reason"]) == ("it", "Ancora qui?", None)
    [warm] = (await preview(campaign="tried", shopper="sh_ann", variant="warm")).json()["texts"]
    assert (warm["title"], "shopper.nickname" in warm["reason"]) == (None, True)


async def test_whichever_text_is_asked_for_all_that_could_not_be_written_for_this_shopper_are_told(preview):
    for asked in ({}, {"variant": "own"}, {"step": 1}):
        told = (await preview(campaign="tried", shopper="sh_bob", **asked)).json()["unwritten"]
        parts = [(each["variant"], each["step"], each["language"]) for each in told]
        assert parts == [("warm", 0, "en"), ("own", 0, "en"), (None, 2, "it")]
        assert ["shopper.first_name" in each["reason"] for each in told] == [False, True, False]
    told = (await preview(campaign="tried", shopper="sh_ann")).json()["unwritten"]
    assert [(each["variant"], each["step"]) for each in told] == [("warm", 0), (None, 2)]
    assert (await preview(shopper="sh_ann")).json()["unwritten"] == []


async def test_a_variant_or_a_follow_up_that_is_not_there_is_not_found_and_a_variant_of_a_follow_up_makes_no_sense(
    preview,
):
    for asked, status in (
        ({"variant": "cold"}, 404),
        ({"step": 3}, 404),
        ({"step": 1, "variant": "own"}, 422),
    ):
        assert (await preview(campaign="tried", shopper="sh_ann", **asked)).status_code == status


async def test_what_is_not_kept_yet_is_shown_for_somebody_made_up(preview):
    document = a_document(
        id="new", trigger={"on": "entered", "where": {"zones": ["shoes"]}}, offer={"title": {"en": "Hi {{ shopper.first_name }}"}, "body": {"en": "!"}}
    )  # fmt: skip
    made_up = {"language": "en", "attributes": {"first_name": "Mia"}}
    shown = (await preview(campaign="new", document=document, made_up=made_up)).json()
    assert shown["texts"][0]["title"] == "Hi Mia"
    document["offer"]["title"] = {"en": "{{ shoper.first_name }}"}
    refused = await preview(campaign="new", document=document, made_up=made_up)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["place"] == "body.document.offer.title.en"
