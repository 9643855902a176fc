"""Campaigns as TOML: what is written reads back as the same."""

import pytest
from hypothesis import given

from server.campaigns import BadCampaign, read_campaigns
from server.campaigns.toml import campaigns_as_toml, toml_document
from tests.server.campaigns.makers import a_campaign
from tests.server.campaigns.strategies import campaigns

AWKWARD = 'Zoë\'s "20 %" \\ off \x7f\t\u2028€'


@given(campaigns())
def test_campaigns_read_back_as_they_were_written(several):
    once = {campaign.id: campaign.model_copy(update={"version": 1}) for campaign in several}
    if once:
        assert read_campaigns(toml_document(campaigns_as_toml(once.values()).encode())) == (*once.values(),)


def test_any_letter_may_stand_in_a_name():
    campaign = a_campaign(name=AWKWARD)
    assert read_campaigns(toml_document(campaigns_as_toml([campaign]).encode()))[0].name == AWKWARD


def test_times_may_be_written_as_toml_has_them():
    text = campaigns_as_toml([a_campaign()]) + "starts_at = 2026-07-01T08:00:00+02:00\n"
    (campaign,) = read_campaigns(toml_document(text.encode()))
    assert campaign.starts_at.isoformat() == "2026-07-01T06:00:00+00:00"


@pytest.mark.parametrize("text", [b"[[campaigns", b"\xff", b"a = " + b"[" * 5000])
def test_what_is_no_toml_is_refused_in_words(text):
    with pytest.raises(BadCampaign, match="is no TOML"):
        toml_document(text)


@pytest.mark.parametrize(
    "text",
    [
        b"a." * 200_000 + b"b = 1",
        b"x = 1\n[" + b"a ." * 200_000 + b"b]",
        b"x = { " + b'"a".' * 100_000 + b"'b' = 1 }",
    ],
    ids=["a key", "a table", "an inline table"],
)
def test_a_name_of_thousands_of_parts_is_refused_before_it_costs_anything(text):
    with pytest.raises(BadCampaign, match="more than 16 parts"):
        toml_document(text)


def test_dots_in_texts_are_no_parts_of_a_name():
    words = "...".join("abcdefghijklmnopqrstuvwxyz") + " www." + ".".join("abcdefghij")
    campaign = a_campaign(name=words)
    assert read_campaigns(toml_document(campaigns_as_toml([campaign]).encode()))[0].name == words
