"""What the radio hears, as a table in the terminal: for setting up a gateway and finding a beacon's id.

In: a radio, the allow-list. Out: a rich table that lives until it is interrupted, and, where asked for, a recording.
Strangers' devices are counted, never shown by address or content.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Column, Table
from rich.text import Text

from scanner.advertisement import NO_RSSI, Advertisement, Radio
from scanner.beacon import Beacon
from scanner.formats import decode_all, eddystone_url
from scanner.ours import Ours
from scanner.recording import written

REDRAW_EVERY_S = 0.5
SHOWN = 40
"""Rows of the table: the most recent ones; a terminal has no more room."""


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


async def listen(
    radio: Radio,
    overheard: Overheard,
    console: Console,
    *,
    all_counts: bool = False,
    record: TextIO | None = None,
    now: Callable[[], float] = time.time,
) -> None:
    """Draws until the radio ends or it is cancelled. Records what is ours, or with `all_counts` every packet."""

    def hear(advertisement: Advertisement) -> None:
        is_ours = overheard.add(advertisement)
        if record is not None and (is_ours or all_counts):
            record.write(written(advertisement) + "\n")

    def drawn() -> RenderableType:
        health = radio.health()
        words = health.condition if health.reason is None else f"{health.condition}: {health.reason}"
        return overheard.drawn(words, now(), all_counts=all_counts)

    with Live(drawn(), console=console, auto_refresh=False) as live:

        async def redraw() -> None:
            while True:
                await asyncio.sleep(REDRAW_EVERY_S)
                live.update(drawn(), refresh=True)

        async with asyncio.TaskGroup() as group:
            redrawing = group.create_task(redraw(), name="redraw")
            await radio.run(hear)
            redrawing.cancel()
        live.update(drawn(), refresh=True)
