"""The clocks of those who send: how far each is off ours, so that things happened when they happened.

In: the times of items, `sent_at` as the sender's clock said, the moment of arrival. Out: the times by our clock.
"""

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

#: A clock that is off by less than this is right: the way to us takes up to a second or two on a bad line, and correcting by that
#: would make the same sighting another one each time it is sent.
RIGHT_WITHIN_S = 5.0
#: An offset is kept until the clock has moved by this much more.
STEADY_WITHIN_S = 3.0
#: Senders whose offset is remembered; beyond that the longest silent are forgotten.
MOST_CLOCKS = 100_000


class Clocks:
    """Offsets by sender (the id of its key)."""

    def __init__(self) -> None:
        self._offset_s: OrderedDict[str, float] = OrderedDict()

    def corrected(
        self, sender: str, at: NDArray[np.float64], sent_at: float | None, now: float
    ) -> NDArray[np.float64]:
        """The times of a request's items (epoch seconds) by our clock; without `sent_at` they are taken as they are."""
        if sent_at is None or not np.isfinite(sent_at):
            return at
        offset = now - sent_at
        if abs(offset) <= RIGHT_WITHIN_S:
            self._offset_s.pop(sender, None)
            return at
        known = self._offset_s.get(sender)
        if known is None or abs(offset - known) > STEADY_WITHIN_S:
            self._offset_s[sender] = known = offset
        self._offset_s.move_to_end(sender)
        if len(self._offset_s) > MOST_CLOCKS:
            self._offset_s.popitem(last=False)
        return at + known
