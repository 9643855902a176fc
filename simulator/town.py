"""One day in the town, told before it happens. In: a world, a seed, a length, mishaps. Out: who there is and all evidence. Pure.

The live part (simulator/live.py) only plays this script in real time; the verdict (simulator/verdict.py) knows it in
advance. So what a seed gives does not depend on how fast the machine is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from simulator import sky
from simulator.air import Air, Hearing
from simulator.chance import stream
from simulator.frame import Floats
from simulator.habits import DEMO_TOWN, Shopper, pace_of, populate
from simulator.truth import Evidence, Stay, TrueVisit, stays, true_visits
from simulator.world import World

#: A phone app that ranges beacons says once a second what it heard.
RANGING_EVERY_S = 1.0

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Mishaps:
    """What goes wrong, and when (seconds from the start).

    `deaf`: gateways whose radio hears nothing for a span. `cut`: gateways whose line is cut for a span. `asleep`: phones (or shoppers' phones by own id) that keep their
    fixes to themselves for a span and send them all when they wake.
    """

    deaf: Mapping[str, Span] = field(default_factory=dict)
    cut: Mapping[str, Span] = field(default_factory=dict)
    asleep: Mapping[str, Span] = field(default_factory=dict)


NO_MISHAPS = Mishaps()


@dataclass(frozen=True, slots=True)
class Town:
    """A world with its people and everything that their devices will let be known. By device name where a mapping."""

    world: World
    seed: int
    seconds: float
    shoppers: Sequence[Shopper]
    evidence: Mapping[str, Evidence]
    mishaps: Mishaps
    stays: Sequence[Stay]
    visits: Sequence[TrueVisit]

    def carrier(self, device: str) -> Shopper:
        """Who carries this device. KeyError when nobody does."""
        for shopper in self.shoppers:
            if device in shopper.devices:
                return shopper
        raise KeyError(device)


def raise_town(
    world: World,
    seed: int,
    seconds: float,
    people: Mapping[str, int] = DEMO_TOWN,
    mishaps: Mishaps = NO_MISHAPS,
) -> Town:
    """The town of this seed: its campaigns hastened and its people walking so that the story fits into the time."""
    hastened = world.never_shut().hastened(pace_of(seconds))
    shoppers = populate(hastened, seed, seconds, people)
    air = Air(seed, hastened.walls)
    evidence: dict[str, Evidence] = {}
    for shopper in shoppers:
        if shopper.phone:
            evidence[shopper.phone.name] = _of_phone(shopper, hastened, air, seed, seconds)
        if shopper.fob:
            evidence[shopper.fob.name] = _of_fob(shopper, hastened, air, seconds, mishaps)
    told = [_told(each, mishaps.asleep.get(device)) for device, each in evidence.items()]
    return Town(
        world=hastened,
        seed=seed,
        seconds=seconds,
        shoppers=shoppers,
        evidence=evidence,
        mishaps=mishaps,
        stays=[stay for each in told for stay in stays(each, hastened, seconds)],
        visits=[
            visit
            for device, each in evidence.items()
            for place in hastened.places.values()
            for visit in true_visits(device, each.path, place, seconds)
        ],
    )


def _of_phone(shopper: Shopper, world: World, air: Air, seed: int, seconds: float) -> Evidence:
    phone = shopper.phone
    if phone is None:
        raise ValueError(f"{shopper.own_id} has no phone")
    first = float(stream(seed, "ping", phone.name).uniform(0.2, min(phone.ping_every_s, seconds)))
    at = np.arange(first, seconds, phone.ping_every_s)
    hearings = air.hearings(
        phone.name, shopper.path, air.adverts(phone.name, RANGING_EVERY_S, seconds), world.beacons
    )
    return Evidence(
        phone.name, shopper.path, hearings, sky.fixes(seed, phone.name, shopper.path, at, phone.provider)
    )


def _of_fob(shopper: Shopper, world: World, air: Air, seconds: float, mishaps: Mishaps) -> Evidence:
    fob = shopper.fob
    if fob is None:
        raise ValueError(f"{shopper.own_id} has no fob")
    hearings = air.hearings(
        fob.name, shopper.path, air.adverts(fob.name, fob.every_s, seconds), world.gateways
    )
    return Evidence(
        fob.name, shopper.path, [_listening(each, mishaps.deaf.get(each.anchor)) for each in hearings]
    )


def _listening(hearing: Hearing, deaf: Span | None) -> Hearing:
    """What is left of a hearing when the anchor was deaf for a span."""
    if deaf is None:
        return hearing
    kept = ~_within(hearing.at_s, deaf)
    return replace(hearing, at_s=hearing.at_s[kept], rssi_dbm=hearing.rssi_dbm[kept])


def _told(evidence: Evidence, asleep: Span | None) -> Evidence:
    """What counts for messages: what a sleeping phone kept to itself is history when it arrives."""
    if asleep is None or evidence.fixes is None:
        return evidence
    fixes = evidence.fixes
    kept = ~_within(fixes.at_s, asleep)
    return replace(
        evidence,
        hearings=[_listening(each, asleep) for each in evidence.hearings],
        fixes=replace(
            fixes,
            at_s=fixes.at_s[kept],
            x=fixes.x[kept],
            y=fixes.y[kept],
            accuracy_m=fixes.accuracy_m[kept],
            speed_mps=fixes.speed_mps[kept],
        ),
    )


def _within(at_s: Floats, span: Span) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return (at_s >= span[0]) & (at_s < span[1])
