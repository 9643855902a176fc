"""The laws of a condition, over all that the folder holds: a new file is tried here without a word of wiring."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.campaigns import CONDITIONS
from tests.server.campaigns.strategies import any_condition, conditions, moments


@pytest.mark.parametrize("kind", CONDITIONS)
def test_any_condition_answers_any_moment_with_silence_or_with_words(kind):
    @given(conditions(kind), moments())
    def law(condition, moment):
        objection = condition.objection(moment)
        assert objection is None or objection.strip()
        assert condition.objection(moment) == objection

    law()


@pytest.mark.parametrize("kind", CONDITIONS)
def test_any_condition_reads_back_as_it_was_written(kind):
    @given(conditions(kind))
    def law(condition):
        assert CONDITIONS[kind].model_validate(condition.model_dump(mode="json")) == condition

    law()


@given(any_condition, moments(), st.sampled_from(["", "someone else's"]))
def test_no_condition_looks_at_who_the_device_is(condition, moment, name):
    other = replace(moment, device=replace(moment.device, id=name))
    assert condition.objection(other) == condition.objection(moment)


@given(any_condition, moments())
def test_what_was_sent_before_it_looks_back_changes_nothing(condition, moment):
    if moment.shopper:
        since = moment.now - condition.look_back
        seen = tuple(offer for offer in moment.shopper.sent if offer.at > since)
        shortened = replace(moment, shopper=replace(moment.shopper, sent=seen))
        assert condition.objection(shortened) == condition.objection(moment)
    assert condition.look_back.total_seconds() >= 0


@pytest.mark.parametrize("kind", CONDITIONS)
def test_the_form_of_a_condition_explains_itself(kind):
    schema = CONDITIONS[kind].model_json_schema()
    assert schema["description"]
    assert schema["properties"]["kind"]["const"] == kind
