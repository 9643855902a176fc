"""What shoppers are asked, in which words and languages; what they agreed to can be shown; a text that asks anew is answered anew."""

import asyncio
from datetime import timedelta

import pytest

from server.records import consent_texts, consents, shoppers
from server.records.consent_texts import Text
from server.records.consents import Wording
from server.records.tables import DecisionRow
from server.web.consent_texts import consent_text_routes
from server.web.languages import spoken_by
from server.web.shopper import shopper_routes
from tests.makers import QUICK, a_shop, fix
from tests.server.a_house import NOON, OUTBOX, House, an_offer
from tests.server.records.rows import rows_of

ENGLISH, ITALIAN = "May we see where you are?", "Possiamo vedere dove sei?"


@pytest.fixture
def doors(open_doors, database, guard, edits, noon):
    return open_doors(
        consent_text_routes(database, guard, edits, clock=lambda: noon),
        shopper_routes(database, guard, edits, clock=lambda: noon),
    )


@pytest.fixture
def publish(doors, tokens):
    def publish(version="1", who="owner", purpose="location", *, anew=False, **texts):
        body = {"texts": texts or {"en": ENGLISH, "it": ITALIAN}, "asks_anew": anew}
        path = f"/v1/consent-texts/{purpose}/{version}"
        return doors.put(path, json=body, headers=tokens.headers(who))

    return publish


@pytest.fixture
async def phone(doors, tokens):
    registered = (await doors.post("/v1/devices", json={}, headers=tokens.headers("app"))).json()
    return registered | {"headers": {"Authorization": f"Bearer {registered['token']}"}}


@pytest.fixture
def answer(doors, phone):
    def answer(version="1", language="it", purpose="location", *, granted=True):
        body = {"purposes": {purpose: granted}, "version": version, "language": language}
        return doors.put("/v1/devices/me/consents", json=body, headers=phone["headers"])

    return answer


async def asked(doors, languages=None):
    headers = {"Accept-Language": languages} if languages else {}
    texts = (await doors.get("/v1/consent-texts", headers=headers)).json()["texts"]
    return [(text["purpose"], text["version"], text["language"], text["text"]) for text in texts]


async def test_everybody_reads_what_is_asked_now_in_their_own_language(doors, publish):
    assert await asked(doors) == []
    assert (await publish("1", en="old")).status_code == 200
    await publish("2")
    await publish("7", purpose="push", it="Possiamo scriverti?")
    assert await asked(doors, "it-CH, en;q=0.5") == [
        ("location", "2", "it", ITALIAN),
        ("push", "7", "it", "Possiamo scriverti?"),
    ]
    assert await asked(doors, "fr") == [
        ("location", "2", "en", ENGLISH),
        ("push", "7", "it", "Possiamo scriverti?"),
    ]
    again = await doors.get("/v1/consent-texts")
    unchanged = await doors.get("/v1/consent-texts", headers={"If-None-Match": again.headers["ETag"]})
    assert unchanged.status_code == 304


@pytest.mark.parametrize(
    ("header", "languages"),
    [
        (None, []),
        ("it", ["it"]),
        ("en;q=0.3, it;q=0.8, de", ["de", "it", "en"]),
        ("fr;q=0, it", ["it"]),
        ("it;q=much, , en", ["en"]),
    ],
)
def test_the_dearest_language_comes_first(header, languages):
    assert spoken_by(header) == languages


@pytest.mark.parametrize(
    ("who", "status"),
    [("owner", 200), ("manager", 403), ("marketer", 403), ("analyst", 403), ("server", 403), ("device", 403)],
)
async def test_an_owner_publishes_and_nobody_else(publish, who, status):
    assert (await publish(who=who)).status_code == status


async def test_words_that_somebody_may_have_read_never_change_and_languages_may_follow(doors, publish):
    await publish("1", en=ENGLISH)
    assert (await publish("1", en="Something else")).status_code == 409
    assert (await publish("1", en=ENGLISH, anew=True)).status_code == 409
    assert (await publish("1", en=ENGLISH)).json()["change"] == "same"
    assert (await publish("1", it=ITALIAN)).json()["change"] == "changed"
    assert await asked(doors, "it") == [("location", "1", "it", ITALIAN)]


async def test_an_answer_names_a_text_that_was_published(publish, answer):
    await publish("1")
    refused = await answer("2")
    assert refused.status_code == 422
    assert "the newest is 1" in refused.json()["detail"]
    assert "en, it" in (await answer("1", language="fr")).json()["detail"]
    assert (await answer("1", language=None)).status_code == 422
    assert (await answer("1", language="it-CH")).status_code == 200


async def test_a_no_is_taken_whatever_it_names(publish, answer):
    await publish("1")
    assert (await answer("of long ago", granted=False)).json()["consents"]["location"]["granted"] is False


async def test_without_published_texts_the_word_of_the_app_is_taken(answer):
    assert (await answer("ours-2026", language=None)).status_code == 200


async def test_staff_see_who_agreed_to_which_words_when_and_how(doors, publish, phone, answer, tokens):
    await publish("1")
    await answer("1")
    await answer("1", granted=False)
    shown = await doors.get(f"/v1/shoppers/{phone['shopper']}/consents", headers=tokens.headers("marketer"))
    first, second = shown.json()["answers"]
    assert (first["text"], first["granted"], first["version"], first["language"], first["how"]) == (
        ITALIAN,
        True,
        "1",
        "it",
        "app",
    )
    assert (first["device"], first["superseded_at"]) == (phone["device"], second["given_at"])
    nobody = await doors.get("/v1/shoppers/sh_nobody/consents", headers=tokens.headers("marketer"))
    assert nobody.status_code == 404


async def test_a_text_that_asks_anew_lets_earlier_answers_lapse_until_they_are_given_again(
    doors, database, publish, phone, answer
):
    await publish("1")
    await answer("1")
    await publish("2")  # asks nobody anew
    assert await agreed(database, phone["shopper"]) == {"location"}
    await publish("3", anew=True)
    assert await agreed(database, phone["shopper"]) == set()
    me = (await doors.get("/v1/devices/me", headers=phone["headers"])).json()["consents"]["location"]
    assert (me["granted"], me["ask_anew"]) == (False, True)  # what counts now, not what was said then
    assert (await answer("2")).json()["consents"]["location"]["ask_anew"] is True  # an app that is behind
    assert await agreed(database, phone["shopper"]) == set()
    await answer("3")
    assert await agreed(database, phone["shopper"]) == {"location"}


async def test_the_proof_keeps_the_yes_that_a_newer_text_let_lapse(doors, publish, phone, answer, tokens):
    await publish("1")
    await answer("1")
    await publish("2", anew=True)
    shown = await doors.get(f"/v1/shoppers/{phone['shopper']}/consents", headers=tokens.headers("marketer"))
    [said] = shown.json()["answers"]
    assert (said["granted"], said["ask_anew"], said["lapsed_at"] is not None) == (True, True, True)


async def agreed(database, shopper):
    async with database.reading() as connection:
        assert (shopper in await consents.granted(connection, "location")) == (
            "location" in (await consents.granted_by(connection, [shopper]))[shopper]
        )
        return (await consents.granted_by(connection, [shopper]))[shopper]


async def test_an_answer_that_raced_a_text_that_asks_anew_never_slips_through(database, noon):
    """They take turns: whichever comes second, the old words count for nothing afterwards."""
    async with database.writing() as connection:
        await consent_texts.publish(connection, Text("push", "1", {"en": "?"}, asks_anew=False), "st_1", noon)
        people = [(await shoppers.meet(connection, f"card-{n}", noon))[0].id for n in range(8)]

    async def agree(shopper):
        async with database.writing() as connection:
            await consents.give(connection, shopper, {"push": True}, Wording("1", "en", "app"), noon)

    async def ask_anew():
        async with database.writing() as connection:
            later = noon + timedelta(seconds=1)
            await consent_texts.publish(
                connection, Text("push", "2", {"en": "!"}, asks_anew=True), "st_1", later
            )

    await asyncio.gather(*map(agree, people[:4]), ask_anew(), *map(agree, people[4:]))
    async with database.reading() as connection:
        assert await consents.granted(connection, "push") == set()


async def test_a_decision_says_that_the_new_text_was_not_answered_yet(database):
    house = House(database)
    await house.define(a_shop(manner=QUICK), offers=[an_offer()])
    await house.open()
    phone = await house.meet()
    async with database.writing() as connection:
        anew = Text("push", "2", {"en": "May we write?"}, asks_anew=True)
        await consent_texts.publish(connection, anew, "st_1", NOON)
    await house.see(fix(0, device=phone))
    assert await house.reasons() == ["consent"]
    assert await house.rows(OUTBOX, "id") == []
    ((reason,),) = [row.reasons for row in await rows_of(database, DecisionRow)]
    assert reason["words"] == (
        "the shopper agreed to push messages by an earlier text, and has not answered the new one yet"
    )
