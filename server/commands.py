"""The command line: serve, migrate, staff, key, doctor; survey has a file of its own.

In: words of an operator. Out: a running server, or a change in the records, told in a line. A token that was made is all that
goes to standard output; everything about it goes to standard error, so that scripts can take it. Exit codes: 0 done, 1 not
done and why, 2 wrong settings or words.
"""

import getpass
import re
import sys
from datetime import UTC, datetime
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from server import doctor as examination
from server.campaign_commands import campaign_program, rehearse
from server.operating import Config, Remembering, changing, minute, print_rows, run, said, settings_of, told
from server.records import catalogue, gateways, keys, second_factors, staff
from server.records.database import Database
from server.records.keys import Role
from server.records.passwords import LEAST_CHARACTERS, Passwords
from server.records.refusal import NotFound, Refusal
from server.records.schema import migrate
from server.serving import serve as serve_house
from server.survey_commands import survey_program
from server.trial_commands import try_out
from server.why_commands import explain

#: Kinds of keys that people make; those of devices and staff are made by registering and by logging in.
HandMade = Literal["app", "server", "gateway"]

program = typer.Typer(
    cls=Remembering,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Soglia: hears who crosses the threshold, sends one good offer, can say why.",
)
staff_program = typer.Typer(no_args_is_help=True, help="People who work here.")
key_program = typer.Typer(no_args_is_help=True, help="Tokens for the app, gateways, and other systems.")
program.add_typer(staff_program, name="staff")
program.add_typer(key_program, name="key")
program.add_typer(survey_program, name="survey")
program.add_typer(campaign_program, name="campaigns")
program.command("why")(explain)
program.command("dry-run")(rehearse)
program.command("test-send")(try_out)

FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Take the password from standard input.")]


@program.command()
def serve(config: Config = None) -> None:
    """Serve the doors, the path and the sender. The embedded database is migrated first."""
    settings = settings_of(config)
    with told():
        run(serve_house(settings))


@program.command("migrate")
def migrate_command(config: Config = None) -> None:
    """Bring the database to the tables of this version."""
    settings = settings_of(config)

    async def bring() -> None:
        database = Database.open(settings.database.url)
        try:
            await migrate(database)
        finally:
            await database.close()

    with told():
        run(bring())
        said.print("The database has the tables of this version.")


@program.command("doctor")
def doctor_command(config: Config = None) -> None:
    """Look whether Soglia can work here, and say what to do."""
    settings = settings_of(config)
    findings = run(examination.look(settings))
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
    shop: Annotated[
        list[str] | None,
        typer.Option(
            help="The id of a site that a manager or cashier is of; several times for several. Else all."
        ),
    ] = None,
    *,
    password_stdin: FromStdin = False,
    config: Config = None,
) -> None:
    """Let somebody in. Asks for their password."""
    if not re.fullmatch(staff.EMAIL, email):
        raise typer.BadParameter(f"{email} is no e-mail: it needs a name, an @ and a domain")
    settings = settings_of(config)
    password = _password(from_stdin=password_stdin)

    async def add() -> None:
        password_hash = await Passwords().hashed(password)
        async with changing(settings) as connection:
            now = datetime.now(UTC)
            await staff.add(connection, email, name or email, role, password_hash, now, shops=shop or None)

    with told():
        run(add())
        said.print(f"{email} can log in as {role}.", markup=False)


@staff_program.command("list")
def list_staff(config: Config = None) -> None:
    """Show everybody, those who left too."""
    settings = settings_of(config)
    rows: list[tuple[str, ...]] = []

    async def fill() -> None:
        after = ""
        async with changing(settings) as connection:
            while people := await staff.listed(connection, after=after):
                after = people[-1].id
                rows.extend(
                    (
                        *(who.email, who.role, ", ".join(who.shops or ()), who.name, who.id),
                        *(minute(who.created_at), minute(who.disabled_at)),
                    )
                    for who in people
                )

    with told():
        run(fill())
        print_rows(("e-mail", "role", "shops", "name", "id", "came", "left"), rows, {"e-mail", "id"})


@staff_program.command("password")
def change_password(email: str, *, password_stdin: FromStdin = False, config: Config = None) -> None:
    """Give somebody a new password, for a forgotten one. Ends their sessions."""
    settings = settings_of(config)
    password = _password(from_stdin=password_stdin)

    async def change() -> int:
        password_hash = await Passwords().hashed(password)
        async with changing(settings) as connection:
            known = await staff.find_by_email(connection, email)
            if known is None:
                raise NotFound(f"nobody on the staff has the e-mail {email}: see `soglia staff list`")
            if known.disabled_at is not None:
                raise Refusal(f"{email} has left, and no password lets them in")
            await staff.set_password(connection, known.id, password_hash)
            ended = await keys.revoke_of(connection, known.id, datetime.now(UTC))
            await catalogue.bump(connection, "keys")
            return ended

    with told():
        ended = run(change())
        said.print(f"{email} has a new password; sessions ended: {ended}.", markup=False)


@staff_program.command("second-step-off")
def take_second_step_off(email: str, config: Config = None) -> None:
    """For an owner who has lost the phone and the recovery codes: their password alone lets them in again."""
    settings = settings_of(config)

    async def take_off() -> None:
        async with changing(settings) as connection:
            known = await staff.find_by_email(connection, email)
            if known is None:
                raise NotFound(f"nobody on the staff has the e-mail {email}: see `soglia staff list`")
            await second_factors.take_off(connection, known.id)

    with told():
        run(take_off())
        said.print(f"{email} logs in with the password alone.", markup=False)


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
    settings = settings_of(config)

    async def add() -> keys.Issued:
        async with changing(settings) as connection:
            if gateway:
                await gateways.find(connection, gateway)
            return await keys.issue(connection, kind, name or kind, datetime.now(UTC), owner=gateway or None)

    with told():
        issued = run(add())
        said.print(f"Key {issued.key} ({kind}). Its token is shown this once:")
        print(issued.token)  # noqa: T201  # for scripts: `TOKEN=$(soglia key add --kind app)`


@key_program.command("list")
def list_keys(config: Config = None) -> None:
    """Show all keys but those of devices and sessions; tokens are not kept."""
    settings = settings_of(config)
    rows: list[tuple[str, ...]] = []

    async def fill() -> None:
        after = ""
        async with changing(settings) as connection:
            while found := await keys.listed(connection, ("app", "server", "gateway"), after=after):
                after = found[-1].id
                rows.extend(
                    (
                        key.id,
                        key.kind,
                        key.name,
                        key.owner_id or "",
                        *map(minute, (key.created_at, key.revoked_at)),
                    )
                    for key in found
                )

    with told():
        run(fill())
        print_rows(("key", "kind", "name", "gateway", "made", "ended"), rows, {"key", "gateway"})


@key_program.command("revoke")
def revoke_key(key: str, config: Config = None) -> None:
    """End a key for good. A running server refuses it within seconds."""
    settings = settings_of(config)

    async def revoke() -> None:
        async with changing(settings) as connection:
            await keys.revoke(connection, key, datetime.now(UTC))
            await catalogue.bump(connection, "keys")

    with told():
        run(revoke())
        said.print(f"{key} opens nothing any more.")


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
