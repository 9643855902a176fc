"""What every test may ask for: where the labelled traces are, and one fixed noon."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

# A law holds on a busy machine too: how long one example took says nothing about it.
settings.register_profile("calm", deadline=None)
settings.load_profile("calm")

NOON = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)


@pytest.fixture
def noon() -> datetime:
    """A calm Wednesday noon (UTC) that tests share."""
    return NOON


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of labelled real traces, beside the checkout or where SOGLIA_DATA points."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("SOGLIA_DATA", beside))
    if not (folder / "SOURCES.md").is_file():
        pytest.skip("no labelled traces here: set SOGLIA_DATA to their folder (see README, Recorded traces)")
    return folder
