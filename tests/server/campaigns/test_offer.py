from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from server.campaigns import Offer
from tests.server.campaigns.makers import NOON

TEXTS = {
    "title": {"it": "Scarpe", "en": "Shoes", "de-CH": "Schuhe"},
    "body": {"it": "i", "en": "e", "de-CH": "d"},
}


def an_offer(**changes) -> Offer:
    return Offer.model_validate(TEXTS | changes)


@pytest.mark.parametrize(
    ("languages", "title"),
    [
        (("en",), "Shoes"),
        (("en-GB",), "Shoes"),
        (("EN_us",), "Shoes"),
        (("de-ch",), "Schuhe"),
        (("de",), "Scarpe"),
        ((None, "en"), "Shoes"),
        (("fr", "en"), "Shoes"),
        (("fr", None), "Scarpe"),
        ((), "Scarpe"),
        (("", "-"), "Scarpe"),
    ],
)
def test_the_shopper_reads_their_language_else_the_shops_else_the_first(languages, title):
    assert an_offer().text_for(*languages).title == title


def test_the_language_of_all_others_may_be_named():
    assert an_offer(default_language="en").text_for("fr").title == "Shoes"


def test_an_offer_lives_for_its_life_or_until_its_end_whichever_is_first():
    day = timedelta(days=1)
    assert an_offer(life_s=600).ends(NOON) == NOON + timedelta(minutes=10)
    assert an_offer(life_s=600, ends_at=NOON + day).ends(NOON) == NOON + timedelta(minutes=10)
    assert an_offer(life_s=86_400, ends_at=NOON + day / 2).ends(NOON) == NOON + day / 2


def test_an_end_given_with_an_offset_is_kept_in_utc():
    offer = an_offer(ends_at="2026-06-10T20:00:00+02:00")
    assert offer.ends_at == datetime(2026, 6, 10, 18, tzinfo=UTC)
    assert offer.ends_at.utcoffset() == timedelta()


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"title": {}}, "title"),
        ({"title": {"it": "  "}}, "title"),
        ({"title": {"italiano!": "Scarpe"}}, "title"),
        ({"body": {"it": "solo italiano"}}, "body"),
        ({"default_language": "fr"}, "default_language"),
        ({"url": "shoes"}, "url"),
        ({"url": "JavaScript:alert(1)"}, "url"),
        ({"url": "data:text/html,hello"}, "url"),
        ({"url": "https://shop.example/two words"}, "url"),
        ({"image": "http://shop.example/i.jpg"}, "image"),
        ({"life_s": 0}, "life_s"),
        ({"life_s": float("nan")}, "life_s"),
        ({"life_s": 29 * 86_400}, "life_s"),
        ({"ends_at": "2026-06-10T20:00:00"}, "ends_at"),
        ({"ends_at": "0001-01-01T00:00:00+14:00"}, "ends_at"),
        ({"data": {"offer": "mine"}}, "data"),
        ({"data": {"google.x": "1"}}, "data"),
        ({"data": {"": "1"}}, "data"),
        ({"data": {"note": "x" * 2000}}, "data"),
        ({"data": {"points": 3}}, "data"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_no_phone_could_show_or_open_is_refused_in_its_place(changes, place):
    with pytest.raises(ValidationError) as caught:
        an_offer(**changes)
    assert {error["loc"][0] for error in caught.value.errors()} - {"default_language"} <= {place}
    assert place in {error["loc"][0] for error in caught.value.errors()}


def test_a_link_into_the_shops_own_app_is_welcome():
    assert an_offer(url="brera://shelf/7").url == "brera://shelf/7"
