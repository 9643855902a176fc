"""What opened or closed a visit, in a shop manager's words, and what it would have taken to be otherwise.

In: `Evidence` as a zone event carries it, names for zones and anchors, a clock to tell times by, a language. Out: sentences. A
language is a table of phrases; all have the same ones, with the same facts in them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Final, Literal

from server.presence.visit import Evidence, Phase, Weighing
from server.zones.zone import MANNERS, Manner

Language = Literal["en", "it"]

PHRASES: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "inside": "Inside from {at}: {voice}; {sure} sure of this zone.",
        "inside_unsaid": "Inside from {at}.",
        "outside": "Outside from {at}: {voice}; {sure} sure of this zone.",
        "outside_unsaid": "Outside from {at}.",
        "alone": "heard by “{anchor}” at {dbm} dBm",
        "with_another": "heard by “{anchor}” at {dbm} dBm and by one other",
        "with_others": "heard by “{anchor}” at {dbm} dBm and by {others} others",
        "unknown": "by what was last known of it",
        "fix": "a position, exact to {metres} m by the phone's word",
        "waited": "The zone asks for {asked}: certain at {known}.",
        "at_once": "The zone asks for {asked}: certain with that word.",
        "implied_in": "Inside from {at}, since who is in “{zone}” is in this zone too.",
        "implied_out": "Outside from {at}, since “{zone}”, in which it lies, was left.",
        "own_word": "Of this zone itself we were {sure} sure.",
        "no_own_word": "Nothing had spoken of this zone itself.",
        "left": "The zone asks for at most {asked}: certain at {known}.",
        "left_at_once": "The zone asks for at most {asked}: certain with that word.",
        "sibling": "At {known} it was certain that “{zone}” next to it was entered.",
        "silence": "Not heard after {heard}; {silence} of silence counted as gone, at {known}.",
        "silence_unheard": "Not heard any more; that counted as gone at {known}.",
        "gateway_silent": "Not heard after {heard}, and the gateway there told nothing either: given up at {known}.",
        "usual": "Usual for this device is a word every {gap}.",
        "closing_time": "Outside from {at}: the opening hours ended.",
        "zone_gone": "Outside from {at}: the zone was closed or deleted.",
        "not_followed": "Outside from {at}: the shopper withdrew, and is followed no more.",
        "no_visit_if": "Less than {enter} before {known} would have made it no visit.",
        "other_manner": "As a “{word}” zone ({asked}) it would have been certain at {known}.",
        "other_manner_later": "As a “{word}” zone ({asked}) not before {known}.",
        "other_manner_never": "As a “{word}” zone ({asked}) not yet: {most} was the most.",
        "stayed_if": "More than {leave} before {known} would have kept the visit open.",
        "sibling_else": "Without that, certain at {known}.",
        "heard_else": "A word before {known} would have kept the visit open.",
        "lacks_sure": "We are {sure} sure; it takes {asked}.",
        "lacks_time": "We have been {sure} sure for {held}; it takes {asked}.",
        "stays": "Inside from {at}; at most {asked} would end it, or a long silence.",
        "leaving": "Outside from {at}, {sure} sure of this zone: certain at {known}, unless we are more than {leave} sure again.",
        "nothing": "Nothing was kept of why.",
        "entered": "entered {at}",
        "exited": "exited {at}",
        "plot": "How sure we were of “{zone}”",
        "over": "over {percent} %",
        "asked": "{sure} for {seconds} s",
        "asked_once": "{sure} once",
        "under": "under {percent} %",
    },
    "it": {
        "inside": "Dentro dalle {at}: {voice}; certezza di questa zona {sure}.",
        "inside_unsaid": "Dentro dalle {at}.",
        "outside": "Fuori dalle {at}: {voice}; certezza di questa zona {sure}.",
        "outside_unsaid": "Fuori dalle {at}.",
        "alone": "sentito da «{anchor}» a {dbm} dBm",
        "with_another": "sentito da «{anchor}» a {dbm} dBm e da un altro",
        "with_others": "sentito da «{anchor}» a {dbm} dBm e da altri {others}",
        "unknown": "secondo quanto se ne sapeva",
        "fix": "una posizione, precisa a {metres} m secondo il telefono",
        "waited": "La zona chiede {asked}: certo alle {known}.",
        "at_once": "La zona chiede {asked}: certo con quella parola.",
        "implied_in": "Dentro dalle {at}, perché chi è in «{zone}» è anche in questa zona.",
        "implied_out": "Fuori dalle {at}, perché «{zone}», in cui si trova, è stata lasciata.",
        "own_word": "La certezza di questa zona in sé era {sure}.",
        "no_own_word": "Nulla aveva parlato di questa zona in sé.",
        "left": "La zona chiede al massimo {asked}: certo alle {known}.",
        "left_at_once": "La zona chiede al massimo {asked}: certo con quella parola.",
        "sibling": "Alle {known} era certo l'ingresso nella vicina «{zone}».",
        "silence": "Non più sentito dopo le {heard}; {silence} di silenzio valgono un'uscita, alle {known}.",
        "silence_unheard": "Non più sentito; alle {known} questo vale un'uscita.",
        "gateway_silent": "Non più sentito dopo le {heard}, e nemmeno il gateway si è fatto vivo: abbandonato alle {known}.",
        "usual": "Di solito questo dispositivo si fa sentire ogni {gap}.",
        "closing_time": "Fuori dalle {at}: è finito l'orario di apertura.",
        "zone_gone": "Fuori dalle {at}: la zona è stata chiusa o cancellata.",
        "not_followed": "Fuori dalle {at}: il cliente ha ritirato il consenso e non è più seguito.",
        "no_visit_if": "Con meno di {enter} prima delle {known} non sarebbe stata una visita.",
        "other_manner": "Come zona «{word}» ({asked}) sarebbe stato certo alle {known}.",
        "other_manner_later": "Come zona «{word}» ({asked}) non prima delle {known}.",
        "other_manner_never": "Come zona «{word}» ({asked}) non ancora: il massimo era {most}.",
        "stayed_if": "Con più di {leave} prima delle {known} la visita sarebbe rimasta aperta.",
        "sibling_else": "Senza di ciò, certo alle {known}.",
        "heard_else": "Una parola prima delle {known} avrebbe tenuto aperta la visita.",
        "lacks_sure": "La certezza è {sure}; serve {asked}.",
        "lacks_time": "La certezza è {sure} da {held}; serve {asked}.",
        "stays": "Dentro dalle {at}; al massimo {asked} ne segnerebbe la fine, o un lungo silenzio.",
        "leaving": "Fuori dalle {at}, certezza di questa zona {sure}: certo alle {known}, se non torna oltre {leave}.",
        "nothing": "Non è stato conservato il perché.",
        "entered": "entrata {at}",
        "exited": "uscita {at}",
        "plot": "Quanto eravamo sicuri di «{zone}»",
        "over": "oltre {percent} %",
        "under": "sotto {percent} %",
        "asked": "{sure} per {seconds} s",
        "asked_once": "{sure} una volta",
    },
}


@dataclass(frozen=True, slots=True)
class Speech:
    """How it is to be said: `names` of zones and anchors by their ids, times of day as clocks show them in `time_zone`."""

    language: Language = "en"
    time_zone: tzinfo = UTC
    names: Mapping[str, str] = field(default_factory=dict)

    def say(self, phrase: str, **facts: str) -> str:
        return PHRASES[self.language][phrase].format(**facts)

    def name(self, id: str | None) -> str:
        return self.names.get(id or "", id or "?")

    def time(self, at: float) -> str:
        """`10:31:05`: to the second, as a till or a camera shows it."""
        return datetime.fromtimestamp(at, self.time_zone).strftime("%H:%M:%S")

    def percent(self, share: float) -> str:
        """Whole, and never quite sure or impossible: belief is not."""
        if share > 0.99:
            return self.say("over", percent="99")
        return self.say("under", percent="1") if share < 0.01 else f"{round(100 * share)} %"

    def asked(self, share: float, seconds: float) -> str:
        """`80 % for 3 s`: what a zone asks for."""
        phrase = "asked" if seconds > 0.0 else "asked_once"
        return self.say(phrase, sure=self.percent(share), seconds=f"{seconds:g}")


@dataclass(frozen=True, slots=True)
class Told:
    """What was, and what it would have taken to be otherwise; a sentence each."""

    was: tuple[str, ...]
    otherwise: tuple[str, ...]


def opened(evidence: Evidence | None, at: float, speech: Speech) -> Told:
    """Why a visit was entered at `at` (epoch seconds)."""
    if evidence is None:
        return Told((speech.say("nothing"),), ())
    last = evidence.weighings[-1] if evidence.weighings else None
    if evidence.why == "implied":
        was = speech.say("implied_in", at=speech.time(at), zone=speech.name(evidence.zone))
        own = speech.say("own_word", sure=speech.percent(last.inside)) if last else speech.say("no_own_word")
        return Told((was, own), ())
    turn = _last_turn(evidence.weighings, Phase.ARRIVING) or last
    said = [_with_voice("inside", at, turn, speech)]
    manner, known = evidence.manner, speech.time(evidence.known_at)
    if manner is None:
        return Told(tuple(said), ())
    asked = speech.asked(manner.enter_at, manner.enter_after_s)
    if manner.enter_after_s <= 0.0:
        return Told((*said, speech.say("at_once", asked=asked)), _as_others(evidence, manner, speech))
    said.append(speech.say("waited", asked=asked, known=known))
    no_visit = speech.say("no_visit_if", enter=speech.percent(manner.enter_at), known=known)
    return Told(tuple(said), (no_visit, *_as_others(evidence, manner, speech)))


def closed(evidence: Evidence | None, at: float, speech: Speech) -> Told:
    """Why a visit was exited at `at` (epoch seconds)."""
    if evidence is None:
        return Told((speech.say("nothing"),), ())
    match evidence.why:
        case "zone_gone" | "not_followed" | "closing_time":
            return Told((speech.say(evidence.why, at=speech.time(at)),), ())
        case "implied":
            return Told((speech.say("implied_out", at=speech.time(at), zone=speech.name(evidence.zone)),), ())
        case "silence" | "gateway_silent":
            return _silent(evidence, speech)
        case "sibling":
            return _outdone(evidence, at, speech)
        case _:
            return _left(evidence, at, speech)


def lacking(inside: float, held_s: float, manner: Manner, speech: Speech) -> str:
    """What somebody lacks who is not in a zone yet: believed there with `inside`, and that for so long."""
    asked = speech.asked(manner.enter_at, manner.enter_after_s)
    if inside < manner.enter_at:
        return speech.say("lacks_sure", sure=speech.percent(inside), asked=asked)
    return speech.say("lacks_time", sure=speech.percent(inside), held=_span(held_s), asked=asked)


def standing(phase: Phase, since: float, inside: float, now: float, manner: Manner, speech: Speech) -> str:
    """Where a stay stands that is not over, and what would change that; `since` is when its phase began (epoch seconds)."""
    at = speech.time(since)
    if phase == Phase.ARRIVING:
        return lacking(inside, max(now - since, 0.0), manner, speech)
    if phase == Phase.LEAVING:
        known, leave = speech.time(since + manner.leave_after_s), speech.percent(manner.leave_at)
        return speech.say("leaving", at=at, sure=speech.percent(inside), known=known, leave=leave)
    return speech.say("stays", at=at, asked=speech.asked(manner.leave_at, manner.leave_after_s))


def _left(evidence: Evidence, at: float, speech: Speech) -> Told:
    said = [_with_voice("outside", at, _last_turn(evidence.weighings, Phase.LEAVING), speech)]
    manner, known = evidence.manner, speech.time(evidence.known_at)
    if manner is None:
        return Told(tuple(said), ())
    asked = speech.asked(manner.leave_at, manner.leave_after_s)
    if manner.leave_after_s <= 0.0:
        return Told((*said, speech.say("left_at_once", asked=asked)), ())
    said.append(speech.say("left", asked=asked, known=known))
    return Told(tuple(said), (speech.say("stayed_if", leave=speech.percent(manner.leave_at), known=known),))


def _outdone(evidence: Evidence, at: float, speech: Speech) -> Told:
    """Another department was entered: this one was doubted already, or nobody can be in two."""
    doubted = _last_turn(evidence.weighings, Phase.LEAVING)
    known, zone = speech.time(evidence.known_at), speech.name(evidence.zone)
    was = (_with_voice("outside", at, doubted, speech), speech.say("sibling", zone=zone, known=known))
    if doubted is None or evidence.manner is None:
        return Told(was, ())
    certain = speech.time(doubted.at + evidence.manner.leave_after_s)
    return Told(was, (speech.say("sibling_else", known=certain),))


def _silent(evidence: Evidence, speech: Speech) -> Told:
    known = speech.time(evidence.known_at)
    if evidence.heard_at is None:
        return Told((speech.say("silence_unheard", known=known),), ())
    silence = _span(evidence.known_at - evidence.heard_at)
    said = [speech.say(evidence.why, heard=speech.time(evidence.heard_at), silence=silence, known=known)]
    if evidence.usual_gap_s > 0.0:
        said.append(speech.say("usual", gap=_span(evidence.usual_gap_s)))
    return Told(tuple(said), (speech.say("heard_else", known=known),))


def _as_others(evidence: Evidence, manner: Manner, speech: Speech) -> tuple[str, ...]:
    """When the visit would have been certain had the zone another word for how sure and how quick."""
    if not evidence.weighings:
        return ()
    words = (other for word, other in MANNERS.items() if word != manner.word)
    return tuple(_as_other(evidence, other, speech) for other in words)


def _as_other(evidence: Evidence, other: Manner, speech: Speech) -> str:
    facts = {"word": other.word, "asked": speech.asked(other.enter_at, other.enter_after_s)}
    since = None
    for each in evidence.weighings:
        if each.inside < other.enter_at:
            since = None
        elif since is None:
            since = each.at
    if since is None:
        most = speech.percent(max(each.inside for each in evidence.weighings))
        return speech.say("other_manner_never", most=most, **facts)
    certain = since + other.enter_after_s
    phrase = "other_manner" if certain <= evidence.known_at else "other_manner_later"
    return speech.say(phrase, known=speech.time(certain), **facts)


def _with_voice(phrase: str, at: float, spoke: Weighing | None, speech: Speech) -> str:
    """`phrase` with what spoke and how sure that made us, as far as that is known."""
    if spoke is None:
        return speech.say(f"{phrase}_unsaid", at=speech.time(at))
    facts = {"at": speech.time(at), "sure": speech.percent(spoke.inside)}
    return speech.say(phrase, voice=_voice(spoke, speech), **facts)


def _voice(spoke: Weighing, speech: Speech) -> str:
    if spoke.strength is None:
        return speech.say("unknown")
    if spoke.anchor is None:
        return speech.say("fix", metres=f"{spoke.strength:.0f}")
    facts = {"anchor": speech.name(spoke.anchor), "dbm": f"{spoke.strength:.0f}"}
    if spoke.others > 1:
        return speech.say("with_others", others=str(spoke.others), **facts)
    return speech.say("with_another" if spoke.others else "alone", **facts)


def _last_turn(weighings: Sequence[Weighing], phase: Phase) -> Weighing | None:
    """The last weighing that turned the phase, where it was to this one."""
    last = next((each for each in reversed(weighings) if each.turn), None)
    return last if last is not None and last.turn == phase else None


def _span(seconds: float) -> str:
    """`1.5 s`, `15 s`, `12 min`, `2 h 5 min`: the same in all languages that we speak."""
    if seconds < 10.0:
        return f"{round(seconds, 1):g} s"
    if seconds < 120.0:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60.0)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
