"""The main job as a stranger starts it, and that it cannot be fooled."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.stage import Stage, perform
from simulator.town import raise_town
from simulator.world import read_world

HERE = Path(__file__).resolve().parents[2]
KEYS = (
    "visits_true visits_found offers_due offers_sent offers_missed offers_wrong offers_doubled "
    "heard_to_sent_ms_p50 heard_to_sent_ms_p99 withheld"
)

pytestmark = pytest.mark.skipif(
    os.environ.get("SOGLIA_SKIP_JOURNEYS") == "1",
    reason="stories are played in real time: SOGLIA_SKIP_JOURNEYS=1 leaves them out",
)


def test_the_demo_prints_its_verdict_and_ends_well():
    asked = [sys.executable, "-m", "simulator", "demo", "--headless", "--seconds", "25", "--json"]
    ended = subprocess.run(asked, cwd=HERE, capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode == 0, ended.stderr
    figures = json.loads(ended.stdout)
    assert list(figures) == KEYS.split()
    assert figures["offers_sent"] >= figures["offers_due"] > 0
    assert (figures["offers_missed"], figures["offers_wrong"], figures["offers_doubled"]) == (0, 0, 0)
    assert {"segment", "consent", "shopper_quiet_hours"} <= set(figures["withheld"])


async def test_a_server_that_reaches_nobody_is_found_out():
    stage = Stage()
    town = raise_town(read_world(stage.shop), 1, 20.0, {"neighbour": 3})
    verdict, _ = await perform(town, stage, {"SOGLIA_FCM__ENDPOINT": "http://127.0.0.1:1"})
    assert not verdict.good
    assert verdict.offers_lost == verdict.offers_due > 0
