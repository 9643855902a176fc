"""How every command of `soglia` works: it reads settings, opens the records, says what came of it.

In: what a command line said. Out: settings, a transaction, sentences for an operator on standard error, tables on standard output.
"""

import asyncio
import getpass
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

from server import logs
from server.records import audit
from server.records.audit import Act, Operator
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


def by_clock(when: datetime, clock: tzinfo) -> str:
    """To the minute, by a named clock: the shop's, as the reasons beside it are."""
    return f"{minute(when.astimezone(clock))} {clock}"


def settings_of(config: Path | None) -> Settings:
    try:
        settings = read_settings(config)
    except WrongSettings as wrong:
        said.print(f"The settings cannot be used:\n{wrong}", markup=False)
        raise typer.Exit(2) from None
    logs.configure(settings.logs.level, settings.logs.format)
    return settings


#: What was typed after `soglia`, and the words among it that are names of commands.
_typed: ContextVar[tuple[str, ...]] = ContextVar("typed", default=())
_commands: ContextVar[frozenset[str]] = ContextVar("commands", default=frozenset())


class Remembering(TyperGroup):
    """The commands of `soglia`; what was typed is known to `opened`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        within = self.commands.get(args[0]) if args else None
        names = {*self.commands, *(within.commands if isinstance(within, TyperGroup) else ())}
        _typed.set(tuple(args))
        _commands.set(frozenset(names))
        return super().parse_args(ctx, args)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """A database with the tables of this version; the embedded one is brought there first.

    What the command did or showed is written down, as what staff do at the doors is: an operator is staff too.
    """
    database = Database.open(settings.database.url)
    try:
        if database.is_sqlite:
            await migrate(database)
        elif not await is_current(database):
            raise Refusal("the database has not the tables of this version: run `soglia migrate`")
        try:
            yield database
        except Refusal:
            await _written_down(database, exit_code=1)
            raise
        await _written_down(database, exit_code=0)
    finally:
        await database.close()


async def _written_down(database: Database, exit_code: int) -> None:
    """Of the words that were typed only the command's own are kept, and a shopper's id where one of the others names a shopper."""
    words = _typed.get()
    if not words:
        return
    act = Act(Operator(f"os:{_account()}"), _verb(words), exit_code, [("shopper", word) for word in words])
    async with database.writing() as connection:
        await audit.write(connection, act, datetime.now(UTC))


def _verb(words: Sequence[str]) -> str:
    known = [word for word in words[:2] if word in _commands.get()]
    return " ".join(("soglia", *known))


def _account() -> str:
    """As the operating system knows who this is; containers may know nobody."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "?"


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
