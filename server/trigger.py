"""THE MAIN JOB: sighting -> presence -> zone event -> decision -> outbox.

    take(handovers)   evidence: believe, observe, decide, commit, answer
    tick()            the clock: dwells and exits that fall due without evidence, and decisions that waited for their hour
    listen()          gateways said how they are: nobody is silent to one that does not hear
    learn(knowledge)  staff changed zones or campaigns
    forget(devices)   somebody withdrew or was erased: their visits end, nothing is followed any more

What changes presence goes through `_settle`: one transaction, then memory. Memory never runs ahead of the records: a step is kept when its
transaction has committed; one that failed is taken again with the same result. One of them runs at a time.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
import structlog

from server.bus.contract import Bus, Handover
from server.bus.measures import Measures
from server.campaigns import Compiled, Decision, Hold, Send, decide_in_turn
from server.campaigns.decision import Reason
from server.campaigns.explaining import said_in
from server.campaigns.journey import steps_after
from server.campaigns.words import LANGUAGES, SPOKEN_LANGUAGE
from server.knowledge import Knowledge
from server.moments import Scene
from server.presence.due import Patience
from server.presence.ears import Ear, Ears, brought, doubts, in_step, told
from server.presence.late import history, in_turns, picked, rivals
from server.presence.memory import changed, departures, endings, recall, renumber, standing, weighed_anew
from server.presence.observe import Stay, Step, keep, let_time_pass, observe
from server.presence.sighting import Batch, Verdicts
from server.presence.tracks import Tracks
from server.presence.visit import ZoneEvent
from server.records import gateways, holds
from server.records.database import Connection, Database
from server.records.path import NotDurable, Work, committed, lately_left, open_stays

log = structlog.get_logger()

#: A commit that fails is tried again at once, then after these waits (a lock held by a backup, a database that restarts).
TRY_AGAIN_S = (0.05, 0.25, 1.0, 3.0)

#: More evidence of one device than this is worked on in parts (half a second each at most), others taking their turn in between.
MOST_OF_ONE_DEVICE = 250

#: A batch that was committed and not answered comes again within this: a scanner's longest wait between two tries is a minute.
COMES_AGAIN = timedelta(hours=1)
#: Evidence may come this late and still be somebody's last word.
LATE_WORDS_S = 120.0
#: Who tells us of so long ago has been offline and may go on telling: nothing falls due by the clock while the rest is on its way.
BACKLOG_S, REST_S = 120.0, 30.0
#: So long what one gateway kept waits for what the others kept; its scanner has 10 s of patience with an answer.
IN_STEP_S = 5.0
#: How often it is looked whether a gateway has told what somebody's due time waits for.
LOOK_AGAIN_S = 1.0
#: How often it is looked whether something waits that another process has put there.
LOOK_FOR_HELD_S = 5.0


@dataclass(frozen=True, slots=True)
class Manners:
    """How the path behaves: how long a silence may be, how old an event may be to still be spoken of (seconds).

    `global_hold_out` is the share of shoppers whom no campaign speaks to, so that staff see what all of them together do.
    """

    patience: Patience
    freshness_limit_s: float
    global_hold_out: float = 0.0


@dataclass(frozen=True, slots=True)
class _Done:
    """What was committed, to be told: zone events, decisions, and who owns the devices."""

    events: Sequence[ZoneEvent]
    decisions: Sequence[Decision]
    shopper_of: Mapping[str, str]


class Trigger:
    """Owns the tracks. `nudge` is called when something new lies in the outbox."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        measures: Measures,
        manners: Manners,
        nudge: Callable[[], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._bus = bus
        self._measures = measures
        self._manners = manners
        self._nudge = nudge
        self._clock = clock
        self._turn = asyncio.Lock()
        self._knowledge: Knowledge | None = None
        self._tracks = Tracks(())
        self._noted_at = 0.0
        self._ears: Ears = {}
        self._words_until: datetime | None = None
        self._opens_at = np.inf  # when a zone opens next, or it is looked again whether one does
        self._looks_at = datetime.min.replace(tzinfo=UTC)  # when something that waits may be due
        self._waits: dict[int, float] = {}  # until when the clock passes a slot by: more of it is on its way

    @property
    def devices(self) -> int:
        """How many devices the path remembers."""
        return len(self._tracks.slot_of)

    @property
    def known(self) -> Knowledge:
        """What staff defined, as the path knows it now. Raises RuntimeError before it was started."""
        return self._known()

    async def start(self, knowledge: Knowledge) -> None:
        """Goes on from the stays that records keep. Those in zones that are gone end now."""
        async with self._turn:
            async with self._database.reading() as connection:
                now = self._clock()
                stays, left = await open_stays(connection), await lately_left(connection, now - COMES_AGAIN)
                await self._hear_words(connection)
            self._knowledge = knowledge
            self._tracks = recall(knowledge.atlas, stays, now.timestamp(), self._manners.patience, left)
            self._opens_at = knowledge.atlas.openings.opens_after(now.timestamp())
            lost = [stay for stay in stays if stay.zone not in knowledge.atlas.index]
            await committed(self._database, partial(_end, lost, now))

    async def run(self) -> None:
        """Takes what doors hand over, for ever: at once, but for what gateways kept and others are about to tell of too."""
        held: list[Handover] = []
        while True:
            fresh = await self._fresh(IN_STEP_S / 8) if held else await self._bus.take()
            ready, held = self._in_step([*held, *fresh])
            if ready:
                await self.take(ready)

    async def _fresh(self, within_s: float) -> list[Handover]:
        try:
            return await asyncio.wait_for(self._bus.take(), within_s)
        except TimeoutError:
            return []

    def _in_step(self, handovers: list[Handover]) -> tuple[list[Handover], list[Handover]]:
        """Those that may be taken, and those that wait for other gateways; nobody waits for long."""
        if not self._ears:
            return handovers, []
        now = self._clock()
        may = in_step([each.batch.heards for each in handovers], self._ears, now.timestamp())
        ready: list[Handover] = []
        held: list[Handover] = []
        for handover, now_is_right in zip(handovers, may, strict=True):
            late = (now - handover.arrived_at).total_seconds() > IN_STEP_S
            (ready if now_is_right or late else held).append(handover)
        return ready, held

    async def take(self, handovers: Sequence[Handover]) -> None:
        """Evidence of any number of doors as one batch, one transaction; each door is answered when it is durable."""
        try:
            verdicts = await self._take(
                Batch.joined([each.batch for each in handovers]), handovers[0].arrived_at
            )
        except NotDurable as error:
            # Not an exception of ours: its trace would say nothing.
            log.error(  # noqa: TRY400
                "batch_not_durable", why=str(error), handovers=len(handovers)
            )
            for handover in handovers:
                handover.refuse("the database does not take it just now")
        except Exception:
            # A loop's edge: one batch that we cannot stomach must not starve the others that waited with it.
            log.exception("batch_failed", handovers=len(handovers))
            if len(handovers) == 1:
                handovers[0].refuse("this batch could not be worked on")
                return
            for handover in handovers:
                await self.take([handover])
        else:
            _answer(handovers, verdicts)

    async def tick(self) -> None:
        """Lets the clock pass: what falls due happens at its own time, without another ping."""
        async with self._turn:
            now = self._clock()
            await self._let_time_pass(now)
            await self._look_again(now)

    async def listen(self) -> None:
        """Hears what gateways said of themselves since the last time."""
        async with self._turn, self._database.reading() as connection:
            await self._hear_words(connection)

    async def note_last_words(self) -> None:
        """Lets records know who was heard lately: a process that starts again ends a silent stay at its true last word."""
        async with self._turn:
            now = self._clock().timestamp()
            stays = standing(self._tracks, self._known().atlas, self._noted_at)
            if stays:
                await committed(self._database, lambda records: records.keep_last_words(stays))
            self._noted_at = now - LATE_WORDS_S

    async def learn(self, knowledge: Knowledge) -> None:
        """Staff changed something: visits in zones that are gone end, who stands in new ones arrives, everything else goes on."""
        async with self._turn:
            now = self._clock()
            await self._let_time_pass(now)  # what was due before belongs to the zones as they were
            before = self._known().atlas
            step = endings(self._tracks, before, knowledge.atlas, now.timestamp(), self._manners.patience)
            await self._settle(step, (), now)
            after = knowledge.atlas
            self._tracks = renumber(self._tracks, before, after, self._manners.patience)
            self._knowledge = knowledge
            self._opens_at = after.openings.opens_after(now.timestamp())
            await self._weigh_anew(changed(before, after), now)

    async def forget(self, devices: Collection[str]) -> None:
        """Follows these devices no more: their shopper withdrew or was forgotten. What visits they have end now."""
        async with self._turn:
            now, atlas = self._clock(), self._known().atlas
            step = departures(self._tracks, atlas, devices, now.timestamp(), self._manners.patience)
            await self._settle(step, (), now)
            self._tracks.forget(devices)

    async def _take(self, batch: Batch, arrived_at: datetime) -> Verdicts:
        parts = in_turns(batch, MOST_OF_ONE_DEVICE)
        if len(parts) == 1:
            return await self._take_part(batch, arrived_at)
        verdicts = np.empty(len(batch), np.uint8)
        for part in parts:
            verdicts[part] = await self._take_part(picked(batch, part), arrived_at)
            await asyncio.sleep(0)  # the doors' turn
        return verdicts

    async def _take_part(self, batch: Batch, arrived_at: datetime) -> Verdicts:
        async with self._turn:
            atlas, patience = self._known().atlas, self._manners.patience
            ears = brought(self._ears, batch.heards)
            if doubts(self._ears, ears):
                async with self._database.reading() as connection:
                    await self._hear_words(connection)
                ears = brought(self._ears, batch.heards)
            step = observe(self._tracks, atlas, batch, patience, ears)
            past = history(atlas, picked(batch, step.late), patience, self._tracks) if len(step.late) else ()
            await self._settle(step, past, arrived_at)
            self._ears = ears
            self._wait_for_the_rest(step)
            return step.verdicts

    async def _let_time_pass(self, now: datetime) -> None:
        now_s = now.timestamp()
        self._waits = {slot: until for slot, until in self._waits.items() if until > now_s}
        waiting = np.fromiter(self._waits, np.intp, len(self._waits))
        atlas, patience = self._known().atlas, self._manners.patience
        step = let_time_pass(self._tracks, atlas, now_s, patience, self._ears, waiting)
        await self._settle(step, (), now)
        still_due = step.slots[step.rows.next_due_at <= now_s]
        self._waits |= dict.fromkeys(still_due.tolist(), now_s + LOOK_AGAIN_S)
        while self._opens_at <= now_s:
            at, self._opens_at = self._opens_at, atlas.openings.opens_after(self._opens_at)
            await self._weigh_anew(atlas.openings.opening_at(at), datetime.fromtimestamp(at, UTC))

    async def _look_again(self, now: datetime) -> None:
        """Decides anew what waited and is due, after presence has seen to it who is still here."""
        if now < self._looks_at:
            return
        async with self._database.reading() as connection:
            due_at = await holds.next_due(connection)
        if due_at is None or due_at > now:
            later = now + timedelta(seconds=LOOK_FOR_HELD_S)
            self._looks_at = min(due_at or later, later)
            return
        self._tell(await committed(self._database, partial(self._record_held, now)))

    async def _weigh_anew(self, zones: Collection[int], at: datetime) -> None:
        if zones:
            atlas, patience = self._known().atlas, self._manners.patience
            await self._settle(
                weighed_anew(self._tracks, atlas, zones, at.timestamp(), patience), (), self._clock()
            )

    def _wait_for_the_rest(self, step: Step) -> None:
        now, rows = self._clock().timestamp(), step.rows
        newest = np.maximum(np.maximum(rows.fix_at, rows.heard_at), rows.told_until)
        self._waits |= dict.fromkeys(step.slots[newest < now - BACKLOG_S].tolist(), now + REST_S)

    async def _hear_words(self, connection: Connection) -> None:
        words = await gateways.words(connection, self._words_until)
        self._words_until = words.newest_at
        kept = {anchor: ear for anchor, ear in self._ears.items() if anchor in words.anchors}
        fresh = {anchor: told(kept.get(anchor, Ear()), word) for anchor, word in words.new.items()}
        self._ears = {**kept, **fresh}

    async def _settle(self, step: Step, past: Sequence[ZoneEvent], heard_at: datetime) -> None:
        """What a step changes, in one transaction; then memory, then the news."""
        if step.events or step.stays or step.over or past:
            done = await self._commit(step, past, heard_at)
            keep(self._tracks, step)
            self._tell(done)
        else:
            keep(self._tracks, step)

    async def _commit(self, step: Step, past: Sequence[ZoneEvent], heard_at: datetime) -> _Done:
        for wait_s in (*TRY_AGAIN_S, None):
            try:
                return await committed(self._database, partial(self._record, step, past, heard_at))
            except NotDurable as error:
                if wait_s is None:
                    raise
                log.warning("commit_tried_again", why=str(error), after_s=wait_s)
                await asyncio.sleep(wait_s)
        raise AssertionError("the last try returns or raises")

    def _record(self, step: Step, past: Sequence[ZoneEvent], heard_at: datetime, records: Work) -> _Done:
        devices = {event.device for event in (*step.events, *past)}
        shopper_of = records.facts.shoppers_of(devices | {stay.device for stay in step.stays})
        # Who was forgotten while evidence was on its way leaves no trace of it.
        told = [event for event in step.events if event.device in shopper_of]
        history_told = [event for event in past if event.device in shopper_of]
        next_door = rivals(self._known().atlas, history_told)
        events = [*told, *records.keep_history(history_told, shopper_of, next_door)]
        records.keep_visits(told, shopper_of)
        records.keep_stays([stay for stay in step.stays if stay.device in shopper_of], step.over)
        moments = self._scene(self._clock()).moments(records, events)
        compiled = self._known().compiled
        made = decide_in_turn(compiled, moments)
        if compiled.reminds:
            records.holds.wake_whose_shoppers_came_back(told, shopper_of, self._clock())
        fresh = _kept(records, compiled, made, heard_at)
        records.webhooks.tell(events, fresh, shopper_of, self._clock())
        return _Done(events, fresh, shopper_of)

    def _record_held(self, now: datetime, records: Work) -> _Done:
        """What waited and is due is decided anew, in the transaction in which it stops to wait."""
        compiled = self._known().compiled
        made = decide_in_turn(compiled, self._scene(now).moments_again(records))
        fresh = _kept(records, compiled, made, now)
        records.webhooks.tell((), fresh, {}, now)
        return _Done((), fresh, {})

    def _scene(self, now: datetime) -> Scene:
        manners = self._manners
        return Scene(self._known(), now, manners.freshness_limit_s, manners.global_hold_out)

    def _tell(self, done: _Done) -> None:
        for event in done.events:
            self._measures.zone_event(event.kind)
            self._bus.announce("live", _news_of_event(event, done.shopper_of.get(event.device)))
        for decision in done.decisions:
            if isinstance(decision, Hold):
                self._looks_at = min(self._looks_at, decision.due_at)
            self._measures.decision(decision.verdict)
            self._bus.announce("live", _news_of_decision(decision))
        offers = sum(isinstance(decision, Send) for decision in done.decisions)
        if done.events or done.decisions:
            log.info(
                "batch_changed",
                zone_events=Counter(event.kind for event in done.events),
                decisions=Counter(decision.verdict for decision in done.decisions),
                offers_queued=offers,
            )
        if offers:
            self._nudge()

    def _known(self) -> Knowledge:
        if self._knowledge is None:
            raise RuntimeError("the path was not started")
        return self._knowledge


def _end(lost: Sequence[Stay], now: datetime, records: Work) -> None:
    """Ends stays in zones that are gone."""
    records.keep_stays((), [(stay.device, stay.zone) for stay in lost])
    records.close_visits([(stay.device, stay.zone) for stay in lost], now)


def _kept(records: Work, compiled: Compiled, made: Sequence[Decision], heard_at: datetime) -> list[Decision]:
    """Decisions with all that rides with them: exposures, outbox rows, counts, what waits. Out: those that are new."""
    fresh = records.decided.keep(made, heard_at)
    records.issues.add(decision for decision in fresh if isinstance(decision, Send))
    records.holds.keep([decision for decision in fresh if isinstance(decision, Hold)])
    records.holds.follow(
        [
            step
            for send in fresh
            if isinstance(send, Send) and send.campaign in compiled.campaigns
            for step in steps_after(compiled.campaigns[send.campaign], send)
        ]
    )
    return fresh


def _answer(handovers: Sequence[Handover], verdicts: Verdicts) -> None:
    """Gives each door its part. The joined batch has all fixes of all doors first, then all heards."""
    fix, heard = 0, sum(len(each.batch.fixes) for each in handovers)
    for handover in handovers:
        fixes, heards = len(handover.batch.fixes), len(handover.batch.heards)
        handover.answer(np.concatenate([verdicts[fix : fix + fixes], verdicts[heard : heard + heards]]))
        fix, heard = fix + fixes, heard + heards


def _news_of_event(event: ZoneEvent, shopper: str | None) -> Mapping[str, Any]:
    return {
        "type": "zone_event",
        "kind": event.kind,
        "device": event.device,
        "shopper": shopper,
        "zone": event.zone,
        "visit": event.visit,
        "at": event.at,
        "dwelled_s": event.dwelled_s,
        "late": event.late,
    }


def _news_of_decision(decision: Decision) -> Mapping[str, Any]:
    return {
        "type": "decision",
        "id": decision.id,
        "verdict": decision.verdict,
        "campaign": decision.campaign,
        "device": decision.event.device,
        "shopper": decision.shopper,
        "zone": decision.event.zone,
        "visit": decision.event.visit,
        "at": decision.decided_at,
        "reasons": [_news_of_reason(reason) for reason in decision.reasons],
    }


def _news_of_reason(reason: Reason) -> Mapping[str, Any]:
    """`words` are English; `words_in` has the other languages that we speak, since who listens may have no tables of ours."""
    others = {language: said_in(reason, language) for language in LANGUAGES if language != SPOKEN_LANGUAGE}
    return {"gate": reason.gate, "words": reason.words, "words_in": others}
