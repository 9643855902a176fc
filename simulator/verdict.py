"""What should have happened against what did. In: what is due, what arrived, what was decided, visits found. Out: a `Verdict`. Pure.

- **due**: offers owed by truth, less those that gave way: a withheld one whose reason is a cap, a cooldown or a louder offer, and
  that reason is found true in what was really sent. A reason that the town knows to be false is no reason.
- **missed**: due and not sent. **lost**: missed, and no true reason was given; this is what fails a story.
- **wrong**: sent to somebody who should not have had it, or too early, in the wrong words, past a cap, or beside another winner
  of the same moment. **doubled**: sent again, in the same visit or beyond what the campaign allows.
- **forbidden**: a visit of somebody who never agreed to the use of their location.

Times are seconds from the story's start.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from simulator.oracle import Expectation, Rule
from simulator.truth import LINGER_S, Stay

#: Gates whose objection rests on other offers: they can be checked against what arrived.
GIVES_WAY = frozenset({"arbitration", "frequency_cap", "cooldown", "once_a_visit", "other_device"})
#: An event's own time may lie before the stay could be believed by so much (clocks, windows of adverts).
EARLY_S = 5.0
#: What deciding, sending and arriving may take on a busy machine.
SENDING_S = 5.0


@dataclass(frozen=True, slots=True)
class Push:
    """One message that arrived at one shopper's phone; `title` is what they read. `again`: this very offer arrived before."""

    shopper: str
    campaign: str
    visit: str
    offer: str
    title: str
    at_s: float
    again: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision as the server tells it; `gates` name who objected.

    `told_s`: when its event could first be told, which is its own time and the zone's minimum time more.
    """

    shopper: str
    campaign: str
    sent: bool
    gates: tuple[str, ...]
    visit: str
    event: str
    told_s: float


@dataclass(frozen=True, slots=True)
class Found:
    """One visit as the server tells it; `exited_s` is None while it lasts."""

    visit: str
    device: str
    place: str
    entered_s: float
    exited_s: float | None


@dataclass(frozen=True, slots=True)
class Happened:
    """All that came of a story. `waits_ms`: from hearing the evidence to the message at the phone, one a push."""

    pushes: Sequence[Push] = ()
    decisions: Sequence[Decided] = ()
    visits: Sequence[Found] = ()
    waits_ms: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """All that was to come of it: expectations by (shopper, campaign), rules by campaign, stays; `carriers` device -> shopper.

    `titles`: (shopper, campaign) -> what the shopper should read. `unseen`: devices whose shopper did not agree to the use of
    location; `stays` has none of theirs. `freshness_s`: older news makes history, never messages.
    """

    expected: Mapping[tuple[str, str], Expectation]
    rules: Mapping[str, Rule]
    stays: Sequence[Stay]
    carriers: Mapping[str, str]
    titles: Mapping[tuple[str, str], str]
    unseen: frozenset[str] = frozenset()
    freshness_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The figures, and a sentence for each thing that went wrong."""

    visits_true: int
    visits_found: int
    visits_unmade: int
    visits_forbidden: int
    offers_due: int
    offers_sent: int
    offers_missed: int
    offers_lost: int
    offers_wrong: int
    offers_doubled: int
    heard_to_sent_ms_p50: float | None
    heard_to_sent_ms_p99: float | None
    withheld: Mapping[str, int]
    complaints: Sequence[str] = field(default=())

    @property
    def good(self) -> bool:
        """No offer was doubled, wrong, or lost without a reason; nobody was followed who did not agree."""
        return not (self.offers_doubled or self.offers_wrong or self.offers_lost or self.visits_forbidden)

    def as_json(self) -> dict[str, object]:
        """The keys that issue trackers and CI read."""
        return {
            "visits_true": self.visits_true,
            "visits_found": self.visits_found,
            "offers_due": self.offers_due,
            "offers_sent": self.offers_sent,
            "offers_missed": self.offers_missed,
            "offers_wrong": self.offers_wrong,
            "offers_doubled": self.offers_doubled,
            "heard_to_sent_ms_p50": self.heard_to_sent_ms_p50,
            "heard_to_sent_ms_p99": self.heard_to_sent_ms_p99,
            "withheld": dict(self.withheld),
        }


def judge(due: Due, happened: Happened) -> Verdict:
    """Holds what happened against what was due."""
    pushes = sorted(happened.pushes, key=lambda push: push.at_s)
    doubled, rest = _doubled(pushes, due)
    wrong = _wrong(rest, due, happened)
    missed, lost, gave_way = _missed(due, pushes, happened.decisions)
    clear = [stay for stay in due.stays if stay.clear]
    forbidden = [
        f"forbidden: {v.device} was followed into {v.place}"
        for v in happened.visits
        if v.device in due.unseen
    ]
    waits = sorted(happened.waits_ms)
    return Verdict(
        visits_true=len(clear),
        visits_found=sum(any(_of_stay(visit, stay) for visit in happened.visits) for stay in clear),
        visits_unmade=sum(not any(_of_stay(visit, stay) for stay in due.stays) for visit in happened.visits)
        - len(forbidden),
        visits_forbidden=len(forbidden),
        offers_due=sum(each.owed for each in due.expected.values()) - gave_way,
        offers_sent=len(pushes),
        offers_missed=len(missed) + len(lost),
        offers_lost=len(lost),
        offers_wrong=len(wrong),
        offers_doubled=len(doubled),
        heard_to_sent_ms_p50=quantile(waits, 0.50),
        heard_to_sent_ms_p99=quantile(waits, 0.99),
        withheld=_withheld(happened.decisions),
        complaints=[*forbidden, *doubled, *wrong, *lost, *missed],
    )


def _doubled(pushes: Iterable[Push], due: Due) -> tuple[list[str], list[Push]]:
    """Sentences for what was sent again, and the pushes without them."""
    of_visit: Counter[tuple[str, str]] = Counter()
    of_shopper: Counter[tuple[str, str]] = Counter()
    said, rest = [], []
    for push in pushes:
        expected = due.expected.get((push.shopper, push.campaign))
        of_visit[push.visit, push.campaign] += 1
        of_shopper[push.shopper, push.campaign] += 1
        if push.again or of_visit[push.visit, push.campaign] > 1:
            said.append(f"doubled: {_named(push)} came twice in one visit")
        elif expected and of_shopper[push.shopper, push.campaign] > expected.at_most:
            said.append(f"doubled: {_named(push)} came {of_shopper[push.shopper, push.campaign]} times")
        else:
            rest.append(push)
    return said, rest


def _wrong(pushes: Sequence[Push], due: Due, happened: Happened) -> list[str]:
    """A sentence for each push that should not have been."""
    devices = {visit.visit: visit.device for visit in happened.visits}
    told = {(each.visit, each.campaign): each.told_s for each in happened.decisions if each.sent}
    said = []
    for i, push in enumerate(pushes):
        before = [each for each in pushes[:i] if each.shopper == push.shopper]
        age_s = push.at_s - told.get((push.visit, push.campaign), push.at_s)
        stale = [f"its news was {age_s:.0f} s old"] if age_s > due.freshness_s + SENDING_S else []
        if why := next(chain(_whys(push, before, due, devices), stale), None):
            said.append(f"wrong: {_named(push)} at {push.at_s:.0f} s: {why}")
    return said


def _whys(push: Push, before: Sequence[Push], due: Due, devices: Mapping[str, str]) -> Iterator[str]:
    """What speaks against this push, the plainest first."""
    rule, expected = due.rules.get(push.campaign), due.expected.get((push.shopper, push.campaign))
    if rule is None or expected is None:
        yield (
            "there is no such campaign" if rule is None else "not for this shopper, or they were never there"
        )
        return
    if push.visit not in devices:
        yield "its visit is not on record"
    elif due.carriers.get(devices[push.visit]) != push.shopper:
        yield f"the visit was made by {due.carriers.get(devices[push.visit], 'somebody unknown')}"
    if push.title != due.titles[push.shopper, push.campaign]:
        yield f"the shopper should read {due.titles[push.shopper, push.campaign]!r}"
    if push.at_s < expected.from_s:
        yield f"it came at {push.at_s:.1f} s and could not be known before {expected.from_s:.1f} s"
    if len(before) >= rule.cap_of_all:
        yield f"{len(before)} offers came before, and {rule.cap_of_all} are the most"
    for rival in before:
        if rival.visit == push.visit and _same_moment(due.rules.get(rival.campaign), rule):
            yield f"{rival.campaign} had won this moment"


def _same_moment(one: Rule | None, other: Rule) -> bool:
    return one is not None and (one.on, one.after_s) == (other.on, other.after_s)


def _missed(
    due: Due, pushes: Sequence[Push], decisions: Sequence[Decided]
) -> tuple[list[str], list[str], int]:
    """Sentences for offers missed with a reason, for those lost without a true one, and how many gave way."""
    got = Counter((push.shopper, push.campaign) for push in pushes)
    decided = defaultdict(list)
    for decision in decisions:
        decided[decision.shopper, decision.campaign].append(decision)
    missed, lost, gave_way = [], [], 0
    for key, expected in due.expected.items():
        for _ in range(expected.owed - got[key]):
            withheld = [each for each in decided[key] if not each.sent]
            what = f"{expected.campaign} to {expected.shopper} ({expected.why})"
            if any(each.sent for each in decided[key]):
                lost.append(f"lost: {what}: decided to send, and it never arrived")
            elif any(_gave_way(each, pushes, due.rules) for each in withheld):
                gave_way += 1
            elif not withheld:
                lost.append(f"lost: {what}: nothing was decided")
            elif false := sorted(
                {gate for each in withheld for gate in each.gates} - GIVES_WAY - {"freshness"}
            ):
                lost.append(f"lost: {what}: withheld for {', '.join(false)}, which is not so")
            elif not any(each.gates for each in withheld):
                lost.append(f"lost: {what}: withheld without a reason")
            else:
                gates = sorted({gate for each in withheld for gate in each.gates})
                missed.append(f"missed: {what}: withheld for {', '.join(gates)}")
    return missed, lost, gave_way


def _gave_way(decision: Decided, pushes: Sequence[Push], rules: Mapping[str, Rule]) -> bool:
    """Whether other offers to the same shopper bear out the reason that this one was withheld."""
    rule = rules.get(decision.campaign)
    theirs = [push for push in pushes if push.shopper == decision.shopper]
    if rule is None or not decision.gates or not GIVES_WAY.issuperset(decision.gates):
        return False
    if "arbitration" in decision.gates:
        return any(
            (winner := rules.get(push.campaign)) is not None and winner.priority >= rule.priority
            for push in theirs
        )
    of_this = sum(push.campaign == decision.campaign for push in theirs)
    return of_this >= rule.cap or len(theirs) >= rule.cap_of_all


def _of_stay(visit: Found, stay: Stay) -> bool:
    """Whether a visit found can be this stay: the same device and place, at a time when it may be believed."""
    return (
        (visit.device, visit.place) == (stay.device, stay.place)
        and visit.entered_s <= stay.may_until_s + EARLY_S
        and (visit.exited_s is None or visit.exited_s >= stay.may_from_s - EARLY_S)
        and visit.entered_s >= stay.may_from_s - LINGER_S
    )


def _withheld(decisions: Iterable[Decided]) -> dict[str, int]:
    """How many decisions each gate held back, the busiest first."""
    gates = Counter(gate for decision in decisions if not decision.sent for gate in decision.gates)
    return dict(gates.most_common())


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The smallest value that at least this share does not exceed; None of nothing."""
    if not ordered:
        return None
    return round(ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))], 1)


def _named(push: Push) -> str:
    return f"{push.campaign} to {push.shopper}"
