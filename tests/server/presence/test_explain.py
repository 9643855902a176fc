"""Evidence in a shop manager's words, in each language that we speak."""

import string
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from server.presence.explain import PHRASES, Speech, Standing, Subject, closed, lacking, opened, standing
from server.presence.visit import Evidence, Phase, Weighing, Why
from server.zones.zone import MANNERS, Manner
from tests.makers import NOON_S

NORMAL, QUICK = Manner("normal", 0.8, 0.2, 3.0, 10.0), Manner("quick", 0.8, 0.2, 0.0, 5.0)
SURE = Manner("sure", 0.9, 0.1, 15.0, 30.0)
ARRIVED = Weighing(NOON_S, 0.93, -61.0, "gw_7", 3, int(Phase.ARRIVING))
LEFT = Weighing(NOON_S + 60, 0.04, -70.0, "gw_8", 1, int(Phase.LEAVING))
MILAN = Speech("en", ZoneInfo("Europe/Rome"), {"gw_7": "Shoe gateway", "hats": "Hats", "shoes": "Shoes"})
SHOES = Subject("shoes")


def an_evidence(why="believed", **facts) -> Evidence:
    return Evidence(
        **{"why": why, "known_at": NOON_S + 3, "manner": NORMAL, "weighings": (ARRIVED,), **facts}
    )


def test_a_visit_says_who_heard_the_shopper_and_how_sure_that_made_us():
    assert opened(an_evidence(), NOON_S, SHOES, MILAN).was == (
        "Inside “Shoes” from 14:00:00: heard by “Shoe gateway” at -61 dBm and by 3 others; 93 % sure of it.",
        "The zone asks for 80 % for 3 s: certain at 14:00:03.",
    )


def test_a_visit_says_what_it_would_have_taken():
    no_visit, *others = opened(an_evidence(), NOON_S, SHOES, MILAN).otherwise
    assert no_visit == "Had we been less than 80 % sure before 14:00:03, it would have been no visit."
    assert [sentence.split("(")[0] for sentence in others] == ["As a “quick” zone ", "As a “sure” zone "]


@pytest.mark.parametrize("word", ["quick", "sure"])
@pytest.mark.parametrize("inside", [0.99, 0.5])
def test_a_visit_says_when_it_would_have_been_certain_in_a_zone_of_another_word(word, inside):
    told = opened(an_evidence(weighings=(ARRIVED._replace(inside=inside),)), NOON_S, SHOES, MILAN)
    other = MANNERS[word]
    zone = f"As a “{word}” zone ({MILAN.asked(other.enter_at, other.enter_after_s)})"
    certain = MILAN.time(NOON_S + other.enter_after_s)
    if inside < other.enter_at:
        expected = f"{zone} it would not have been certain by 14:00:03: until then 50 % was the most."
    elif other.enter_after_s > 3.0:
        expected = f"{zone} it would not have been certain before {certain}."
    else:
        expected = f"{zone} it would have been certain at {certain}."
    assert expected in told.otherwise


def test_a_zone_that_waits_for_nothing_was_certain_with_one_word():
    told = opened(an_evidence(manner=QUICK, known_at=NOON_S), NOON_S, SHOES, MILAN)
    assert told.was[1] == "The zone asks for 80 % without a wait: certain at once."
    assert not any("no visit" in sentence for sentence in told.otherwise)


def test_a_position_is_told_by_what_the_phone_claimed():
    by_fix = an_evidence(weighings=(Weighing(NOON_S, 0.999, 8.0, None, 0, int(Phase.ARRIVING)),))
    assert opened(by_fix, NOON_S, SHOES, MILAN).was[0] == (
        "Inside “Shoes” from 14:00:00: a position, exact to 8 m by the phone's word; over 99 % sure of it."
    )


def test_what_was_known_before_a_restart_has_nobody_who_said_it():
    recalled = an_evidence(weighings=(ARRIVED._replace(anchor=None, strength=None),))
    assert opened(recalled, NOON_S, SHOES, MILAN).was[0] == (
        "Inside “Shoes” from 14:00:00: by what was last known of it; 93 % sure of it."
    )


def test_a_shop_entered_through_its_department_names_it():
    implied = an_evidence("implied", zone="hats", weighings=())
    assert opened(implied, NOON_S, SHOES, MILAN).was == (
        "Inside “Shoes” from 14:00:00, since who is in “Hats” is in “Shoes” too.",
        "Nothing had spoken of “Shoes” itself.",
    )


def test_an_exit_says_what_spoke_against_it_and_what_would_have_kept_the_visit_open():
    told = closed(
        an_evidence("left", known_at=NOON_S + 70, weighings=(ARRIVED, LEFT)), NOON_S + 60, SHOES, MILAN
    )
    assert told.was == (
        "Outside “Shoes” from 14:01:00: heard by “gw_8” at -70 dBm and by one other; 4 % sure of being inside.",
        "At most 20 % for 10 s ends a visit here: certain at 14:01:10.",
    )
    assert told.otherwise == (
        "Had we been more than 20 % sure again before 14:01:10, the visit would have gone on.",
    )


def test_a_silence_says_when_the_last_word_was_and_what_is_usual():
    silent = an_evidence("silence", known_at=NOON_S + 80, heard_at=NOON_S + 60, usual_gap_s=1.96)
    assert closed(silent, NOON_S + 60, SHOES, MILAN).was == (
        "Outside “Shoes”: not heard after 14:01:00, and after 20 s of silence, at 14:01:20, that counted as gone.",
        "This device is usually heard every 2 s.",
    )


def test_a_gateway_that_fell_silent_is_not_taken_for_a_shopper_who_left():
    given_up = an_evidence("gateway_silent", known_at=NOON_S + 3600, heard_at=NOON_S + 60)
    assert closed(given_up, NOON_S + 60, SHOES, MILAN).was == (
        "Outside “Shoes”: not heard after 14:01:00, and the gateway there told nothing either: given up at 15:00:00.",
    )


def test_a_neighbour_that_was_entered_is_named():
    told = closed(
        an_evidence("sibling", zone="hats", known_at=NOON_S + 63, weighings=(LEFT,)),
        NOON_S + 60,
        SHOES,
        MILAN,
    )
    assert told.was[1] == "At 14:01:03 it was certain that “Hats” next to it was entered."
    assert told.otherwise == ("Without that, the exit would have been certain at 14:01:10.",)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("closed", "the zone was closed."),
        ("deleted", "the zone was taken out of use, and is deleted now."),
        ("open", "the zone was taken out of use then, and is in use again now."),
    ],
)
def test_a_zone_that_staff_closed_is_told_from_one_that_they_deleted(state, words):
    told = closed(an_evidence("zone_gone"), NOON_S, Subject("shoes", state), MILAN)
    assert told.was == (f"Outside “Shoes” from 14:00:00: {words}",)


def test_a_zone_that_was_moved_away_from_somebody_says_so():
    doubt = Weighing(NOON_S + 60, 0.01, None, None, 0, int(Phase.LEAVING))
    moved = an_evidence("left", known_at=NOON_S + 70, weighings=(ARRIVED, doubt))
    assert closed(moved, NOON_S + 60, SHOES, MILAN).was[0] == (
        "Outside “Shoes” from 14:01:00: the zone was moved, drawn anew or set otherwise; by what was last known, "
        "1 % sure of being inside."
    )


def test_a_change_of_the_zone_during_the_visit_is_told_with_its_time():
    left = an_evidence("left", known_at=NOON_S + 70, weighings=(ARRIVED, LEFT))
    told = closed(left, NOON_S + 60, Subject("shoes", changed_at=NOON_S + 58), MILAN)
    assert told.was[-1] == "The zone was changed at 14:00:58, during this visit."


def test_what_had_been_sure_enough_but_not_for_long_enough_says_that_it_did_not_last():
    fell = (ARRIVED._replace(inside=0.95), ARRIVED._replace(at=NOON_S + 2, inside=0.85, turn=0))
    sentence = opened(an_evidence(weighings=fell), NOON_S, SHOES, MILAN).otherwise[-1]
    assert sentence == (
        "As a “sure” zone (90 % for 15 s) it would not have been certain by 14:00:03: 95 % did not last."
    )


def test_where_nobody_knows_the_time_zone_times_are_in_utc_and_say_so():
    assert opened(an_evidence(), NOON_S, SHOES, Speech("en")).was[1] == (
        "The zone asks for 80 % for 3 s: certain at 12:00:03 UTC."
    )


def test_a_department_that_nobody_doubted_is_left_for_its_neighbour_all_the_same():
    told = closed(an_evidence("sibling", zone="hats", known_at=NOON_S + 63), NOON_S + 60, SHOES, MILAN)
    assert told.was == (
        "Outside “Shoes” from 14:01:00.",
        "At 14:01:03 it was certain that “Hats” next to it was entered.",
    )
    assert told.otherwise == ()


@pytest.mark.parametrize(
    ("inside", "held_s", "words"),
    [
        (0.74, 2.0, "We are 74 % sure; it takes 90 % for 15 s."),
        (0.95, 2.0, "We have been 95 % sure for 2 s; it takes 90 % for 15 s."),
    ],
)
def test_who_is_not_in_yet_lacks_certainty_or_time(inside, held_s, words):
    assert lacking(inside, held_s, SURE, MILAN) == words


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        (Phase.ARRIVING, "We have been 93 % sure for 2 s; it takes 80 % for 3 s."),
        (
            Phase.INSIDE,
            "Inside “Shoes” from 14:00:00; at most 20 % for 10 s would end it, or a long silence.",
        ),
        (
            Phase.LEAVING,
            (
                "Outside “Shoes” from 14:00:00, 93 % sure of being inside: certain at 14:00:10, "
                "unless we are more than 20 % sure again."
            ),
        ),
    ],
)
def test_a_stay_that_is_not_over_says_what_would_change_it(phase, words):
    assert standing(Standing("shoes", phase, NOON_S, 0.93), NOON_S + 2, NORMAL, MILAN) == words


def test_a_visit_older_than_its_evidence_says_that_nothing_was_kept():
    assert (
        opened(None, NOON_S, SHOES, MILAN).was
        == closed(None, NOON_S, SHOES, MILAN).was
        == ("Nothing was kept of why.",)
    )


@pytest.mark.parametrize("language", PHRASES)
@pytest.mark.parametrize("why", get_args(Why))
@pytest.mark.parametrize("manner", [None, QUICK, SURE])
@pytest.mark.parametrize("weighings", [(), (ARRIVED, LEFT)])
def test_whatever_was_kept_has_words_in_each_language(language, why, manner, weighings):
    evidence = an_evidence(why, manner=manner, weighings=weighings, zone="hats")
    for tell in (opened, closed):
        told = tell(evidence, NOON_S, Subject("shoes"), Speech(language))
        assert told.was
        assert all(sentence.endswith(".") for sentence in told.was + told.otherwise)


def test_all_languages_have_the_same_sentences_with_the_same_facts():
    def facts(language):
        return {
            name: {fact for _, fact, _, _ in string.Formatter().parse(words) if fact}
            for name, words in PHRASES[language].items()
        }

    assert all(facts(language) == facts("en") for language in PHRASES)
