import pytest
from pydantic import ValidationError

from server.campaigns.conditions.reachable import Reachable
from server.campaigns.words import Sentence
from tests.server.campaigns.makers import a_moment, a_shopper


def asked(condition: Reachable, *reach: str) -> Sentence | None:
    return condition.objection(a_moment(shopper=a_shopper(reach=frozenset(reach))))


def test_one_of_the_channels_is_enough():
    assert asked(Reachable(channels=["email", "sms"]), "sms") is None
    objection = asked(Reachable(channels=["email", "fcm"]), "sms")
    assert objection == "the shopper cannot be reached by e-mail or push to the app"
    assert objection.in_language("it") == "il cliente non si può raggiungere con e-mail o push all'app"


def test_any_channel_will_do_where_none_is_named():
    assert asked(Reachable(), "inbox") is None
    assert asked(Reachable()) == "the shopper cannot be reached by any channel"


def test_a_channel_that_there_is_not_is_refused():
    with pytest.raises(ValidationError, match="channels"):
        Reachable(channels=["pigeon"])
