"""Figures as a table for a terminal. In: rows as judge.py gives them. Out: a rich table."""

from collections.abc import Iterable

from rich.table import Table

from simulator.score.judge import Figures

#: Heading, key, decimals.
COLUMNS = (
    ("F1", "f1", 2),
    ("precision", "precision", 2),
    ("recall", "recall", 2),
    ("delay s", "delay_median_s", 1),
    ("p90", "delay_p90_s", 1),
    ("false/h", "false_per_hour", 2),
    ("right", "right_share", 2),
    ("exit s", "exit_delay_median_s", 1),
    ("early/h", "early_exits_per_hour", 2),
    ("true", "n_true", 0),
)

#: A terminal that is narrower shows it in broken lines: columns cut to their first letters would show nothing.
TABLE_WIDTH = 180


def scores_table(rows: Iterable[Figures]) -> Table:
    """A line an algorithm and task, tasks set apart."""
    table = Table(title="Truth on labelled recordings")
    table.add_column("task", no_wrap=True)
    table.add_column("algorithm", no_wrap=True)
    for heading, _, _ in COLUMNS:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("F1, 95 %", no_wrap=True)
    before = None
    for row in rows:
        if before not in {None, row["task"]}:
            table.add_section()
        before = row["task"]
        low, high = _number(row["f1_low"], 2), _number(row["f1_high"], 2)
        numbers = (_number(row[key], decimals) for _, key, decimals in COLUMNS)
        table.add_row(
            f"{row['task']} {row['options']}".strip(), str(row["algorithm"]), *numbers, f"{low} to {high}"
        )
    return table


def _number(value: str | float | None, decimals: int) -> str:
    return "-" if value is None or isinstance(value, str) else f"{value:,.{decimals}f}"
