"""`soglia campaigns export|import FILE.toml`: a shop's campaigns as a file; `soglia dry-run`: a draft through the visits of the last days.

In: a TOML file with campaigns, or a campaign's id. Out: what will change, before it does; who would have got what, withheld why.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from server.campaigns import BadCampaign, Campaign, Fault, read_campaign, read_campaigns
from server.campaigns.dry_run import Rehearsed
from server.campaigns.explaining import said_in
from server.campaigns.gate_names import gate_name
from server.campaigns.toml import campaigns_as_toml, toml_document
from server.campaigns.words import Phrases
from server.knowledge import Places
from server.operating import Config, by_clock, changing, opened, print_rows, run, said, settings_of, told
from server.records import campaign_files, campaigns, catalogue, zones
from server.records.campaign_files import Planned
from server.records.database import Database
from server.records.refusal import Refusal
from server.rehearsing import dry_run

#: What a dry run's lines begin with.
WORDS: Final[Phrases] = {
    "en": {
        "visits": "visits",
        "decided": "decided",
        "reached": "reached",
        "shoppers": "shoppers",
        "withheld": "withheld",
        "offer": "offer",
        "nothing": "Nothing was sent, and nothing was kept.",
    },
    "it": {
        "visits": "visite",
        "decided": "deciso",
        "send": "invio",
        "withhold": "silenzio",
        "hold": "attesa",
        "hold_out": "gruppo di controllo",
        "reached": "raggiunti",
        "shoppers": "clienti",
        "withheld": "trattenute",
        "offer": "offerta",
        "nothing": "Nulla è stato inviato, e nulla è stato tenuto.",
    },
}

campaign_program = typer.Typer(no_args_is_help=True, help="A shop's campaigns as a file.")


def rehearse(
    campaign: Annotated[str, typer.Argument(help="The campaign's id, or a TOML file with campaigns.")],
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days back.")] = 7,
    show: Annotated[int, typer.Option(min=0, help="How many of the offers are listed.")] = 20,
    language: Annotated[Literal["en", "it"], typer.Option(help="Of all that is said.")] = "en",
    config: Config = None,
) -> None:
    """Play the visits of the last days through a campaign before it goes live. Nothing is sent."""
    settings = settings_of(config)
    hold_out = settings.campaigns.global_hold_out

    async def play() -> None:
        async with opened(settings) as database:
            for draft in await _drafts(database, campaign):
                done = await dry_run(
                    database, draft, datetime.now(UTC), days, global_hold_out=hold_out, most_shown=show
                )
                clocks = await _clocks(database, {send.event.zone for send in done.sends})
                rows = _rows(draft, done, language, clocks)
                print_rows(("what", "which", "how often", "for example"), rows, {"which"})

    with told():
        run(play())
        said.print(WORDS[language]["nothing"])


async def _clocks(database: Database, shown: Iterable[str]) -> dict[str, tzinfo]:
    """The shop's clock of each of these zones."""
    async with database.reading() as connection:
        places = Places({zone.id: zone for zone in await zones.load(connection)})
    return {zone: places.clock_of(zone) for zone in shown}


async def _drafts(database: Database, name: str) -> list[Campaign]:
    if name.endswith(".toml"):
        return list(campaigns_in(Path(name)))
    async with database.reading() as connection:
        return [read_campaign((await campaigns.find(connection, name)).campaign)]


@campaign_program.command("export")
def export(
    file: Annotated[Path | None, typer.Argument(help="Else standard output.")] = None, config: Config = None
) -> None:
    """Write all campaigns that have not ended as TOML: for git, or for another shop."""
    settings = settings_of(config)

    async def read() -> list[Campaign]:
        async with opened(settings) as database, database.reading() as connection:
            return await campaign_files.all_kept(connection)

    with told():
        kept = run(read())
        if file is None:
            print(campaigns_as_toml(kept), end="")  # noqa: T201  # a file for programs
            return
        try:
            file.write_text(campaigns_as_toml(kept), encoding="utf-8")
        except OSError as unwritable:
            raise Refusal(f"{file} cannot be written: {unwritable.strerror}") from None
        said.print(f"{file}: campaigns written: {len(kept)}.", markup=False)


@campaign_program.command("import")
def bring(
    file: Path,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: Config = None,
) -> None:
    """Bring campaigns from a TOML file. Shows what will change, then asks. Campaigns that are not in it stay as they are."""
    settings = settings_of(config)

    async def look(given: tuple[Campaign, ...]) -> list[Planned]:
        async with opened(settings) as database, database.reading() as connection:
            if faults := await campaign_files.missing_of_all(connection, given):
                raise Refusal(_spoken(file, faults))
            return await campaign_files.plan(connection, given)

    async def keep(given: tuple[Campaign, ...]) -> None:
        async with changing(settings) as connection:
            await campaign_files.keep(connection, given, datetime.now(UTC))
            await catalogue.bump(connection, "campaigns")

    with told():
        given = campaigns_in(file)
        planned = run(look(given))
        print_rows(
            ("campaign", "becomes", "what changes"),
            [(each.id, each.change, ", ".join(each.fields)) for each in planned],
            {"campaign"},
        )
        if all(each.change == "same" for each in planned):
            said.print("Nothing changes.")
            return
        if not yes and not typer.confirm("Change these?", err=True):
            said.print("Nothing was changed.")
            raise typer.Exit(1)
        run(keep(given))
        said.print("Changed. A running server knows within seconds.")


def campaigns_in(file: Path) -> tuple[Campaign, ...]:
    """The campaigns of a TOML file. Raises Refusal with all that is wrong with it."""
    try:
        return read_campaigns(toml_document(file.read_bytes()))
    except OSError as missing:
        raise Refusal(f"{file} cannot be read: {missing.strerror}") from None
    except BadCampaign as bad:
        raise Refusal(_spoken(file, bad.faults)) from None


def _spoken(file: Path, faults: Sequence[Fault]) -> str:
    lines = "\n".join(f"  {fault.place}: {fault.reason}" for fault in faults)
    return f"{file} cannot be taken:\n{lines}"


def _rows(
    draft: Campaign, done: Rehearsed, language: str, clocks: Mapping[str, tzinfo]
) -> list[tuple[str, ...]]:
    words = WORDS[language]
    return [
        (words["visits"], draft.id, str(done.visits), ""),
        *(
            (words["decided"], words.get(verdict, verdict), str(times), "")
            for verdict, times in sorted(done.verdicts.items())
        ),
        (words["reached"], words["shoppers"], str(done.shoppers), ""),
        *(
            (words["withheld"], gate_name(gate, language), str(times), said_in(done.examples[gate], language))
            for gate, times in done.reasons.most_common()
        ),
        *(
            (
                words["offer"],
                send.shopper or "",
                by_clock(send.decided_at, clocks.get(send.event.zone, UTC)),
                f"{send.event.zone}: {send.text.title}",
            )
            for send in done.sends
        ),
    ]
