"""How far the word of each anchor reaches: what tells somebody's silence from an anchor that does not hear, or cannot say so.

In: what anchors brought, and what the gateways that listen for them say of themselves (`Word`). Out: an `Ear` for each, frozen. All
that an anchor heard up to `known_until` has come to us, but for what it slept through (`deaf`). So nobody's silence is older than that:

- A radio that is off, has failed or stalled, and a machine without power, hears nothing: its word ends with the last it heard, and
  when it comes back the time between is a span in which it was deaf. What falls silent with it is given its usual patience anew.
- A machine that is cut off hears, and keeps what it hears on its disk: its word ends where we were cut off, and goes on from there
  when the spool comes, oldest first. What happened meanwhile happens then, in its own time.
- A machine that says nothing of itself (a fixed beacon that phones hear, a gateway without heartbeats) has no ear here and is trusted.

A gateway knows that it hears by what it hears: strangers' packets and the shop's reference beacons are never quiet, so once such
were heard (`background`) its word reaches as far as its last packet, whosever that was. Where there are none it reaches as far as
its heartbeat. Times are epoch seconds of our clock.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from server.presence.radio import OUT_OF_STEP_S
from server.presence.sighting import Heards
from server.presence.tracks import NEVER, RadioTracks, Tracks
from server.zones.shape import Floats, Indexes

#: Spans that are remembered, the newest: a patience is seldom met by two.
MOST_SPANS = 4
#: Gateways say how they are every 15 s: one that neither said so nor brought anything for longer than this may be cut off, and if it
#: then brings something newer, may have been deaf meanwhile, until it says that it listened all the time. Arrivals and dwells
#: fall due by the clock until then; departures and silences always wait for what was heard by that time.
OVERDUE_S = 20.0
#: A gateway that says that it did not listen all the time lost nothing if it brought something so shortly before.
BREATH_S = 2.0
#: A batch that begins longer ago than this was kept on a disk, or on a line that is slow.
LIVE_S = 5.0
#: Packets a second beyond those that it brought us, from which there may be a background; heartbeats and windows are not in step,
#: so that three words in a row must say so.
BACKGROUND_PER_S, BACKGROUND_WORDS = 0.2, 3
#: A radio that hears nothing at all begins anew after 90 s, then after longer times: quiet for so long, it is the place that is quiet.
QUIET_S = 600.0

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Word:
    """What a gateway says of itself, its times turned to our clock."""

    said_at: float
    run: float  # tells one run of its process from the next
    started_at: float  # when that began
    hears: bool  # its radio listens; whether there is anything to hear is another question
    restarts: int  # of the radio
    dropped: int  # sightings that it could not keep
    heard_per_s: float  # packets of anybody
    last_heard_at: float | None  # packet of anybody
    waits_since: float | None  # the oldest sighting that it has not brought yet

    def follows(self, before: "Word") -> bool:
        """Whether it listened all the while since an earlier word, and lost nothing."""
        mine = (self.hears, self.run, self.restarts, self.dropped)
        return mine == (True, before.run, before.restarts, before.dropped) and before.hears


@dataclass(frozen=True, slots=True)
class Ear:
    """See the module's text. `doubtful` are spans that its gateway's next word may explain; `packets` were brought since its last."""

    known_until: float = NEVER
    deaf: tuple[Span, ...] = ()
    doubtful: tuple[Span, ...] = ()
    listens_since: float = np.inf  # without a break until its last word
    word: Word | None = None
    packets: float = 0.0
    noisy: int = 0  # words in a row that told of a background, at most BACKGROUND_WORDS

    def complete_at(self, heard_at: float, patience_s: float, most_s: float) -> float:
        """When a silence since `heard_at` has lasted for `patience_s` of listening; a span counts for `most_s` at most."""
        due = heard_at + patience_s
        for began, ended in sorted((*self.deaf, *self.doubtful)):
            if began < due and ended > heard_at:
                due = max(due, min(ended + patience_s, began + most_s))
        return due

    def reaches(self, until: float, most_s: float) -> float:
        """How far its word reaches; without end where it has been silent for so long at `until` that it is given up."""
        return np.inf if until >= self.known_until + most_s else self.known_until

    def has_more(self, began: float, now: float) -> bool:
        """Whether it is about to bring what it heard since `began`: it said so, or was cut off then and may come back too."""
        if self.word is None:
            return False
        if self.word.said_at >= now - OVERDUE_S:
            return self.word.waits_since is not None
        return abs(self.known_until - began) <= OVERDUE_S

    def speaks(self, until: float) -> bool:
        """Whether it may be taken to hear at `until`."""
        return (self.word is None or self.word.hears) and self.known_until >= until - OVERDUE_S


Ears = Mapping[str, Ear]


def brought(ears: Ears, heards: Heards) -> Ears:
    """Ears by anchor after a batch of what anchors heard, in any order."""
    named = set(heards.anchor) if ears else set()
    known = named & ears.keys()
    if not known:
        return ears
    if len(named) == 1:
        return {
            **ears,
            **{anchor: _with_sightings(ears[anchor], heards.at, heards.count) for anchor in known},
        }
    items: dict[str, list[int]] = {anchor: [] for anchor in known}
    for i, anchor in enumerate(heards.anchor):
        if anchor in known:
            items[anchor].append(i)
    after = {
        anchor: _with_sightings(ears[anchor], heards.at[some], heards.count[some])
        for anchor, some in items.items()
    }
    return {**ears, **after}


def doubts(before: Ears, after: Ears) -> bool:
    """Whether what was brought leaves a new doubt that a gateway's word might settle."""
    return any(before[anchor].doubtful != ear.doubtful for anchor, ear in after.items() if ear.doubtful)


def in_step(batches: Sequence[Heards], ears: Ears, now: float) -> list[bool]:
    """Which batches may be taken now; the others wait for what other gateways heard at the same time and are about to bring.

    A shop's line is cut for all its gateways at once, and each then empties its spool as fast as it can: taken as they come, what
    the second heard would be older than all that the first has told, and belief cannot go back. The batch that ends first may always
    be taken, once each gateway that said it has something to bring, or fell silent when the batch begins, has brought a batch.
    """
    first = [float(batch.at.min()) if len(batch) else np.inf for batch in batches]
    began = min(first, default=np.inf)
    if began >= now - LIVE_S:
        return [True] * len(batches)
    last = [float(batch.at.max()) if len(batch) else NEVER for batch in batches]
    reach = {anchor: ear.known_until for anchor, ear in ears.items() if ear.has_more(began, now)}
    for batch, at in zip(batches, last, strict=True):
        reach |= {anchor: max(at, reach.get(anchor, NEVER)) for anchor in set(batch.anchor)}
    slowest = min(reach.values())
    return [
        since >= now - LIVE_S or until <= slowest + OUT_OF_STEP_S
        for since, until in zip(first, last, strict=True)
    ]


def told(ear: Ear, word: Word) -> Ear:
    """An ear after its gateway's word."""
    follows = ear.word is not None and word.follows(ear.word)
    since = ear.listens_since if follows else (word.said_at if word.hears else np.inf)
    noisy = _noisy(ear, word)
    until = max(ear.known_until, _vouched(word, background=noisy == BACKGROUND_WORDS))
    if ear.word is None and not word.hears:  # all that we know of it: it stopped before it said so
        until = word.said_at if word.last_heard_at is None else min(word.last_heard_at, word.said_at)
    deaf = [*ear.deaf, *(span for span in ear.doubtful if span[0] < since)]
    began_anew = ear.word is not None and ear.word.run != word.run
    heard_since_start = began_anew and word.started_at <= ear.known_until
    # Until it began to listen nobody did; what it brought before it said so has left a doubt instead.
    if not heard_since_start and NEVER < ear.known_until < min(until, since) - BREATH_S:
        deaf.append((ear.known_until, min(until, since)))
    return Ear(
        known_until=until,
        deaf=tuple(deaf[-MOST_SPANS:]),
        doubtful=tuple(span for span in ear.doubtful if span[0] >= since and span[1] > word.said_at),
        listens_since=since,
        word=word,
        noisy=noisy,
    )


def _with_sightings(ear: Ear, at: Floats, count: Floats) -> Ear:
    packets = ear.packets + float(count.sum())
    newer = np.sort(at[at > ear.known_until])
    if not len(newer):
        return replace(ear, packets=packets)
    doubtful = ear.doubtful
    if ear.known_until > NEVER:
        times = np.concatenate([[ear.known_until], newer])
        steps = np.flatnonzero(np.diff(times) > OVERDUE_S).tolist()
        naps = [_unexplained(ear, float(times[i]), float(times[i + 1])) for i in steps]
        doubtful = (*doubtful, *(nap for nap in naps if nap[1] > nap[0] + OVERDUE_S))[-MOST_SPANS:]
    return replace(ear, known_until=float(newer[-1]), doubtful=doubtful, packets=packets)


def _unexplained(ear: Ear, began: float, ended: float) -> Span:
    """What is left of a nap after what it said already: that it listened all the while, and there was nothing to hear."""
    if ear.word is None or ear.listens_since > began:
        return began, ended
    return max(began, ear.word.said_at), ended


def _vouched(word: Word, *, background: bool) -> float:
    """Up to when this word alone says that all that was heard has come to us."""
    if not word.hears:
        return NEVER
    heard = word.last_heard_at if background else word.said_at
    if heard is None:
        return NEVER
    return min(heard, word.said_at) if word.waits_since is None else min(heard, word.waits_since - 0.001)


def _noisy(ear: Ear, word: Word) -> int:
    """How sure we are that there is a background, in words that said so."""
    if word.last_heard_at is not None and word.said_at - word.last_heard_at > QUIET_S:
        return 0
    if ear.noisy == BACKGROUND_WORDS or ear.word is None or not word.hears or word.waits_since is not None:
        return ear.noisy
    span_s = word.said_at - ear.word.said_at
    loud = span_s > 0 and word.heard_per_s - ear.packets / span_s > BACKGROUND_PER_S
    return ear.noisy + 1 if loud else 0


@dataclass(frozen=True, slots=True)
class Listening:
    """The ears that the silence of some rows rests on. `carried(row)`: when each anchor that knows the device heard it last."""

    ears: Ears
    carried: Callable[[int], Mapping[str, float]]
    most_s: float

    def complete_at(self, row: int, since: float, silent_since: float, patience_s: float) -> float:
        """When all anchors that heard a row since `since` have listened for long enough after that."""
        some = self._ears_since(row, since)
        return max((ear.complete_at(silent_since, patience_s, self.most_s) for ear in some), default=NEVER)

    def surely(self, row: int, since: float, until: float) -> float:
        """How far we know that a row was not heard: the least sure of the anchors that heard it since then decides."""
        return min((ear.reaches(until, self.most_s) for ear in self._ears_since(row, since)), default=np.inf)

    def given_up(self, row: int, since: float, until: float) -> bool:
        """Whether nobody could have told us that the device was heard by `until`."""
        return any(ear.known_until < until for ear in self._ears_since(row, since))

    def known(self, row: int, since: float, until: float) -> float:
        """How far we know what became of a row that was heard since then: its surest anchor decides."""
        return max(self._reaches(row, since, until), default=np.inf)

    def speaks(self, row: int, since: float, until: float) -> bool:
        """Whether any anchor that heard it since then may be taken to hear at `until`."""
        names = [name for name, at in self.carried(row).items() if at >= since]
        return not names or any(name not in self.ears or self.ears[name].speaks(until) for name in names)

    def _reaches(self, row: int, since: float, until: float) -> Iterator[float]:
        for name, at in self.carried(row).items():
            if at >= since:
                yield self.ears[name].reaches(until, self.most_s) if name in self.ears else np.inf

    def _ears_since(self, row: int, since: float) -> list[Ear]:
        return [
            self.ears[name] for name, at in self.carried(row).items() if at >= since and name in self.ears
        ]


def carriers(
    tracks: Tracks, slot: int, fresh: Iterable[tuple[RadioTracks, Indexes, Floats]]
) -> dict[str, float]:
    """When each anchor heard a device last, of all radio maps; `fresh` are (map's tracks, rows there, hearings not kept yet)."""
    found: dict[str, float] = {}
    newer = {id(radio): (tracked, last_at) for radio, tracked, last_at in fresh}
    for radio in tracks.radio:
        row = radio.row(slot)
        if row < 0:
            continue
        heard = radio.last_at[row]
        if id(radio) in newer:
            tracked, last_at = newer[id(radio)]
            here = np.flatnonzero(tracked == row)
            heard = last_at[here[0]] if len(here) else heard
        found |= {radio.map.anchors[i]: float(heard[i]) for i in np.flatnonzero(heard > NEVER).tolist()}
    return found
