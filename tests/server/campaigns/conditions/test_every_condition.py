"""The laws of a condition, over all that the folder holds: a new file is tried here without a word of wiring."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from server.campaigns import CONDITIONS, Condition, DeviceFacts, Moment
from server.campaigns.condition import AudienceCondition, lack_of_words
from server.campaigns.words import LANGUAGES, Sentence, retold
from tests.server.campaigns.makers import NOON, a_happening
from tests.server.campaigns.strategies import conditions, moments

EVERY = pytest.mark.parametrize("kind", CONDITIONS)


@EVERY
def test_any_condition_keeps_every_law_at_any_moment(kind):
    @given(conditions(kind), moments())
    def keeps(condition, moment):
        for law in LAWS:
            law(condition, moment)

    keeps()


def it_is_silent_or_gives_one_sentence_in_both_languages(condition: Condition, moment: Moment) -> None:
    objection = condition.objection(moment)
    assert condition.objection(moment) == objection
    if objection is not None:
        assert isinstance(objection, Sentence)
        assert objection.phrase in condition.phrases["en"]
        assert all(objection.in_language(language).strip() for language in LANGUAGES)


def what_it_said_can_be_kept_as_json_and_told_again(condition: Condition, moment: Moment) -> None:
    if objection := condition.objection(moment):
        kept = json.loads(json.dumps(objection.facts))
        for language in LANGUAGES:
            told = retold(condition.phrases, objection.phrase, kept, language)
            assert told == objection.in_language(language)


def it_holds_only_until_later_and_only_where_it_objects(condition: Condition, moment: Moment) -> None:
    until = condition.holds_until(moment)
    if until is not None:
        assert condition.objection(moment)
        assert until > moment.now


def facts_that_nobody_looked_up_are_no_yes(condition: Condition, moment: Moment) -> None:
    """And what it does not say that it needs, it does not look at."""
    shopper = moment.shopper and replace(moment.shopper, past=None, redeemed=None)
    unread = replace(moment, shopper=shopper, issued=None, budget_spent=None)
    if condition.needs:
        assert condition.objection(unread)
    else:
        assert condition.objection(unread) == condition.objection(moment)


def what_was_sent_before_it_looks_back_changes_nothing(condition: Condition, moment: Moment) -> None:
    if moment.shopper:
        since = moment.now - condition.look_back
        seen = tuple(offer for offer in moment.shopper.sent if offer.at > since)
        shortened = replace(moment, shopper=replace(moment.shopper, sent=seen))
        assert condition.objection(shortened) == condition.objection(moment)
    assert condition.look_back >= timedelta()


def it_does_not_look_at_who_the_device_is(condition: Condition, moment: Moment) -> None:
    other = replace(moment, device=replace(moment.device, id="someone else's"))
    assert condition.objection(other) == condition.objection(moment)


def nobody_is_in_no_audience_and_places_do_not_matter_to_it(condition: Condition, moment: Moment) -> None:
    if not isinstance(condition, AudienceCondition):
        return
    stranger = condition.objection(replace(moment, shopper=None))
    assert stranger is not None
    assert stranger.phrase == "nobody"
    if moment.shopper and condition.same_everywhere:
        assert condition.lack(moment.shopper, moment.now, None) == condition.objection(moment)


LAWS = (
    it_is_silent_or_gives_one_sentence_in_both_languages,
    what_it_said_can_be_kept_as_json_and_told_again,
    it_holds_only_until_later_and_only_where_it_objects,
    facts_that_nobody_looked_up_are_no_yes,
    what_was_sent_before_it_looks_back_changes_nothing,
    it_does_not_look_at_who_the_device_is,
    nobody_is_in_no_audience_and_places_do_not_matter_to_it,
)


@EVERY
def test_every_phrase_is_there_in_both_languages_with_the_same_facts(kind):
    assert set(CONDITIONS[kind].phrases) == set(LANGUAGES)
    assert lack_of_words(CONDITIONS[kind].phrases) is None


@EVERY
def test_any_condition_reads_back_as_it_was_written_and_answers_where_nothing_is_known(kind):
    @given(conditions(kind))
    def law(condition):
        assert CONDITIONS[kind].model_validate(condition.model_dump(mode="json")) == condition
        condition.objection(Moment(NOON, (a_happening(),), DeviceFacts("d_fob")))

    law()


@EVERY
def test_the_form_of_a_condition_explains_itself(kind):
    schema = CONDITIONS[kind].model_json_schema()
    assert schema["description"]
    assert schema["properties"]["kind"]["const"] == kind
