"""What a zone event costs to decide with 10,000 live campaigns, against 10: the cost should be that of those that listen, not of all.

Measured: `decide_in_turn` over batches of moments, each of another shopper with consents, an address and some offers of the last week. Each
zone has one campaign that listens, with a cap, a cooldown, opening hours and a text in Liquid, in the small world (10 zones) as in the large (10,000);
events are spread over all zones of their world. Compiling is not counted. Both in turns, in one process.
"""

import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from server.campaigns import (
    Campaign,
    Compiled,
    ConsentGiven,
    DeviceFacts,
    Happening,
    Moment,
    SentOffer,
    ShopperFacts,
    ZoneFacts,
    compile_campaigns,
    decide_in_turn,
    read_campaign,
)
from server.presence.visit import ZoneEvent
from server.zones.zone import Zone
from simulator.bench.rounds import in_turns

CAPTION = "cost of a zone event with 10,000 live campaigns, as a multiple of that with 10"

NOON = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
ROME = ZoneInfo("Europe/Rome")
#: A batch of the path under load.
BATCH = 500


@dataclass(frozen=True, slots=True)
class Size:
    few: int = 10
    many: int = 10_000
    events: int = 10_000
    rounds: int = 7


def run() -> dict[str, object]:
    """The figures."""
    return measured(Size())


def measured(size: Size, seed: int = 1) -> dict[str, object]:
    """As `run`, for any number of campaigns."""
    few, many = _compiled(size.few), _compiled(size.many)
    events_few, events_many = (_moments(zones, size.events, seed) for zones in (size.few, size.many))
    for compiled, moments in ((few, events_few), (many, events_many)):
        _rate(compiled, moments[:BATCH])
    gc.collect()
    gc.freeze()
    try:
        compared = in_turns(size.rounds, lambda _: _rate(many, events_many), lambda _: _rate(few, events_few))
    finally:
        gc.unfreeze()
    costs = sorted(1 / ratio for ratio in compared.ratios)
    figures = compared.figures("events_per_s_of_many", "events_per_s_of_few")
    return {
        "cost_ratio": round(costs[len(costs) // 2], 3),
        "cost_ratio_highest": round(costs[-1], 3),
        "campaigns": size.many,
        "against_campaigns": size.few,
        **{name: figure for name, figure in figures.items() if not name.startswith("ratio")},
    }


def _rate(compiled: Compiled, moments: Sequence[Moment]) -> float:
    """Events a second. AssertionError where an event was decided by any number of campaigns but one."""
    began = time.perf_counter()
    decided = sum(
        len(decide_in_turn(compiled, moments[first : first + BATCH]))
        for first in range(0, len(moments), BATCH)
    )
    took_s = time.perf_counter() - began
    if decided != len(moments):
        raise AssertionError(f"{decided} decisions for {len(moments)} events")
    return len(moments) / took_s


def _compiled(zones: int) -> Compiled:
    return compile_campaigns(
        [campaign(f"c{i}", f"z{i}") for i in range(zones)], [Zone(f"z{i}", f"Zone {i}") for i in range(zones)]
    )


def campaign(name: str, zone: str) -> Campaign:
    """One as shops have them: capped, cooled down, by its hours, with the shopper's name in it."""
    return read_campaign(
        {
            "id": name,
            "name": name,
            "state": "live",
            "trigger": {"on": "entered", "where": {"zones": [zone]}},
            "conditions": [
                {"kind": "frequency_cap", "at_most": 3, "window": "7d", "scope": "all"},
                {"kind": "cooldown", "wait": "1d"},
                {"kind": "opening_hours"},
            ],
            "offer": {
                "title": {"en": "{{ shopper.first_name | default: 'Hello' }}, 20 % off"},
                "body": {"en": "Today only, at {{ zone.name }}."},
            },
        }
    )


def shopper(name: str, sent: tuple[SentOffer, ...] = ()) -> ShopperFacts:
    """Somebody who agreed and can be reached."""
    agreed = {
        purpose: ConsentGiven(granted=True, at=NOON - timedelta(days=60)) for purpose in ("location", "push")
    }
    return ShopperFacts(
        name, "en", attributes={"first_name": "Ann"}, consents=agreed, sent=sent, reach=frozenset({"fcm"})
    )


def _moments(zones: int, events: int, seed: int) -> list[Moment]:
    """One event of one shopper each, spread over the zones; each shopper got 0 to 4 offers in the last week."""
    rng = np.random.default_rng([seed, 5])
    where, got = rng.integers(0, zones, events), rng.integers(0, 5, events)
    return [_moment(i, int(zone), int(many)) for i, (zone, many) in enumerate(zip(where, got, strict=True))]


def _moment(number: int, zone: int, got: int) -> Moment:
    device = f"d{number}"
    sent = tuple(
        SentOffer(
            "another",
            NOON - timedelta(hours=30 * (i + 1)),
            f"v{number}.{i}",
            f"z{zone}",
            device,
            NOON - timedelta(hours=30 * (i + 1)),
            NOON - timedelta(hours=30 * (i + 1) - 1),
        )
        for i in range(got)
    )
    event = ZoneEvent("entered", device, f"z{zone}", f"v{number}", NOON, NOON)
    facts = ZoneFacts(f"z{zone}", f"Zone {zone}", "zone", ROME, open=True)
    return Moment(
        now=NOON + timedelta(seconds=2),
        happenings=(Happening(event, facts),),
        device=DeviceFacts(device, "phone", has_address=True),
        shopper=shopper(f"sh{number}", sent),
    )
