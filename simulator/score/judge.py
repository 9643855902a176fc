"""What was said against what was true. In: cases, and what an algorithm said of each. Out: the figures of SOURCES.md. Pure.

- A said enter is right when it came within the true stay's window (case.Matching), one to one; every other one is false. It is
  the time at which it was *known* that counts, since an offer cannot go out before.
- Where nothing moves, the first enter of the right zone is the right one, and every enter after it is a flap and false. Wrong
  zones before it are no flaps; they show in the share of right seconds. Where the right zone never comes, all enters are false.
- An exit is early when it came more than 3 s before the end of a stay that was going on. An exit's delay is from the true end
  of a stay to the first exit said after it, or at most 3 s before it. Of a stay that was believed when it ended and of which no exit
  came, the delay is endless; where the recording ends within a minute of the stay, it is not counted.
- The share of right seconds: for radio, seconds whose true zones are exactly those believed. For fixes, where nearly all fences
  are nearly always rightly believed empty, of the (fence, second) pairs that are truly or supposedly inside the share that is both.
- A dwell is late by the time from when it was due (the enter's own time and the dwell) until it was known.
- False enters and early exits are counted per observed hour, in all zones together. For fences, of which many lie beside one track,
  there is also the share of one of them (false_per_fence_hour): that is how peers' figures are told.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite, sqrt
from statistics import median

import numpy as np

from simulator.score.case import Case, Matching, Said, TrueStay

#: An exit this much before the true end is not early.
EXIT_TOLERANCE_S = 3.0
#: A stay that ends this close to the recording's end need not have been told of.
LAST_WORD_S = 60.0
#: A normal distribution's 95 % lie within so many standard errors.
SIGMAS_95 = 1.96


@dataclass(frozen=True, slots=True)
class Tally:
    """What one case came to. Seconds and pairs are counts; `exit_delays_s` may be infinite."""

    right: int
    n_true: int
    n_false: int
    delays_s: tuple[float, ...]
    exit_delays_s: tuple[float, ...]
    early_exits: int
    dwells_late_s: tuple[float, ...]
    seconds: float
    fences: int
    agreed: int
    looked_at: int


Figures = Mapping[str, str | float | int | None]


def judged(task: str, algorithm: str, cases: Sequence[Case], said: Sequence[Sequence[Said]]) -> Figures:
    """One row of the table: SOURCES.md's figures over all cases, and how far F1 might be off (jackknife, 95 %)."""
    tallies = [tally(case, told) for case, told in zip(cases, said, strict=True)]
    right, n_true, n_false = _sums(tallies)
    hours = sum(t.seconds for t in tallies) / 3600
    fence_hours = sum(t.seconds * t.fences for t in tallies) / 3600  # none for radio
    delays = sorted(delay for t in tallies for delay in t.delays_s)
    dwells = [late for t in tallies for late in t.dwells_late_s]
    low, high = _spread(_apart(cases, said))
    return {
        "task": task,
        "algorithm": algorithm,
        "precision": _share(right, right + n_false),
        "recall": _share(right, n_true),
        "f1": _f1(tallies),
        "delay_median_s": _median(delays),
        "delay_p90_s": _p90(delays),
        "false_per_hour": _share(n_false, hours),
        "right_share": _share(sum(t.agreed for t in tallies), sum(t.looked_at for t in tallies)),
        "exit_delay_median_s": _median([delay for t in tallies for delay in t.exit_delays_s]),
        "early_exits_per_hour": _share(sum(t.early_exits for t in tallies), hours),
        "n_true": n_true,
        "n_false": n_false,
        "false_per_fence_hour": _share(n_false, fence_hours),
        "n_dwells": len(dwells),
        "dwell_late_p90_s": _p90(dwells),
        "hours": hours,
        "f1_low": low,
        "f1_high": high,
    }


def tally(case: Case, said: Sequence[Said]) -> Tally:
    """One case."""
    told = sorted(said, key=lambda each: each.t)
    enters = [each for each in told if each.event == "entered"]
    matched, unmatched = right_enters(case.truth, enters, case.matching)
    delays = tuple(each.t - stay.entered_s for stay, each in matched)
    n_false = flaps(case, enters) if case.still else len(unmatched)
    believed = believed_at_each_s(told, len(case.at_each_s))
    agreed, looked_at = _agreement(case, believed)
    return Tally(
        right=len(delays),
        n_true=len(case.truth),
        n_false=n_false,
        delays_s=delays,
        exit_delays_s=tuple(exit_delays(case, told)),
        early_exits=sum(early_exits(case.truth, told).values()),
        dwells_late_s=tuple(each.t - each.at for each in told if each.event == "dwelled"),
        seconds=case.seconds,
        fences=len(case.zones) if case.sense == "fixes" else 0,
        agreed=agreed,
        looked_at=looked_at,
    )


def right_enters(
    truth: Iterable[TrueStay], enters: Iterable[Said], matching: Matching
) -> tuple[list[tuple[TrueStay, Said]], list[Said]]:
    """True stays with the enter that answers each, and the enters that answer none.

    Stays of a zone come one after another and so do their windows: giving each stay in turn the first free enter of its window
    leaves as few unanswered as any other way.
    """
    free: dict[str, list[Said]] = {}
    for each in enters:
        free.setdefault(each.zone, []).append(each)
    matched = []
    for stay in sorted(truth, key=lambda stay: stay.entered_s):
        opens = stay.entered_s - matching.before_s
        closes = (stay.left_s if matching.to_end_of_stay else stay.entered_s) + matching.after_s
        mine = free.get(stay.zone, [])
        for place, each in enumerate(mine):
            if opens <= each.t <= closes:
                matched.append((stay, mine.pop(place)))
                break
    return matched, sorted((each for rest in free.values() for each in rest), key=lambda each: each.t)


def flaps(case: Case, enters: Sequence[Said]) -> int:
    """False enters of a device that does not move."""
    true_zones = {stay.zone for stay in case.truth}
    for place, each in enumerate(enters):
        if each.zone in true_zones:
            return len(enters) - place - 1
    return len(enters)


def early_exits(truth: Sequence[TrueStay], said: Iterable[Said]) -> dict[TrueStay, int]:
    """How often each stay was ended while it went on."""
    early: dict[TrueStay, int] = {}
    for each in said:
        if each.event != "exited":
            continue
        for stay in truth:
            if stay.zone == each.zone and stay.entered_s <= each.t < stay.left_s - EXIT_TOLERANCE_S:
                early[stay] = early.get(stay, 0) + 1
    return early


def exit_delays(case: Case, said: Sequence[Said]) -> list[float]:
    """From the end of each stay that was believed then to the exit that was said of it; infinite where none was."""
    delays = []
    for stay in case.truth:
        if stay.left_s >= case.seconds - EXIT_TOLERANCE_S:
            continue  # the recording ended, not the stay
        mine = [each for each in said if each.zone == stay.zone and each.event != "dwelled"]
        before = [each for each in mine if each.t < stay.left_s - EXIT_TOLERANCE_S]
        if not before or before[-1].event != "entered":
            continue  # nobody was believed to be there
        exits = [each.t for each in mine[len(before) :] if each.event == "exited"]
        if exits:
            delays.append(exits[0] - stay.left_s)
        elif case.seconds - stay.left_s > LAST_WORD_S:
            delays.append(inf)
    return delays


def believed_at_each_s(said: Sequence[Said], seconds: int) -> list[frozenset[str]]:
    """The zones believed in the middle of each second, by what was known then."""
    believed: set[str] = set()
    each_s: list[frozenset[str]] = []
    place = 0
    for second in range(seconds):
        while place < len(said) and said[place].t <= second + 0.5:
            if said[place].event == "entered":
                believed.add(said[place].zone)
            elif said[place].event == "exited":
                believed.discard(said[place].zone)
            place += 1
        each_s.append(frozenset(believed))
    return each_s


def _agreement(case: Case, believed: Sequence[frozenset[str]]) -> tuple[int, int]:
    pairs = list(zip(case.at_each_s, believed, strict=True))
    if case.sense == "radio":
        return sum(true == held for true, held in pairs), len(pairs)
    return sum(len(true & held) for true, held in pairs), sum(len(true | held) for true, held in pairs)


def _apart(cases: Sequence[Case], said: Sequence[Sequence[Said]]) -> list[Tally]:
    """The parts that can be left out: the cases, or the zones where there is but one case."""
    if len(cases) > 1 or cases[0].still:
        return [tally(case, told) for case, told in zip(cases, said, strict=True)]
    case, told = cases[0], said[0]
    return [
        tally(
            replace(case, truth=tuple(stay for stay in case.truth if stay.zone == zone.id)),
            [each for each in told if each.zone == zone.id],
        )
        for zone in case.zones
    ]


def _spread(parts: Sequence[Tally]) -> tuple[float | None, float | None]:
    """F1's 95 % bounds by leaving out each part in turn (Efron, The Jackknife, 1982); none for a single part."""
    without = [_f1([*parts[:i], *parts[i + 1 :]]) for i in range(len(parts))]
    known = [each for each in without if each is not None]
    whole = _f1(parts)
    if whole is None or len(known) < 2:
        return None, None
    mean = sum(known) / len(known)
    error = sqrt((len(known) - 1) / len(known) * sum((each - mean) ** 2 for each in known))
    return max(0.0, whole - SIGMAS_95 * error), min(1.0, whole + SIGMAS_95 * error)


def _f1(tallies: Sequence[Tally]) -> float | None:
    """2 right / (2 right + missed + false); None where there was nothing to find and nothing said."""
    right, n_true, n_false = _sums(tallies)
    return _share(2 * right, right + n_true + n_false)


def _sums(tallies: Sequence[Tally]) -> tuple[int, int, int]:
    """Right enters, true enters, false enters."""
    return sum(t.right for t in tallies), sum(t.n_true for t in tallies), sum(t.n_false for t in tallies)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _median(values: Sequence[float]) -> float | None:
    """The median; None where there is none, or where it is endless."""
    if not values:
        return None
    middle = median(values)
    return middle if isfinite(middle) else None


def _p90(values: Sequence[float]) -> float | None:
    return float(np.quantile(values, 0.9)) if values else None
