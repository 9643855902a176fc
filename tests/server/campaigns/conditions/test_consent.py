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


@pytest.mark.parametrize(
    ("purpose", "joined"),
    [
        ("location", "all'uso della posizione"),
        ("profiling", "a un profilo delle sue abitudini"),
        ("push", "ai messaggi push"),
        ("email", "alle e-mail"),
        ("sms", "agli SMS"),
    ],
)
def test_italian_joins_its_preposition_to_the_article_of_what_was_asked(purpose, joined):
    assert asked(purpose).in_language("it") == f"il cliente non ha acconsentito {joined}"
    assert asked(purpose, **{purpose: False}).in_language("it") == f"il cliente ha detto di no {joined}"
