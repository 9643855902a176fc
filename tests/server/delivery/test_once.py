"""What repeats on its way to the phone must be known there as the same: the collapse key says so."""

import sqlalchemy as sa

from tests.makers import QUICK, a_shop, fix
from tests.server.a_house import OUTBOX, House, an_offer


async def test_the_collapse_key_is_made_from_the_visit_and_the_campaign(database):
    house = House(database)
    await house.define(a_shop(manner=QUICK), offers=[an_offer("welcome"), an_offer("shoes", priority=-1)])
    await house.open()
    phone = await house.meet()
    await house.see(fix(0, device=phone))
    [(key, visit, campaign)] = await house.rows(OUTBOX, "collapse_key", "visit_id", "campaign_id")
    assert key == f"{visit}.{campaign}"
    assert campaign == "welcome"


async def test_a_message_tells_which_language_its_text_is_in(database):
    house = House(database)
    texts = {"title": {"en": "Hello", "it": "Ciao"}, "body": {"en": "Shoes", "it": "Scarpe"}}
    await house.define(a_shop(manner=QUICK), offers=[an_offer(offer=texts)])
    await house.open()
    phone = await house.meet("ann")
    await house.see(fix(0, device=phone))
    async with database.reading() as connection:
        [told] = await connection.execute(sa.select(OUTBOX.c.title, OUTBOX.c.data))
    assert (told.title, told.data["language"]) == ("Hello", "en")
