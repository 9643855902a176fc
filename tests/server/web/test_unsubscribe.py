"""One click in an e-mail ends e-mails, without a log-in; a mail scanner that opens the link ends nothing."""

import pytest

from server.records import consents
from server.unsubscribing import reader_of, token_for
from server.web.unsubscribe import unsubscribe_routes
from tests.server.records.rows import a_consent, a_shopper, an_offer, keep

KEY = "a long random text"


@pytest.fixture
async def doors(open_doors, database, edits, noon):
    async with database.writing() as connection:
        await keep(connection, a_shopper(), a_consent(purpose="email"), a_consent(), an_offer())
    return open_doors(unsubscribe_routes(database, edits, KEY, clock=lambda: noon))


async def agreed(database):
    async with database.reading() as connection:
        return (await consents.granted_by(connection, ["sh_1"]))["sh_1"]


@pytest.mark.parametrize("reader", ["sh_1", "of_1"])
async def test_one_click_takes_back_the_consent_to_email_and_no_other(doors, database, reader):
    """An e-mail names its reader; those of before named their offer."""
    path = f"/v1/unsubscribe/{token_for(KEY, reader)}"
    answer = await doors.post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert await agreed(database) == {"push"}
    assert (await doors.post(path)).status_code == 200


async def test_opening_the_link_only_asks(doors, database):
    answer = await doors.get(f"/v1/unsubscribe/{token_for(KEY, 'sh_1')}")
    assert '<form method="post">' in answer.text
    assert await agreed(database) == {"push", "email"}


@pytest.mark.parametrize(
    "token", ["sh_1", "sh_1.0", "sh_1." + "0" * 32, ".", token_for("another key, as long", "sh_1")]
)
async def test_a_link_that_is_made_up_does_nothing(doors, database, token):
    assert (await doors.post(f"/v1/unsubscribe/{token}")).status_code == 404
    assert await agreed(database) == {"push", "email"}


async def test_who_was_forgotten_is_told_that_it_is_done(doors):
    assert (await doors.post(f"/v1/unsubscribe/{token_for(KEY, 'sh_gone')}")).status_code == 200


def test_a_token_gives_its_reader_back_for_its_own_key_alone():
    assert reader_of(KEY, token_for(KEY, "sh_1")) == "sh_1"
    assert reader_of("another key, as long", token_for(KEY, "sh_1")) is None
