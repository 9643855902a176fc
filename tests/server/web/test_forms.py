"""Whoever draws a form asks the API what there is to fill in: every kind has its words in our languages, and a new file needs no more."""

import pytest

from server.campaigns import CONDITIONS
from server.campaigns.actions import ACTIONS
from server.campaigns.form import form_of, words_lacking
from server.campaigns.words import LANGUAGES
from server.web.forms import form_routes
from tests.server.campaigns.test_condition import Weather


@pytest.fixture
def ask(open_doors, guard, tokens):
    doors = open_doors(form_routes(guard))

    async def ask(path, language, role="analyst"):
        headers = {**tokens.headers(role), "Accept-Language": language}
        return (await doors.get(path, headers=headers)).json()

    return ask


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [*CONDITIONS.values(), *ACTIONS.values()])
def test_every_form_has_its_words_in_our_languages(kind, language):
    assert words_lacking(kind, language) == []


def test_a_condition_without_words_is_shown_by_its_docstring_and_its_fields():
    class Rain(Weather, frozen=True):
        """Only in the dry.

        Asks nobody.
        """

        at_least: int = 1

    form = form_of(Rain, "it")
    assert (form.title, form.help) == ("Weather", "Only in the dry. Asks nobody.")
    assert form.schema["properties"]["at_least"]["title"] == "At least"


async def test_all_kinds_are_told_in_the_language_of_whoever_asks(ask):
    for path, kinds in (("conditions", CONDITIONS), ("actions", ACTIONS)):
        english, italian = [(await ask(f"/v1/{path}", each))[path] for each in ("en", "it")]
        assert [each["kind"] for each in english] == [each["kind"] for each in italian] == list(kinds)
        assert all(one["title"] != other["title"] for one, other in zip(english, italian, strict=True))


async def test_a_form_names_its_choices_and_says_what_a_text_names(ask):
    kinds = {each["kind"]: each for each in (await ask("/v1/conditions", "it"))["conditions"]}
    cap = kinds["frequency_cap"]
    assert (cap["about"], cap["audience"]) == ("often", False)
    assert cap["form"]["properties"]["calendar"]["x-choices"]["week"] == "settimana"
    assert cap["form"]["properties"]["window"]["anyOf"][0]["format"] == "span"
    assert kinds["lapsed"]["form"]["properties"]["zone"]["x-names"] == "zone"
    assert kinds["segment"]["audience"]
    start = kinds["schedule"]["form"]["$defs"]["Daytime"]["properties"]["start"]
    assert (start["title"], start["format"]) == ("Dalle", "daytime")
