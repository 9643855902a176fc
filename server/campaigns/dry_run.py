"""Who would have got what? Visits that were, played through a draft in the order of their time, with its caps, stock and holds simulated.

In: a campaign compiled alone, visits, and what is known of their shoppers. Out: how often it would have spoken, to whom, and why not.
Pure: each moment is decided by decide.py as the path does it, and sees what this run gave before.

What is as it was then: visits, earlier visits, offers of other campaigns, redemptions. What is as it is now: consents, addresses, attributes
and tags, since the draft would go live now. Follow-ups are not played: nobody opened what was never sent.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import groupby

from server.campaigns.compiled import Compiled
from server.campaigns.decide import decide
from server.campaigns.decision import Decision, Exposed, Hold, HoldOut, Reason, Send
from server.campaigns.moment import (
    DeviceFacts,
    Happening,
    Held,
    Issued,
    Moment,
    SentOffer,
    ShopperFacts,
    Spent,
    ZonePast,
)
from server.presence.visit import ZoneEvent

#: An offer older than this stands in no gate's way, whatever the caps ask: nobody stays longer.
LONGEST_STAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PastVisit:
    """A visit as it was kept. `exited_at` is None for one that lasts."""

    id: str
    shopper: str | None
    device: str
    zone: str
    entered_at: datetime
    exited_at: datetime | None
    late: bool = False


@dataclass(frozen=True, slots=True)
class Cast:
    """Who walks: shoppers and devices by id. `sent` and `redeemed` of a shopper reach over the whole time that is played."""

    shoppers: Mapping[str, ShopperFacts]
    devices: Mapping[str, DeviceFacts]
    global_hold_out: float = 0.0


@dataclass(slots=True)
class Rehearsed:
    """What came of it. `reasons`: of those withheld, how often each gate spoke; `examples` has one of each.

    `sends` are the first of them; `by_day` counts offers by the shop's day.
    """

    visits: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, Reason] = field(default_factory=dict)
    by_day: Counter[str] = field(default_factory=Counter)
    shoppers: int = 0
    spent: float = 0.0
    sends: list[Send] = field(default_factory=list)


def rehearse(
    compiled: Compiled,
    visits: Sequence[PastVisit],
    since: datetime,
    cast: Cast,
    happening: Callable[[ZoneEvent, datetime], Happening],
    most_shown: int = 100,
) -> Rehearsed:
    """Plays visits from `since` on; those before it only make the shoppers' past."""
    stage = _Stage(compiled, cast, happening, most_shown)
    stage.rehearsed.visits = sum(visit.entered_at >= since for visit in visits)
    owners = {visit.id: visit.shopper for visit in visits}
    for (at, _), together in groupby(_events(compiled, visits), key=lambda event: (event.at, event.device)):
        events = tuple(together)
        stage.look_again_until(at)
        stage.play(events, owners[events[0].visit], speaks=at >= since)
    stage.look_again_until(None)
    stage.rehearsed.shoppers = len(stage.reached)
    return stage.rehearsed


def _events(compiled: Compiled, visits: Iterable[PastVisit]) -> list[ZoneEvent]:
    """All zone events of these visits in the order of their time, as the path tells of them."""
    return sorted(
        (event for visit in visits for event in _of_visit(compiled, visit)),
        key=lambda event: (event.at, event.device, event.zone, event.kind, event.dwelled_s),
    )


def _of_visit(compiled: Compiled, visit: PastVisit) -> Iterator[ZoneEvent]:
    entered = ZoneEvent(
        "entered", visit.device, visit.zone, visit.id, visit.entered_at, visit.entered_at, late=visit.late
    )
    yield entered
    until = visit.exited_at
    for seconds in compiled.dwells.get(visit.zone, ()):
        at = visit.entered_at + timedelta(seconds=seconds)
        if until is not None and at <= until:
            yield replace(entered, kind="dwelled", at=at, dwelled_s=seconds)
    if until is not None:
        stayed_s = (until - visit.entered_at).total_seconds()
        yield replace(entered, kind="exited", at=until, dwelled_s=stayed_s)


@dataclass(slots=True)
class _Walker:
    """What is known of one shopper at the time that is played."""

    facts: ShopperFacts
    sent: list[SentOffer]
    past: dict[str, ZonePast] = field(default_factory=dict)
    here: dict[str, datetime] = field(default_factory=dict)

    def note(self, event: ZoneEvent) -> None:
        if event.kind == "entered":
            self.here.setdefault(event.zone, event.at)
        elif event.kind == "exited":
            self.here.pop(event.zone, None)
            self.past[event.zone] = _with_visit(self.past.get(event.zone), event.entered_at, event.at)

    def seen(self, now: datetime, look_back: timedelta) -> ShopperFacts:
        """The shopper as decisions would have seen them then."""
        redeemed = self.facts.redeemed
        since = now - look_back
        return replace(
            self.facts,
            sent=tuple(offer for offer in self.sent if since <= offer.at <= now),
            past=dict(self.past),
            here=dict(self.here),
            redeemed=None if redeemed is None else tuple(each for each in redeemed if each.at <= now),
        )


class _Stage:
    """One run of a draft over visits, in the order of time."""

    def __init__(
        self,
        compiled: Compiled,
        cast: Cast,
        happening: Callable[[ZoneEvent, datetime], Happening],
        most_shown: int,
    ) -> None:
        self.rehearsed = Rehearsed()
        self.reached: set[str] = set()
        self._compiled = compiled
        self._cast = cast
        self._happening = happening
        self._most_shown = most_shown
        self._look_back = max(compiled.look_back, LONGEST_STAY)
        self._given: Counter[tuple[str, str]] = Counter()  # by day and site, as the path's counters
        self._spent: defaultdict[str, float] = defaultdict(float)
        self._walkers: dict[str, _Walker] = {}
        self._waiting: list[tuple[datetime, str, Hold]] = []

    def play(self, events: tuple[ZoneEvent, ...], shopper: str | None, *, speaks: bool) -> None:
        """What happened to one device at one instant."""
        walker = self._walker(shopper)
        heard = [
            event
            for event in (events if speaks else ())
            if self._compiled.listening(event.kind, event.zone, event.dwelled_s)
        ]
        if walker and heard and heard[0].kind != "exited":
            self._note(walker, events)
        if heard:
            happenings = tuple(self._happening(event, event.at) for event in heard)
            now = heard[0].at + timedelta(seconds=max(each.waited_s for each in happenings))
            self._decide(self._moment(now, happenings, walker))
        if walker and not (heard and heard[0].kind != "exited"):
            self._note(walker, events)

    def look_again_until(self, at: datetime | None) -> None:
        """What waited and falls due before `at` is looked at again."""
        while self._waiting and (at is None or self._waiting[0][0] <= at):
            due_at, _, hold = heappop(self._waiting)
            event = hold.event
            happening = self._happening(event, due_at)
            if event.kind != "exited":
                happening = replace(happening, waited_s=(due_at - event.at).total_seconds())
            held = Held(hold.id, hold.campaign, hold.campaign_version, hold.since)
            moment = self._moment(due_at, (happening,), self._walker(hold.shopper))
            self._decide(replace(moment, held=(held,)))

    def _note(self, walker: _Walker, events: Iterable[ZoneEvent]) -> None:
        for event in events:
            walker.note(event)

    def _walker(self, shopper: str | None) -> _Walker | None:
        if shopper is None or shopper not in self._cast.shoppers:
            return None
        if shopper not in self._walkers:
            facts = self._cast.shoppers[shopper]
            self._walkers[shopper] = _Walker(facts, list(facts.sent))
        return self._walkers[shopper]

    def _moment(self, now: datetime, happenings: tuple[Happening, ...], walker: _Walker | None) -> Moment:
        device = happenings[0].event.device
        moment = Moment(
            now=now,
            happenings=happenings,
            device=self._cast.devices.get(device) or DeviceFacts(device),
            shopper=walker.seen(now, self._look_back) if walker else None,
            global_hold_out=self._cast.global_hold_out,
        )
        return self._counted(moment) if self._compiled.counted else moment

    def _counted(self, moment: Moment) -> Moment:
        today, site = moment.local_time("shop").date().isoformat(), moment.zone.shop
        issued = Issued(self._given["", ""], self._given[today, ""], self._given[today, site])
        spent = Spent(self._spent[""], self._spent[today])
        return replace(
            moment,
            issued=dict.fromkeys(self._compiled.counted, issued),
            budget_spent=dict.fromkeys(self._compiled.counted, spent),
        )

    def _decide(self, moment: Moment) -> None:
        for decision in decide(self._compiled, moment):
            self.rehearsed.verdicts[decision.verdict] += 1
            if isinstance(decision, Exposed):
                self._exposed(decision)
            elif isinstance(decision, Hold):
                heappush(self._waiting, (decision.due_at, decision.id, decision))
            else:
                self._withheld(decision)

    def _exposed(self, decision: Exposed) -> None:
        if walker := self._walker(decision.shopper):
            walker.sent.append(decision.as_sent())
        if isinstance(decision, HoldOut) or not isinstance(decision, Send):
            return
        for where in (("", ""), (decision.day, ""), (decision.day, decision.site)):
            self._given[where] += 1
        for day in ("", decision.day):
            self._spent[day] += decision.cost
        self.rehearsed.by_day[decision.day] += 1
        self.rehearsed.spent += decision.cost
        if decision.shopper:
            self.reached.add(decision.shopper)
        if len(self.rehearsed.sends) < self._most_shown:
            self.rehearsed.sends.append(decision)

    def _withheld(self, decision: Decision) -> None:
        for reason in decision.reasons:
            self.rehearsed.reasons[reason.gate] += 1
            self.rehearsed.examples.setdefault(reason.gate, reason)


def _with_visit(past: ZonePast | None, entered_at: datetime, exited_at: datetime) -> ZonePast:
    """The past with one more visit; two devices that were there together were there once."""
    stayed_s = (exited_at - entered_at).total_seconds()
    if past is None:
        return ZonePast(1, entered_at, entered_at, exited_at, stayed_s)
    if past.last_exited_at is not None and entered_at <= past.last_exited_at:
        last_exited_at = max(past.last_exited_at, exited_at)
        whole_s = (last_exited_at - past.last_entered_at).total_seconds()
        return replace(past, last_exited_at=last_exited_at, longest_s=max(past.longest_s, whole_s))
    return ZonePast(past.visits + 1, past.first_at, entered_at, exited_at, max(past.longest_s, stayed_s))
