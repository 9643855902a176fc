"""Looks whether Soglia can work here: settings, folder, database, clock, Firebase, door; and says what to do.

In: settings. Out: findings, one a matter; a `broken` one means that the server would not do its work. Changes nothing.
"""

import asyncio
import os
import shutil
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from server.bus.phones import NOBODY
from server.delivery import channels
from server.delivery.channel import SendError
from server.records import staff
from server.records.database import UNREACHABLE, Database
from server.records.schema import is_current
from server.settings import Settings

State = Literal["well", "look", "broken"]

#: Nobody's clock is right before this line was written: a machine without a battery starts in 1970.
_WRITTEN: Final = datetime(2026, 11, 1, tzinfo=UTC)

#: Two machines whose clocks differ by more put evidence of the same moment into different moments.
_CLOCKS: Final = timedelta(seconds=2)

#: Below this a shop's records may stop within days.
_LEAST_FREE_BYTES: Final = 512 * 1024 * 1024

#: How long one look may take, in seconds: Google and a database answer sooner, or not at all.
_PATIENCE_S: Final = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, in words; and what to do where something is to be done."""

    matter: str
    state: State
    words: str
    todo: str | None = None


async def look(settings: Settings) -> list[Finding]:
    """All findings, in the order in which one would mend them."""
    findings = [_folder(settings)]
    checks: tuple[tuple[str, Callable[[Settings], Awaitable[list[Finding]]]], ...] = (
        ("database", _database),
        ("push", _push),
    )
    findings.append(_clock(datetime.now(UTC)))
    for matter, check in checks:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                findings += await check(settings)
        except TimeoutError:
            findings.append(Finding(matter, "broken", f"no answer within {_PATIENCE_S} s", "Is the line up?"))
    findings.append(_door(settings))
    return findings


def _folder(settings: Settings) -> Finding:
    """Where SQLite keeps its file. It makes two more beside it, so the folder itself must be writable."""
    path = settings.database.file
    if path is None:
        return Finding("folder", "well", "nothing is kept on this machine")
    folder = path.absolute().parent
    if not folder.is_dir():
        return Finding("folder", "broken", f"there is no folder {folder}", f"Make it: mkdir -p {folder}")
    if not os.access(folder, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        return Finding(
            "folder", "broken", f"{folder} cannot be written to", "Give it to the user that Soglia runs as."
        )
    free = shutil.disk_usage(folder).free
    words = f"{folder} can be written to, {free / 1024**3:.1f} GiB are free"
    if free < _LEAST_FREE_BYTES:
        return Finding("folder", "look", words, "Make room: when the disk is full, nothing is acknowledged.")
    return Finding("folder", "well", words)


def _clock(now: datetime) -> Finding:
    if now < _WRITTEN:
        return Finding(
            "clock",
            "broken",
            f"it says {now:%Y-%m-%d %H:%M} UTC, which is past",
            "Set it, and keep it by NTP.",
        )
    return Finding("clock", "well", f"it says {now:%Y-%m-%d %H:%M:%S} UTC: compare it with your watch")


async def _database(settings: Settings) -> list[Finding]:
    if settings.database.file is not None and not settings.database.file.exists():
        return [
            Finding("database", "look", "there is none yet", "`soglia serve` or `soglia migrate` makes it.")
        ]
    database = Database.open(settings.database.url)
    try:
        theirs = await database.clock()
        if not await is_current(database):
            return [
                Finding(
                    "database", "broken", "its tables are not those of this version", "Run `soglia migrate`."
                )
            ]
        return [
            Finding("database", "well", "it answers, and its tables are those of this version"),
            *_apart(theirs, datetime.now(UTC)),
            await _owners(database),
        ]
    except UNREACHABLE as why:
        return [
            Finding(
                "database",
                "broken",
                f"it does not answer: {str(why).splitlines()[0]}",
                "Is it running, and is database.url right?",
            )
        ]
    finally:
        await database.close()


def _apart(theirs: datetime, ours: datetime) -> list[Finding]:
    apart = abs(theirs - ours)
    if apart <= _CLOCKS:
        return []
    words = f"the database's clock and ours are {apart.total_seconds():.0f} s apart"
    return [Finding("clock", "look", words, "Keep both by NTP.")]


async def _owners(database: Database) -> Finding:
    async with database.reading() as connection:
        owners = await staff.owners(connection)
    if not owners:
        todo = "Run `soglia staff add EMAIL --role owner`."
        return Finding("staff", "look", "nobody can log in as owner", todo)
    return Finding("staff", "well", f"{owners} can log in as owner")


async def _push(settings: Settings) -> list[Finding]:
    """Each channel that is set up, by whether it would take anything from us."""
    enabled = [name for name, section in settings.channels.items() if section.enabled and not section.inside]
    if not enabled:
        todo = "Give fcm.service_account_file: the Firebase console makes it (project settings, service accounts)."
        return [Finding("push", "look", "no service account: offers are decided, and none is sent", todo)]
    return [await _channel(name, settings) for name in enabled]


async def _channel(name: str, settings: Settings) -> Finding:
    matter = "push" if name == "fcm" else name
    try:
        async with channels.found()[name].open(settings.channels[name], NOBODY) as channel:
            await channel.check()
    except SendError as failed:
        todo = f"Is the line up, is the clock right, and is what [{name}] in the settings says still valid?"
        return Finding(matter, "broken", f"{name} would take nothing from us: {failed}", todo)
    return Finding(matter, "well", f"{name} would take offers from us")


def _door(settings: Settings) -> Finding:
    where = f"{settings.server.host}:{settings.server.port}"
    try:
        with socket.create_server((settings.server.host, settings.server.port)):
            return Finding("door", "well", f"{where} is free")
    except OSError as taken:
        todo = "Well where Soglia runs already; else change server.host or server.port."
        return Finding("door", "look", f"{where} cannot be had: {os.strerror(taken.errno or 0)}", todo)
