"""Orders of whole numbers, for arrays: who is who in a batch, and what came of whom in which order; the least of each row. Pure."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.zones.shape import Floats, Indexes

#: A list of all numbers up to the largest is quicker than an order where it has so many entries for each that is looked for.
FEW_EMPTY = 8


def by_number(numbers: Indexes) -> Indexes:
    """The stable order of whole numbers from 0 to 2**63 / their count.

    Numbers are sorted many times as fast as their order is found: so each takes its place along, in its low bits.
    """
    bits = len(numbers).bit_length()
    sorted_with_places = np.sort((numbers.astype(np.int64) << bits) | np.arange(len(numbers)))
    return sorted_with_places & ((1 << bits) - 1)


def by_number_and_time(numbers: Indexes, at: Floats) -> Indexes:
    """As `by_number`, and what has the same number by time. Mostly it came so, or each number comes once."""
    order = by_number(numbers)
    number, time = numbers[order], at[order]
    if ((number[1:] == number[:-1]) & (time[1:] < time[:-1])).any():
        return np.lexsort((at, numbers))
    return order


def each_once(numbers: Indexes) -> tuple[Indexes, Indexes]:
    """The numbers, each once, ascending, and which of them each is (numpy.unique, at a third of its cost or less)."""
    most = int(numbers.max(initial=-1)) + 1
    if most <= FEW_EMPTY * len(numbers):  # a list to tick off: nothing need be sorted
        there = np.zeros(most, np.bool_)
        there[numbers] = True
        return np.flatnonzero(there), (np.cumsum(there) - 1)[numbers]
    order = by_number(numbers)
    ordered = numbers[order]
    first = np.ones(len(numbers), np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    which = np.empty(len(numbers), np.intp)
    which[order] = np.cumsum(first) - 1
    return ordered[first], which


def across(least_or_most: np.ufunc, columns: NDArray[Any]) -> NDArray[Any]:
    """What numpy.minimum or maximum gives for each row of a few columns: along short axes their own `min` and `max` are slow."""
    return np.asarray(least_or_most.reduce(columns.T.copy(), axis=0))
