"""Who lives in the town, and how they go about it. In: a world, a seed, how long the story lasts. Out: shoppers. Pure.

A habit is one kind of person: where they walk, what they carry, what they agreed to. Each exists because something can go
wrong with it: the border walker flaps, the declined must stay unseen, the capped must hear no more.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from simulator.chance import stream
from simulator.walk import Path, Walker
from simulator.world import World

#: The story that the campaigns' own dwell times fit into. Shorter ones are hastened by the same factor.
FULL_STORY_S = 75.0
#: Beacon ids of the shop's fobs: one UUID for all, a number each.
FOB_UUID = "6f1c0a9e-0000-4000-8000-0000000000f0"
FOB_EVERY_S = 0.455
#: Who is in a hurry.
RUNS_MPS = 3.2

YES_TO_ALL: Mapping[str, bool] = {"location": True, "push": True, "profiling": True}


@dataclass(frozen=True, slots=True)
class Phone:
    """`provider` is a key of sky.PROVIDERS; `address` where FCM finds it (None: the app may not show messages)."""

    name: str
    provider: str = "street"
    ping_every_s: float = 2.0
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Fob:
    name: str
    beacon: str
    every_s: float = FOB_EVERY_S


@dataclass(frozen=True, slots=True)
class Shopper:
    """One person. `quiet` wants no messages during the story; what is not in `consents` was never asked."""

    own_id: str
    habit: str
    path: Path
    phone: Phone | None = None
    fob: Fob | None = None
    language: str = "it"
    tags: tuple[str, ...] = ()
    attributes: Mapping[str, int] = field(default_factory=dict)
    consents: Mapping[str, bool] = field(default_factory=lambda: dict(YES_TO_ALL))
    quiet: bool = False

    @property
    def devices(self) -> tuple[str, ...]:
        return tuple(carried.name for carried in (self.phone, self.fob) if carried is not None)


@dataclass(frozen=True, slots=True)
class Habit:
    """One kind of person: a walk, and what differs from a shopper with a phone who agreed to everything."""

    walk: Callable[["Occasion"], Path]
    carries: str = "phone"
    provider: str = "street"
    language: str = "it"
    tags: tuple[str, ...] = ()
    attributes: Mapping[str, int] = field(default_factory=dict)
    consents: Mapping[str, bool] = field(default_factory=lambda: dict(YES_TO_ALL))
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a walk is made from: the town, chance, and how hasty the story is (1: in full)."""

    world: World
    rng: np.random.Generator
    seconds: float
    pace: float

    def walker(self, x: float, y: float) -> Walker:
        """Somebody who starts about here: nobody stands on another's toes."""
        off = self.rng.uniform(-0.5, 0.5, 2)
        return Walker(self.rng, (x + float(off[0]), y + float(off[1])))

    def between(self, least: float, most: float) -> float:
        return float(self.rng.uniform(least, most))

    def way(self, name: str) -> tuple[float, float]:
        return self.world.ways[name]


def _passer_by(occasion: Occasion) -> Path:
    """Along the street, past the door, never in."""
    x, y = occasion.way("before_the_door")
    towards = 1.0 if occasion.rng.random() < 0.5 else -1.0
    walker = occasion.walker(x, y - towards * occasion.between(48.0, 55.0))
    return walker.goes_to((x, y + towards * 70.0), pace_mps=1.35).path()


def _window_shopper(occasion: Occasion) -> Path:
    """Stops before the window for a while, and goes on."""
    x, y = occasion.way("before_the_door")
    walker = occasion.walker(x, y - occasion.between(10.0, 14.0)).goes_to(occasion.way("window"))
    return walker.stays(22.0 * occasion.pace + 6.0).goes_to((x, y + 60.0)).path()


def _browser(occasion: Occasion) -> Path:
    """Comes in, looks at shoes for as long as it takes, then at bags, and leaves."""
    walker = occasion.walker(*occasion.way("door")).goes_to(occasion.way("hall"), occasion.way("shoes"))
    walker.stays(32.0 * occasion.pace + 14.0).goes_to(occasion.way("bags")).stays(8.0 * occasion.pace)
    return walker.goes_to(occasion.way("hall"), occasion.way("door"), occasion.way("before_the_door")).path()


def _sneaker_fan(occasion: Occasion) -> Path:
    """Straight to the sneakers."""
    walker = occasion.walker(*occasion.way("before_the_door")).goes_to(
        occasion.way("door"), occasion.way("hall")
    )
    walker.goes_to(occasion.way("sneakers")).stays(25.0 * occasion.pace + 4.0)
    return walker.goes_to(occasion.way("hall"), occasion.way("door"), occasion.way("street_south")).path()


def _loyal(occasion: Occasion) -> Path:
    """Comes in, fetches something at the tills, stays for a word."""
    walker = occasion.walker(*occasion.way("before_the_door")).stays(
        occasion.between(0.0, 6.0) * occasion.pace
    )
    walker.goes_to(occasion.way("door"), occasion.way("hall"), occasion.way("aisle"), occasion.way("tills"))
    return (
        walker.stays(30.0 * occasion.pace)
        .goes_to(occasion.way("aisle"), occasion.way("hall"), occasion.way("door"))
        .path()
    )


def _neighbour(occasion: Occasion) -> Path:
    """Starts nearby and walks away out of the street: an exit that is owed."""
    x, y = occasion.way("before_the_door")
    away = 1.0 if occasion.rng.random() < 0.5 else -1.0
    walker = occasion.walker(x, y + away * 12.0).stays(14.0)
    return walker.goes_to((x, y + away * 150.0), pace_mps=2.6).path()


def _leaver(occasion: Occasion) -> Path:
    """A short look at the shoes, then out of the shop and far away: nobody hears them any more."""
    x, y = occasion.way("before_the_door")
    walker = occasion.walker(*occasion.way("door")).goes_to(occasion.way("hall"), occasion.way("shoes"))
    walker.stays(20.0).goes_to(occasion.way("hall"), occasion.way("door"))
    return walker.goes_to((x, y), (x, y + 150.0), pace_mps=RUNS_MPS).path()


def _returner(occasion: Occasion) -> Path:
    """Runs out of the street for something forgotten, and is back soon: the second visit is worth no second offer."""
    x, y = occasion.way("before_the_door")
    edge = y + 45.0
    walker = occasion.walker(x, edge - 12.0).stays(8.0).goes_to((x, edge + 32.0), pace_mps=RUNS_MPS)
    return walker.stays(16.0).goes_to((x, y), pace_mps=RUNS_MPS).path()


def _border_walker(occasion: Occasion) -> Path:
    """Up and down where the street's zone ends."""
    centre_x, centre_y = occasion.way("before_the_door")
    edge = centre_y + 45.0
    walker = occasion.walker(centre_x, edge - 3.0)
    while walker.now_s < occasion.seconds:
        walker.goes_to((centre_x, edge + occasion.between(-6.0, 6.0)), pace_mps=0.8).stays(
            occasion.between(1.0, 5.0)
        )
    return walker.path()


def _wanderer(occasion: Occasion) -> Path:
    """Through the whole shop."""
    walker = occasion.walker(*occasion.way("before_the_door")).goes_to(
        occasion.way("door"), occasion.way("hall")
    )
    for spot in ("bags", "aisle", "menswear", "shoes"):
        walker.goes_to(occasion.way(spot)).stays(9.0 * occasion.pace)
    return walker.goes_to(occasion.way("hall"), occasion.way("door"), occasion.way("before_the_door")).path()


def _all_over(occasion: Occasion) -> Path:
    """Street, shop, sneakers, tills: more moments than the cap over all campaigns allows."""
    walker = occasion.walker(*occasion.way("before_the_door")).goes_to(
        occasion.way("door"), occasion.way("hall")
    )
    walker.goes_to(occasion.way("sneakers")).stays(14.0 * occasion.pace + 4.0)
    return walker.goes_to(occasion.way("aisle"), occasion.way("tills")).stays_until(occasion.seconds).path()


HABITS: Mapping[str, Habit] = {
    "passer-by": Habit(_passer_by),
    "window shopper": Habit(_window_shopper, provider="fused"),
    "browser": Habit(_browser, carries="phone and fob", provider="fused"),
    "sneaker fan": Habit(_sneaker_fan, carries="phone and fob"),
    "loyal": Habit(_loyal, carries="phone and fob", tags=("oro",), attributes={"visits": 12}),
    "neighbour": Habit(_neighbour, provider="fused", attributes={"visits": 7}),
    "leaver": Habit(_leaver, carries="phone and fob", provider="fused"),
    "returner": Habit(_returner, provider="fused"),
    "border walker": Habit(_border_walker),
    "phone only": Habit(_wanderer, provider="network"),
    "fob only": Habit(_wanderer, carries="fob"),
    "tourist": Habit(_passer_by, language="en", tags=("turista",)),
    "declined": Habit(_browser, carries="phone and fob", consents={"location": False, "push": True}),
    "never asked": Habit(_sneaker_fan, carries="phone and fob", consents={}),
    "no messages": Habit(_browser, carries="phone and fob", consents={"location": True, "push": False}),
    "no profile": Habit(_sneaker_fan, carries="phone and fob", consents={"location": True, "push": True}),
    "quiet hours": Habit(_passer_by, quiet=True),
    "capped": Habit(_all_over, carries="phone and fob", provider="fused"),
}

#: How many of each live in the demo's town.
DEMO_TOWN: Mapping[str, int] = {
    "passer-by": 4,
    "window shopper": 2,
    "browser": 4,
    "sneaker fan": 2,
    "loyal": 2,
    "neighbour": 2,
    "returner": 2,
    "border walker": 2,
    "phone only": 2,
    "fob only": 1,
    "tourist": 2,
    "declined": 1,
    "never asked": 1,
    "no messages": 1,
    "no profile": 1,
    "quiet hours": 1,
    "capped": 1,
}


def pace_of(seconds: float) -> float:
    """How hasty a story of so many seconds is: 1 in full, less when it is cut short."""
    return min(1.0, seconds / FULL_STORY_S)


def populate(world: World, seed: int, seconds: float, town: Mapping[str, int] = DEMO_TOWN) -> list[Shopper]:
    """The people of the town: so many of each habit, each with a walk of their own. KeyError for an unknown habit."""
    who = [(habit, number) for habit, count in town.items() for number in range(1, count + 1)]
    pace = pace_of(seconds)
    people = []
    for index, (habit, number) in enumerate(who, start=1):
        own_id = f"{habit.replace(' ', '-')}-{number}"
        occasion = Occasion(world, stream(seed, "walk", own_id), seconds, pace)
        people.append(_person(occasion, habit, own_id, index))
    return people


def _person(occasion: Occasion, habit: str, own_id: str, index: int) -> Shopper:
    how = HABITS[habit]
    phone = (
        Phone(f"{own_id}.phone", how.provider, address=f"fid-{own_id}") if "phone" in how.carries else None
    )
    fob = Fob(f"{own_id}.fob", f"ibeacon:{FOB_UUID}:1:{index}") if "fob" in how.carries else None
    return Shopper(
        own_id=own_id,
        habit=habit,
        path=how.walk(occasion),
        phone=phone,
        fob=fob,
        language=how.language,
        tags=how.tags,
        attributes=how.attributes,
        consents=how.consents,
        quiet=how.quiet,
    )


def devices_of(shoppers: Sequence[Shopper]) -> dict[str, str]:
    """Device name -> the own id of who carries it."""
    return {device: shopper.own_id for shopper in shoppers for device in shopper.devices}
