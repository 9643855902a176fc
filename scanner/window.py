"""Many packets of a second in, one sighting a device out.

In: beacon ids with RSSI (dBm) and time (UTC epoch seconds, as heard). Out: `Sighting`s. Pure: no clock, no chance, no
IO; whoever holds the window says what time it is.
"""

from dataclasses import dataclass, field

from scanner.sighting import Sighting

MOST_DEVICES = 5000
"""Devices in one window. A full hall has hundreds; more than this is somebody inventing ids to fill our memory."""
TRIM_FROM = 5
"""From this many packets on the weakest and the strongest are left out of the mean: a hand before the fob, or one
channel of the three in a fade, moves the mean of a few by several dB."""


@dataclass(slots=True)
class _Heard:
    rssis: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    tx: int | None = None
    battery: float | None = None


def trimmed_mean(rssis: list[float]) -> float:
    """Mean (dBm, one decimal) without the lowest and the highest where there are at least `TRIM_FROM`."""
    kept = sorted(rssis)[1:-1] if len(rssis) >= TRIM_FROM else rssis
    return round(sum(kept) / len(kept), 1)


class Window:
    """Collects packets in slots of `width_s` seconds that start at multiples of it, plus `phase_s`.

    The phase keeps a chain's gateways from all sending in the same instant.
    """

    def __init__(self, width_s: float, phase_s: float = 0.0) -> None:
        self.width_s = width_s
        self.phase_s = phase_s
        self.overflowed = 0
        self._slots: dict[int, dict[str, _Heard]] = {}

    def _slot(self, at: float) -> int:
        return int((at - self.phase_s) // self.width_s)

    def ends_at(self, now: float) -> float:
        """When the slot that `now` is in is over (UTC epoch seconds)."""
        return (self._slot(now) + 1) * self.width_s + self.phase_s

    def add(
        self, beacon_id: str, rssi: float, at: float, *, tx: int | None = None, battery: float | None = None
    ) -> None:
        """One packet of one device. Devices beyond `MOST_DEVICES` are counted in `overflowed` and forgotten."""
        slot = self._slots.setdefault(self._slot(at), {})
        heard = slot.get(beacon_id)
        if heard is None:
            if len(slot) >= MOST_DEVICES:
                self.overflowed += 1
                return
            heard = slot[beacon_id] = _Heard()
        heard.rssis.append(rssi)
        heard.times.append(at)
        heard.tx = heard.tx if tx is None else tx
        heard.battery = heard.battery if battery is None else battery

    def close(self, now: float | None = None) -> list[Sighting]:
        """The sightings of every slot but the one that `now` is in; of all slots where `now` is None.

        A slot that lies ahead of `now` is closed too: the clock was set back, and it would wait for ever.
        """
        current = None if now is None else self._slot(now)
        closed = sorted(slot for slot in self._slots if slot != current)
        sightings = [
            Sighting(
                at=round(sum(heard.times) / len(heard.times), 3),
                id=beacon_id,
                rssi=trimmed_mean(heard.rssis),
                count=len(heard.rssis),
                tx=heard.tx,
                battery=heard.battery,
            )
            for slot in closed
            for beacon_id, heard in self._slots.pop(slot).items()
        ]
        return sorted(sightings, key=lambda sighting: sighting.at)
