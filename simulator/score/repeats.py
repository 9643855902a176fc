"""One row of many: what the same task came to by several seeds. In: a row a seed. Out: their mean, and how far they lie apart. Pure."""

from collections.abc import Sequence

from simulator.score.judge import Figures

#: Chance thins the packets and begins the windows; small recordings are played by so many seeds.
SEEDS = range(1, 9)
#: A recording is small when it has fewer hours than this: a walk has minutes (SOURCES.md: "differences mean little").
SMALL_H = 1.0


def mean_of(rows: Sequence[Figures]) -> Figures:
    """The mean of each figure over the rows that have it.

    `f1_low` and `f1_high` reach as far as the rows do, and as their own bounds do in the mean.
    `f1_seed_low` and `f1_seed_high` are the lowest and the highest row's F1; `seeds` is how many rows there are.
    """
    f1 = _numbers(rows, "f1")
    low, high = (_numbers(rows, "f1_low"), _numbers(rows, "f1_high"))
    return {
        **{name: _mean(rows, name) for name in rows[0]},
        "f1_low": min([*f1, sum(low) / len(low)]) if low else None,
        "f1_high": max([*f1, sum(high) / len(high)]) if high else None,
        "seeds": len(rows),
        "f1_seed_low": min(f1, default=None),
        "f1_seed_high": max(f1, default=None),
    }


def _mean(rows: Sequence[Figures], name: str) -> str | float | None:
    first = rows[0][name]
    if isinstance(first, str) or all(row[name] == first for row in rows):
        return first
    numbers = _numbers(rows, name)
    return sum(numbers) / len(numbers) if numbers else None


def _numbers(rows: Sequence[Figures], name: str) -> list[float]:
    return [value for row in rows if isinstance(value := row[name], float | int)]
