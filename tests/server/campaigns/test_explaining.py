"""A decision that was kept is told as it was made: gate by gate, in either language."""

import pytest

from server.campaigns.decide import objections
from server.campaigns.decision import Reason
from server.campaigns.explaining import looks, looks_of
from tests.server.campaigns.makers import AGREED, a_campaign, a_moment, a_shopper


def kept(reasons):
    return [{"gate": r.gate, "words": r.words, "phrase": r.phrase, "facts": dict(r.facts)} for r in reasons]


NIGHT = {"kind": "quiet_hours", "start": "13:00", "end": "18:00"}
NOON_TILL_FOUR = {"kind": "quiet_hours", "start": "12:00", "end": "16:00"}
LATER = {"kind": "quiet_hours", "start": "20:00", "end": "21:00"}
CLUB = {"kind": "segment", "has_tags": ["club"]}


@pytest.mark.parametrize(
    "conditions", [[], [NIGHT], [LATER, NIGHT], [NIGHT, NOON_TILL_FOUR], [CLUB, LATER, NOON_TILL_FOUR]]
)
@pytest.mark.parametrize("consents", [None, {}])
def test_kept_reasons_say_what_was_seen(conditions, consents):
    campaign = a_campaign(conditions=conditions)
    shopper = a_shopper() if consents is None else a_shopper(consents=consents)
    moment = a_moment(shopper=shopper)
    then = looks(campaign, moment)
    told = looks_of(campaign, kept(objections(campaign, moment)), "en")
    seen = [(each.gate, each.looked, each.words("en")) for each in told if each.gate != "consent"]
    assert seen == [(each.gate, each.looked, each.words("en")) for each in then if each.gate != "consent"]


@pytest.mark.parametrize(("purpose", "passing"), [("profiling", True), ("push", False)])
def test_a_consent_that_only_the_campaign_asks_for_is_its_conditions(purpose, passing):
    campaign = a_campaign("shoes", {"kind": "consent", "purpose": purpose})
    agreed = {each: given for each, given in AGREED.items() if each != purpose}
    then = objections(campaign, a_moment(shopper=a_shopper(consents=agreed)))
    first, last = [each for each in looks_of(campaign, kept(then), "en") if each.gate == "consent"]
    assert (first.passes, last.passes) == (passing, False)
    assert last.looked == passing


def test_what_comes_after_the_gates_comes_last():
    campaign = a_campaign(conditions=[CLUB])
    for gate in ("text", "hold_out"):
        reasons = kept([Reason("arbitration", "nothing", "sent"), Reason(gate, "so it is")])
        told = looks_of(campaign, reasons, "en")
        assert [(each.gate, each.words("en")) for each in told if not each.passes] == [(gate, "so it is")]
        assert told[-1].gate == gate


def test_a_campaign_that_was_not_live_any_more_looked_at_nothing():
    told = looks_of(a_campaign(conditions=[CLUB]), kept([Reason("not_live", "gone")]), "it")
    assert [each.gate for each in told if each.looked] == [
        "shopper_known",
        "sensitive_place",
        "consent",
        "freshness",
        "not_live",
    ]
