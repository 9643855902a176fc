"""The door of the command line, in the full install and in the scanner's."""

import subprocess
import sys

WITHOUT_NUMPY = "import sys; sys.modules['numpy'] = None; from simulator.__main__ import main; main()"


def test_the_module_is_the_command():
    shown = subprocess.run(
        [sys.executable, "-m", "simulator", "--help"], capture_output=True, text=True, check=True
    )
    for command in ("demo", "run", "bench"):
        assert command in shown.stdout


def test_the_scanners_install_is_told_in_a_sentence_what_the_simulator_needs():
    told = subprocess.run(
        [sys.executable, "-c", WITHOUT_NUMPY, "--help"], capture_output=True, text=True, check=False
    )
    assert told.returncode == 2
    assert "numpy is missing" in told.stderr
    assert "install soglia[simulator]" in told.stderr
    assert len(told.stderr.splitlines()) == 1
