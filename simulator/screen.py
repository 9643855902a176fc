"""The town on a terminal: what happens while it is played, and the verdict at the end. In: a play, a verdict. Out: rich renderables."""

import asyncio
from collections.abc import Mapping, Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from simulator.live import Play
from simulator.verdict import Verdict

REFRESH_EACH_S = 0.25
MOST_COMPLAINTS = 20


class Screen:
    """Watches a story live on a console: a stage's `watch`."""

    def __init__(self, console: Console) -> None:
        self._console = console

    async def __call__(self, play: Play) -> None:
        with Live(self._look(play), console=self._console, auto_refresh=False, transient=True) as live:
            while True:
                live.update(self._look(play), refresh=True)
                await asyncio.sleep(REFRESH_EACH_S)

    def _look(self, play: Play) -> RenderableType:
        now = min(max(play.clock.now_s, 0.0), play.town.seconds)
        head = Table.grid(padding=(0, 2))
        head.add_row("server", f"[link={play.url}]{play.url}[/link]   API: {play.url}/docs")
        if play.staff is not None:
            console = f"[link={play.staff.url}]{play.staff.url}[/link]"
            head.add_row("console", f"{console}   {play.staff.email}, password {play.staff.password}")
        head.add_row("time", ProgressBar(total=play.town.seconds, completed=now, width=40))
        head.add_row(
            "",
            f"{now:.0f} of {play.town.seconds:.0f} s, {len(play.town.shoppers)} people, seed {play.town.seed}",
        )
        last = Text("\n").join(Text(line, overflow="ellipsis", no_wrap=True) for line in play.journal.last)
        return Panel(
            Group(head, "", _counts(play), "", Panel(last, title="last offers", height=10)),
            title="Soglia, live",
        )


def _counts(play: Play) -> Table:
    journal = play.journal
    counts = Table.grid(padding=(0, 3))
    taken = sum(agent.drain.taken for agent in play.agents)
    heard, kept = sum(agent.heard for agent in play.agents), sum(agent.kept for agent in play.agents)
    counts.add_row("adverts heard", f"{heard:,}", "of our own", f"{kept:,}", "sightings taken", f"{taken:,}")
    counts.add_row(
        *("pings taken", f"{journal.acknowledged:,}"),
        *("no consent", f"{journal.verdicts['no_consent']:,}"),
        *("not taken", f"{sum(journal.refusals.values()):,}"),
    )
    counts.add_row(
        *("offers", f"{len(journal.arrivals):,}"),
        *("opened", f"{journal.receipts['opened']:,}"),
        *("redeemed", f"{journal.redeemed:,}"),
    )
    return counts


def verdict_table(verdict: Verdict) -> RenderableType:
    """What should have happened against what did."""
    table = Table(title="What should have happened, and what did", show_header=False)
    figures: Sequence[tuple[str, object]] = (
        ("true visits that are clear / found", f"{verdict.visits_true} / {verdict.visits_found}"),
        ("visits found that nobody can have made", verdict.visits_unmade),
        ("visits of who did not agree to be located", verdict.visits_forbidden),
        ("offers due", verdict.offers_due),
        ("offers sent (some at the border: may come, need not)", verdict.offers_sent),
        ("missed, all with or without a reason", verdict.offers_missed),
        ("lost: missed without a true reason", verdict.offers_lost),
        ("wrong", verdict.offers_wrong),
        ("doubled", verdict.offers_doubled),
        (
            "heard to sent, p50 / p99",
            f"{_ms(verdict.heard_to_sent_ms_p50)} / {_ms(verdict.heard_to_sent_ms_p99)}",
        ),
    )
    for name, figure in figures:
        table.add_row(name, str(figure))
    for gate, count in verdict.withheld.items():
        table.add_row(f"withheld: {gate}", str(count))
    return Group(table, *_sentences(verdict.complaints), _last_word(verdict.good))


def figures_table(title: str, figures: Mapping[str, object]) -> Table:
    """Any story's figures."""
    table = Table(title=title, show_header=False)
    for name, figure in figures.items():
        table.add_row(name.replace("_", " "), str(figure))
    return table


def _sentences(complaints: Sequence[str]) -> list[str]:
    more = len(complaints) - MOST_COMPLAINTS
    return [*complaints[:MOST_COMPLAINTS], *([f"... and {more} more"] if more > 0 else [])]


def _last_word(good: bool) -> str:  # noqa: FBT001  (the one thing it says)
    return (
        "[green]Nothing doubled, nothing wrong, nothing lost.[/green]"
        if good
        else "[red]This is not as it should be.[/red]"
    )


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f} ms"
