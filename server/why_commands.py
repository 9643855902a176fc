"""`soglia why SHOPPER CAMPAIGN [--at TIME]`: why somebody did or did not get something, and what it would take now.

In: a shopper by our id or the shop's own, a campaign, perhaps a time. Out: the last decision with its reasons, then each gate and
condition in order. Nothing is decided or sent.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Annotated, Any, Final, Literal

import typer

from server.campaigns.explaining import Look, told_again
from server.campaigns.gate_names import gate_name
from server.campaigns.words import Phrases
from server.operating import Config, by_clock, opened, print_rows, run, settings_of, told
from server.records.tables import DecisionRow
from server.supposing import Manners, Supposed, Why, why

WORDS: Final[Phrases] = {
    "en": {
        "unwoken": "no event of theirs woke this campaign until then",
        "there": "they are in",
        "if there": "if they came to",
        "until": "until {at}, by {channel}",
    },
    "it": {
        "decided": "deciso",
        "nothing": "nulla",
        "unwoken": "fino ad allora nessun suo evento ha svegliato questa campagna",
        "version": "versione",
        "entered": "entrato in",
        "dwelled": "rimasto in",
        "exited": "uscito da",
        "send": "invio",
        "withhold": "silenzio",
        "hold": "attesa",
        "hold_out": "gruppo di controllo",
        "variant": "variante",
        "step": "passo",
        "looks again": "riguarda tutto",
        "follows": "segue",
        "offer": "offerta",
        "until": "fino a {at}, con {channel}",
        "waiting": "in attesa",
        "sent": "inviata",
        "postponed": "rimandata",
        "unreachable": "irraggiungibile",
        "refused": "rifiutata",
        "dead_letter": "abbandonata",
        "expired": "scaduta",
        "returned": "restituita",
        "passed_over": "saltato",
        "withdrawn": "ritirata",
        "now": "adesso",
        "nowhere": "da nessuna parte",
        "there": "si trova in",
        "if there": "se venisse in",
        "passes": "passa",
        "passes at": "passa il",
        "not looked at": "non guardato",
        "draft": "bozza",
        "live": "attiva",
        "paused": "in pausa",
        "ended": "finita",
    },
}


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
    language: Annotated[Literal["en", "it"], typer.Option(help="Of all that is said.")] = "en",
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
        return [(_in("decided", language), _in("nothing", language), _in("unwoken", language))]
    at = by_clock(made.decided_at, found.clock)
    version = f"{_in('version', language)} {made.campaign_version}"
    what = f"{at}, {_in(made.event, language)} {made.zone_id}, {version}"
    reasons = [
        _reason(kept["gate"], kept["words"], kept.get("phrase", ""), kept.get("facts", {}), language)
        for kept in made.reasons
    ]
    head = (_in("decided", language), _in(made.verdict, language), what)
    return [head, *_besides(made, found.clock, language), *reasons, *_tried(found, language)]


def _reason(
    gate: str, words: str, phrase: str, facts: Mapping[str, Any], language: str
) -> tuple[str, str, str]:
    return "", gate_name(gate, language), told_again(gate, words, phrase, facts, language)


def _besides(made: DecisionRow, clock: tzinfo, language: str) -> list[tuple[str, ...]]:
    """What only some decisions have: a variant, a step of a journey, a time to look again."""
    facts = [
        ("variant", made.variant),
        ("step", str(made.step) if made.step else None),
        ("looks again", by_clock(made.due_at, clock) if made.due_at else None),
        ("follows", made.held_id),
    ]
    return [("", _in(name, language), fact) for name, fact in facts if fact]


def _tried(found: Why, language: str) -> list[tuple[str, ...]]:
    """The offer that followed, and each channel that was asked or passed over."""
    offer = found.offer
    if offer is None:
        return []
    until = _in("until", language).format(at=by_clock(offer.expires_at, found.clock), channel=offer.channel)
    return [
        (_in("offer", language), _in(offer.outcome or "waiting", language), until),
        *(
            (
                "",
                each.channel or "",
                f"{by_clock(each.at, found.clock)} {_in(each.outcome, language)}: {each.why}",
            )
            for each in found.attempts
        ),
    ]


def _now(found: Why, language: str) -> list[tuple[str, ...]]:
    now = _in("now", language)
    if found.now is None:
        return [(now, _in("nowhere", language), found.nowhere.in_language(language))] if found.nowhere else []
    supposed = found.now
    verdict = supposed.decision.verdict if supposed.decision else found.campaign.state
    where = _in("there" if supposed.there else "if there", language)
    return [
        (now, _in(verdict, language), f"{where} {supposed.zone_name}"),
        *(
            ("", gate_name(look.gate, language), _said(look, supposed.clock, language))
            for look in supposed.looks
        ),
        *_outcome(supposed, language),
    ]


def _outcome(supposed: Supposed, language: str) -> list[tuple[str, ...]]:
    """What comes after all gates: who wins, whose control group, what cannot be written."""
    if supposed.decision is None:
        return []
    shown = {look.gate for look in supposed.looks if not look.passes}
    return [
        _reason(reason.gate, reason.words, reason.phrase, reason.facts, language)
        for reason in supposed.decision.reasons
        if reason.gate not in shown
    ]


def _said(look: Look, clock: tzinfo, language: str) -> str:
    if not look.looked:
        return _in("not looked at", language)
    words = look.words(language)
    if words is None:
        return _in("passes", language)
    if look.passes_at is None:
        return words
    return f"{words} ({_in('passes at', language)} {by_clock(look.passes_at, clock)})"


def _in(word: str, language: str) -> str:
    """Our word in this language; as it is where none is known (a channel's own)."""
    return WORDS.get(language, WORDS["en"]).get(word, word)
