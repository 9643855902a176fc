"""What one shopper reads, or why nothing is sent. Nobody reads "Hello {{"."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.campaigns import BadCampaign, Offer, read_campaign
from server.campaigns.offer import OfferText
from server.campaigns.wording import LONGEST_MESSAGE_BYTES, NotWritten, facts_of, message_bytes, written
from tests.server.campaigns.makers import NOON, a_document, a_moment, a_shopper

TEXTS = {
    "title": {
        "it": "Ciao {{ shopper.first_name | default: 'bella' }}",
        "en": "Hello {{ shopper.first_name }}",
    },
    "body": {"it": "Fino alle {{ offer.until }} da {{ zone.name }}", "en": "Until {{ offer.until }}"},
}


def an_offer(**changes) -> Offer:
    return Offer.model_validate(TEXTS | changes)


def read_by(shopper, *languages, offer=None):
    offer = offer or an_offer()
    facts = facts_of(a_moment(shopper=shopper), "of_1", offer, NOON + timedelta(hours=2))
    return written(offer, facts, *languages)


def test_a_shopper_reads_their_name_and_the_shops_time():
    ann = a_shopper(attributes={"first_name": "Anna"})
    assert read_by(ann, "it") == OfferText("it", "Ciao Anna", "Fino alle 16:00 da Scarpe")


def test_who_told_no_name_gets_the_default_that_was_written():
    assert read_by(a_shopper(), "it").title == "Ciao bella"


def test_without_a_default_nothing_is_sent_and_it_is_said_what_is_missing():
    assert read_by(a_shopper(), "en") == NotWritten(
        "the title (en) needs shopper.first_name, which is not known here: give it a default, as in "
        "{{ shopper.first_name | default: '...' }}"
    )


def test_an_empty_name_is_no_name():
    assert isinstance(read_by(a_shopper(attributes={"first_name": ""}), "en"), NotWritten)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("{% if shopper.x %}never{% endif %}", "is empty for this shopper"),
        (
            "{% for t in shopper.tags %}{{ t }}{{ t }}{{ t }}{{ t }}{{ t }}{{ t }}{{ t }}{{ t }}{% endfor %}",
            "1600 characters",
        ),
        ("{{ shopper }}", "name one of them"),
    ],
)
def test_what_cannot_be_shown_stops_the_send_with_its_reason(body, why):
    shopper = a_shopper(tags=frozenset({"x" * 100, "y" * 100}))
    found = read_by(shopper, "it", offer=an_offer(title={"it": "t"}, body={"it": body}))
    assert isinstance(found, NotWritten)
    assert "body (it)" in found.reason
    assert why in found.reason


def test_a_message_that_no_phone_takes_stops_the_send():
    heavy = an_offer(
        title={"it": "t"},
        body={"it": "{{ shopper.story }}"},
        url="https://shop.example/" + "u" * 1900,
        data={"note": "n" * 1900},
    )
    assert read_by(a_shopper(attributes={"story": "short"}), "it", offer=heavy) == NotWritten(
        f"the message has {message_bytes(heavy, OfferText('it', 't', 'short')):d} bytes for this shopper, and phones take "
        "4096: shorten the texts, the links or the data"
    )


def test_control_characters_of_a_fact_never_reach_a_phone_and_a_family_does():
    shopper = a_shopper(attributes={"first_name": "An\x00\x1bn\x7f 👨‍👩‍👧"})
    assert read_by(shopper, "en").title == "Hello Ann 👨‍👩‍👧"


def test_a_fact_is_no_template():
    shopper = a_shopper(attributes={"first_name": "{{ shop.id }}{% if %}"})
    assert read_by(shopper, "en").title == "Hello {{ shop.id }}{% if %}"


def test_a_broken_text_is_refused_when_the_campaign_is_read_with_its_place():
    offer = {"title": {"it": "Ciao"}, "body": {"it": "Ecco\n {{ shoper.name }}"}}
    with pytest.raises(BadCampaign) as caught:
        read_campaign(a_document(offer=offer))
    (fault,) = caught.value.faults
    assert fault.place == "offer.body.it"
    assert fault.reason.startswith("line 2, column 5: there is no 'shoper'; did you mean 'shopper'")


@given(
    st.dictionaries(st.sampled_from(["first_name", "story", "x"]), st.one_of(st.text(), st.integers(), st.booleans())),
    st.sampled_from(["{{ shopper.first_name }}", "{{ shopper.story | default: 'x' }}", "{{ shopper.x | times: 2 }}!"]),
)  # fmt: skip
def test_whatever_is_known_of_a_shopper_a_text_is_whole_or_not_sent(attributes, body):
    offer = an_offer(title={"en": "t"}, body={"en": body})
    read = read_by(a_shopper(attributes=attributes), "en", offer=offer)
    if isinstance(read, OfferText):
        assert 1 <= len(read.body) <= 1500
        assert message_bytes(offer, read) <= LONGEST_MESSAGE_BYTES
    else:
        assert read.reason
