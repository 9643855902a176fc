"""Campaigns, indexed by what wakes them: the cost of a zone event is that of the campaigns that listen, not of all.

In: campaigns and zones, as the records hold them. Out: an immutable index; made anew where one of them changes.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from server.campaigns.campaign import LONGEST_DWELL_S, Campaign, Where
from server.campaigns.coupon import Coupon
from server.campaigns.moment import Fact
from server.campaigns.segment_rule import SegmentRule, with_segments
from server.presence.visit import EventKind
from server.zones.zone import Zone, lineage

Hearing = tuple[str, str]
"""How a campaign may name a zone: ("zone", id), ("group", name) or ("site", id)."""

Wake = tuple[EventKind, float, Hearing]
"""An event kind, the seconds of a dwell (else 0), and how the zone is named."""


NO_SEGMENTS: Mapping[str, SegmentRule] = MappingProxyType({})
NO_COUPONS: Mapping[str, Coupon] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Compiled:
    """The live campaigns, by what wakes them.

    `dwells`: zone id -> the seconds after which some campaign wants to know of a dwell there, sorted, each once; zones without
    are left out. `unplaced`: ids of live campaigns that no zone can wake, for staff to see. `look_back`: how far back
    the offers sent to a shopper must be known. `needs`: the facts that cost a look-up of their own and are asked for by some
    campaign; `counted`: the campaigns that ask how many offers they gave; `one_a_visit`: whether some campaign asks since when
    its shopper is in the shop; `reminds`: whether some campaign waits for its shoppers to come back. `coupons`: those that can be claimed
    with their offers.
    """

    campaigns: Mapping[str, Campaign]
    dwells: Mapping[str, tuple[float, ...]]
    unplaced: tuple[str, ...]
    look_back: timedelta
    needs: frozenset[Fact]
    counted: frozenset[str]
    one_a_visit: bool
    reminds: bool
    hearings: Mapping[str, tuple[Hearing, ...]]
    by_wake: Mapping[Wake, tuple[Campaign, ...]]
    coupons: Mapping[str, Coupon]

    def listening(self, kind: EventKind, zone: str, dwelled_s: float = 0.0) -> tuple[Campaign, ...]:
        """The live campaigns that this event wakes. `dwelled_s` is the threshold that a dwell has reached; else it does not count."""
        after_s = dwelled_s if kind == "dwelled" else 0.0
        return tuple(
            campaign
            for hearing in self.hearings.get(zone, ())
            for campaign in self.by_wake.get((kind, after_s, hearing), ())
        )


def compile_campaigns(
    campaigns: Iterable[Campaign],
    zones: Iterable[Zone],
    segments: Mapping[str, SegmentRule] = NO_SEGMENTS,
    coupons: Mapping[str, Coupon] = NO_COUPONS,
) -> Compiled:
    """The index of all live campaigns over these zones. ValueError where two of them share an id.

    What the named `segments` ask for stands in the place of their names from here on.
    """
    live = {each.id: _with_segments(each, segments) for each in _live(campaigns).values()}
    by_wake: defaultdict[Wake, list[Campaign]] = defaultdict(list)
    for campaign in live.values():
        for hearing in _named_by(campaign.trigger.where):
            by_wake[campaign.trigger.on, campaign.trigger.after_s, hearing].append(campaign)
    hearings = _hearings({zone.id: zone for zone in zones})
    heard = {hearing for answers in hearings.values() for hearing in answers}
    return Compiled(
        campaigns=MappingProxyType(live),
        dwells=MappingProxyType(_dwells(hearings, by_wake)),
        unplaced=tuple(each.id for each in live.values() if heard.isdisjoint(_named_by(each.trigger.where))),
        look_back=max((_look_back(each) for each in live.values()), default=timedelta()),
        needs=frozenset(fact for each in live.values() for c in each.conditions for fact in c.needs),
        counted=frozenset(
            each.id for each in live.values() if any("issued" in c.needs for c in each.conditions)
        ),
        one_a_visit=any(each.one_a_visit for each in live.values()),
        reminds=any(
            step.when == "left_without_redeeming" for each in live.values() for step in each.follow_ups
        ),
        hearings=MappingProxyType(hearings),
        by_wake=MappingProxyType({wake: tuple(listening) for wake, listening in by_wake.items()}),
        coupons=MappingProxyType(dict(coupons)),
    )


def _live(campaigns: Iterable[Campaign]) -> dict[str, Campaign]:
    """In the order of their ids, so that nothing depends on the order in which they were read."""
    live: dict[str, Campaign] = {}
    for campaign in sorted((each for each in campaigns if each.state == "live"), key=lambda each: each.id):
        if campaign.id in live:
            raise ValueError(f"two live campaigns share the id {campaign.id!r}")
        live[campaign.id] = campaign
    return live


def _with_segments(campaign: Campaign, segments: Mapping[str, SegmentRule]) -> Campaign:
    if not segments or not campaign.conditions:
        return campaign
    return campaign.model_copy(update={"conditions": with_segments(campaign.conditions, segments)})


def _look_back(campaign: Campaign) -> timedelta:
    """One a visit asks for the whole visit to the shop, and nobody stays there for longer than the longest dwell."""
    visit = timedelta(seconds=LONGEST_DWELL_S) if campaign.one_a_visit else timedelta()
    return max((visit, *(condition.look_back for condition in campaign.conditions)))


def _named_by(where: Where) -> tuple[Hearing, ...]:
    if where.group is not None:
        return (("group", where.group),)
    if where.site is not None:
        return (("site", where.site),)
    return tuple(("zone", zone) for zone in dict.fromkeys(where.zones))


def _hearings(zones: Mapping[str, Zone]) -> dict[str, tuple[Hearing, ...]]:
    """All the ways in which a campaign may name each zone. A site is heard for itself and for all that lies in it."""
    return {
        zone.id: (
            ("zone", zone.id),
            *(("group", group) for group in dict.fromkeys(zone.groups)),
            *(("site", each.id) for each in lineage(zone, zones)),
        )
        for zone in zones.values()
    }


def _dwells(
    hearings: Mapping[str, tuple[Hearing, ...]], wakes: Iterable[Wake]
) -> dict[str, tuple[float, ...]]:
    by_hearing: defaultdict[Hearing, set[float]] = defaultdict(set)
    for kind, after_s, hearing in wakes:
        if kind == "dwelled":
            by_hearing[hearing].add(after_s)
    dwells = {
        zone: {s for each in named for s in by_hearing.get(each, ())} for zone, named in hearings.items()
    }
    return {zone: tuple(sorted(seconds)) for zone, seconds in dwells.items() if seconds}
