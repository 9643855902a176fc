"""Every story of simulator/scenarios/, played against a running house and judged by its own verdict."""

import os
from contextlib import suppress

import pytest

from simulator.scenarios import scenarios
from simulator.stage import Stage

#: Stories that need something of their own. All others are played as they are.
STAGES = {"kill_nine": Stage(times=3)}
LONGEST_FIRST = {story: {"recorded": 0, "kill_nine": 1}.get(story, 2) for story in scenarios()}


def stage_of(story: str, request: pytest.FixtureRequest) -> Stage:
    if story == "recorded":
        return Stage(data=request.getfixturevalue("data_dir"))
    return STAGES.get(story, Stage())


@pytest.fixture(scope="session")
def all_started(request, playbill):
    """Starts every story that was asked for: each takes its time whether we wait for it or not. The longest goes first."""
    items = [getattr(item, "callspec", None) for item in request.session.items]
    asked = {spec.params["story"] for spec in items if spec is not None and "story" in spec.params}
    for story in sorted(asked, key=LONGEST_FIRST.get):
        with suppress(pytest.skip.Exception):  # its own test will say why
            playbill(story, stage_of(story, request))


@pytest.mark.skipif(
    os.environ.get("SOGLIA_SKIP_JOURNEYS") == "1",
    reason="stories are played in real time: SOGLIA_SKIP_JOURNEYS=1 leaves them out",
)
@pytest.mark.parametrize("story", sorted(scenarios(), key=LONGEST_FIRST.get, reverse=True))
def test_a_story_goes_as_it_should(story, all_started, playbill, request):
    outcome = playbill(story, stage_of(story, request)).result()
    assert outcome.good, "\n".join([*outcome.sentences, str(dict(outcome.figures))])
