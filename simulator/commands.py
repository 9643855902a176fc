"""The command line: `soglia-simulator demo | run SCENARIO | bench NAME | score TASK | pretend KIND | fit`.

Exit codes: 0 all went as it should; 1 an offer was doubled, wrong or lost without a reason, or the server failed; 2 asked wrongly.
"""

import asyncio
import json
import logging
from dataclasses import asdict
from functools import partial
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Annotated, Any

import httpx
import structlog
import typer
from rich.console import Console
from rich.markup import escape

import simulator.bench
from simulator.fit.fit import fitted
from simulator.fit.table import fit_table
from simulator.habits import FULL_STORY_S
from simulator.house import HouseFailed
from simulator.pretend import SORTS, write
from simulator.scenarios import scenarios
from simulator.score.algorithms import OURS
from simulator.score.asked import OWN, Asked, Packets, learning_from
from simulator.score.plot import drawn
from simulator.score.score import EVERY, AskedWrongly, scored
from simulator.score.table import TABLE_WIDTH, scores_table
from simulator.score.tasks import tasks
from simulator.screen import Screen, figures_table, verdict_table
from simulator.shop import Refused
from simulator.stage import DEMO, CannotPlay, Outcome, Stage, judged
from simulator.town import raise_town
from simulator.traces.trace import NoTrace
from simulator.world import World, read_world

program = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A pretend town around a real Soglia.",
)

Seed = Annotated[int, typer.Option(help="The same seed gives the same town.")]
Shop = Annotated[
    Path, typer.Option(help="The folder of a shop: store.geojson, floorplan.toml, campaigns.toml.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print figures as JSON, and nothing else.")]
Headless = Annotated[bool, typer.Option("--headless", help="No live picture, only the end.")]

#: A town in which somebody stands clearly before a shelf, so that the verdict guards shelves too; in many a seed all shelves lie in
#: a fade of the pretended radio, where nobody can be blamed for missing them.
DEMO_SEED = 4

#: Under this nobody gets from the street to a shelf.
SHORTEST_STORY_S = 20.0


@program.command()
def demo(
    *,
    headless: Headless = False,
    seconds: Annotated[
        float,
        typer.Option(min=SHORTEST_STORY_S, help="How long the story lasts; a short one has shorter dwells."),
    ] = FULL_STORY_S,
    as_json: AsJson = False,
    seed: Seed = DEMO_SEED,
    shop: Shop = DEMO,
) -> None:
    """A real server, real scanners on a pretend radio, phones, a stand-in FCM: what should have happened against what did."""
    console = Console(stderr=as_json)
    world = _world(shop)
    stage = Stage(seed=seed, shop=shop, watch=None if headless else Screen(console))
    if not headless:
        console.print(
            f"Raising {escape(str(world.floorplan['name']))} and {seconds:.0f} seconds of its day ..."
        )

    async def story() -> Outcome:
        return await judged(raise_town(world, seed, seconds), stage)

    _finish(_played(story(), console), console, as_json=as_json)


@program.command()
def run(
    scenario: Annotated[str, typer.Argument(help="The story's name; without one they are listed.")] = "",
    *,
    data: Annotated[Path | None, typer.Option(help="The folder of recorded traces.")] = None,
    seed: Seed = 1,
    times: Annotated[
        int | None, typer.Option(min=1, help="How often, where the story repeats something.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=SHORTEST_STORY_S, help="How long the story lasts.")
    ] = None,
    as_json: AsJson = False,
    headless: Headless = False,
    shop: Shop = DEMO,
) -> None:
    """Plays one story and judges it."""
    known = scenarios()
    console = Console(stderr=as_json)
    if scenario not in known:
        if scenario:
            console.print(f"There is no story {escape(scenario)}. There are:")
        for story in known.values():
            console.print(f"  [bold]{story.name}[/bold]  {escape(story.caption)}")
        raise typer.Exit(2 if scenario else 0)
    stage = Stage(seed, shop, data, times, seconds, None if headless else Screen(console), console.print)
    _finish(_played(known[scenario].play(stage), console), console, as_json=as_json)


@program.command()
def bench(
    name: Annotated[str, typer.Argument(help="The benchmark's name; without one they are listed.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Runs one benchmark: ratios measured in one run."""
    known: dict[str, Any] = {
        listed.name: import_module(f"{simulator.bench.__name__}.{listed.name}")
        for listed in iter_modules(simulator.bench.__path__)
    }
    console = Console(stderr=as_json)
    listed = {own: module for own, module in known.items() if hasattr(module, "CAPTION")}
    if name not in listed:
        if name:
            console.print(f"There is no benchmark {escape(name)}. There are:")
        for own, module in listed.items():
            console.print(f"  [bold]{own}[/bold]  {escape(module.CAPTION)}")
        raise typer.Exit(2 if name else 0)
    figures = listed[name].run()
    if as_json:
        typer.echo(json.dumps(figures))
    else:
        console.print(figures_table(listed[name].CAPTION, figures))


@program.command()
def score(
    task: Annotated[str, typer.Argument(help="The task's name, or all; without one they are listed.")] = "",
    *,
    data: Annotated[Path, typer.Option(help="The folder of labelled recordings.")] = Path(),
    survey: Annotated[
        str,
        typer.Option(
            help="What the radio map is learned from: a folder, none, or own (never what is scored)."
        ),
    ] = OWN,
    thin: Annotated[
        float | None, typer.Option(min=0.01, max=1.0, help="Keep this share of the packets.")
    ] = None,
    every: Annotated[float | None, typer.Option(min=0.1, help="Keep one fix in so many seconds.")] = None,
    radius: Annotated[
        float | None, typer.Option(min=0.1, help="How large discs or fences are, metres.")
    ] = None,
    packets: Annotated[
        Packets, typer.Option(help="What gateways tell: windowed, as soglia-scanner does, or each packet.")
    ] = "windowed",
    algorithm: Annotated[str, typer.Option(help="soglia, one of its peers, or all.")] = OURS,
    as_json: AsJson = False,
    events: Annotated[Path | None, typer.Option(help="Write what was predicted, one JSON a line.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw truth against belief over time, as SVG.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="One seed; without it, small recordings are played by eight.")
    ] = None,
) -> None:
    """Plays labelled recordings through the real presence, and says how true it was."""
    console = Console(stderr=as_json)
    if not task:
        for each in tasks().values():
            console.print(f"  [bold]{each.name}[/bold]  {escape(each.caption)}")
        return
    asked = Asked(data, learning_from(survey), thin, every, radius, seed or 1, packets, repeated=seed is None)
    try:
        _refuse_places(events, plot, several=EVERY in {task, algorithm})
        found = list(scored(task, asked, algorithm, partial(console.print, soft_wrap=True)))
        if events is not None:
            events.write_text("".join(f"{line}\n" for each in found for line in each.events()), "utf-8")
        if plot is not None:
            first = found[0]
            plot.write_text(drawn(f"{first.task}, {first.algorithm}", first.cases, first.said), "utf-8")
    except (AskedWrongly, NoTrace, OSError) as error:
        console.print(f"[red]{escape(str(error))}[/red]", soft_wrap=True)
        raise typer.Exit(2) from error
    rows = [each.figures for each in found]
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row))
    else:
        Console(width=max(console.width, TABLE_WIDTH)).print(scores_table(rows))


@program.command()
def pretend(
    kind: Annotated[str, typer.Argument(help="downtown: drives between houses; walk: strolls with a phone.")],
    *,
    out: Annotated[Path, typer.Option(help="The folder to write; `score fences --data` reads it.")],
    hours: Annotated[float, typer.Option(min=0.1, help="How long all traces are together.")] = 4.0,
    seed: Seed = 1,
) -> None:
    """Writes pretended recordings in the form of real ones: more cases than anybody has recorded."""
    console = Console()
    known = next((each for each in SORTS if each == kind), None)
    if known is None:
        console.print(f"There is no pretending {escape(kind)}. There are: {', '.join(SORTS)}.")
        raise typer.Exit(2)
    try:
        count = write(known, out, hours, seed)
    except OSError as error:
        console.print(f"[red]{escape(str(error))}[/red]")
        raise typer.Exit(2) from error
    console.print(f"{count} traces in {escape(str(out))}", soft_wrap=True)


@program.command()
def fit(
    *,
    data: Annotated[Path, typer.Option(help="The folder of labelled recordings.")],
    as_json: AsJson = False,
) -> None:
    """Measures recordings and the simulator's own noise over the same geometry, and says how far apart they are."""
    console = Console(stderr=as_json)
    try:
        found = fitted(data)
    except NoTrace as error:
        console.print(f"[red]{escape(str(error))}[/red]")
        raise typer.Exit(2) from error
    if as_json:
        rows = [{**asdict(each), "distance": each.distance} for each in found.figures]
        typer.echo(json.dumps({"figures": rows, "left_out": found.left_out}))
    else:
        Console(width=max(console.width, TABLE_WIDTH)).print(fit_table(found.figures))
    for sentence in found.left_out:
        console.print(f"Left out: {sentence}", markup=False, highlight=False, soft_wrap=True)


def _refuse_places(events: Path | None, plot: Path | None, *, several: bool) -> None:
    """Raises AskedWrongly where nothing could be written, before anything is played. `several`: there will be more than one row."""
    if plot is not None and plot.suffix.lower() != ".svg":
        raise AskedWrongly(f"A plot is drawn as SVG: call it {plot.with_suffix('.svg')}.")
    if plot is not None and several:
        raise AskedWrongly("A plot shows one task played by one algorithm: name them.")
    for option, path in (("--events", events), ("--plot", plot)):
        if path is not None and not path.parent.is_dir():
            raise AskedWrongly(f"There is no folder {path.parent}: {option} cannot write {path.name} there.")


def _world(shop: Path) -> World:
    try:
        return read_world(shop)
    except (OSError, ValueError, KeyError) as error:
        raise typer.BadParameter(f"{shop} is not a shop: {error}", param_hint="--shop") from error


def _played(story: Any, console: Console) -> Outcome:
    """The story's outcome. What kept it from being played ends the program with a sentence."""
    _quiet_agents()
    try:
        outcome: Outcome = asyncio.run(story)
    except CannotPlay as error:
        console.print(f"[red]{escape(str(error))}[/red]")
        raise typer.Exit(2) from error
    except (HouseFailed, Refused, httpx.HTTPError) as error:
        console.print(f"[red]{escape(_sentence(error))}[/red]")
        raise typer.Exit(1) from error
    except BaseExceptionGroup as group:
        for failure in group.exceptions:
            console.print(f"[red]{escape(_sentence(failure))}[/red]")
        raise typer.Exit(1) from group
    return outcome


def _quiet_agents() -> None:
    """The agents' lines would stand between ours, and stories about dead servers provoke many: what they count is on the screen."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        logger_factory=structlog.ReturnLoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _sentence(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _finish(outcome: Outcome, console: Console, *, as_json: bool) -> None:
    """Prints the end of a story, and exits 1 where it went wrong."""
    if as_json:
        typer.echo(json.dumps(dict(outcome.figures)))
        _say(outcome, console)
    elif outcome.verdict is not None:
        console.print(verdict_table(outcome.verdict))
    else:
        console.print(figures_table("The story's figures", outcome.figures))
        _say(outcome, console)
    if not outcome.good:
        raise typer.Exit(1)


def _say(outcome: Outcome, console: Console) -> None:
    for sentence in outcome.sentences:
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)
