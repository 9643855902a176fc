"""The verdicts of one body, as they come to be known: in the order in which the door asks, the first one against an item stands.

In: which items could be read, then which of those to refuse, and at last what the path said of those that went on. Out: the answer.
"""

from functools import lru_cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from server.ingest.format import Fault, Items
from server.presence.observe import COARSEST_FIX_M
from server.presence.sighting import Verdict, Verdicts

_WORDS = [verdict.word for verdict in Verdict]
#: The path's verdicts that say what is wrong with an item, in words: its field and the reason.
_TOO_INACCURATE = ("accuracy", f"claims more than {COARSEST_FIX_M:,.0f} m: no zone can be told from so far")
_encode = msgspec.json.Encoder().encode


class Sheet:
    """`verdicts` has one for each item of the body; `standing` tells which of the read rows nothing speaks against yet."""

    def __init__(self, items: Items) -> None:
        self.verdicts: Verdicts = np.zeros(items.count, np.uint8)  # zero is ACCEPTED
        self.standing = np.ones(len(items.index), np.bool_)
        self._index = items.index
        self._faults: list[Fault] = [*items.faults]
        for fault in items.faults:
            self.verdicts[fault.index] = Verdict.MALFORMED

    def refuse(self, bad: NDArray[np.bool_], verdict: Verdict, field: str, reason: str) -> None:
        """Gives a verdict to those of the read rows that are `bad` and still standing."""
        if not bad.any():
            return
        bad = bad & self.standing
        self.standing &= ~bad
        where = self._index[bad]
        self.verdicts[where] = verdict
        self._faults += [Fault(int(i), field, reason) for i in where]

    def settle(self, verdicts: Verdicts) -> None:
        """What the path said of the rows that stood."""
        if not verdicts.any():
            return  # all accepted, as is written already
        where = self._index[self.standing]
        self.verdicts[where] = verdicts
        self._faults += [Fault(int(i), *_TOO_INACCURATE) for i in where[verdicts == Verdict.TOO_INACCURATE]]

    def answer(self) -> bytes:
        """The verdicts as JSON, with the reasons of those that have one."""
        if not self.verdicts.any():
            return _all_accepted(len(self.verdicts))
        words = [_WORDS[verdict] for verdict in self.verdicts.tolist()]
        problems = [
            {"index": each.index, "verdict": words[each.index], "field": each.field, "reason": each.reason}
            for each in sorted(self._faults, key=lambda fault: fault.index)
        ]
        return _encode({"accepted": words.count("accepted"), "verdicts": words, "problems": problems})


@lru_cache(maxsize=64)  # phones send one, or what their app gathers; gateways and servers their usual batch
def _all_accepted(count: int) -> bytes:
    return _encode({"accepted": count, "verdicts": ["accepted"] * count, "problems": []})
