"""`soglia dry-run`: a draft, kept or in a file, played through the visits of the last days; nothing is sent.

In: a campaign's id, or a TOML file as `campaigns import` takes it. Out: who would have got what, withheld why.
"""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from server.campaigns import BadCampaign, Campaign, read_campaign, read_campaigns
from server.campaigns.dry_run import Rehearsed
from server.operating import Config, minute, opened, print_rows, run, said, settings_of, told
from server.records import campaigns
from server.records.database import Database
from server.records.refusal import Refusal
from server.rehearsing import dry_run


def rehearse(
    campaign: Annotated[str, typer.Argument(help="The campaign's id, or a TOML file with campaigns.")],
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days back.")] = 7,
    show: Annotated[int, typer.Option(min=0, help="How many of the offers are listed.")] = 20,
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
                print_rows(("what", "which", "how often", "for example"), _rows(draft, done), {"which"})

    with told():
        run(play())
        said.print("Nothing was sent, and nothing was kept.")


async def _drafts(database: Database, name: str) -> list[Campaign]:
    if name.endswith(".toml"):
        return list(campaigns_in(Path(name)))
    async with database.reading() as connection:
        return [read_campaign((await campaigns.find(connection, name)).campaign)]


def campaigns_in(file: Path) -> tuple[Campaign, ...]:
    """The campaigns of a TOML file. Raises Refusal with all that is wrong with it."""
    try:
        return read_campaigns(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as missing:
        raise Refusal(f"{file} cannot be read: {missing.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise Refusal(f"{file} is no TOML: {broken}") from None
    except BadCampaign as bad:
        faults = "\n".join(f"  {fault.place}: {fault.reason}" for fault in bad.faults)
        raise Refusal(f"{file} cannot be taken:\n{faults}") from None


def _rows(draft: Campaign, done: Rehearsed) -> list[tuple[str, ...]]:
    return [
        ("visits", draft.id, str(done.visits), ""),
        *(("decided", verdict, str(times), "") for verdict, times in sorted(done.verdicts.items())),
        ("reached", "shoppers", str(done.shoppers), ""),
        *(("withheld", gate, str(times), done.sentences[gate]) for gate, times in done.reasons.most_common()),
        *(
            ("offer", send.shopper or "", minute(send.decided_at), f"{send.event.zone}: {send.text.title}")
            for send in done.sends
        ),
    ]
