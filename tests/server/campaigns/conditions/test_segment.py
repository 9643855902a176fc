import pytest
from pydantic import ValidationError

from server.campaigns.conditions.segment import Segment
from tests.server.campaigns.makers import a_moment, a_shopper


def asked(segment: Segment, *tags: str, **attributes) -> str | None:
    return segment.objection(a_moment(shopper=a_shopper(tags=frozenset(tags), attributes=attributes)))


def test_all_that_is_asked_for_must_hold():
    segment = Segment(
        has_tags=["loyalty"], lacks_tags=["staff"], equals={"tier": "gold"}, at_least={"points": 100}
    )
    assert asked(segment, "loyalty", tier="gold", points=100) is None
    assert asked(segment, "staff", tier="silver", points=99.5) == (
        "the shopper does not have the tag 'loyalty', the shopper has the tag 'staff', "
        "the shopper's 'tier' is not 'gold' and the shopper's 'points' is not 100 or more"
    )


def test_one_of_several_values_is_enough():
    segment = Segment(one_of={"city": ["Milano", "Monza"]})
    assert asked(segment, city="Monza") is None
    assert asked(segment, city="Roma") == "the shopper's 'city' is not 'Milano' or 'Monza'"


def test_what_is_not_known_of_a_shopper_does_not_hold():
    assert asked(Segment(equals={"tier": "gold"}))
    assert asked(Segment(one_of={"tier": ["gold"]}))
    assert asked(Segment(at_least={"points": 0}))


def test_the_reason_does_not_tell_what_the_shopper_has():
    assert "4711" not in asked(Segment(at_least={"points": 5000}), points=4711)


@pytest.mark.parametrize(("given", "wanted"), [(True, 1), (1, True), ("1", 1), (0, False), (None, "None")])
def test_values_of_different_kinds_are_different(given, wanted):
    assert asked(Segment(equals={"member": wanted}), member=given)


@pytest.mark.parametrize(("given", "wanted"), [(1, 1.0), ("gold", "gold"), (True, True)])
def test_values_that_are_the_same_are_the_same(given, wanted):
    assert asked(Segment(equals={"member": wanted}), member=given) is None


@pytest.mark.parametrize("given", [True, "200", None, float("nan"), [200]])
def test_only_a_number_can_be_at_least_another(given):
    assert asked(Segment(at_least={"points": 1}), points=given)


@pytest.mark.parametrize("fields", [{}, {"name": "regulars", "has_tags": ["loyalty"]}])
def test_a_segment_asks_for_something_or_names_another_but_not_both(fields):
    with pytest.raises(ValidationError, match="give tags or attributes"):
        Segment(**fields)


def test_a_name_that_nothing_was_put_in_place_of_lets_nobody_in():
    assert asked(Segment(name="regulars"), "loyalty") == "there is no segment 'regulars'"


def test_the_reason_is_told_in_italian_too():
    segment = Segment(has_tags=["fedeltà"], one_of={"city": ["Milano", "Monza"]}, at_least={"points": 2.5})
    assert asked(segment).in_language("it") == (
        "il cliente non ha l'etichetta 'fedeltà', 'city' del cliente non è 'Milano' o 'Monza' "
        "e 'points' del cliente non è 2,5 o più"
    )
