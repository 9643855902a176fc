"""The command line of a store gateway: run, listen, replay."""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn

import structlog
import typer
from rich.console import Console

from scanner.agent import Agent
from scanner.listen import NeverListened, Overheard, listen, recording_into
from scanner.ours import Ours, OursSettings
from scanner.radio import BluezRadio
from scanner.recording import BadRecording, Recording
from scanner.settings import LogSettings, RadioSettings, Settings, WrongSettings, read_settings
from scanner.spool import SpoolInUse

log = structlog.get_logger(__name__)

app = typer.Typer(
    help="Hears the shop's own beacons and tells the server. Everything else is forgotten on the spot.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback with local values would show the token
)

USUAL_CONFIG = Path("config/scanner.toml")
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar="SOGLIA_SCANNER_CONFIG",
        help=f"The TOML file with the settings; {USUAL_CONFIG} where there is one and nothing is said.",
    ),
]

WRONG_USE = 2
"""The exit code for what the operator must put right; for systemd: RestartPreventExitStatus=2."""

NO_RADIO = 1
"""The exit code where there is nothing to listen with."""


@app.command("run")
def run_command(config: ConfigOption = None) -> None:
    """Listens and tells the server, until it is stopped (SIGTERM): what was not sent is kept for the next start."""
    settings = _settings(config)
    agent = _agent(settings, BluezRadio(settings.radio))
    _until_stopped(agent.run())


@app.command("listen")
def listen_command(
    *,
    config: ConfigOption = None,
    adapter: Annotated[
        str | None, typer.Option(help="Which adapter; hci0 where nothing says otherwise.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Count what strangers send too (never whose).")
    ] = False,
    record: Annotated[
        Path | None, typer.Option(help="Write what is ours to this file; with --all, every packet.")
    ] = None,
) -> None:
    """Shows what the radio hears. Needs no server.

    What --record writes is one advertisement a line, JSON: at (UTC epoch seconds), address, rssi (dBm), manufacturer_data and
    service_data in hex. Ends with exit code 1 where the radio cannot even begin.
    """
    radio_settings, ours = RadioSettings(), OursSettings()
    if config is not None:
        settings = _settings(config)
        radio_settings, ours = settings.radio, settings.ours
    if adapter is not None:
        radio_settings = radio_settings.model_copy(update={"adapter": adapter})
    _log_to_stderr(LogSettings(level="error", format="console"))
    if record is not None and not everything and not Ours.of(ours).owners:
        _stop(
            "--record writes what is ours, and nothing is: name your beacons in --config FILE, or add --all"
        )
    with contextlib.ExitStack() as files:
        try:
            file = files.enter_context(recording_into(record)) if record is not None else None
        except OSError as error:
            _stop(f"{record} cannot be written: {error.strerror}")
        overheard = Overheard(Ours.of(ours))
        radio = BluezRadio(radio_settings)
        try:
            _until_stopped(listen(radio, overheard, Console(), all_counts=everything, record=file))
        except ExceptionGroup as group:
            never = group.subgroup(NeverListened)
            if never is None:
                raise
            _stop(f"the radio does not begin to listen: {never.exceptions[0]}", NO_RADIO)


@app.command("replay")
def replay_command(
    *,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What `listen --record` wrote.")],
    config: ConfigOption = None,
    speed: Annotated[float, typer.Option(min=0.01, help="How many times as fast as it was recorded.")] = 1.0,
    as_recorded: Annotated[
        bool,
        typer.Option("--as-recorded", help="Keep the times of the file: history, which sends no offers."),
    ] = False,
) -> None:
    """Feeds recorded advertisements through the same agent to the server, and ends when it has taken them."""
    settings = _settings(config)
    agent = _agent(settings, Recording(file, speed=speed, as_recorded=as_recorded))
    _until_stopped(agent.run())
    typer.echo(
        f"{agent.heard} advertisements, {agent.kept} of ours, {agent.drain.taken} sightings taken by the server"
    )


def main() -> None:
    app()


def _settings(config: Path | None) -> Settings:
    usual = USUAL_CONFIG if USUAL_CONFIG.is_file() else None
    try:
        settings = read_settings(config or usual)
    except WrongSettings as error:
        _stop(f"the settings are wrong:\n{error}")
    _log_to_stderr(settings.log)
    return settings


def _agent(settings: Settings, radio: BluezRadio | Recording) -> Agent:
    try:
        return Agent(settings, radio)
    except (SpoolInUse, OSError) as error:
        _stop(str(error))


def _stop(reason: str, code: int = WRONG_USE) -> NoReturn:
    typer.echo(f"soglia-scanner: {reason}", err=True)
    raise typer.Exit(code)


def _until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Runs until it ends, or until SIGTERM or SIGINT cancels it, which is a clean end."""

    async def supervised() -> None:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_note_what_nobody_awaited)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    try:
        asyncio.run(supervised())
    except ExceptionGroup as group:
        bad = group.subgroup(BadRecording)
        if bad is None:
            raise
        _stop(str(bad.exceptions[0]))


def _note_what_nobody_awaited(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """dbus-fast leaves an error behind for each call on a dead connection; one line is enough for those."""
    log.warning("left_behind", reason=context.get("message"), error=repr(context.get("exception")))


def _log_to_stderr(settings: LogSettings) -> None:
    """One line a fact, as JSON or for the eye; bleak's and D-Bus's warnings go the same way."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    drawn: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,  # the rich one shows local values: the token
        )
    )
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, drawn],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
    handler = logging.StreamHandler()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=drawn, foreign_pre_chain=shared))
    # Below warning, bleak logs what strangers send and httpx each request.
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)
    # It warns of each connection that ends, and radio.py says the same in the shop's words.
    logging.getLogger("bleak.backends.bluezdbus.manager").setLevel(logging.ERROR)


if __name__ == "__main__":
    main()
