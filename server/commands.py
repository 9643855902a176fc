"""The command line: serve, migrate, staff, key, doctor.

In: words of an operator. Out: a running server, or a change in the records, told in a line. A token that was made is all that
goes to standard output; everything about it goes to standard error, so that scripts can take it. Exit codes: 0 done, 1 not
done and why, 2 wrong settings or words.
"""

import asyncio
import getpass
import re
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from server import doctor as examination
from server import logs
from server.app import serve as serve_house
from server.records import catalogue, gateways, keys, staff
from server.records.database import UNREACHABLE, Connection, Database
from server.records.keys import Role
from server.records.passwords import LEAST_CHARACTERS, Passwords
from server.records.refusal import NotFound, Refusal
from server.records.schema import NewerSchema, is_current, migrate
from server.settings import Settings, WrongSettings, read_settings

try:
    from uvloop import new_event_loop
except ImportError:  # there is none for Windows
    from asyncio import new_event_loop  # type: ignore[assignment]  # as good, and slower

T = TypeVar("T")

#: Kinds of keys that people make; those of devices and staff are made by registering and by logging in.
HandMade = Literal["app", "server", "gateway"]

program = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Soglia: hears who crosses the threshold, sends one good offer, can say why.",
)
staff_program = typer.Typer(no_args_is_help=True, help="People who work here.")
key_program = typer.Typer(no_args_is_help=True, help="Tokens for the app, gateways, and other systems.")
program.add_typer(staff_program, name="staff")
program.add_typer(key_program, name="key")

said = Console(stderr=True, highlight=False, soft_wrap=True)

FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Take the password from standard input.")]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config", help="Settings file; else SOGLIA_CONFIG, else config/server.toml, else defaults."
    ),
]


@program.command()
def serve(config: Config = None) -> None:
    """Serve the doors, the path and the sender. The embedded database is migrated first."""
    settings = _settings(config)
    with _told():
        _run(serve_house(settings))


@program.command("migrate")
def migrate_command(config: Config = None) -> None:
    """Bring the database to the tables of this version."""
    settings = _settings(config)

    async def bring() -> None:
        database = Database.open(settings.database.url)
        try:
            await migrate(database)
        finally:
            await database.close()

    with _told():
        _run(bring())
        said.print("The database has the tables of this version.")


@program.command("doctor")
def doctor_command(config: Config = None) -> None:
    """Look whether Soglia can work here, and say what to do."""
    settings = _settings(config)
    findings = _run(examination.look(settings))
    signs = {"well": "[green]well[/]", "look": "[yellow]look[/]", "broken": "[red]broken[/]"}
    table = Table.grid(padding=(0, 2))
    for finding in findings:
        table.add_row(signs[finding.state], finding.matter, finding.words)
        if finding.todo:
            table.add_row("", "", f"[bold]{finding.todo}[/]")
    Console(highlight=False).print(table)
    raise typer.Exit(int(any(finding.state == "broken" for finding in findings)))


@staff_program.command("add")
def add_staff(
    email: str,
    name: Annotated[str, typer.Option(help="As colleagues call them; else the e-mail.")] = "",
    role: Annotated[Role, typer.Option(help="What they may do.")] = "manager",
    *,
    password_stdin: FromStdin = False,
    config: Config = None,
) -> None:
    """Let somebody in. Asks for their password."""
    if not re.fullmatch(staff.EMAIL, email):
        raise typer.BadParameter(f"{email} is no e-mail: it needs a name, an @ and a domain")
    settings = _settings(config)
    password = _password(from_stdin=password_stdin)

    async def add() -> None:
        password_hash = await Passwords().hashed(password)
        async with _changing(settings) as connection:
            await staff.add(connection, email, name or email, role, password_hash, datetime.now(UTC))

    with _told():
        _run(add())
        said.print(f"{email} can log in as {role}.", markup=False)


@staff_program.command("list")
def list_staff(config: Config = None) -> None:
    """Show everybody, those who left too."""
    settings = _settings(config)
    rows: list[tuple[str, ...]] = []

    async def fill() -> None:
        after = ""
        async with _changing(settings) as connection:
            while people := await staff.listed(connection, after=after):
                after = people[-1].id
                rows.extend(
                    (who.email, who.role, who.name, who.id, _minute(who.created_at), _minute(who.disabled_at))
                    for who in people
                )

    with _told():
        _run(fill())
        print_rows(("e-mail", "role", "name", "id", "came", "left"), rows, {"e-mail", "id"})


@staff_program.command("password")
def change_password(email: str, *, password_stdin: FromStdin = False, config: Config = None) -> None:
    """Give somebody a new password, for a forgotten one. Ends their sessions."""
    settings = _settings(config)
    password = _password(from_stdin=password_stdin)

    async def change() -> int:
        password_hash = await Passwords().hashed(password)
        async with _changing(settings) as connection:
            known = await staff.find_by_email(connection, email)
            if known is None:
                raise NotFound(f"nobody on the staff has the e-mail {email}: see `soglia staff list`")
            if known.disabled_at is not None:
                raise Refusal(f"{email} has left, and no password lets them in")
            await staff.set_password(connection, known.id, password_hash)
            ended = await keys.revoke_of(connection, known.id, datetime.now(UTC))
            await catalogue.bump(connection, "keys")
            return ended

    with _told():
        ended = _run(change())
        said.print(f"{email} has a new password; sessions ended: {ended}.", markup=False)


@key_program.command("add")
def add_key(
    kind: Annotated[HandMade, typer.Option(help="Who will hold it.")],
    name: Annotated[str, typer.Option(help="What it is for; else its kind.")] = "",
    gateway: Annotated[str, typer.Option(help="The id of the gateway that a gateway key is for.")] = "",
    config: Config = None,
) -> None:
    """Make a key. Its token is printed this once, alone on standard output."""
    if kind == "gateway" and not gateway:
        raise typer.BadParameter(
            "a gateway's key is for one gateway: give --gateway ID (see GET /v1/gateways)"
        )
    if kind != "gateway" and gateway:
        raise typer.BadParameter(f"--gateway goes with --kind gateway, not with --kind {kind}")
    settings = _settings(config)

    async def add() -> keys.Issued:
        async with _changing(settings) as connection:
            if gateway:
                await gateways.find(connection, gateway)
            return await keys.issue(connection, kind, name or kind, datetime.now(UTC), owner=gateway or None)

    with _told():
        issued = _run(add())
        said.print(f"Key {issued.key} ({kind}). Its token is shown this once:")
        print(issued.token)  # noqa: T201  # for scripts: `TOKEN=$(soglia key add --kind app)`


@key_program.command("list")
def list_keys(config: Config = None) -> None:
    """Show all keys but those of devices and sessions; tokens are not kept."""
    settings = _settings(config)
    rows: list[tuple[str, ...]] = []

    async def fill() -> None:
        after = ""
        async with _changing(settings) as connection:
            while found := await keys.listed(connection, ("app", "server", "gateway"), after=after):
                after = found[-1].id
                rows.extend(
                    (
                        key.id,
                        key.kind,
                        key.name,
                        key.owner_id or "",
                        *map(_minute, (key.created_at, key.revoked_at)),
                    )
                    for key in found
                )

    with _told():
        _run(fill())
        print_rows(("key", "kind", "name", "gateway", "made", "ended"), rows, {"key", "gateway"})


@key_program.command("revoke")
def revoke_key(key: str, config: Config = None) -> None:
    """End a key for good. A running server refuses it within seconds."""
    settings = _settings(config)

    async def revoke() -> None:
        async with _changing(settings) as connection:
            await keys.revoke(connection, key, datetime.now(UTC))
            await catalogue.bump(connection, "keys")

    with _told():
        _run(revoke())
        said.print(f"{key} opens nothing any more.")


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


def _minute(when: datetime | None) -> str:
    return f"{when:%Y-%m-%d %H:%M}" if when else ""


def _settings(config: Path | None) -> Settings:
    try:
        settings = read_settings(config)
    except WrongSettings as wrong:
        said.print(f"The settings cannot be used:\n{wrong}", markup=False)
        raise typer.Exit(2) from None
    logs.configure(settings.logs.level, settings.logs.format)
    return settings


@asynccontextmanager
async def _changing(settings: Settings) -> AsyncIterator[Connection]:
    """A transaction on a database with the tables of this version; the embedded one is brought there first."""
    database = Database.open(settings.database.url)
    try:
        if database.is_sqlite:
            await migrate(database)
        elif not await is_current(database):
            raise Refusal("the database has not the tables of this version: run `soglia migrate`")
        async with database.writing() as connection:
            yield connection
    finally:
        await database.close()


@contextmanager
def _told() -> Iterator[None]:
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


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            said.print("The two are not the same.")
            raise typer.Exit(2)
    if len(password) < LEAST_CHARACTERS:
        said.print(f"A password needs {LEAST_CHARACTERS} characters or more.")
        raise typer.Exit(2)
    return password


def _run(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(work)
