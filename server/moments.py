"""What decisions may look at, put together: zone events with what their zones are, and with what the records know of their shoppers.

In: zone events, or decisions that waited and are due; the records' open transaction. Out: moments. Nothing is read where no campaign
listens.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from server.campaigns import Moment, gather
from server.knowledge import Knowledge
from server.presence.visit import ZoneEvent
from server.records.facts import Asked, Owner
from server.records.holds import Waiting
from server.records.path import Work

#: What was given so lately is known in any case: another device of the shopper may tell of the same moment.
LATELY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Scene:
    """Now, as decisions see it: what staff defined, and how long news is fresh (seconds).

    `global_hold_out` is the share of shoppers whom no campaign speaks to.
    """

    knowledge: Knowledge
    now: datetime
    freshness_limit_s: float
    global_hold_out: float = 0.0

    def moments(self, records: Work, events: Sequence[ZoneEvent]) -> list[Moment]:
        """The moments of these events."""
        heard = [event for event in events if self.knowledge.listens(event)]
        if not heard:
            return []
        owners = records.facts.owners_of(
            {event.device for event in heard}, self._asked(events, here=self.knowledge.compiled.one_a_visit)
        )
        moments = [
            self._moment(together, owners[together[0].device])
            for together in gather(heard)
            if together[0].device in owners
        ]
        return self._counted(records, moments, heard)

    def moments_again(self, records: Work) -> list[Moment]:
        """The moments of what waited and is due, as they stand now. They are ours from here on."""
        due = records.holds.due(self.now)
        if not due:
            return []
        devices = {each.event.device for each in due}
        records.facts.shoppers_of(devices)  # nobody is forgotten meanwhile
        owners = records.facts.owners_of(devices, self._asked((), here=True))
        ours = [each for each in records.holds.take(due) if _is_theirs(each, owners)]
        moments = [self._again(together, owners[together[0].event.device]) for together in _together(ours)]
        return self._counted(records, moments, [each.event for each in ours])

    def _asked(self, happening: Iterable[ZoneEvent], *, here: bool) -> Asked:
        compiled = self.knowledge.compiled
        since = self.now - max(compiled.look_back, LATELY)
        return Asked(since, compiled.needs, here, frozenset(event.visit for event in happening))

    def _moment(self, together: Sequence[ZoneEvent], owner: Owner) -> Moment:
        return Moment(
            now=self.now,
            happenings=tuple(self.knowledge.happening(event, self.now) for event in together),
            device=owner.device,
            shopper=owner.shopper,
            freshness_limit_s=self.freshness_limit_s,
            global_hold_out=self.global_hold_out,
        )

    def _again(self, together: Sequence[Waiting], owner: Owner) -> Moment:
        moment = self._moment([together[0].event], owner)
        held = tuple(each.held for each in together)
        if moment.event.kind == "exited":
            return replace(moment, held=held)
        # It waited as it was told to, which is not being late: what is looked at is where the shopper is now.
        waited_s = (self.now - moment.event.at).total_seconds()
        return replace(moment, held=held, happenings=(replace(moment.happenings[0], waited_s=waited_s),))

    def _counted(self, records: Work, moments: list[Moment], events: Iterable[ZoneEvent]) -> list[Moment]:
        """With what was issued and spent, where a campaign that looks asks for it: its counters are ours until the commit."""
        compiled = self.knowledge.compiled
        counted = {
            campaign.id: campaign.version
            for event in (events if compiled.counted else ())
            for campaign in compiled.listening(event.kind, event.zone, event.dwelled_s)
            if campaign.id in compiled.counted
        }
        counted |= {
            held.campaign: compiled.campaigns[held.campaign].version
            for moment in moments
            for held in moment.held
            if held.campaign in compiled.counted
        }
        if not counted:
            return moments
        # Somewhere it may be yesterday still.
        records.issues.count(counted, since=(self.now - timedelta(days=1)).date().isoformat())
        known = []
        for moment in moments:
            today, site = moment.local_time("shop").date().isoformat(), moment.zone.shop
            issued, spent = records.issues.as_of(today, site)
            known.append(replace(moment, issued=issued, budget_spent=spent))
        return known


def _is_theirs(waiting: Waiting, owners: dict[str, Owner]) -> bool:
    """Whether the device is still the shopper's who waits."""
    owner = owners.get(waiting.event.device)
    return owner is not None and owner.shopper.id == waiting.shopper


def _together(waiting: Iterable[Waiting]) -> Iterator[list[Waiting]]:
    """Campaigns that wait for the same zone event."""

    def woken_by(each: Waiting) -> tuple[str, str, float]:
        return each.event.visit, each.event.kind, each.event.dwelled_s

    for _, together in groupby(sorted(waiting, key=woken_by), key=woken_by):
        yield list(together)
