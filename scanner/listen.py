"""What the radio hears, as a table in the terminal: for setting up a gateway and finding a beacon's id.

In: a radio, the allow-list. Out: a rich table that lives until it is interrupted, and, where asked for, a recording. A radio
that survives its troubles for months may never have begun to listen: who stands before the terminal is told so, and it ends.
Strangers' devices are counted, never shown by address or content.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Column, Table
from rich.text import Text

from scanner.advertisement import NO_RSSI, Advertisement, Radio, RadioHealth
from scanner.beacon import Beacon
from scanner.formats import decode_all, eddystone_url
from scanner.ours import Ours
from scanner.recording import written

REDRAW_EVERY_S = 0.5
GIVE_UP_AFTER_S = 5.0
"""So long a radio that has not begun to listen yet may be broken: bluetoothd may just be starting."""
SHOWN = 40
"""Rows of the table: the most recent ones; a terminal has no more room."""


class NeverListened(Exception):
    """The radio could not even begin to listen; the text says why."""


@dataclass(slots=True)
class _Row:
    name: str
    rssi: float
    count: int = 0
    tx: int | None = None
    ours: bool = False
    heard_at: float = 0.0


@dataclass(slots=True)
class Overheard:
    """All that was heard so far. `raw` counts payloads by company or service, of whoever sent them."""

    ours: Ours
    rows: dict[str, _Row] = field(default_factory=dict)
    raw: Counter[str] = field(default_factory=Counter)
    packets: int = 0

    def add(self, advertisement: Advertisement) -> bool:
        """Takes one packet in; True where it comes from a beacon of ours."""
        self.packets += 1
        self.raw.update(f"company {company:04x}" for company in advertisement.manufacturer_data)
        self.raw.update(f"service {service}" for service in advertisement.service_data)
        if advertisement.rssi <= NO_RSSI:
            return False
        ours = [self._note(beacon, advertisement) for beacon in decode_all(advertisement)]
        return any(ours)

    def _note(self, beacon: Beacon, advertisement: Advertisement) -> bool:
        name = _named(beacon)
        row = self.rows.setdefault(name, _Row(name, advertisement.rssi))
        row.rssi += (
            advertisement.rssi - row.rssi
        ) * 0.3  # settles within a handful of packets, for the eye only
        row.count += 1
        row.tx, row.heard_at, row.ours = beacon.tx_at_1m, advertisement.heard_at, self.ours.own(beacon)
        return row.ours

    def drawn(self, health: str, now: float, *, all_counts: bool) -> RenderableType:
        beacon = Column("beacon", overflow="fold")  # an id is looked up to be copied: all of it
        table = Table(beacon, "dBm", "dBm at 1 m", "packets", "seconds ago", "ours", expand=True)
        for row in sorted(self.rows.values(), key=lambda row: row.heard_at, reverse=True)[:SHOWN]:
            ago = f"{max(0.0, now - row.heard_at):.0f}"
            tx = "" if row.tx is None else str(row.tx)
            table.add_row(row.name, f"{row.rssi:.0f}", tx, str(row.count), ago, "yes" if row.ours else "")
        head = Text(
            f"{health} - {self.packets} packets, {len(self.rows)} beacons in a format that Soglia reads"
        )
        if not all_counts:
            return Group(head, table)
        raw = Table("on the air, of whoever sent it", "packets", expand=True)
        for name, count in self.raw.most_common(SHOWN):
            raw.add_row(name, str(count))
        return Group(head, table, raw)


def _named(beacon: Beacon) -> str:
    if beacon.beacon_id is not None:
        return beacon.beacon_id
    return (
        f"eddystone-url: {beacon.url}"
        if isinstance(beacon, eddystone_url.EddystoneUrl)
        else type(beacon).__name__
    )


@contextmanager
def recording_into(path: Path) -> Iterator[TextIO]:
    """A file to append to; one that was not there and into which nothing was written is not left behind. Raises OSError."""
    was_there = path.exists()
    # Line by line: whoever looks at the file, or pulls the plug, finds whole advertisements.
    with path.open("a", encoding="utf-8", buffering=1) as file:
        try:
            yield file
        finally:
            if not was_there and not file.tell():
                path.unlink(missing_ok=True)


async def listen(
    radio: Radio,
    overheard: Overheard,
    console: Console,
    *,
    all_counts: bool = False,
    record: TextIO | None = None,
    now: Callable[[], float] = time.time,
    give_up_after_s: float = GIVE_UP_AFTER_S,
) -> None:
    """Draws until the radio ends or it is cancelled. Records what is ours, or with `all_counts` every packet.

    Raises NeverListened, in a group, where the radio could not begin within `give_up_after_s`.
    """

    def hear(advertisement: Advertisement) -> None:
        is_ours = overheard.add(advertisement)
        if record is not None and (is_ours or all_counts):
            record.write(written(advertisement) + "\n")

    def drawn() -> RenderableType:
        return overheard.drawn(_words(radio.health()), now(), all_counts=all_counts)

    with Live(drawn(), console=console, auto_refresh=False) as live:

        async def redraw() -> None:
            while True:
                await asyncio.sleep(REDRAW_EVERY_S)
                live.update(drawn(), refresh=True)

        async with asyncio.TaskGroup() as group:
            loops = [
                group.create_task(redraw(), name="redraw"),
                group.create_task(_see_it_begin(radio, give_up_after_s), name="see it begin"),
            ]
            await radio.run(hear)
            for loop in loops:
                loop.cancel()
        live.update(drawn(), refresh=True)


async def _see_it_begin(radio: Radio, within_s: float) -> None:
    """Until the radio listens, or is off or starting, which people and time put right. Raises NeverListened."""
    starting = radio.health()
    while (health := radio.health()) == starting or health.condition in ("failed", "off"):
        if health.condition == "failed":
            await asyncio.sleep(within_s)
            if (health := radio.health()).condition == "failed":
                raise NeverListened(health.reason or "the radio failed")
        await asyncio.sleep(REDRAW_EVERY_S)


def _words(health: RadioHealth) -> str:
    return health.condition if health.reason is None else f"{health.condition}: {health.reason}"
