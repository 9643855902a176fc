"""Says a trouble once when it begins, once when it changes and once when it is over: not each time it is met.

In: what is wrong right now, in words, or None. Out: log lines, and `reason` for the heartbeat.
"""

import structlog


class Complaint:
    """One subject that can be in trouble. `begun` and `over` are the names of its log lines."""

    def __init__(self, begun: str, over: str) -> None:
        self.reason: str | None = None
        self._begun, self._over = begun, over
        self._log = structlog.get_logger(__name__)

    def about(self, reason: str, *, needs_people: bool = False) -> None:
        """It is in trouble; `needs_people` says so loudly, since waiting will not mend it."""
        if reason != self.reason:
            say = self._log.error if needs_people else self._log.warning
            say(self._begun, reason=reason)
        self.reason = reason

    def settled(self) -> None:
        if self.reason is not None:
            self._log.info(self._over)
        self.reason = None
