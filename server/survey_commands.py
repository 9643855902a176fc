"""`soglia survey`: a walk through the shop with a fob becomes a radio map of its own.

In: recordings and marks as files. Out: surveys in the records, as drafts until somebody puts one to use; going back is a command
too. A running server learns of either within seconds. The id of a survey that was made is all that `learn` says on standard
output; its figures go to standard error.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, tzinfo
from itertools import chain
from math import sqrt
from pathlib import Path
from statistics import stdev
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import numpy as np
import typer
from rich.console import Console

from server.operating import Config, changing, minute, print_rows, run, said, settings_of, told
from server.presence.surveying import Learned, NothingLearned, learn
from server.records import anchors, catalogue, floor_plans, surveys, zones
from server.records.database import Connection
from server.records.refusal import Refusal
from server.records.surveys import Kept
from server.settings import Settings
from server.survey_adverts import join as joined
from server.survey_files import (
    Calendar,
    Place,
    Recorded,
    read_marks,
    read_places,
    read_recording,
    write_recording,
)
from server.zones import Anchor, FloorPlan, Zone
from server.zones.labelling import Marks, placed
from server.zones.on_plan import middle, outlines
from server.zones.shape import Floats
from server.zones.survey import Labelled
from server.zones.zone import lineage

_HELP = """
Teach Soglia how the radio really is in your shop.

1. On each gateway, start recording: soglia-scanner listen --config scanner.toml --record door.jsonl. It writes down what is
yours alone; with --all whatever is heard, for a fob that the gateway does not know.

2. Walk with a fob. Stand still for 20 s or more about every 2 m, and above all at shelves and on both sides of borders
between zones. Write down when you came to each place and when you left it, in a file marks.csv with the columns at,x,y
(10:31:05,4.5,2.0: metres on the floor plan) or at,place (10:31:05,shoes: the middle of that zone). What lies between two
places is taken for a straight walk. The gateways' clocks and yours must agree to a second. Times without an offset are read in
the time zone of the plan's site, UTC where it has none; 10:31:05+02:00 says its own.

3. Stop recording, bring the files together, and learn:

soglia survey join an_door=door.jsonl an_back=back.jsonl --fob AA:BB:CC:DD:EE:FF --out walk.csv

soglia survey learn walk.csv --plan fp_1 --marks marks.csv

It says in how many moments it would have known the right zone, at places that it was not taught, and in how many without
it. The gateways' recordings are not needed any more: delete them.

4. Where that is a gain: soglia survey use ID. And back: soglia survey revert fp_1. A running server follows in seconds.
"""

survey_program = typer.Typer(
    no_args_is_help=True,
    help="\n\n".join(" ".join(paragraph.split()) for paragraph in _HELP.split("\n\n")),
)

Plan = Annotated[str, typer.Option(help="The id of the floor plan that was walked.")]
Which = Annotated[str, typer.Argument(help="Its id, or how that begins: 1a2b of sv_1a2b3c4d.")]

#: Where more of the packets than this lie before the first mark or after the last, the marks are of another clock.
MOST_OUTSIDE = 0.5


@survey_program.command("join")
def join_command(
    recorded: Annotated[
        list[str],
        typer.Argument(
            metavar="ANCHOR=FILE...",
            help="For each gateway the id of its anchor and what `soglia-scanner listen --record` wrote there.",
        ),
    ],
    fob: Annotated[
        str, typer.Option(help="The fob: its id text (ibeacon:<uuid>:<major>:<minor>) or address.")
    ],
    out: Annotated[Path, typer.Option(help="The recording to write: CSV with at,anchor,rssi.")],
) -> None:
    """Put together what several gateways heard of one fob. Everything else that they heard is left behind.

    Gateways write UTC epoch seconds, and so does this. The marks of `soglia survey learn` may be written by another clock: without an
    offset their times are read in the time zone of the plan's site.
    """
    pairs = []
    for word in recorded:
        anchor, separator, file = word.partition("=")
        if not (anchor and separator and file):
            raise typer.BadParameter(f"{word} is no pair: give ANCHOR=FILE, such as an_door=door.jsonl")
        pairs.append((anchor, Path(file)))
    with told():
        found = joined(pairs, fob)
        if not found.packets:
            loud = ", ".join(f"{address} ({times:,})" for address, times in found.addresses.most_common(5))
            raise Refusal(f"nothing of {fob} was heard; most was heard of {loud or 'nobody'}")
        write_recording(out, found.packets)
        counted = {anchor: sum(name == anchor for _, name, _ in found.packets) for anchor, _ in pairs}
        said.print(f"{out}: {len(found.packets):,} packets of {fob}.", markup=False)
        said.print(", ".join(f"{anchor} {times:,}" for anchor, times in counted.items()) + ".", markup=False)


@survey_program.command("learn")
def learn_command(
    recording: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="CSV: at,anchor,rssi and, where there are no marks, x,y or place of each packet.",
        ),
    ],
    plan: Plan,
    marks: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="CSV: at,x,y or at,place. Times without an offset are in the time zone of the plan's site, or UTC where it has none.",
        ),
    ] = None,
    places: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="CSV: place,x,y; names for spots beside those of the zones."
        ),
    ] = None,
    config: Config = None,
) -> None:
    """Learn from a walk, tell what it would gain, and keep it as a draft. Its id is printed alone on standard output."""
    settings = settings_of(config)
    with told():
        known = run(_known(settings, plan))
        try:
            labelled = _labelled(recording, marks, places, known)
        except MarksElsewhere as elsewhere:
            said.print(f"Not done: {elsewhere}", markup=False)
            raise typer.Exit(2) from None
        said.print(f"Learning from {len(labelled.at):,} packets, and trying what was learned...")
        learned = _learned(labelled, known)
        kept = run(_kept(settings, learned, recording.name))
        _tell(kept, said)
        said.print(f"\nKept as a draft. To use it: soglia survey use {kept.id}", markup=False)
        print(kept.id)  # noqa: T201  # for scripts: `soglia survey use $(soglia survey learn ...)`


@survey_program.command("list")
def list_command(
    plan: Annotated[str | None, typer.Option(help="Of this floor plan alone.")] = None, config: Config = None
) -> None:
    """Show all surveys, version by version, and which are in use."""
    settings = settings_of(config)

    async def fill() -> list[Kept]:
        found: list[Kept] = []
        async with changing(settings) as connection:
            while page := await surveys.listed(connection, plan=plan, after=found[-1].id if found else ""):
                found.extend(page)
        return found

    with told():
        found = sorted(run(fill()), key=lambda kept: (kept.plan, kept.version))
        rows = [
            (
                kept.id,
                kept.plan,
                str(kept.version),
                kept.state,
                minute(kept.made_at),
                kept.source,
                _gain(kept.figures),
            )
            for kept in found
        ]
        if not rows:
            said.print(f"There is no survey{f' of floor plan {plan}' if plan else ''} yet.", markup=False)
            return
        headings = ("survey", "plan", "version", "state", "made", "from", "gain")
        if not sys.stdout.isatty():
            said.print("\t".join(headings))  # for whoever looks on; programs read the rows alone
        print_rows(headings, rows, {"survey", "plan"})


@survey_program.command("show")
def show_command(survey: Which, config: Config = None) -> None:
    """Show what a survey stands on, and what it would gain."""
    settings = settings_of(config)

    async def find() -> Kept:
        async with changing(settings) as connection:
            return await surveys.find(connection, await surveys.named(connection, survey))

    with told():
        _tell(run(find()), Console(highlight=False))


@survey_program.command("use")
def use_command(survey: Which, config: Config = None) -> None:
    """Put a survey to use, in the place of any other of its floor plan."""
    settings = settings_of(config)

    async def use() -> Kept:
        async with changing(settings) as connection:
            meant = await surveys.named(connection, survey)
            kept = await surveys.use(connection, meant, datetime.now(UTC))
            await catalogue.bump(connection, "zones")
            return kept

    with told():
        kept = run(use())
        said.print(f"Version {kept.version} is in use on floor plan {kept.plan}.", markup=False)


@survey_program.command("revert")
def revert_command(plan: str, config: Config = None) -> None:
    """Go back to the version of a floor plan's survey that was in use before, or to none."""
    settings = settings_of(config)

    async def revert() -> Kept | None:
        async with changing(settings) as connection:
            kept = await surveys.revert(connection, plan, datetime.now(UTC))
            await catalogue.bump(connection, "zones")
            return kept

    with told():
        kept = run(revert())
        if kept is None:
            said.print(f"No survey is in use on floor plan {plan} any more: distances count.", markup=False)
        else:
            said.print(f"Version {kept.version} is in use again on floor plan {plan}.", markup=False)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the records have of a floor plan and all about it."""

    plan: FloorPlan
    zones: Sequence[Zone]
    anchors: Sequence[Anchor]

    @property
    def middles(self) -> dict[str, Place]:
        """Zones by id, and where somebody stands who says "I am in it"."""
        return {
            zone: middle(outline) for zone, outline in outlines(self.zones, self.plan, self.anchors).items()
        }

    @property
    def time_zone(self) -> tzinfo:
        """That of the plan's site; UTC where none is said."""
        by_id = {zone.id: zone for zone in self.zones}
        site = by_id.get(self.plan.site or "")
        named = (zone.time_zone for zone in lineage(site, by_id)) if site else ()
        return ZoneInfo(next(filter(None, chain(named, ("UTC",)))))


async def _known(settings: Settings, plan: str) -> _Known:
    async with changing(settings) as connection:
        return _Known(
            await floor_plans.find(connection, plan),
            await zones.load(connection),
            await anchors.load(connection),
        )


async def _kept(settings: Settings, learned: Learned, source: str) -> Kept:
    async with changing(settings) as connection:
        return await _add(connection, learned, source)


async def _add(connection: Connection, learned: Learned, source: str) -> Kept:
    return await surveys.add(
        connection,
        learned.survey,
        asdict(learned.figures),
        made_by="command line",
        source=source,
        now=datetime.now(UTC),
    )


def _learned(labelled: Labelled, known: _Known) -> Learned:
    try:
        return learn(labelled, known.plan, known.zones, known.anchors)
    except NothingLearned as nothing:
        raise Refusal(str(nothing)) from None


def _labelled(recording: Path, marks: Path | None, places: Path | None, known: _Known) -> Labelled:
    """The recording with a place for each packet; those of which nobody knows where are left out, and counted."""
    named = known.middles | (read_places(places) if places else {})
    recorded = read_recording(recording, named, known.time_zone)
    if marks is None:
        if recorded.x_m is None or recorded.y_m is None:
            raise Refusal(
                f"{recording.name} does not say where: give --marks FILE, or it the columns x and y, or place"
            )
        return Labelled(recorded.at, recorded.x_m, recorded.y_m, recorded.anchor, recorded.rssi_dbm)
    day = datetime.fromtimestamp(float(recorded.at.min()), known.time_zone).date()
    return _marked(recorded, read_marks(marks, named, Calendar(known.time_zone, day)), known.time_zone)


class MarksElsewhere(Refusal):
    """The marks are not of the time of the recording: a clock, or a time zone, is wrong."""


def _marked(recorded: Recorded, marks: Marks, zone: tzinfo) -> Labelled:
    spans = _spans(recorded.at, marks.at, zone)
    outside = float(((recorded.at < marks.at[0]) | (recorded.at > marks.at[-1])).mean())
    if outside > MOST_OUTSIDE:
        raise MarksElsewhere(
            f"{outside:.0%} of the packets lie outside all marks: {spans}. Marks without an offset are read in the time "
            f"zone of the plan's site, {zone}; to say another write 10:31:05+02:00"
        )
    said.print(f"{spans[:1].upper()}{spans[1:]}.", markup=False)
    where = placed(recorded.at, marks)
    if not where.known.any():
        raise Refusal(
            f"the marks tell of no packet: they are too far apart to say where somebody was ({spans})"
        )
    if not where.known.all():
        said.print(f"Left out: {int((~where.known).sum()):,} packets of which the marks do not say where.")
    kept = np.flatnonzero(where.known)
    return Labelled(
        recorded.at[kept],
        where.x_m[kept],
        where.y_m[kept],
        [recorded.anchor[i] for i in kept],
        recorded.rssi_dbm[kept],
    )


def _spans(packets: Floats, marks: Floats, zone: tzinfo) -> str:
    """`marks 10:06 to 11:14 (Europe/Rome), packets 11:06 to 12:14`; with their days where there are two of them."""
    ends = [datetime.fromtimestamp(at, zone) for span in (marks, packets) for at in (span.min(), span.max())]
    clock = "%H:%M" if len({moment.date() for moment in ends}) == 1 else "%Y-%m-%d %H:%M"
    first, last, began, ended = (f"{moment:{clock}}" for moment in ends)
    return f"marks {first} to {last} ({zone}), packets {began} to {ended}"


def _tell(kept: Kept, to: Console) -> None:
    """A survey in sentences, and zone by zone."""
    figures = kept.figures

    def line(words: str) -> None:
        to.print(words, markup=False, soft_wrap=True)

    line(
        f"Survey {kept.id}: version {kept.version} of floor plan {kept.plan}, {kept.state}, from {kept.source}."
    )
    line(f"{figures['spots']:,} spots, {figures['seconds']:,.0f} s, {figures['packets']:,} packets.")
    line("Heard by " + ", ".join(f"{name} {times:,}" for name, times in figures["heard"].items()) + ".")
    for words, names in (
        ("Never heard by", figures["silent"]),
        ("Left out, since they have no position on this plan:", figures["strange"]),
    ):
        if names:
            line(f"{words} {', '.join(names)}.")
    if figures["beside"]:
        line(f"Left out: {figures['beside']:,} packets from off the plan.")
    proof = figures["proof"]
    line("")
    line(verdict(proof))
    tried: Mapping[str, Any] = proof["zones"] if proof else {}
    rows = [
        (
            name or "(none of them)",
            _percent(figures["coverage"].get(name)),
            *_shares(tried.get(name)),
        )
        for name in [*figures["coverage"], *([""] if "" in tried else [])]
    ]
    headings = ("zone", "walked", "moments", "right with", "right without")
    # It stands among sentences, for eyes: also where no terminal draws it.
    print_rows(headings, rows if to.is_terminal else [headings, *rows], {"zone"}, to)


def verdict(proof: Mapping[str, Any] | None) -> str:
    """What a survey would gain, in a sentence that says how sure that is."""
    if proof is None:
        return (
            "What it would gain cannot be said: that needs a zone on this plan, and places at least 3 m apart. "
            "Walk farther."
        )
    every = proof["all"]
    by_fold = sorted(_points(fold) for fold in proof["folds"])
    gain = _points(every)
    words = "a gain of" if gain > 0 else "a loss of" if gain < 0 else "no gain:"
    # Two standard errors of the mean over the parts: less than that, another walk may say the opposite.
    doubt = " That may be chance: walk more." if abs(gain) < 2 * stdev(by_fold) / sqrt(len(by_fold)) else ""
    return (
        f"At places that it was not taught, the right zone is the likeliest in {_share(every, 'with'):.1f} % of "
        f"{every['moments']:,} moments of 2 s; without the survey in {_share(every, 'without'):.1f} %: {words} "
        f"{abs(gain):.1f} points (from {by_fold[0]:+.1f} to {by_fold[-1]:+.1f} in {len(by_fold)} parts of the floor).{doubt}"
    )


def _share(tally: Mapping[str, int], which: str) -> float:
    return 100.0 * tally[f"right_{which}"] / max(tally["moments"], 1)


def _points(tally: Mapping[str, int]) -> float:
    return _share(tally, "with") - _share(tally, "without")


def _gain(figures: Mapping[str, Any]) -> str:
    return f"{_points(figures['proof']['all']):+.1f} points" if figures["proof"] else ""


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"


def _shares(tally: Mapping[str, int] | None) -> tuple[str, str, str]:
    if tally is None:
        return ("0", "", "")
    return (f"{tally['moments']:,}", f"{_share(tally, 'with'):.0f}%", f"{_share(tally, 'without'):.0f}%")
