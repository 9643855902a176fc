"""What can be scored: our own belief, and the logic of its peers (simulator/peers, one file an algorithm)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulator.peers import peers
from simulator.score.case import Case, Said, Sense
from simulator.score.play import play_all

#: What our own is called.
OURS = "soglia"


@dataclass(frozen=True, slots=True)
class Algorithm:
    """`sense` None: it takes both."""

    name: str
    sense: Sense | None
    source: str
    play_all: Callable[[Sequence[Case]], list[list[Said]]]


def algorithms() -> dict[str, Algorithm]:
    """Ours first, then its peers by name. Raises TypeError, which names the file, for one that breaks the contract."""
    found = {OURS: Algorithm(OURS, None, "server/presence and server/zones as they stand", play_all)}
    for peer in sorted(peers().values(), key=lambda peer: peer.name):
        found[peer.name] = Algorithm(peer.name, peer.sense, peer.source, _one_by_one(peer.play))
    return found


def _one_by_one(play: Callable[[Case], list[Said]]) -> Callable[[Sequence[Case]], list[list[Said]]]:
    return lambda cases: [play(case) for case in cases]
