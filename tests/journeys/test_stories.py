"""Every story of simulator/scenarios/, played against a running house and judged by its own verdict."""

import os

import pytest

from simulator.scenarios import scenarios
from simulator.stage import Stage

#: Stories that need something of their own. All others are played as they are.
STAGES = {"kill_nine": Stage(times=3)}


def stage_of(story: str, request: pytest.FixtureRequest) -> Stage:
    if story == "recorded":
        return Stage(data=request.getfixturevalue("data_dir"))
    return STAGES.get(story, Stage())


@pytest.fixture(scope="session")
def all_started(request, playbill):
    """Starts every story that was asked for at once: each takes its time whether we wait or not."""
    asked = [
        item.callspec.params["story"]
        for item in request.session.items
        if "story" in getattr(getattr(item, "callspec", None), "params", {})
    ]
    for story in asked:
        if story != "recorded":
            playbill(story, stage_of(story, request))


@pytest.mark.skipif(
    os.environ.get("SOGLIA_SKIP_JOURNEYS") == "1",
    reason="stories are played in real time: SOGLIA_SKIP_JOURNEYS=1 leaves them out",
)
@pytest.mark.parametrize("story", sorted(scenarios(), key=lambda name: name == "recorded"))
def test_a_story_goes_as_it_should(story, all_started, playbill, request):
    outcome = playbill(story, stage_of(story, request)).result()
    assert outcome.good, "\n".join([*outcome.sentences, str(dict(outcome.figures))])
