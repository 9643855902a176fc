"""What if this shopper did now what a campaign waits for? The moment as it would be, looked at without effect.

In: a shopper, a campaign, the records open for reading. Out: each gate and condition with what it says, and the decision that would
follow. Nothing is written, nothing is locked, nothing is sent.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from server.campaigns import Campaign, Decision, Moment, compile_campaigns, decide, read_campaign
from server.campaigns.campaign import LONGEST_DWELL_S
from server.campaigns.explaining import Look, looks, looks_of
from server.campaigns.journey import as_step
from server.campaigns.words import Phrases, Sentence, say
from server.knowledge import Places
from server.presence.visit import ZoneEvent
from server.records import campaigns, coupons, decisions, replay, segments, shoppers, zones
from server.records.database import Connection
from server.records.facts import Asked
from server.records.refusal import NotFound, Refusal
from server.records.tables import AttemptRow, DecisionRow, OutboxRow


@dataclass(frozen=True, slots=True)
class Manners:
    """As the path has them: how long news is fresh (seconds), and the share of shoppers whom no campaign speaks to."""

    freshness_limit_s: float = 120.0
    global_hold_out: float = 0.0


USUAL_MANNERS = Manners()

PHRASES: Phrases = {
    "en": {
        "no_zone": "no zone can wake campaign {campaign}: it listens to none that there is",
        "no_device": "the shopper has no device: nothing of theirs can be heard anywhere",
    },
    "it": {
        "no_zone": "nessuna zona può svegliare la campagna {campaign}: non ne ascolta nessuna che esista",
        "no_device": "il cliente non ha un dispositivo: di suo non si può sentire nulla da nessuna parte",
    },
}


@dataclass(frozen=True, slots=True)
class Supposed:
    """What would follow now. `there`: they are in that zone now; else it is supposed that they come.

    `clock` is that of its shop. `decision` is among all live campaigns, so that it says who would win; None for a campaign that is not live.
    """

    zone: str
    zone_name: str
    there: bool
    looks: tuple[Look, ...]
    decision: Decision | None
    clock: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class Why:
    """What is known of one shopper and one campaign: what was decided last, and what would follow now.

    `offer` is what followed from the decision, and `attempts` what was tried to send it; `decided_by` the version that decided.
    `now` is None where a time was asked about; `nowhere` says why nothing could be supposed. `clock` is that of the shop decided about.
    """

    shopper: str
    campaign: Campaign
    decided: DecisionRow | None
    offer: OutboxRow | None = None
    attempts: tuple[AttemptRow, ...] = ()
    now: Supposed | None = None
    nowhere: Sentence | None = None
    clock: tzinfo = UTC
    decided_by: Campaign | None = None

    def looks(self, language: str) -> tuple[Look, ...]:
        """What each gate and condition said when it was decided; none where the version that decided is gone."""
        if self.decided is None or self.decided_by is None:
            return ()
        decider = self.decided_by
        if self.decided.step:
            decider = as_step(decider, self.decided.step)
        return looks_of(decider, self.decided.reasons, language)


async def why(
    connection: Connection,
    shopper: str,
    campaign: str,
    now: datetime,
    *,
    at: datetime | None = None,
    manners: Manners = USUAL_MANNERS,
) -> Why:
    """Looks up what was decided until `at`; without it also supposes what would be now. Raises NotFound."""
    who = await shoppers.known_as(connection, shopper)
    kept = read_campaign((await campaigns.find(connection, campaign)).campaign)
    decided = await decisions.last(connection, who, campaign, at)
    story = await decisions.story(connection, decided.id) if decided else None
    found = Why(who, kept, decided, story.offer if story else None, tuple(story.attempts) if story else ())
    if decided:
        places = Places({zone.id: zone for zone in await zones.load(connection)})
        decider = await _decider(connection, decided)
        found = replace(found, clock=places.clock_of(decided.zone_id), decided_by=decider)
    if at is not None:
        return found
    try:
        return replace(found, now=await suppose(connection, who, kept, now, manners))
    except NowhereToSuppose as nowhere:
        return replace(found, nowhere=nowhere.sentence)


async def _decider(connection: Connection, decided: DecisionRow) -> Campaign | None:
    """The campaign as it was when it decided."""
    try:
        version = await campaigns.version(connection, decided.campaign_id, decided.campaign_version)
    except NotFound:
        return None
    return read_campaign(version.campaign)


class NowhereToSuppose(Refusal):
    """There is no moment to look at; its sentence says why."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(sentence)
        self.sentence = sentence


async def suppose(
    connection: Connection, shopper: str, campaign: Campaign, now: datetime, manners: Manners = USUAL_MANNERS
) -> Supposed:
    """Raises NowhereToSuppose where no zone can wake the campaign, or the shopper has no device."""
    everything = [each for each in await campaigns.load(connection) if each.id != campaign.id]
    known = {zone.id: zone for zone in await zones.load(connection)}
    places = Places(known)
    rules = await segments.load(connection)
    given = await coupons.load(connection, [*everything, campaign])
    alone = compile_campaigns([campaign.model_copy(update={"state": "live"})], known.values(), rules, given)
    trigger = campaign.trigger
    waking = [zone for zone in known if alone.listening(trigger.on, zone, trigger.after_s)]
    if not waking:
        raise NowhereToSuppose(say(PHRASES, "no_zone", campaign=campaign.id))
    here = {visit.zone: visit for visit in reversed(await replay.open_visits(connection, shopper))}
    zone = next((each for each in waking if each in here), waking[0])
    visit = here.get(zone)
    compiled = compile_campaigns([*everything, campaign], known.values(), rules, given)
    since = now - max(compiled.look_back, alone.look_back, timedelta(seconds=LONGEST_DWELL_S))
    asked = Asked(
        since, compiled.needs | alone.needs, here=True, but=frozenset({visit.visit} if visit else ())
    )
    theirs = await replay.owner(connection, shopper, asked, visit.device if visit else None)
    if theirs is None:
        raise NowhereToSuppose(say(PHRASES, "no_device"))
    event = ZoneEvent(
        kind=trigger.on,
        device=theirs.device.id,
        zone=zone,
        visit=visit.visit if visit else "v_supposed",
        at=now,
        entered_at=visit.entered_at if visit else now - timedelta(seconds=trigger.after_s),
        dwelled_s=trigger.after_s,
    )
    moment = Moment(
        now=now,
        happenings=(places.happening(event, now),),
        device=theirs.device,
        shopper=theirs.shopper,
        freshness_limit_s=manners.freshness_limit_s,
        global_hold_out=manners.global_hold_out,
    )
    counted = compiled.counted | alone.counted
    if counted:
        day, site = moment.local_time("shop").date().isoformat(), moment.zone.shop
        issued, spent = await replay.given(connection, counted, day, site)
        moment = replace(moment, issued=issued, budget_spent=spent)
    made = decide(compiled, moment) if campaign.state == "live" else ()
    decision = next((each for each in made if each.campaign == campaign.id), None)
    looked = looks(alone.campaigns[campaign.id], moment, given)
    return Supposed(zone, known[zone].name, visit is not None, looked, decision, places.clock_of(zone))
