"""What a radio heard, as a file: one advertisement a line, JSON. Written by `listen --record`, read by `replay`.

    {"at": 1781092800.25, "address": "AA:..", "rssi": -71, "manufacturer_data": {"004c": "0215.."}, "service_data": {}}

`at` is UTC epoch seconds, `rssi` dBm; companies are four hex digits, services four (16-bit) or a whole UUID.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scanner.advertisement import Advertisement, RadioHealth

Hex = Annotated[str, Field(pattern=r"^([0-9a-fA-F]{2})*$")]


class BadRecording(ValueError):
    """A line of the file is not an advertisement: the text names the line and says why."""


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    at: float
    rssi: float
    address: str | None = None
    manufacturer_data: dict[Annotated[str, Field(pattern=r"^[0-9a-fA-F]{4}$")], Hex] = {}
    service_data: dict[str, Hex] = {}


def written(advertisement: Advertisement) -> str:
    """One line, without its end."""
    said = {
        "at": round(advertisement.heard_at, 3),
        "address": advertisement.address,
        "rssi": advertisement.rssi,
        "manufacturer_data": {
            f"{key:04x}": data.hex() for key, data in advertisement.manufacturer_data.items()
        },
        "service_data": {key: data.hex() for key, data in advertisement.service_data.items()},
    }
    return json.dumps(said, separators=(",", ":"))


def read(path: Path) -> Iterator[Advertisement]:
    """The advertisements of a file, in its order; empty lines are passed over. Raises BadRecording and OSError."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, text in enumerate(file, start=1):
            if not text.strip():
                continue
            try:
                line = _Line.model_validate_json(text)
            except ValidationError as error:
                fault = error.errors(include_input=False, include_url=False)[0]
                where = ".".join(map(str, fault["loc"]))
                raise BadRecording(f"{path.name}, line {number}: {where}: {fault['msg']}") from error
            yield Advertisement(
                manufacturer_data={
                    int(key, 16): bytes.fromhex(said) for key, said in line.manufacturer_data.items()
                },
                service_data={key.lower(): bytes.fromhex(said) for key, said in line.service_data.items()},
                address=line.address,
                rssi=line.rssi,
                heard_at=line.at,
            )


class Recording:
    """A file as a `Radio`: it speaks `speed` times as fast as it was recorded, and ends.

    What it says is heard now, so that it causes what it would have caused; with `as_recorded` it keeps its own
    times and is said as fast as it can be read: then it is history, and the server sends nothing for it.
    """

    def __init__(
        self,
        path: Path,
        *,
        speed: float = 1.0,
        as_recorded: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.path, self.speed, self.as_recorded = path, speed, as_recorded
        self._now = now
        self._last_heard_at: float | None = None
        self._over = False

    def health(self) -> RadioHealth:
        if self._over:
            return RadioHealth("off", "the recording is over", last_heard_at=self._last_heard_at)
        return RadioHealth("hearing", "a recording is played", last_heard_at=self._last_heard_at)

    async def run(self, hear: Callable[[Advertisement], None]) -> None:
        """Raises BadRecording and OSError."""
        began, first = self._now(), None
        for number, advertisement in enumerate(read(self.path)):
            heard = advertisement
            if self.as_recorded:
                if number % 100 == 0:
                    await asyncio.sleep(0)  # the windows are closed and sent meanwhile
            else:
                first = heard.heard_at if first is None else first
                due_at = began + (heard.heard_at - first) / self.speed
                await asyncio.sleep(max(0.0, due_at - self._now()))
                heard = Advertisement(
                    heard.manufacturer_data, heard.service_data, heard.address, heard.rssi, self._now()
                )
            self._last_heard_at = heard.heard_at
            hear(heard)
        self._over = True
