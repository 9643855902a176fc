"""`soglia why SHOPPER CAMPAIGN [--at TIME]`: why somebody did or did not get something, and what it would take now.

In: a shopper by our id or the shop's own, a campaign, perhaps a time. Out: the last decision with its reasons, then each gate and
condition in order. Nothing is decided or sent.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from server.campaigns.explaining import Look, told_again
from server.operating import Config, minute, opened, print_rows, run, settings_of, told
from server.supposing import Manners, Supposed, Why, why


def explain(
    shopper: Annotated[str, typer.Argument(help="Our id, or the shop's own name for them.")],
    campaign: Annotated[str, typer.Argument(help="The campaign's id.")],
    at: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"],
            help="What was decided last until then (UTC); else also what would be now.",
        ),
    ] = None,
    language: Annotated[Literal["en", "it"], typer.Option(help="Of the reasons.")] = "en",
    config: Config = None,
) -> None:
    """Say why a shopper got or did not get a campaign's offer, and what it would take now."""
    settings = settings_of(config)
    manners = Manners(settings.freshness.limit_s, settings.campaigns.global_hold_out)

    async def look() -> Why:
        until = at.replace(tzinfo=UTC) if at else None
        async with opened(settings) as database, database.reading() as connection:
            return await why(connection, shopper, campaign, datetime.now(UTC), at=until, manners=manners)

    with told():
        found = run(look())
        print_rows(("what", "which", "why"), [*_decided(found, language), *_now(found, language)], {"which"})


def _decided(found: Why, language: str) -> list[tuple[str, ...]]:
    made = found.decided
    if made is None:
        return [("decided", "nothing", "no event of theirs woke this campaign until then")]
    head = (
        "decided",
        made.verdict,
        f"{minute(made.decided_at)} UTC, {made.event} {made.zone_id}, version {made.campaign_version}",
    )
    reasons = [
        (
            "",
            kept["gate"],
            told_again(kept["gate"], kept["words"], kept.get("phrase", ""), kept.get("facts", {}), language),
        )
        for kept in made.reasons
    ]
    return [head, *reasons]


def _now(found: Why, language: str) -> list[tuple[str, ...]]:
    if found.now is None:
        return [("now", "nowhere", found.nowhere)] if found.nowhere else []
    supposed = found.now
    verdict = supposed.decision.verdict if supposed.decision else found.campaign.state
    where = "they are in" if supposed.there else "if they came to"
    return [
        ("now", verdict, f"{where} {supposed.zone_name}"),
        *(("", look.gate, _said(look, language)) for look in supposed.looks),
        *_outcome(supposed, language),
    ]


def _outcome(supposed: Supposed, language: str) -> list[tuple[str, ...]]:
    """What comes after all gates: who wins, whose control group, what cannot be written."""
    if supposed.decision is None:
        return []
    shown = {look.gate for look in supposed.looks if not look.passes}
    return [
        ("", reason.gate, told_again(reason.gate, reason.words, reason.phrase, reason.facts, language))
        for reason in supposed.decision.reasons
        if reason.gate not in shown
    ]


def _said(look: Look, language: str) -> str:
    if not look.looked:
        return "not looked at"
    words = look.words(language)
    if words is None:
        return "passes"
    return f"{words} (passes at {minute(look.passes_at)} UTC)" if look.passes_at else words
