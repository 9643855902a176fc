"""What the server has not yet taken, on disk, bounded, in the order it was heard.

In: sightings with the reading of the clock they were timed by. Out: the oldest ones, until they are settled.

Built on SQLite (WAL): a process killed in the middle of a write loses that write alone, and a file that is damaged is
set aside and begun anew rather than stopping the gateway. A power cut may cost the last seconds (`synchronous =
NORMAL`): a flush to an SD card each second would wear it out. Safe to call from several threads.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import structlog

from scanner.clock import Reading
from scanner.sighting import Sighting

log = structlog.get_logger(__name__)

SCHEMA = """
CREATE TABLE IF NOT EXISTS sightings (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL, id TEXT NOT NULL, rssi REAL NOT NULL, count INTEGER NOT NULL, tx INTEGER, battery REAL,
    boot TEXT NOT NULL, offset_s REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS set_aside (
    sequence INTEGER PRIMARY KEY, at REAL NOT NULL, id TEXT NOT NULL, reason TEXT NOT NULL
);
"""
LARGEST_SET_ASIDE = 1000
"""Sightings kept for a look at why the server refused them; older ones go."""
DROP_AT_ONCE = 1000
"""How many of the oldest go when the spool is full: one by one would delete on each write from then on."""


class SpoolInUse(RuntimeError):
    """Another scanner works on this spool."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One sighting that waits, and the clock it was timed by."""

    sequence: int
    sighting: Sighting
    clock: Reading


@dataclass(frozen=True, slots=True)
class SpoolState:
    """`oldest_at` is UTC epoch seconds; `dropped` counts since the start what was lost for want of room or age."""

    waiting: int
    oldest_at: float | None
    dropped: int
    trouble: str | None


class Spool:
    """Sightings on disk in `path`, at most `max_bytes` of them and none older than `max_age_s`."""

    def __init__(self, path: Path, *, max_bytes: int, max_age_s: float) -> None:
        self.path = path
        self.max_bytes = max_bytes
        self.max_age_s = max_age_s
        self._lock = threading.Lock()
        self._dropped = 0
        self._trouble: str | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        self._records = self._open_or_begin_anew()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            self._records.close()

    # -- writing

    def put(self, sightings: Sequence[Sighting], clock: Reading, now: float) -> None:
        """Keeps these, and drops what is too old at `now` or beyond the room. Never raises for a sick disk.

        What could not be written counts as dropped, and `state().trouble` says why.
        """
        rows = [(s.at, s.id, s.rssi, s.count, s.tx, s.battery, clock.boot, clock.offset_s) for s in sightings]
        with self._lock:
            try:
                self._write(rows, clock, now)
            except sqlite3.OperationalError as error:  # the disk is full, or read-only, or gone
                self._lost(len(rows), str(error))
            except sqlite3.DatabaseError as error:  # the file is damaged
                self._records.close()
                self._records = self._open_or_begin_anew()
                self._lost(len(rows), str(error))
            else:
                self._trouble = None

    def _write(self, rows: Sequence[tuple[object, ...]], clock: Reading, now: float) -> None:
        with self._records as records:
            records.executemany(
                "INSERT INTO sightings (at, id, rssi, count, tx, battery, boot, offset_s)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            # What this boot heard is aged by the steady clock: a wall clock set right must not make it all too old.
            aged = records.execute(
                "DELETE FROM sightings WHERE at - CASE boot WHEN ? THEN offset_s ELSE ? END < ?",
                (clock.boot, clock.offset_s, now - clock.offset_s - self.max_age_s),
            ).rowcount
            crowded = 0
            while self._bytes_used() > self.max_bytes:
                deleted = records.execute(
                    "DELETE FROM sightings WHERE sequence IN"
                    " (SELECT sequence FROM sightings ORDER BY sequence LIMIT ?)",
                    (DROP_AT_ONCE,),
                ).rowcount
                if not deleted:
                    break
                crowded += deleted
        if aged or crowded:
            self._dropped += aged + crowded
            log.warning("spool_dropped_the_oldest", too_old=aged, no_room=crowded, dropped=self._dropped)

    def settle(self, up_to: int) -> None:
        """The server has taken everything up to this sequence number: forget it."""
        with self._lock, self._records as records:
            records.execute("DELETE FROM sightings WHERE sequence <= ?", (up_to,))

    def set_aside(self, waiting: Waiting, reason: str) -> None:
        """Takes one sighting that the server will never accept out of the way of the others."""
        with self._lock, self._records as records:
            records.execute("DELETE FROM sightings WHERE sequence = ?", (waiting.sequence,))
            records.execute(
                "INSERT OR REPLACE INTO set_aside (sequence, at, id, reason) VALUES (?, ?, ?, ?)",
                (waiting.sequence, waiting.sighting.at, waiting.sighting.id, reason),
            )
            records.execute(
                "DELETE FROM set_aside WHERE sequence NOT IN"
                " (SELECT sequence FROM set_aside ORDER BY sequence DESC LIMIT ?)",
                (LARGEST_SET_ASIDE,),
            )
            self._dropped += 1

    # -- reading

    def oldest(self, most: int) -> list[Waiting]:
        """The next to send, at most so many, in the order they were put."""
        with self._lock:
            rows = self._records.execute(
                "SELECT sequence, at, id, rssi, count, tx, battery, boot, offset_s"
                " FROM sightings ORDER BY sequence LIMIT ?",
                (most,),
            ).fetchall()
        return [Waiting(row[0], Sighting(*row[1:7]), Reading(row[7], row[8])) for row in rows]

    def state(self) -> SpoolState:
        with self._lock:
            try:
                (waiting,) = self._records.execute("SELECT count(*) FROM sightings").fetchone()
                oldest = self._records.execute(
                    "SELECT at FROM sightings ORDER BY sequence LIMIT 1"
                ).fetchone()
            except sqlite3.DatabaseError as error:
                return SpoolState(0, None, self._dropped, str(error))
            return SpoolState(waiting, oldest[0] if oldest else None, self._dropped, self._trouble)

    # -- the file

    def _bytes_used(self) -> int:
        """Bytes of pages in use: freed pages are used again before the file grows."""
        (pages,) = self._records.execute("PRAGMA page_count").fetchone()
        (free,) = self._records.execute("PRAGMA freelist_count").fetchone()
        (size,) = self._records.execute("PRAGMA page_size").fetchone()
        return int((pages - free) * size)

    def _lost(self, sightings: int, why: str) -> None:
        self._dropped += sightings
        self._trouble = why
        log.error("spool_cannot_write", reason=why, dropped=self._dropped)

    def _open_or_begin_anew(self) -> sqlite3.Connection:
        try:
            return self._open()
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise SpoolInUse(
                    f"another scanner works on {self.path}: give each its own spool.folder"
                ) from error
            raise
        except sqlite3.DatabaseError as error:
            broken = self.path.with_suffix(".broken")
            log.error("spool_damaged", reason=str(error), kept_as=broken.name)  # noqa: TRY400 - the words suffice
            self.path.replace(broken)
            for leftover in ("-wal", "-shm"):
                self.path.with_name(self.path.name + leftover).unlink(missing_ok=True)
            return self._open()

    def _open(self) -> sqlite3.Connection:
        with contextlib.ExitStack() as undo:
            records = sqlite3.connect(self.path, timeout=1.0, check_same_thread=False)
            undo.callback(records.close)
            # Held for as long as the scanner runs: a second one on the same file is told so at once.
            records.execute("PRAGMA locking_mode = EXCLUSIVE")
            records.execute("PRAGMA journal_mode = WAL")
            records.execute("PRAGMA synchronous = NORMAL")
            records.execute(f"PRAGMA journal_size_limit = {4 * 1024 * 1024}")
            (verdict,) = records.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise sqlite3.DatabaseError(verdict)
            records.executescript(SCHEMA)
            with records:  # takes the lock now rather than at the first sighting
                records.execute("DELETE FROM set_aside WHERE sequence < 0")
            undo.pop_all()
            return records
