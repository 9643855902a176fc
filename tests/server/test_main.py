"""The door of the command line, in the full install and in the scanner's."""

import subprocess
import sys

import pytest

WITHOUT = "import sys; sys.modules[{!r}] = None; from server.__main__ import main; main()"


def test_the_module_is_the_command():
    shown = subprocess.run(
        [sys.executable, "-m", "server", "--help"], capture_output=True, text=True, check=True
    )
    for command in ("serve", "migrate", "staff", "key", "doctor"):
        assert command in shown.stdout


def test_the_scanners_install_is_told_in_a_sentence_what_the_server_needs():
    told = subprocess.run(
        [sys.executable, "-c", WITHOUT.format("aiohttp"), "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 2
    assert "aiohttp is missing" in told.stderr
    assert "install soglia[server]" in told.stderr
    assert len(told.stderr.splitlines()) == 1


@pytest.mark.parametrize("ours", ["server.app", "server.records"])
def test_a_room_of_ours_that_is_missing_is_no_matter_of_installs(ours):
    told = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(ours), "--help"], capture_output=True, text=True, check=False
    )
    assert "ModuleNotFoundError" in told.stderr
    assert "install" not in told.stderr
