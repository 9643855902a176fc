"""A house for benchmarks: a real server process whose books were filled beforehand. In: how many shoppers. Out: the house, running.

Twenty thousand people would stand at the door of a fresh server for minutes. So the books are filled as a move from another system
would: `soglia migrate`, then shoppers, phones, consents and addresses written straight into the embedded database, in
one transaction, before the server starts. Everything after that goes through the server's doors.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

#: When everybody in the books registered and agreed. Long ago: nothing is decided by it.
REGISTERED_AT = datetime(2026, 1, 1, tzinfo=UTC)
#: SQLAlchemy's way of writing a time into SQLite.
_AT = REGISTERED_AT.strftime("%Y-%m-%d %H:%M:%S.%f")

_ROWS = {
    "shoppers": "INSERT INTO shoppers (id, own_id, language, time_zone, attributes, tags, created_at) "
    "VALUES (:shopper, :own_id, 'it', 'Europe/Rome', '{}', '[]', :at)",
    "devices": "INSERT INTO devices (id, shopper_id, kind, created_at) VALUES (:device, :shopper, 'phone', :at)",
    "addresses": "INSERT INTO addresses (id, shopper_id, device_id, kind, value, created_at) "
    "VALUES (:address, :shopper, :device, 'fcm_fid', :address, :at)",
}
_CONSENT = (
    "INSERT INTO consents (id, shopper_id, purpose, granted, text_version, language, how, device_id, given_at) "
    "VALUES (:consent || :purpose, :shopper, :purpose, 1, '2026-01', 'it', 'app', :device, :at)"
)


def fill(database: Path, shoppers: int) -> list[str]:
    """Writes `shoppers` people with a phone each, who agreed to everything, into a migrated database. Out: the devices."""
    people = list(_people(shoppers))
    with closing(sqlite3.connect(database)) as connection, connection:
        for statement in _ROWS.values():
            connection.executemany(statement, people)
        for purpose in ("location", "push", "profiling"):
            connection.executemany(_CONSENT, [{**each, "purpose": purpose} for each in people])
    return [each["device"] for each in people]


def _people(count: int) -> Iterator[dict[str, str]]:
    """Ids as long as the server's own: a prefix and 24 characters."""
    for i in range(count):
        number = f"{i:024d}"
        yield {
            "shopper": f"sh_{number}",
            "device": f"d_{number}",
            "address": f"ad_{number}",
            "consent": f"co_{number}",
            "own_id": f"loyalty-{number}",
            "at": _AT,
        }
