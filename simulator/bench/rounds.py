"""Two things measured in turns, so that a noisy machine disturbs both alike. In: what to time. Out: medians and the median ratio. Pure but for calling."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Compared:
    """Rates (things a second) of what is measured and of what it is measured against, a round each.

    `against` has one more: it ran before the first round of `measured` and after each.
    """

    measured: Sequence[float]
    against: Sequence[float]

    @property
    def ratios(self) -> list[float]:
        """Each round against the mean of its neighbours."""
        around = zip(self.against, self.against[1:], strict=False)
        return [rate / ((a + b) / 2) for rate, (a, b) in zip(self.measured, around, strict=True)]

    def figures(self, measured: str, against: str) -> dict[str, object]:
        """What a benchmark prints: the median ratio, its spread, and the medians of both rates under these names."""
        ratios = self.ratios
        return {
            "ratio": round(median(ratios), 4),
            "ratio_lowest": round(min(ratios), 4),
            "ratio_highest": round(max(ratios), 4),
            "rounds": len(ratios),
            measured: round(median(self.measured)),
            against: round(median(self.against)),
        }


def in_turns(rounds: int, measured: Callable[[int], float], against: Callable[[int], float]) -> Compared:
    """Runs both in turns; each gets the number of its round and gives its rate."""
    first = against(0)
    pairs = [(measured(turn), against(turn)) for turn in range(rounds)]
    return Compared([rate for rate, _ in pairs], [first, *(rate for _, rate in pairs)])
