"""How a gateway is, by what it last said of itself: in: its row, the time. Out: a state, and sentences for staff in each of our languages."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from server.campaigns.words import Phrases, Sentence, say
from server.records.tables import GatewayRow

#: Gateways say how they are every 15 seconds: after four that did not come, a gateway is silent.
SILENT_AFTER: Final = timedelta(seconds=60)

#: Sightings of a clock that is wrong by more than this are put right, which cannot be done as well as a right clock does it.
CLOCK_RIGHT_WITHIN: Final = timedelta(seconds=5)

#: new: never heard from. well: hears and delivers. troubled: speaks to us of something wrong. silent: does not speak.
State = Literal["new", "well", "troubled", "silent"]

PHRASES: Final[Phrases] = {
    "en": {
        "new": "has sent no heartbeat yet: start the scanner with its token (sightings are taken without)",
        "silent": "has been silent for {span}: check its power and its line",
        "well": "keeps {rate} advertisements a second",
        "radio_silent": "its radio hears nothing",
        "radio_off": "its radio is off",
        "radio_failed": "its radio has failed",
        "radio_unknown": "its radio is in an unknown state",
        "because": "{what}: {reason}",
        "waiting": "{batches} batches wait on its disk to be sent",
        "dropped": "{sightings} sightings were dropped since it started: its line was down for too long",
        "ahead": "its clock is {span} ahead: let it keep time by the network",
        "behind": "its clock is {span} behind: let it keep time by the network",
    },
    "it": {
        "new": "non ha ancora dato segni di vita: avvia lo scanner con il suo token (gli avvistamenti arrivano anche senza)",
        "silent": "tace da {span}: controlla la corrente e la linea",
        "well": "tiene {rate} annunci al secondo",
        "radio_silent": "la sua radio non sente nulla",
        "radio_off": "la sua radio è spenta",
        "radio_failed": "la sua radio è guasta",
        "radio_unknown": "la sua radio è in uno stato sconosciuto",
        "because": "{what}: {reason}",
        "waiting": "{batches} pacchi aspettano sul suo disco di essere spediti",
        "dropped": "{sightings} avvistamenti persi da quando è partito: la linea è mancata troppo a lungo",
        "ahead": "il suo orologio è avanti di {span}: fagli prendere l'ora dalla rete",
        "behind": "il suo orologio è indietro di {span}: fagli prendere l'ora dalla rete",
    },
}


@dataclass(frozen=True, slots=True)
class Health:
    """How a gateway is, and what staff should know of it; `words` is never empty."""

    state: State
    words: tuple[Sentence | str, ...]


def health(gateway: GatewayRow, now: datetime) -> Health:
    """How a gateway is, by its last heartbeat."""
    if gateway.heartbeat_at is None or gateway.heartbeat is None:
        return Health("new", (say(PHRASES, "new"),))
    silence = now - gateway.heartbeat_at
    if silence > SILENT_AFTER:
        return Health("silent", (say(PHRASES, "silent", span=silence),))
    troubles = tuple(_troubles(gateway.heartbeat, clock_ahead(gateway)))
    if troubles:
        return Health("troubled", troubles)
    return Health("well", (say(PHRASES, "well", rate=round(gateway.heartbeat.get("kept_per_s", 0), 1)),))


def clock_ahead(gateway: GatewayRow) -> timedelta | None:
    """By how much its clock is ahead of ours, less than nothing where it is behind; None where it has not said, or nothing sensible."""
    said = (gateway.heartbeat or {}).get("sent_at")
    if said is None or gateway.heartbeat_at is None:
        return None
    try:
        return timedelta(seconds=said - gateway.heartbeat_at.timestamp())
    except OverflowError:
        return None


def hears(gateway: GatewayRow, now: datetime) -> bool:
    """Whether its radio hears, as far as we were told just now. One that has never spoken is given the benefit of the doubt."""
    if gateway.heartbeat_at is None or gateway.heartbeat is None:
        return True
    listens = gateway.heartbeat.get("radio") in {"hearing", "silent"}
    return listens and now - gateway.heartbeat_at <= SILENT_AFTER


def _troubles(said: dict[str, Any], ahead: timedelta | None) -> Iterator[Sentence | str]:
    radio, reason = said.get("radio"), said.get("reason")
    if radio != "hearing":
        what = say(PHRASES, f"radio_{radio}" if radio in {"silent", "off", "failed"} else "radio_unknown")
        yield say(PHRASES, "because", what=what, reason=str(reason)) if reason else what
    elif reason:
        yield str(reason)
    waiting = said.get("spool_batches") or 0
    if waiting > 1:  # one may be on its way while the heartbeat is written
        yield say(PHRASES, "waiting", batches=waiting)
    dropped = said.get("dropped") or 0
    if dropped:
        yield say(PHRASES, "dropped", sightings=dropped)
    if ahead is not None and abs(ahead) > CLOCK_RIGHT_WITHIN:
        yield say(PHRASES, "ahead" if ahead > timedelta() else "behind", span=abs(ahead))


def told(words: Sentence | str, language: str) -> str:
    """In this language; what a machine said in its own words stays as it is."""
    return words.in_language(language) if isinstance(words, Sentence) else words
