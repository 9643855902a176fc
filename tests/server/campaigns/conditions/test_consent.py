import pytest

from server.campaigns import ConsentGiven
from server.campaigns.conditions.consent import Consent
from tests.server.campaigns.makers import NOON, a_moment, a_shopper


def asked(purpose: str, **consents: bool) -> str | None:
    given = {name: ConsentGiven(granted=granted, at=NOON) for name, granted in consents.items()}
    return Consent(purpose=purpose).objection(a_moment(shopper=a_shopper(consents=given)))


def test_who_agreed_may_be_spoken_to():
    assert asked("profiling", profiling=True) is None


def test_who_was_never_asked_has_not_agreed():
    assert asked("profiling", push=True) == "the shopper has not agreed to a profile of their habits"


def test_who_withdrew_is_told_apart_from_who_was_never_asked():
    assert asked("sms", sms=False) == "the shopper has said no to SMS"


@pytest.mark.parametrize("purpose", ["location", "profiling", "push", "email", "sms"])
def test_one_purpose_never_stands_for_another(purpose):
    others = {name: True for name in ("location", "profiling", "push", "email", "sms") if name != purpose}
    assert asked(purpose, **others).startswith("the shopper has not agreed to")
