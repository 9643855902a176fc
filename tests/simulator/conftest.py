"""The demo's town, read once, and small makers for the verdict's cases."""

from pathlib import Path

import pytest

from simulator.world import World, read_world

DEMO = Path(__file__).resolve().parents[2] / "config" / "demo"


@pytest.fixture(scope="session")
def world() -> World:
    """The shop of config/demo."""
    return read_world(DEMO)
