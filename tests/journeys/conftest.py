"""Stories are played in real time, and mostly wait: they are played beside the other tests, each as the command line plays it.

In one process they start when the tests were collected, the longest first, and their tests come last. Where tests run in several
(pytest -n 3), one of these plays them first, and waits. The other tests are polite meanwhile (nice): lateness of a story is judged,
theirs is not.
"""

import os
import signal
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from simulator.scenarios import scenarios

HERE = Path(__file__).resolve().parents[2]

#: More at once would make a small machine late.
AT_ONCE = 3
POLITE = 10

#: A story without an end is a failure of its own: the longest takes some minutes.
LONGEST_S = 900.0

LONGEST_FIRST = {story: {"recorded": 0, "kill_nine": 1}.get(story, 2) for story in scenarios()}
#: Stories that are asked for in a manner of their own. All others are played as they are.
MANNERS = {"kill_nine": ["--times", "3"]}


class Playbill:
    """The stories that were asked for, each played once, a process of its own."""

    def __init__(self) -> None:
        self._stages = ThreadPoolExecutor(AT_ONCE)
        self._plays: dict[str, Future[subprocess.CompletedProcess[str]]] = {}
        self._running: set[subprocess.Popen[str]] = set()

    def start(self, story: str, data: Path | None) -> None:
        own = ["--data", str(data)] if data else MANNERS.get(story, [])
        asked = [sys.executable, "-m", "simulator", "run", story, "--headless", "--json", *own]
        self._plays[story] = self._stages.submit(self._play, asked)

    def ended(self, story: str) -> subprocess.CompletedProcess[str]:
        """What became of a story, once it is over."""
        return self._plays[story].result()

    def close(self) -> None:
        """Ends what still plays, its servers too."""
        self._stages.shutdown(wait=False, cancel_futures=True)
        for play in list(self._running):
            os.killpg(play.pid, signal.SIGKILL)

    def _play(self, asked: list[str]) -> subprocess.CompletedProcess[str]:
        play = subprocess.Popen(
            asked,
            cwd=HERE,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._running.add(play)
        try:
            out, err = play.communicate(timeout=LONGEST_S)
        except subprocess.TimeoutExpired:
            os.killpg(play.pid, signal.SIGKILL)
            out, err = play.communicate()
            err += f"\nnot over after {LONGEST_S:.0f} s"
        finally:
            self._running.discard(play)
        return subprocess.CompletedProcess(asked, play.returncode, out, err)


_PLAYBILL = pytest.StashKey[Playbill]()
#: Set in each process of `pytest -n`.
ONE_OF_SEVERAL = "PYTEST_XDIST_WORKER" in os.environ


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In one process stories last, the longest at the very end: they play while the others run. In several first, with all journeys."""
    if ONE_OF_SEVERAL:
        items.sort(key=lambda item: 0 if _is_story(item) else 1 if _is_journey(item) else 2)
    else:
        items.sort(key=lambda item: -LONGEST_FIRST[_story(item)] if _is_story(item) else -len(LONGEST_FIRST))


def pytest_collection_finish(session: pytest.Session) -> None:
    if not ONE_OF_SEVERAL and not session.config.option.collectonly:
        _start(session)
        if _PLAYBILL in session.config.stash:
            os.nice(POLITE)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """In several processes, each is polite from its first test on that is no journey."""
    if ONE_OF_SEVERAL and not _is_journey(item) and os.nice(0) < POLITE:
        os.nice(POLITE)


def pytest_unconfigure(config: pytest.Config) -> None:
    if _PLAYBILL in config.stash:
        config.stash[_PLAYBILL].close()


@pytest.fixture(scope="session")
def playbill(request: pytest.FixtureRequest) -> Playbill:
    """The stories under way: `playbill.ended(story)`."""
    if _PLAYBILL not in request.config.stash:
        _start(request.session)
    return request.config.stash[_PLAYBILL]


def _start(session: pytest.Session) -> None:
    """Begins to play the stories of which there are tests, the longest first."""
    stories = sorted(
        (_story(item) for item in session.items if _is_story(item)), key=LONGEST_FIRST.__getitem__
    )
    if not stories or os.environ.get("SOGLIA_SKIP_JOURNEYS") == "1":
        return
    playbill = session.config.stash[_PLAYBILL] = Playbill()
    for story in stories:
        data = _recordings() if story == "recorded" else None
        if story != "recorded" or data:
            playbill.start(story, data)


def _is_journey(item: pytest.Item) -> bool:
    return item.path.parent == HERE / "tests" / "journeys"


def _is_story(item: pytest.Item) -> bool:
    return "story" in getattr(getattr(item, "callspec", None), "params", {})


def _story(item: pytest.Item) -> str:
    return str(item.callspec.params["story"])  # type: ignore[attr-defined]  (pytest's Function has it)


def _recordings() -> Path | None:
    """The folder of labelled real traces, where there is one (the fixture data_dir says what to do where there is none)."""
    folder = Path(os.environ.get("SOGLIA_DATA", HERE.parent / "shared" / "data"))
    return folder if (folder / "SOURCES.md").is_file() else None
