"""How long a dry run thinks about a week of 100,000 visits: a draft with caps, stock, holds and earlier visits, played moment by moment.

Measured: `rehearse` over made-up visits of 20,000 shoppers to 200 zones of 20 shops in seven days. Reading the visits from the records
is not in it (the simulator sees the thinking rooms alone). `share_of_a_minute` below 1 is what was promised.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from server.campaigns import Campaign, DeviceFacts, Happening, ZoneFacts, compile_campaigns, read_campaign
from server.campaigns.dry_run import Cast, PastVisit, rehearse
from server.presence.visit import ZoneEvent
from server.zones.zone import Zone
from simulator.bench.decide import shopper

CAPTION = "a dry run over a week of 100,000 visits, as a share of a minute"

BEGAN = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
DAYS = 7
ROME = ZoneInfo("Europe/Rome")
MEAN_STAY_S = 900.0
ZONES_A_SHOP = 10


@dataclass(frozen=True, slots=True)
class Size:
    visits: int = 100_000
    shoppers: int = 20_000
    shops: int = 20


def run() -> dict[str, object]:
    """The figures."""
    return measured(Size())


def measured(size: Size, seed: int = 1) -> dict[str, object]:
    """As `run`, for any number of visits."""
    zones = [
        zone
        for shop in range(size.shops)
        for zone in (
            Zone(f"shop{shop}", f"Shop {shop}", "site"),
            *(
                Zone(f"z{shop}.{i}", f"Zone {i}", parent=f"shop{shop}", groups=("all",))
                for i in range(ZONES_A_SHOP)
            ),
        )
    ]
    compiled = compile_campaigns([_draft()], zones)
    facts = {zone.id: _facts(zone) for zone in zones}
    visits = _visits(size, seed)
    names = [f"sh{i}" for i in range(size.shoppers)]
    devices = {f"d{i}": DeviceFacts(f"d{i}", "phone", has_address=True) for i in range(size.shoppers)}
    cast = Cast({name: shopper(name) for name in names}, devices)

    def happening(event: ZoneEvent, _now: datetime) -> Happening:
        return Happening(event, facts[event.zone], 2.0)

    began = time.perf_counter()
    done = rehearse(compiled, visits, BEGAN, cast, happening)
    took_s = time.perf_counter() - began
    return {
        "share_of_a_minute": round(took_s / 60, 3),
        "seconds": round(took_s, 2),
        "visits": done.visits,
        "visits_per_s": round(done.visits / took_s),
        "decisions": sum(done.verdicts.values()),
        **{f"verdict_{verdict}": times for verdict, times in sorted(done.verdicts.items())},
    }


def _draft() -> Campaign:
    return read_campaign(
        {
            "id": "draft",
            "name": "Draft",
            "state": "live",
            "trigger": {"on": "dwelled", "after_s": 300, "where": {"group": "all"}},
            "conditions": [
                {"kind": "frequency_cap", "at_most": 2, "window": "7d"},
                {"kind": "cooldown", "wait": "1d"},
                {"kind": "quiet_hours", "start": "21:00", "end": "09:00"},
                {"kind": "was_in_zone", "at_least": 1},
                {"kind": "stock", "total": 10_000, "per_day": 2_000},
            ],
            "hold": {"at_most": "1h"},
            "offer": {
                "title": {"en": "{{ shopper.first_name | default: 'Hello' }}, 20 % off"},
                "body": {"en": "Today only, at {{ zone.name }}."},
            },
        }
    )


def _facts(zone: Zone) -> ZoneFacts:
    ancestors = (zone.parent,) if zone.parent else ()
    return ZoneFacts(zone.id, zone.name, zone.level, ROME, frozenset(zone.groups), ancestors, open=True)


def _visits(size: Size, seed: int) -> list[PastVisit]:
    """In the order of their beginnings, at any hour of the week; every second one is to a shop as a whole."""
    rng = np.random.default_rng([seed, 6])
    entered_s = np.sort(rng.random(size.visits) * DAYS * 86_400)
    stayed_s = rng.exponential(MEAN_STAY_S, size.visits)
    who = rng.integers(0, size.shoppers, size.visits)
    shop, zone = rng.integers(0, size.shops, size.visits), rng.integers(0, ZONES_A_SHOP, size.visits)
    return [
        PastVisit(
            f"v{i}",
            f"sh{who[i]}",
            f"d{who[i]}",
            f"z{shop[i]}.{zone[i]}" if i % 2 else f"shop{shop[i]}",
            BEGAN + timedelta(seconds=float(entered_s[i])),
            BEGAN + timedelta(seconds=float(entered_s[i] + stayed_s[i])),
        )
        for i in range(size.visits)
    ]
