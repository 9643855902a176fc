"""What holds for every call to action, whatever file it is in: this one test runs over the folder."""

from types import ModuleType

import pytest
from pydantic import ValidationError

from server.campaigns import BadCampaign, read_campaign, write_campaign
from server.campaigns.action import Action, BrokenAction, action_of
from server.campaigns.actions import ACTIONS
from tests.server.campaigns.makers import a_document

FIELDS = {"url": "https://shop.example/x", "coupon": "spring-10"}


def an_action(kind, **changes):
    fields = ACTIONS[kind].model_fields
    needed = {name for name, field in fields.items() if field.is_required() or name == "url"}
    return {"kind": kind} | {name: FIELDS[name] for name in needed} | changes


def a_campaign_with(action):
    offer = {"title": {"it": "Scarpe", "en": "Shoes"}, "body": {"it": "i", "en": "e"}, "action": action}
    return read_campaign(a_document(offer=offer))


def test_there_are_the_five_that_shops_ask_for():
    assert set(ACTIONS) >= {
        "open_link", "claim_coupon", "book_appointment", "ask_assistance", "give_feedback",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ACTIONS)
def test_it_is_read_and_written_as_it_was(kind):
    campaign = a_campaign_with(an_action(kind, label={"it": "Vai", "en": "Go"}))
    assert read_campaign(write_campaign(campaign)) == campaign


@pytest.mark.parametrize("kind", ACTIONS)
def test_the_app_is_told_what_it_needs_as_texts(kind):
    told = a_campaign_with(an_action(kind, label={"it": "Vai", "en": "Go"})).offer.told("it")
    assert (told["action"], told["label"]) == (kind, "Vai")
    assert all(isinstance(value, str) and value for value in told.values())
    assert set(told.values()) & set(FIELDS.values())


@pytest.mark.parametrize("kind", ACTIONS)
def test_a_button_speaks_all_the_languages_of_the_offer_or_leaves_that_to_the_app(kind):
    with pytest.raises(BadCampaign, match="the label is missing in it"):
        a_campaign_with(an_action(kind, label={"en": "Go"}))


@pytest.mark.parametrize("kind", ACTIONS)
def test_a_field_that_is_not_there_is_told_in_its_place(kind):
    with pytest.raises(BadCampaign) as caught:
        a_campaign_with(an_action(kind, colour="red"))
    fault = caught.value.faults[0]
    assert fault.place == "offer.action.colour"
    assert "label" in fault.reason


def test_an_unknown_kind_is_told_with_those_that_there_are():
    with pytest.raises(BadCampaign, match=r"offer\.action: there is no kind 'open_lnk'.*open_link"):
        a_campaign_with({"kind": "open_lnk"})


def test_nothing_leads_to_a_script():
    for kind, action in ACTIONS.items():
        if "url" in action.model_fields:
            with pytest.raises(ValidationError):
                action.model_validate(an_action(kind, url="javascript:alert(1)"))


def test_a_file_without_an_action_or_with_another_name_stops_the_start():
    empty = ModuleType("actions.wave")
    with pytest.raises(BrokenAction, match="must define one action"):
        action_of(empty)

    class Wave(Action, frozen=True):
        """Waves."""

        kind: str = "nod"

    Wave.__module__ = "actions.wave"
    empty.Wave = Wave
    with pytest.raises(BrokenAction, match="wave"):
        action_of(empty)
