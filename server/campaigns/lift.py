"""What a campaign did, measured against its hold-out: the difference of two shares, with its interval, in plain words.

In: of the treated and of the control group how many shoppers were exposed, and how many of them came to the till. Out: how many more of
100 came, between which bounds, and a sentence; or a refusal to conclude.

The method. Newcombe's hybrid score interval for the difference of two independent proportions (R. G. Newcombe, "Interval
estimation for the difference between independent proportions: comparison of eleven methods", Statistics in Medicine 17, 1998,
873-890: his method 10), built from Wilson's score interval of each share (E. B. Wilson, "Probable inference, the law of succession,
and statistical inference", Journal of the American Statistical Association 22, 1927, 209-212). It holds its coverage for small shares
and unequal groups, where the textbook interval (Wald) does not: shares here are a few of 100, and a hold-out is small.

Who counts. All who were exposed, by the group they were assigned to, whether the message was delivered, seen or not (intention to treat):
those who were reached are not comparable with a control group of whom nobody knows who would have been reached. A shopper counts
once, however often they were exposed: shoppers are assigned, so shoppers are what is independent.

What it does not guard against: an interval that is looked at each day until it excludes 0 excludes it too often. It is right for a
period that was fixed beforehand.
"""

from dataclasses import dataclass
from datetime import timedelta
from math import sqrt
from statistics import NormalDist
from typing import Final

from server.campaigns.words import Phrases, Sentence, say

#: Under so many in either group nothing is concluded: one shopper more or less would move the share by more than one of 100.
FEWEST_EXPOSED: Final = 100
#: Nor where fewer came from both groups together: that is one family, or one busy hour.
FEWEST_CAME: Final = 10

CONFIDENCE: Final = 0.95
METHOD: Final = "Newcombe 1998, hybrid score interval (method 10)"

PHRASES: Final[Phrases] = {
    "en": {
        "more": "between {low} and {high} more of 100 came to the till",
        "fewer": "between {low} and {high} fewer of 100 came to the till",
        "unclear": "no difference can be told: of 100, something between {fewer} fewer and {more} more came to the till",
        "no_control": "nothing can be said: nobody was held out",
        "too_early_one": "too early to say: 1 shopper has not had {within} yet",
        "too_early": "too early to say: {waiting} shoppers have not had {within} yet",
        "few_exposed": "too few to say: the smaller group has {exposed} of the {needed} shoppers that are needed",
        "few_came": "too few to say: of both groups together {came} came to the till, of the {needed} that are needed",
    },
    "it": {
        "more": "tra {low} e {high} persone in più su 100 sono arrivate alla cassa",
        "fewer": "tra {low} e {high} persone in meno su 100 sono arrivate alla cassa",
        "unclear": "non si vede una differenza: su 100, alla cassa ne sono arrivate tra {fewer} in meno e {more} in più",
        "no_control": "non si può dire nulla: nessuno è stato escluso per confronto",
        "too_early_one": "troppo presto: 1 persona non ha ancora avuto {within}",
        "too_early": "troppo presto: {waiting} persone non hanno ancora avuto {within}",
        "few_exposed": "troppo pochi per concludere: nel gruppo più piccolo i clienti sono {exposed}, ne servono {needed}",
        "few_came": "troppo pochi per concludere: arrivi alla cassa dai due gruppi insieme {came}, ne servono {needed}",
    },
}


@dataclass(frozen=True, slots=True)
class Group:
    """Shoppers who were exposed, and those of them who came to the till. ValueError where more came than were exposed."""

    exposed: int
    came: int

    def __post_init__(self) -> None:
        if not 0 <= self.came <= self.exposed:
            raise ValueError(f"{self.came} of {self.exposed} cannot have come")

    @property
    def share(self) -> float:
        """0 for a group of nobody."""
        return self.came / self.exposed if self.exposed else 0.0


@dataclass(frozen=True, slots=True)
class Interval:
    """A difference of shares, in [-1, 1], and the bounds that hold the true one as often as the confidence says."""

    difference: float
    low: float
    high: float

    def holds(self, truth: float) -> bool:
        return self.low <= truth <= self.high


@dataclass(frozen=True, slots=True)
class Waiting:
    """Shoppers who were exposed so lately that they may still come `within` of it: in all, and of the control group. They are in no group yet."""

    shoppers: int
    control: int
    within: timedelta


@dataclass(frozen=True, slots=True)
class Lift:
    """What is concluded, if anything: `interval` is None where there are too few."""

    treated: Group
    control: Group
    interval: Interval | None
    words: Sentence


def lift_of(
    treated: Group, control: Group, confidence: float = CONFIDENCE, *, waiting: Waiting | None = None
) -> Lift:
    """What the campaign did to who came to the till. `confidence` lies between 0 and 1."""
    refusal = _refusal(treated, control, waiting)
    if refusal is not None:
        return Lift(treated, control, None, refusal)
    interval = interval_of(treated, control, confidence)
    return Lift(treated, control, interval, _words(interval))


def interval_of(treated: Group, control: Group, confidence: float = CONFIDENCE) -> Interval:
    """Newcombe's method 10, for groups of any size but none. Raises ZeroDivisionError for a group of nobody."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    (low_1, high_1), (low_0, high_0) = _wilson(treated, z), _wilson(control, z)
    difference = treated.share - control.share
    below = sqrt((treated.share - low_1) ** 2 + (high_0 - control.share) ** 2)
    above = sqrt((high_1 - treated.share) ** 2 + (control.share - low_0) ** 2)
    return Interval(difference, max(-1.0, difference - below), min(1.0, difference + above))  # sums round


def _wilson(group: Group, z: float) -> tuple[float, float]:
    """Wilson's score interval of a share, without continuity correction."""
    n, share = group.exposed, group.share
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def _refusal(treated: Group, control: Group, waiting: Waiting | None) -> Sentence | None:
    """As long as some may still come, a group that is empty or small is said to be so too early: but not where nobody is held out at all."""
    smaller, came = min(treated.exposed, control.exposed), treated.came + control.came
    if control.exposed == 0 and not (waiting and waiting.control):
        return say(PHRASES, "no_control")
    if waiting and waiting.shoppers and (smaller < FEWEST_EXPOSED or came < FEWEST_CAME):
        phrase = "too_early_one" if waiting.shoppers == 1 else "too_early"
        return say(PHRASES, phrase, waiting=waiting.shoppers, within=waiting.within)
    if smaller < FEWEST_EXPOSED:
        return say(PHRASES, "few_exposed", exposed=smaller, needed=FEWEST_EXPOSED)
    if came < FEWEST_CAME:
        return say(PHRASES, "few_came", came=came, needed=FEWEST_CAME)
    return None


def _words(interval: Interval) -> Sentence:
    if interval.low > 0:
        return say(PHRASES, "more", low=_of_100(interval.low), high=_of_100(interval.high))
    if interval.high < 0:
        return say(PHRASES, "fewer", low=_of_100(-interval.high), high=_of_100(-interval.low))
    return say(PHRASES, "unclear", fewer=_of_100(-interval.low), more=_of_100(interval.high))


def _of_100(share: float) -> float:
    """To a tenth; a smaller one to its first digit, so that a bound that is not 0 does not read as 0."""
    count = 100 * share
    return round(count, 1) or float(f"{count:.1g}")
