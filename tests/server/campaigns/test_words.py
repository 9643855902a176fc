import copy
import json
import pickle
from datetime import UTC, date, datetime, time, timedelta

import pytest

from server.campaigns.words import (
    AllOf,
    AnyOf,
    DayName,
    Money,
    retold,
    say,
    spoken_list,
    spoken_span,
    spoken_time,
)

PHRASES = {
    "en": {"is": "it is {it}", "and": "{all} and {rest}", "only_english": "so it is"},
    "it": {"is": "è {it}", "and": "{all} e {rest}"},
}


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=59.9), "59 s"),
        (timedelta(minutes=14, seconds=20), "14 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(hours=3, minutes=20), "3 h 20 min"),
        (timedelta(hours=24), "1 day"),
        (timedelta(days=2, hours=4, minutes=59), "2 days 4 h"),
    ],
)
def test_lengths_of_time_sound_as_people_say_them(span, said):
    assert spoken_span(span) == said


def test_a_list_ends_in_a_word_and_not_in_a_comma():
    assert [spoken_list(list(names)) for names in ("", "a", "ab", "abc")] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_seconds_are_said_only_where_staff_wrote_some():
    assert (spoken_time(time(9)), spoken_time(time(9, 0, 30))) == ("09:00", "09:00:30")


@pytest.mark.parametrize(
    ("fact", "english", "italian"),
    [
        ("'Scarpe'", "'Scarpe'", "'Scarpe'"),
        (3, "3", "3"),
        (2.5, "2.5", "2,5"),
        (Money(1234.5), "1234.50", "1234,50"),
        (timedelta(days=2, hours=4), "2 days 4 h", "2 giorni 4 h"),
        (timedelta(days=1), "1 day", "1 giorno"),
        (date(2026, 7, 1), "1 July 2026", "1º luglio 2026"),
        (datetime(2026, 6, 10, 14, 0, 30, tzinfo=UTC), "10 June 2026 at 14:00", "10 giugno 2026 alle 14:00"),
        (time(9), "09:00", "09:00"),
        (DayName(2), "Wednesday", "mercoledì"),
        (AllOf([DayName(5), DayName(6)]), "Saturday and Sunday", "sabato e domenica"),
        (AnyOf(["a", "b", "c"]), "a, b or c", "a, b o c"),
        (say(PHRASES, "is", it=DayName(0)), "it is Monday", "è lunedì"),
    ],
)
def test_a_fact_is_a_value_and_each_language_has_its_own_words_for_it(fact, english, italian):
    sentence = say(PHRASES, "is", it=fact)
    assert sentence == f"it is {english}"
    assert sentence.in_language("it") == f"è {italian}"


def test_a_kept_sentence_is_told_again_in_any_language_after_years():
    sentence = say(PHRASES, "and", all=AllOf([timedelta(hours=3), Money(1)]), rest=say(PHRASES, "is", it=0.5))
    kept = json.loads(json.dumps({"phrase": sentence.phrase, "facts": sentence.facts}))
    assert retold(PHRASES, kept["phrase"], kept["facts"], "it") == "3 h e 1,00 e è 0,5"


@pytest.mark.parametrize(
    ("phrase", "facts"),
    [("forgotten", {}), ("is", {}), ("is", {"it": {"mood": 3}}), ("is", {"it": {"day": "no"}})],
)
def test_what_the_table_no_longer_says_is_left_to_the_kept_words(phrase, facts):
    assert retold(PHRASES, phrase, facts, "it") is None


@pytest.mark.parametrize(
    ("language", "told"), [("it-CH", "è 1"), ("IT", "è 1"), ("fr", "it is 1"), ("", "it is 1")]
)
def test_a_language_that_we_do_not_speak_hears_english(language, told):
    assert say(PHRASES, "is", it=1).in_language(language) == told
    assert say(PHRASES, "only_english").in_language(language) == "so it is"


def test_a_sentence_stays_one_when_it_is_copied_or_kept_elsewhere():
    sentence = say(PHRASES, "is", it=DayName(1))
    for other in (copy.deepcopy(sentence), pickle.loads(pickle.dumps(sentence))):  # noqa: S301  (our own bytes)
        assert (other, other.phrase, other.facts) == (sentence, "is", {"it": {"weekday": 1}})
        assert other.in_language("it") == "è martedì"


def test_a_name_with_braces_is_only_a_name():
    assert say(PHRASES, "is", it="{rest}") == "it is {rest}"


def test_what_has_no_words_is_refused_where_it_is_said():
    with pytest.raises(TypeError, match="no words are known for object"):
        say(PHRASES, "is", it=object())


JOINS = {
    "en": {"to": "to {it}", "on": "on {it}", "thing": "the shop", "several": "the shops"},
    "it": {"to": "parla a {it}", "on": "finisce il {it}", "thing": "il negozio", "several": "gli altri"},
}


def test_italian_prepositions_melt_into_articles_but_never_into_a_shops_own_names():
    assert say(JOINS, "to", it=say(JOINS, "thing")).in_language("it") == "parla al negozio"
    assert say(JOINS, "to", it=say(JOINS, "several")).in_language("it") == "parla agli altri"
    assert say(JOINS, "to", it="la carte").in_language("it") == "parla a la carte"


@pytest.mark.parametrize(
    ("day", "told"), [(8, "l'8 luglio"), (11, "l'11 luglio"), (9, "il 9 luglio"), (1, "il 1º luglio")]
)
def test_italian_days_have_their_own_article(day, told):
    assert say(JOINS, "on", it=date(2026, 7, day)).in_language("it") == f"finisce {told} 2026"


def test_what_was_kept_before_is_joined_too():
    kept = say(JOINS, "to", it=say(JOINS, "several")).facts
    assert retold(JOINS, "to", kept, "it") == "parla agli altri"
