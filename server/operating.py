"""How every command of `soglia` works: it reads settings, opens the records, says what came of it.

In: what a command line said. Out: settings, a transaction, sentences for an operator on standard error, tables on standard output.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from server import logs
from server.records.database import UNREACHABLE, Connection, Database
from server.records.refusal import Refusal
from server.records.schema import NewerSchema, is_current, migrate
from server.settings import Settings, WrongSettings, read_settings

try:
    from uvloop import new_event_loop
except ImportError:  # there is none for Windows
    from asyncio import new_event_loop  # type: ignore[assignment]  # as good, and slower

T = TypeVar("T")

said = Console(stderr=True, highlight=False, soft_wrap=True)

Config = Annotated[
    Path | None,
    typer.Option(
        "--config", help="Settings file; else SOGLIA_CONFIG, else config/server.toml, else defaults."
    ),
]


def print_rows(
    headings: Sequence[str], rows: Sequence[Sequence[str]], whole: set[str], to: Console | None = None
) -> None:
    """A table for eyes, whose columns `whole` are never cut or folded; for programs a line a row, its fields joined by tabs."""
    to = to or Console(highlight=False)
    if not to.is_terminal:
        for row in rows:
            to.file.write("\t".join(" ".join(field.split()) for field in row) + "\n")
        return
    table = Table(box=None, padding=(0, 1, 0, 0))
    for place, heading in enumerate(headings):
        longest = max((len(row[place]) for row in rows), default=0) if heading in whole else 4
        table.add_column(heading, no_wrap=heading in whole, min_width=longest, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    needed = Measurement.get(to, to.options.update(max_width=10_000), table).minimum
    to.width = max(to.width, needed)  # a screen that is narrower wraps lines, and an id is still one word
    to.print(table, crop=False)


def minute(when: datetime | None) -> str:
    return f"{when:%Y-%m-%d %H:%M}" if when else ""


def settings_of(config: Path | None) -> Settings:
    try:
        settings = read_settings(config)
    except WrongSettings as wrong:
        said.print(f"The settings cannot be used:\n{wrong}", markup=False)
        raise typer.Exit(2) from None
    logs.configure(settings.logs.level, settings.logs.format)
    return settings


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """A database with the tables of this version; the embedded one is brought there first."""
    database = Database.open(settings.database.url)
    try:
        if database.is_sqlite:
            await migrate(database)
        elif not await is_current(database):
            raise Refusal("the database has not the tables of this version: run `soglia migrate`")
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def changing(settings: Settings) -> AsyncIterator[Connection]:
    """A transaction on a database with the tables of this version."""
    async with opened(settings) as database, database.writing() as connection:
        yield connection


@contextmanager
def told() -> Iterator[None]:
    """What an operator can mend is said in a sentence; everything else keeps its traceback."""
    try:
        yield
    except (Refusal, NewerSchema) as refused:
        said.print(f"Not done: {refused}", markup=False)
        raise typer.Exit(1) from None
    except UNREACHABLE as unreachable:
        said.print(f"Not done: {str(unreachable).splitlines()[0]}", markup=False)
        said.print("`soglia doctor` may know why.", markup=False)
        raise typer.Exit(1) from None


def run(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(work)
