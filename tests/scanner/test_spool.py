"""What the server has not taken waits on disk, survives a crash, and stays within its room."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.clock import Reading
from scanner.sighting import Sighting
from scanner.spool import Spool, SpoolInUse

CLOCK = Reading("this boot", 1_000_000.0)
NOW = 1_000_100.0
CHECKOUT = Path(__file__).resolve().parents[2]


def sighting(number: int, at: float = NOW) -> Sighting:
    return Sighting(at, f"ibeacon:5a4bcfce-174e-4bac-a814-092e77f6b7e5:1:{number}", -70.5, 3, -59, None)


@pytest.fixture
def open_spool(tmp_path):
    """Opens the one spool of this test; again and again, as a scanner that is restarted does."""

    def opened(max_bytes: int = 10_000_000, max_age_s: float = 3600.0) -> Spool:
        return Spool(tmp_path / "spool.sqlite3", max_bytes=max_bytes, max_age_s=max_age_s)

    return opened


def numbers(spool: Spool) -> list[int]:
    return [int(waiting.sighting.id.rpartition(":")[2]) for waiting in spool.oldest(1_000_000)]


def test_what_was_put_comes_back_as_it_was_in_the_order_it_was_put(open_spool):
    put = [sighting(1), sighting(2, at=NOW - 5), Sighting(NOW, "eddystone-eid:00", -80.0, 1, None, 0.25)]
    with open_spool() as spool:
        spool.put(put, CLOCK, NOW)
        waiting = spool.oldest(10)
    assert [each.sighting for each in waiting] == put
    assert {each.clock for each in waiting} == {CLOCK}


def test_what_the_server_took_is_gone_and_the_rest_waits_through_a_restart(open_spool):
    with open_spool() as spool:
        spool.put([sighting(number) for number in range(10)], CLOCK, NOW)
        spool.settle(spool.oldest(4)[-1].sequence)
    with open_spool() as spool:
        assert numbers(spool) == [4, 5, 6, 7, 8, 9]


def test_sequence_numbers_are_never_given_twice(open_spool):
    with open_spool() as spool:
        spool.put([sighting(1)], CLOCK, NOW)
        (first,) = spool.oldest(1)
        spool.settle(first.sequence)
    with open_spool() as spool:
        spool.put([sighting(2)], CLOCK, NOW)
        assert spool.oldest(1)[0].sequence > first.sequence


def test_a_full_spool_drops_the_oldest_and_counts_them(open_spool):
    with open_spool(max_bytes=300_000) as spool:
        for start in range(0, 10_000, 100):
            spool.put([sighting(number) for number in range(start, start + 100)], CLOCK, NOW)
        left, state = numbers(spool), spool.state()
    assert left == list(range(left[0], 10_000))
    assert state.dropped == left[0] > 0
    assert spool.path.stat().st_size < 600_000


def test_what_is_too_old_is_dropped_and_counted(open_spool):
    with open_spool(max_age_s=60) as spool:
        spool.put([sighting(1, at=NOW - 61), sighting(2, at=NOW - 59)], CLOCK, NOW)
        assert numbers(spool) == [2]
        assert spool.state().dropped == 1


def test_a_clock_set_right_by_years_does_not_make_this_boots_sightings_too_old(open_spool):
    # Booted without a clock: heard at "1970", and two minutes later the network says that it is 2026.
    wrong, right = Reading("this boot", 0.0), Reading("this boot", 1_780_000_000.0)
    with open_spool(max_age_s=3600) as spool:
        spool.put([sighting(1, at=100.0)], wrong, 100.0)
        spool.put([sighting(2, at=1_780_000_220.0)], right, 1_780_000_220.0)
        assert numbers(spool) == [1, 2]


def test_a_sighting_set_aside_makes_way_and_is_counted(open_spool):
    with open_spool() as spool:
        spool.put([sighting(1), sighting(2)], CLOCK, NOW)
        spool.set_aside(spool.oldest(1)[0], "the server calls it malformed")
        assert numbers(spool) == [2]
        assert spool.state().dropped == 1


def test_two_scanners_on_one_spool_are_told_at_once(open_spool):
    with open_spool(), pytest.raises(SpoolInUse, match=r"give each its own spool\.folder"):
        open_spool()


def test_a_scanner_killed_in_the_middle_of_a_write_loses_that_write_alone(tmp_path):
    """A real process writes as fast as it can, tells what it has put, and is killed with SIGKILL."""
    writer = (
        "import sys; from pathlib import Path; from scanner.clock import Reading\n"
        "from scanner.sighting import Sighting; from scanner.spool import Spool\n"
        "spool = Spool(Path(sys.argv[1]), max_bytes=10**8, max_age_s=10**9)\n"
        "for number in range(10**6):\n"
        "    many = [Sighting(1.0, f'x:{number}', -70.0, 1)] * 20\n"
        "    spool.put(many, Reading('boot', 0.0), 1.0); print(number, flush=True)\n"
    )
    path = tmp_path / "spool.sqlite3"
    for _ in range(5):
        path.unlink(missing_ok=True)
        with subprocess.Popen(
            [sys.executable, "-c", writer, str(path)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        ) as process:
            told = [int(process.stdout.readline()) for _ in range(50)]
            process.send_signal(signal.SIGKILL)
            told += [int(line) for line in process.stdout.read().split("\n")[:-1]]
        with Spool(path, max_bytes=10**8, max_age_s=10**9) as spool:
            kept = numbers(spool)
        assert kept[: 20 * len(told)] == [number for number in told for _ in range(20)]
        assert len(kept) in (20 * len(told), 20 * (len(told) + 1))


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(1, 60_000))
def test_a_journal_cut_anywhere_loses_the_end_and_never_the_start(tmp_path_factory, cut):
    """As after a power cut: the file of the last writes ends somewhere in the middle."""
    folder = tmp_path_factory.mktemp("cut")
    spool = Spool(folder / "spool.sqlite3", max_bytes=10**7, max_age_s=3600)
    for number in range(50):
        spool.put([sighting(number)], CLOCK, NOW)
    crashed = _as_left_by_a_crash(spool, folder)
    journal = crashed.with_name(crashed.name + "-wal")
    os.truncate(journal, max(0, journal.stat().st_size - cut))
    with Spool(crashed, max_bytes=10**7, max_age_s=3600) as again:
        left = numbers(again)
        assert left == list(range(len(left)))
        again.put([sighting(99)], CLOCK, NOW)
        assert numbers(again)[-1] == 99


def _as_left_by_a_crash(spool: Spool, folder: Path) -> Path:
    """The files as they stand on disk while the spool is open: what a killed process leaves."""
    left = folder / "left" / "spool.sqlite3"
    left.parent.mkdir()
    for ending in ("", "-wal"):
        left.with_name(left.name + ending).write_bytes(
            spool.path.with_name(spool.path.name + ending).read_bytes()
        )
    spool.close()
    return left


@pytest.mark.parametrize("damage", ["cut", "scribbled", "not a database"])
def test_a_damaged_spool_is_set_aside_and_begun_anew(open_spool, damage):
    with open_spool() as spool:
        spool.put([sighting(number) for number in range(3000)], CLOCK, NOW)
    whole = spool.path.read_bytes()
    half = len(whole) // 2
    broken = {
        "cut": whole[:half],
        "scribbled": whole[:4096] + b"\xff" * half,
        "not a database": b"notes" * 5000,
    }
    spool.path.write_bytes(broken[damage])
    with open_spool() as spool:
        spool.put([sighting(1)], CLOCK, NOW)
        assert numbers(spool) == [1]
    assert spool.path.with_suffix(".broken").exists()


def test_a_disk_that_takes_nothing_more_does_not_stop_the_scanner(open_spool):
    with open_spool() as spool:
        spool.put([sighting(1)], CLOCK, NOW)
        spool._records.execute("PRAGMA max_page_count = 1")  # as a full disk answers
        spool.put([sighting(number) for number in range(5000)], CLOCK, NOW)
        state = spool.state()
        assert state.dropped == 5000
        assert "full" in state.trouble
        spool._records.execute("PRAGMA max_page_count = 1000000")
        spool.put([sighting(2)], CLOCK, NOW)
        assert spool.state().trouble is None
        assert numbers(spool) == [1, 2]


def test_the_state_tells_how_much_waits_and_since_when(open_spool):
    with open_spool() as spool:
        assert (spool.state().waiting, spool.state().oldest_at) == (0, None)
        spool.put([sighting(1, at=NOW - 30), sighting(2)], CLOCK, NOW)
        assert (spool.state().waiting, spool.state().oldest_at) == (2, NOW - 30)


def test_a_folder_that_cannot_be_written_is_said_plainly(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises((OSError, sqlite3.OperationalError)):
        Spool(tmp_path / "file" / "spool.sqlite3", max_bytes=1000, max_age_s=1)
