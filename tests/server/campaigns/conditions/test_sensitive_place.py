from server.campaigns import Happening
from server.campaigns.conditions.sensitive_place import SensitivePlace
from tests.server.campaigns.makers import SHOES, a_moment, an_event, zone_facts


def test_nobody_is_spoken_to_in_a_sensitive_place():
    chapel = Happening(an_event(), zone_facts(SHOES, sensitive=True))
    assert SensitivePlace().objection(a_moment(chapel)) == (
        "'Scarpe' is a sensitive place, where nobody is spoken to"
    )
    assert SensitivePlace().objection(a_moment()) is None
