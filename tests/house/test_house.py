"""Rules about the code that no linter knows: rooms that think stay pure, names say something, plug-ins are documented."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for room in ("server", "scanner", "simulator") for path in (ROOT / room).rglob("*.py"))
THINKING = sorted(
    path for room in ("zones", "presence", "campaigns") for path in (ROOT / "server" / room).rglob("*.py")
)

#: What a thinking room may not import: clocks, chance, the outside world, logs, waiting.
IMPURE = {
    "asyncio", "httpx", "logging", "os", "pathlib", "random", "secrets", "socket", "sqlalchemy", "sqlmodel", "structlog",
    "subprocess", "threading", "time", "urllib", "uuid",
}  # fmt: skip
#: Ways to ask the clock through an innocent module.
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}
VAGUE = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "core",
    "base",
    "misc",
    "manager",
    "service",
    "process",
}
LONGEST_FUNCTION = 60
#: A developer's folders, and addresses that packages are taken from.
NAMES_A_MACHINE = re.compile(
    r"(?<![\w.])/(?:home|root|Users|work)/\w|\bindex[-_]url\b|\b(?:pypi|npmjs|debian)\.org\b"
)
LONGEST_FILE = 500


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@pytest.mark.parametrize("path", THINKING, ids=named)
def test_a_thinking_room_knows_no_clock_no_chance_and_no_outside(path):
    # conditions/ finds its files by its folder, which importlib and pkgutil do without touching anything else.
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            assert not {alias.name.split(".")[0] for alias in node.names} & IMPURE
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] not in IMPURE
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
        ):
            assert (node.func.value.id, node.func.attr) not in CLOCKS
        assert not isinstance(node, ast.AsyncFunctionDef | ast.Await)
        assert not (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"open", "print"}
        )


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_a_file_has_a_name_that_says_something_and_can_be_read_at_a_sitting(path):
    assert path.stem not in VAGUE
    assert len(path.read_text().splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_a_function_fits_on_a_screen(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            documented = isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant)
            first = node.body[1] if documented and len(node.body) > 1 else node.body[0]
            lines = (node.body[-1].end_lineno or 0) - first.lineno + 1
            assert lines <= LONGEST_FUNCTION, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_a_module_says_what_it_is_for(path):
    if path.read_text().strip():
        assert ast.get_docstring(tree(path))


@pytest.mark.parametrize(
    ("folder", "mark"),
    [
        ("server/ingest/formats", "def read("),
        ("server/campaigns/conditions", "Condition"),
        ("server/delivery/channels", "KINDS"),
        ("scanner/formats", "def decode("),
        ("simulator/scenarios", ""),
        ("simulator/bench", "CAPTION"),
    ],
)
def test_every_plug_in_is_documented(folder, mark):
    """A file in a plug-in folder that keeps its contract (`mark`) is named in the README, beside what it does."""
    readme = (ROOT / "README.md").read_text()
    found = [path for path in (ROOT / folder).glob("[a-z]*.py") if mark in path.read_text()]
    assert found
    assert not {path.stem for path in found if f"`{path.stem}`" not in readme}


def test_nothing_names_a_machine_or_a_registry():
    """Paths of a developer's machine and package hosts have no place in what others install."""
    texts = [
        ROOT / name for name in ("README.md", "CHANGELOG.md", "constraints.txt", "pyproject.toml", ".ci/run")
    ]
    for path in [*SOURCES, *texts, *(ROOT / "config").rglob("*.toml")]:
        text = path.read_text()
        assert not NAMES_A_MACHINE.search(text), named(path)
