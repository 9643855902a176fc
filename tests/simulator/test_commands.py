"""The command line, as far as it goes without a server."""

from typer.testing import CliRunner

from simulator.commands import program
from simulator.scenarios import scenarios

cli = CliRunner()


def test_without_a_name_the_stories_are_listed_with_their_captions():
    asked = cli.invoke(program, ["run"])
    assert asked.exit_code == 0
    assert all(name in asked.output for name in scenarios())


def test_a_story_that_nobody_wrote_is_a_wrong_question():
    asked = cli.invoke(program, ["run", "alien_landing"])
    assert asked.exit_code == 2
    assert asked.output.startswith("There is no story alien_landing.")
    assert "lunch_rush" in asked.output


def test_a_benchmark_that_nobody_wrote_is_a_wrong_question():
    asked = cli.invoke(program, ["bench", "warp_speed"])
    assert asked.exit_code == 2
    assert asked.output.startswith("There is no benchmark warp_speed.")


def test_recorded_traces_are_asked_for_when_they_are_not_given():
    asked = cli.invoke(program, ["run", "recorded"])
    assert asked.exit_code == 2
    assert "--data" in asked.output


def test_a_folder_without_traces_is_named(tmp_path):
    asked = cli.invoke(program, ["run", "recorded", "--data", str(tmp_path)])
    assert asked.exit_code == 2
    assert "neither" in asked.output


def test_a_folder_that_is_no_shop_is_refused(tmp_path):
    asked = cli.invoke(program, ["demo", "--headless", "--shop", str(tmp_path)])
    assert asked.exit_code == 2
    assert "not a shop" in " ".join(asked.output.replace("│", "").split())  # whatever the width of its frame


def test_every_story_says_in_a_line_what_it_is():
    assert all(story.caption and "\n" not in story.caption for story in scenarios().values())
