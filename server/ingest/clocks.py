"""The clocks of those who send: how far each is off ours, so that things happened when they happened.

In: the times of items, `sent_at` as the sender's clock said, the moment of arrival. Out: the times by our clock. A sender's offset
stays the same number as long as its clock does: what is sent twice is the same twice.
"""

from collections import OrderedDict

from server.ingest.format import Floats

#: A clock that is off by less than this is right: the way to us takes up to a second or two on a bad line, and correcting by that
#: would make the same sighting another one each time it is sent.
RIGHT_WITHIN_S = 5.0
#: An offset is kept until the clock has moved by this much more.
STEADY_WITHIN_S = 3.0
#: Senders whose offset is remembered; beyond that the longest silent are forgotten.
MOST_CLOCKS = 100_000


class Clocks:
    """Offsets by sender (the id of its key); those whose clock is right have none."""

    def __init__(self) -> None:
        self._offset_s: OrderedDict[str, float] = OrderedDict()

    def corrected(self, sender: str, at: Floats, sent_at: float | None, now: float) -> Floats:
        """The times of a request's items (epoch seconds) by our clock; without `sent_at` they are taken as they are."""
        if sent_at is None:
            return at
        offset = now - sent_at
        known = self._offset_s.get(sender)
        if known is None:
            if abs(offset) <= RIGHT_WITHIN_S:
                return at
            known = offset
        elif abs(offset - known) > STEADY_WITHIN_S:
            if abs(offset) <= RIGHT_WITHIN_S:
                del self._offset_s[sender]
                return at
            known = offset
        self._remember(sender, known)
        return at + known

    def _remember(self, sender: str, offset: float) -> None:
        self._offset_s[sender] = offset
        self._offset_s.move_to_end(sender)
        if len(self._offset_s) > MOST_CLOCKS:
            self._offset_s.popitem(last=False)
