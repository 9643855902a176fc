"""Figures as a table for a terminal. In: figures. Out: a rich table."""

from collections.abc import Iterable

from rich.table import Table

from simulator.fit.figure import Figure

#: Under so many sds between seeds a distance is within chance.
CHANCE_SDS = 2.0


def fit_table(figures: Iterable[Figure]) -> Table:
    """A line a figure, groups set apart."""
    table = Table(
        title="The simulator's noise beside recordings",
        caption="sd: between seeds; marked: further apart than two of them. KS: recorded against seeds, beside seed against seed.",
    )
    table.add_column("what", no_wrap=True)
    table.add_column("figure", no_wrap=True)
    for heading in ("recorded", "simulated", "distance", "sd"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    before = None
    for each in figures:
        if before not in {None, each.group}:
            table.add_section()
        before = each.group
        numbers = (each.recorded, each.simulated, each.distance, each.seeds_sd)
        far = abs(each.distance) > CHANCE_SDS * each.seeds_sd
        table.add_row(each.group, each.name, *(f"{number:.2f}" for number in numbers), "*" if far else "")
    return table
