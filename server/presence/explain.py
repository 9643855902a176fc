"""What opened or closed a visit, in a shop manager's words, and what it would have taken to be otherwise.

In: `Evidence` as a zone event carries it, the zone as staff have it now, names, a clock to tell times by, a language. Out: sentences. A
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
        "inside": "Inside “{place}” from {at}: {voice}; {sure} sure of it.",
        "inside_unsaid": "Inside “{place}” from {at}.",
        "outside": "Outside “{place}” from {at}: {voice}; {sure} sure of being inside.",
        "outside_unsaid": "Outside “{place}” from {at}.",
        "alone": "heard by “{anchor}” at {dbm} dBm",
        "with_another": "heard by “{anchor}” at {dbm} dBm and by one other",
        "with_others": "heard by “{anchor}” at {dbm} dBm and by {others} others",
        "unknown": "by what was last known of it",
        "fix": "a position, exact to {metres} m by the phone's word",
        "waited": "The zone asks for {asked}: certain at {known}.",
        "at_once": "The zone asks for {asked}: certain at once.",
        "implied_in": "Inside “{place}” from {at}, since who is in “{zone}” is in “{place}” too.",
        "implied_out": "Outside “{place}” from {at}, since “{zone}”, in which it lies, was left.",
        "own_word": "Of “{place}” itself we were {sure} sure.",
        "no_own_word": "Nothing had spoken of “{place}” itself.",
        "left": "At most {asked} ends a visit here: certain at {known}.",
        "left_at_once": "At most {asked} ends a visit here: certain at once.",
        "sibling": "At {known} it was certain that “{zone}” next to it was entered.",
        "silence": "Outside “{place}”: not heard after {heard}, and after {silence} of silence, at {known}, that counted as gone.",
        "silence_unheard": "Outside “{place}”: not heard any more, and at {known} that counted as gone.",
        "gateway_silent": "Outside “{place}”: not heard after {heard}, and the gateway there told nothing either: given up at {known}.",
        "usual": "This device is usually heard every {gap}.",
        "closing_time": "Outside “{place}” from {at}: the opening hours ended.",
        "zone_open": "Outside “{place}” from {at}: the zone was taken out of use then, and is in use again now.",
        "zone_closed": "Outside “{place}” from {at}: the zone was closed.",
        "zone_deleted": "Outside “{place}” from {at}: the zone was taken out of use, and is deleted now.",
        "zone_moved": "Outside “{place}” from {at}: the zone was moved, drawn anew or set otherwise; by what was last known, "
        "{sure} sure of being inside.",
        "zone_changed": "The zone was changed at {changed}, during this visit.",
        "not_followed": "Outside “{place}” from {at}: the shopper withdrew, and is followed no more.",
        "no_visit_if": "Had we been less than {enter} sure before {known}, it would have been no visit.",
        "other_manner": "As a “{word}” zone ({asked}) it would have been certain at {known}.",
        "other_manner_later": "As a “{word}” zone ({asked}) it would not have been certain before {known}.",
        "other_manner_never": "As a “{word}” zone ({asked}) it would not have been certain by {known}: until then {most} was the most.",
        "other_manner_passed": "As a “{word}” zone ({asked}) it would not have been certain by {known}: {most} did not last.",
        "stayed_if": "Had we been more than {leave} sure again before {known}, the visit would have gone on.",
        "sibling_else": "Without that, the exit would have been certain at {known}.",
        "heard_else": "Had it been heard again before {known}, the visit would have gone on.",
        "lacks_sure": "We are {sure} sure; it takes {asked}.",
        "lacks_time": "We have been {sure} sure for {held}; it takes {asked}.",
        "stays": "Inside “{place}” from {at}; at most {asked} would end it, or a long silence.",
        "leaving": "Outside “{place}” from {at}, {sure} sure of being inside: certain at {known}, unless we are more than {leave} "
        "sure again.",
        "nothing": "Nothing was kept of why.",
        "entered": "entered {at}",
        "exited": "exited {at}",
        "plot": "How sure we were of “{zone}”",
        "over": "over {percent} %",
        "asked": "{sure} for {seconds} s",
        "asked_once": "{sure} without a wait",
        "under": "under {percent} %",
    },
    "it": {
        "inside": "Dentro «{place}» dalle {at}: {voice}; certezza {sure}.",
        "inside_unsaid": "Dentro «{place}» dalle {at}.",
        "outside": "Fuori da «{place}» dalle {at}: {voice}; certezza di essere dentro {sure}.",
        "outside_unsaid": "Fuori da «{place}» dalle {at}.",
        "alone": "sentito da «{anchor}» a {dbm} dBm",
        "with_another": "sentito da «{anchor}» a {dbm} dBm e da un altro",
        "with_others": "sentito da «{anchor}» a {dbm} dBm e da altri {others}",
        "unknown": "secondo quanto se ne sapeva",
        "fix": "una posizione, precisa a {metres} m secondo il telefono",
        "waited": "La zona chiede {asked}: certo alle {known}.",
        "at_once": "La zona chiede {asked}: certo subito.",
        "implied_in": "Dentro «{place}» dalle {at}, perché chi è in «{zone}» è anche in «{place}».",
        "implied_out": "Fuori da «{place}» dalle {at}, perché «{zone}», in cui si trova, è stata lasciata.",
        "own_word": "La certezza di «{place}» in sé era {sure}.",
        "no_own_word": "Nulla aveva parlato di «{place}» in sé.",
        "left": "Al massimo {asked} pone fine a una visita qui: certo alle {known}.",
        "left_at_once": "Al massimo {asked} pone fine a una visita qui: certo subito.",
        "sibling": "Alle {known} era certo l'ingresso nella vicina «{zone}».",
        "silence": "Fuori da «{place}»: non più sentito dopo le {heard}; dopo {silence} di silenzio, alle {known}, è valso come uscita.",
        "silence_unheard": "Fuori da «{place}»: non più sentito; alle {known} è valso come uscita.",
        "gateway_silent": "Fuori da «{place}»: non più sentito dopo le {heard}, e nemmeno il gateway si è fatto vivo: abbandonato alle "
        "{known}.",
        "usual": "Di solito questo dispositivo si fa sentire ogni {gap}.",
        "closing_time": "Fuori da «{place}» dalle {at}: è finito l'orario di apertura.",
        "zone_open": "Fuori da «{place}» dalle {at}: allora la zona è stata tolta dall'uso; ora è di nuovo in uso.",
        "zone_closed": "Fuori da «{place}» dalle {at}: la zona è stata chiusa.",
        "zone_deleted": "Fuori da «{place}» dalle {at}: la zona è stata tolta dall'uso, e ora è cancellata.",
        "zone_moved": "Fuori da «{place}» dalle {at}: la zona è stata spostata, ridisegnata o impostata diversamente; secondo quanto si "
        "sapeva, certezza di essere dentro {sure}.",
        "zone_changed": "La zona è stata modificata alle {changed}, durante questa visita.",
        "not_followed": "Fuori da «{place}» dalle {at}: il cliente ha ritirato il consenso e non è più seguito.",
        "no_visit_if": "Se prima delle {known} la certezza fosse scesa sotto {enter}, non sarebbe stata una visita.",
        "other_manner": "Come zona «{word}» ({asked}) sarebbe stato certo alle {known}.",
        "other_manner_later": "Come zona «{word}» ({asked}) non sarebbe stato certo prima delle {known}.",
        "other_manner_never": "Come zona «{word}» ({asked}) alle {known} non sarebbe stato certo: fino ad allora il massimo era {most}.",
        "other_manner_passed": "Come zona «{word}» ({asked}) alle {known} non sarebbe stato certo: {most} non è durato.",
        "stayed_if": "Se prima delle {known} la certezza fosse tornata oltre {leave}, la visita sarebbe continuata.",
        "sibling_else": "Senza di ciò, l'uscita sarebbe stata certa alle {known}.",
        "heard_else": "Se si fosse fatto sentire prima delle {known}, la visita sarebbe continuata.",
        "lacks_sure": "La certezza è {sure}; serve {asked}.",
        "lacks_time": "La certezza è {sure} da {held}; serve {asked}.",
        "stays": "Dentro «{place}» dalle {at}; al massimo {asked} ne segnerebbe la fine, o un lungo silenzio.",
        "leaving": "Fuori da «{place}» dalle {at}, certezza di essere dentro {sure}: certo alle {known}, se non torna oltre {leave}.",
        "nothing": "Non è stato conservato il perché.",
        "entered": "entrata {at}",
        "exited": "uscita {at}",
        "plot": "Quanto eravamo sicuri di «{zone}»",
        "over": "oltre {percent} %",
        "under": "sotto {percent} %",
        "asked": "{sure} per {seconds} s",
        "asked_once": "{sure} senza attesa",
    },
}


@dataclass(frozen=True, slots=True)
class Speech:
    """How it is to be said: `names` of zones and anchors by their ids, times of day as clocks show them in `time_zone`.

    Where nobody knows the time zone they are in UTC, and say so.
    """

    language: Language = "en"
    time_zone: tzinfo | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    def say(self, phrase: str, **facts: str) -> str:
        return PHRASES[self.language][phrase].format(**facts)

    def name(self, id: str | None) -> str:
        return self.names.get(id or "", id or "?")

    def time(self, at: float) -> str:
        """`10:31:05`: to the second, as a till or a camera shows it."""
        said = datetime.fromtimestamp(at, self.time_zone or UTC).strftime("%H:%M:%S")
        return said if self.time_zone else f"{said} UTC"

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
class Subject:
    """The zone that is spoken of, as staff have it now; `changed_at` (epoch seconds): they changed it so late in the visit."""

    zone: str
    state: Literal["open", "closed", "deleted"] = "open"
    changed_at: float | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What was, and what it would have taken to be otherwise; a sentence each."""

    was: tuple[str, ...]
    otherwise: tuple[str, ...]


def opened(evidence: Evidence | None, at: float, subject: Subject, speech: Speech) -> Told:
    """Why a visit was entered at `at` (epoch seconds)."""
    if evidence is None:
        return Told((speech.say("nothing"),), ())
    place = speech.name(subject.zone)
    last = evidence.weighings[-1] if evidence.weighings else None
    if evidence.why == "implied":
        was = speech.say("implied_in", place=place, at=speech.time(at), zone=speech.name(evidence.zone))
        own = speech.say("own_word", place=place, sure=speech.percent(last.inside)) if last else None
        return Told((was, own or speech.say("no_own_word", place=place)), ())
    turn = _last_turn(evidence.weighings, Phase.ARRIVING) or last
    said = [_with_voice("inside", at, turn, subject, speech)]
    manner, known = evidence.manner, speech.time(evidence.known_at)
    if manner is None:
        return Told(tuple(said), ())
    asked = speech.asked(manner.enter_at, manner.enter_after_s)
    if manner.enter_after_s <= 0.0:
        return Told((*said, speech.say("at_once", asked=asked)), _as_others(evidence, manner, speech))
    said.append(speech.say("waited", asked=asked, known=known))
    no_visit = speech.say("no_visit_if", enter=speech.percent(manner.enter_at), known=known)
    return Told(tuple(said), (no_visit, *_as_others(evidence, manner, speech)))


def closed(evidence: Evidence | None, at: float, subject: Subject, speech: Speech) -> Told:
    """Why a visit was exited at `at` (epoch seconds)."""
    if evidence is None:
        return Told((speech.say("nothing"),), ())
    place, since = speech.name(subject.zone), speech.time(at)
    match evidence.why:
        case "zone_gone":
            return Told((speech.say(f"zone_{subject.state}", place=place, at=since),), ())
        case "not_followed" | "closing_time" | "zone_closed":
            return Told((speech.say(evidence.why, place=place, at=since),), ())
        case "implied":
            zone = speech.name(evidence.zone)
            return Told((speech.say("implied_out", place=place, at=since, zone=zone),), ())
        case "silence" | "gateway_silent":
            told = _silent(evidence, subject, speech)
        case "sibling":
            told = _outdone(evidence, at, subject, speech)
        case _:
            told = _left(evidence, at, subject, speech)
    if subject.changed_at is None:
        return told
    return Told(
        (*told.was, speech.say("zone_changed", changed=speech.time(subject.changed_at))), told.otherwise
    )


def lacking(inside: float, held_s: float, manner: Manner, speech: Speech) -> str:
    """What somebody lacks who is not in a zone yet: believed there with `inside`, and that for so long."""
    asked = speech.asked(manner.enter_at, manner.enter_after_s)
    if inside < manner.enter_at:
        return speech.say("lacks_sure", sure=speech.percent(inside), asked=asked)
    return speech.say("lacks_time", sure=speech.percent(inside), held=_span(held_s), asked=asked)


@dataclass(frozen=True, slots=True)
class Standing:
    """A stay that is not over: its phase, since when (epoch seconds), and how sure we are of it."""

    zone: str
    phase: Phase
    since: float
    inside: float


def standing(stay: Standing, now: float, manner: Manner, speech: Speech) -> str:
    """Where a stay stands at `now` (epoch seconds), and what would change that."""
    place, at, since = speech.name(stay.zone), speech.time(stay.since), stay.since
    if stay.phase == Phase.ARRIVING:
        return lacking(stay.inside, max(now - since, 0.0), manner, speech)
    if stay.phase == Phase.LEAVING:
        known, leave = speech.time(since + manner.leave_after_s), speech.percent(manner.leave_at)
        sure = speech.percent(stay.inside)
        return speech.say("leaving", place=place, at=at, sure=sure, known=known, leave=leave)
    asked = speech.asked(manner.leave_at, manner.leave_after_s)
    return speech.say("stays", place=place, at=at, asked=asked)


def _left(evidence: Evidence, at: float, subject: Subject, speech: Speech) -> Told:
    turn = _last_turn(evidence.weighings, Phase.LEAVING)
    # Nobody spoke, and yet it was doubted: the zone is not what it was (memory.weighed_anew).
    phrase = "zone_moved" if turn is not None and turn.strength is None else "outside"
    said = [_with_voice(phrase, at, turn, subject, speech)]
    manner, known = evidence.manner, speech.time(evidence.known_at)
    if manner is None:
        return Told(tuple(said), ())
    asked = speech.asked(manner.leave_at, manner.leave_after_s)
    if manner.leave_after_s <= 0.0:
        return Told((*said, speech.say("left_at_once", asked=asked)), ())
    said.append(speech.say("left", asked=asked, known=known))
    return Told(tuple(said), (speech.say("stayed_if", leave=speech.percent(manner.leave_at), known=known),))


def _outdone(evidence: Evidence, at: float, subject: Subject, speech: Speech) -> Told:
    """Another department was entered: this one was doubted already, or nobody can be in two."""
    doubted = _last_turn(evidence.weighings, Phase.LEAVING)
    known, zone = speech.time(evidence.known_at), speech.name(evidence.zone)
    was = (
        _with_voice("outside", at, doubted, subject, speech),
        speech.say("sibling", zone=zone, known=known),
    )
    if doubted is None or evidence.manner is None:
        return Told(was, ())
    certain = speech.time(doubted.at + evidence.manner.leave_after_s)
    return Told(was, (speech.say("sibling_else", known=certain),))


def _silent(evidence: Evidence, subject: Subject, speech: Speech) -> Told:
    place, known = speech.name(subject.zone), speech.time(evidence.known_at)
    if evidence.heard_at is None:
        return Told((speech.say("silence_unheard", place=place, known=known),), ())
    facts = {"heard": speech.time(evidence.heard_at), "silence": _span(evidence.known_at - evidence.heard_at)}
    said = [speech.say(evidence.why, place=place, known=known, **facts)]
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
        most = max(each.inside for each in evidence.weighings)
        phrase = "other_manner_never" if most < other.enter_at else "other_manner_passed"
        return speech.say(phrase, most=speech.percent(most), known=speech.time(evidence.known_at), **facts)
    certain = since + other.enter_after_s
    phrase = "other_manner" if certain <= evidence.known_at else "other_manner_later"
    return speech.say(phrase, known=speech.time(certain), **facts)


def _with_voice(phrase: str, at: float, spoke: Weighing | None, subject: Subject, speech: Speech) -> str:
    """`phrase` with what spoke and how sure that made us, as far as that is known."""
    where = {"place": speech.name(subject.zone), "at": speech.time(at)}
    if spoke is None:
        return speech.say(f"{phrase}_unsaid", **where)
    facts = {**where, "sure": speech.percent(spoke.inside)}
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
