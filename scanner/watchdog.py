"""Is the radio silent, and is it time to begin anew? Pure: every time is an argument (seconds of a steady clock).

The watchdog counts from the later of the last packet and the last start: counted from the last packet alone it would
trip at each look after a restart (seen in DroneAware's agent). Its patience doubles with each restart that brought
nothing, since at night nothing may be on the air for hours.
"""

QUIET_SHOP_DOUBLINGS = 4
"""Patience grows sixteenfold at most: with 90 s that is a restart every 24 minutes."""


class Watchdog:
    """`silences` counts the restarts in a row that brought nothing."""

    def __init__(self, *, silent_after_s: float, restart_after_s: float) -> None:
        self.silences = 0
        self._silent_after_s, self._restart_after_s = silent_after_s, restart_after_s
        self._heard = self._started = float("-inf")

    def started(self, now: float) -> None:
        """Listening began anew."""
        self._started = now

    def heard(self, now: float) -> bool:
        """A packet that says something. True where it is the first since the start."""
        first = self._heard < self._started
        self._heard = now
        if first:
            self.silences = 0
        return first

    def quiet_s(self, now: float) -> float:
        """Seconds since the last packet or the last start, whichever is later."""
        return now - max(self._heard, self._started)

    def hears(self, now: float) -> bool:
        """Whether this start has brought a packet, and the last one is recent."""
        return self._heard >= self._started and now - self._heard < self._silent_after_s

    def trips(self, now: float) -> bool:
        """Whether it is time to begin anew; counts the silence where it is."""
        if self.quiet_s(now) <= self._restart_after_s * 2 ** min(self.silences, QUIET_SHOP_DOUBLINGS):
            return False
        self.silences += 1
        return True
