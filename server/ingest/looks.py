"""How often the doors may look into the records for somebody they would refuse: soon enough to notice, seldom enough not to matter.

In: device ids that would be refused, the time. Out: those worth a look now. Pure.
"""

from collections.abc import Iterable

#: One device is looked for once in this long: what another process wrote counts within about a second.
AGAIN_AFTER_S = 1.0
#: Looks, and devices looked for, in that time: a shop whose every phone is refused costs no more than this.
MOST_LOOKS = 50
MOST_DEVICES = 5_000


class Looks:
    """The looks of the second that runs."""

    def __init__(self) -> None:
        self._since_s = 0.0
        self._count = 0
        self._devices: set[str] = set()

    def worth(self, devices: Iterable[str], now_s: float) -> list[str]:
        """Of these devices those to look for now; they count as looked for."""
        if not 0.0 <= now_s - self._since_s < AGAIN_AFTER_S:
            self._since_s, self._count, self._devices = now_s, 0, set()
        room = MOST_DEVICES - len(self._devices) if self._count < MOST_LOOKS else 0
        chosen = [each for each in sorted(set(devices) - self._devices) if _like_an_id(each)][:room]
        self._count += bool(chosen)
        self._devices.update(chosen)
        return chosen


def _like_an_id(text: str) -> bool:
    """Whether a database can be asked for it at all: PostgreSQL takes no NUL and no half of a surrogate pair."""
    return text.isascii() and text.isprintable() and 0 < len(text) <= 100
