"""Every story of simulator/scenarios/, played against a running house and judged by its own verdict."""

import json
import os

import pytest

from simulator.scenarios import scenarios


@pytest.mark.skipif(
    os.environ.get("SOGLIA_SKIP_JOURNEYS") == "1",
    reason="stories are played in real time: SOGLIA_SKIP_JOURNEYS=1 leaves them out",
)
@pytest.mark.parametrize("story", sorted(scenarios()))
def test_a_story_goes_as_it_should(story, request):
    if story == "recorded":
        request.getfixturevalue("data_dir")  # says what to do where there are no recordings
    ended = request.getfixturevalue("playbill").ended(story)
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    assert json.loads(ended.stdout), "a story that tells no figures was not played"
