"""Which offers are due, by truth and the campaigns' own words. In: a town, when it began. Out: expectations. Pure.

An oracle apart: it reads the campaigns' documents and judges them with rules of its own, so that a server that decides
wrongly is found out. Where the evidence leaves a doubt (a stay at the border, an hour that ends during the story) the offer
**may** come; it is neither owed nor wrong. Which of two owed offers comes first, and so uses up a cap or wins a moment, is not
foretold: the verdict checks each such reason against what was really sent (simulator/verdict.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from simulator.habits import Shopper
from simulator.town import Town
from simulator.truth import LINGER_S, WINDOW_S, Stay
from simulator.world import World

#: A visit's events are told only after its minimum time, so an exit is owed when clear absence lasted this long.
EXIT_OWED_S = 20.0
#: What may be believed is read from means over a window, and seconds are rounded: who weighs packet by packet may know so much sooner.
SLACK_S = WINDOW_S
#: What a due moment may still take before the story ends, to be sent and counted.
CLOSING_S = 2.0

#: The cap of a campaign that has none.
UNCAPPED = 99

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Rule:
    """A campaign as the oracle reads it; `zones` are own ids of places."""

    own_id: str
    on: str
    zones: frozenset[str]
    after_s: float
    priority: int
    conditions: Sequence[Mapping[str, Any]]

    @property
    def cap(self) -> int:
        """How many offers of this campaign one shopper may get in a story (stories are shorter than any window)."""
        return _least([condition for condition in self.conditions if _own(condition)])

    @property
    def cap_of_all(self) -> int:
        """How many offers of all campaigns a shopper may have had before this one stays silent."""
        return _least([condition for condition in self.conditions if not _own(condition)])


@dataclass(frozen=True, slots=True)
class Chance:
    """One moment at which a rule may speak: not before `from_s`; owed moments are known by `until_s` at the latest."""

    rule: Rule
    stay: Stay
    from_s: float
    until_s: float
    owed: bool


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one shopper should get of one campaign. `owed` is the least, `at_most` the most; the first not before `from_s`."""

    shopper: str
    campaign: str
    owed: int
    at_most: int
    from_s: float
    owed_by_s: float | None
    why: str


def expectations(town: Town, began_at: datetime) -> dict[tuple[str, str], Expectation]:
    """By (shopper, campaign), for each campaign that could have been woken; what is not listed must not be sent."""
    rules = [
        rule_of(campaign, town.world) for campaign in town.world.campaigns if campaign["state"] == "live"
    ]
    owners = {device: shopper for shopper in town.shoppers for device in shopper.devices}
    stays = defaultdict(list)
    for stay in town.stays:
        stays[owners[stay.device].own_id].append(stay)
    found = {}
    for shopper in town.shoppers:
        for expectation in _for_one(shopper, stays[shopper.own_id], rules, town, began_at):
            found[shopper.own_id, expectation.campaign] = expectation
    return found


def rule_of(campaign: Mapping[str, Any], world: World) -> Rule:
    """A campaign's document as a rule, its zones by own id."""
    trigger = campaign["trigger"]
    return Rule(
        own_id=campaign["id"],
        on=trigger["on"],
        zones=_named(trigger["where"], world),
        after_s=float(trigger.get("after_s", 0.0)),
        priority=campaign.get("priority", 0),
        conditions=campaign.get("conditions", ()),
    )


def _named(where: Mapping[str, Any], world: World) -> frozenset[str]:
    """The places that a campaign listens to: by own id, by group, or a site with all that lies in it."""
    if "zones" in where:
        return frozenset(where["zones"])
    if "site" in where:
        site = where["site"]
        return frozenset(p.own_id for p in world.places.values() if site == p.own_id or site in p.parents)
    groups = {f["id"]: f["properties"].get("groups", ()) for f in world.zones["features"]}
    return frozenset(own_id for own_id, names in groups.items() if where["group"] in names)


def _for_one(
    shopper: Shopper, stays: Sequence[Stay], rules: Sequence[Rule], town: Town, began_at: datetime
) -> Iterable[Expectation]:
    """One shopper's expectations, a campaign each."""
    ends_at = began_at + timedelta(seconds=town.seconds)
    chances = []
    for rule in rules:
        says = {objection_to(rule, shopper, town.world, at) for at in (began_at, ends_at)}
        if None not in says:
            continue
        surely = says == {None}
        woken = [_chance(rule, stay, town) for stay in stays if stay.place in rule.zones]
        chances += [chance if surely else replace(chance, owed=False) for chance in woken if chance]
    by_rule: dict[str, list[Chance]] = defaultdict(list)
    for chance in sorted(chances, key=lambda each: each.from_s):
        by_rule[chance.rule.own_id].append(chance)
    for own_id, group in by_rule.items():
        yield _expectation(shopper.own_id, own_id, group)


def _chance(rule: Rule, stay: Stay, town: Town) -> Chance | None:
    """The moment that this stay gives this rule, if it gives one at all."""
    clear_from, clear_until = stay.must_from_s, stay.must_until_s
    sure = clear_from is not None and clear_until is not None
    if rule.on == "entered":
        owed = sure and (clear_from or 0.0) <= town.seconds - CLOSING_S
        return Chance(
            rule, stay, stay.may_from_s, clear_from if owed and clear_from else stay.may_until_s, owed
        )
    if rule.on == "dwelled":
        if stay.may_until_s + LINGER_S - stay.may_from_s < rule.after_s:
            return None
        due = (clear_from or 0.0) + rule.after_s
        owed = sure and due <= min(clear_until or 0.0, town.seconds - CLOSING_S)
        until = due if owed else stay.may_until_s + LINGER_S
        return Chance(rule, stay, stay.may_from_s + rule.after_s, until, owed)
    on_map = town.world.places[stay.place].on_map
    owed = sure and on_map and stay.may_until_s + EXIT_OWED_S <= town.seconds - CLOSING_S
    return Chance(rule, stay, stay.may_from_s, stay.may_until_s + EXIT_OWED_S, owed)


def _expectation(shopper: str, campaign: str, group: Sequence[Chance]) -> Expectation:
    rule = group[0].rule
    owed = [chance for chance in group if chance.owed]
    places = {chance.stay.place for chance in (owed or group)}
    return Expectation(
        shopper=shopper,
        campaign=campaign,
        owed=min(len(owed), rule.cap),
        at_most=rule.cap,
        from_s=min(chance.from_s for chance in group) - SLACK_S,
        owed_by_s=max((chance.until_s for chance in owed), default=None),
        why=f"{rule.on} {', '.join(sorted(places))}",
    )


def objection_to(rule: Rule, shopper: Shopper, world: World, at: datetime) -> str | None:
    """What by the shopper's answers and the campaign's words holds it back at this time, in a word; None if nothing does."""
    if not shopper.consents.get("location"):
        return "location"
    if not shopper.consents.get("push"):
        return "push"
    if shopper.phone is None or shopper.phone.address is None:
        return "unreachable"
    if shopper.quiet:
        return "quiet hours"
    return next(filter(None, (_says(condition, shopper, world, at) for condition in rule.conditions)), None)


def _says(condition: Mapping[str, Any], shopper: Shopper, world: World, at: datetime) -> str | None:
    """One condition's objection. Caps and cooldowns are not asked here. ValueError for a kind that the oracle cannot judge."""
    match condition["kind"]:
        case "consent":
            agreed = shopper.consents.get(condition["purpose"])
            return None if agreed else str(condition["purpose"])
        case "schedule":
            return None if _runs(condition, at.astimezone(_shop_clock(world))) else "schedule"
        case "opening_hours":
            return None if is_open(world, at) else "opening hours"
        case "segment":
            return None if _belongs(condition, shopper) else "segment"
        case "frequency_cap" | "cooldown":
            return None
        case other:
            raise ValueError(
                f"the oracle cannot judge the condition {other!r}: teach it in simulator/oracle.py"
            )


def _belongs(segment: Mapping[str, Any], shopper: Shopper) -> bool:
    tags, attributes = set(shopper.tags), shopper.attributes
    return bool(
        tags.issuperset(segment.get("has_tags", ()))
        and tags.isdisjoint(segment.get("lacks_tags", ()))
        and all(attributes.get(k) == v for k, v in segment.get("equals", {}).items())
        and all(attributes.get(k) in values for k, values in segment.get("one_of", {}).items())
        and all(k in attributes and attributes[k] >= v for k, v in segment.get("at_least", {}).items())
    )


def _runs(schedule: Mapping[str, Any], local: datetime) -> bool:
    """Whether a schedule holds at this wall time. Hours across midnight are judged by the day they began on."""
    stretches = schedule.get("hours") or [{"start": "00:00", "end": "00:00"}]
    return any(_day_holds(schedule, day) for stretch in stretches for day in _days_of(stretch, local))


def _days_of(stretch: Mapping[str, str], local: datetime) -> list[date]:
    """The day on which the stretch that holds this wall time began; none when no stretch holds it."""
    start, end = time.fromisoformat(stretch["start"]), time.fromisoformat(stretch["end"])
    clock = local.time()
    if start < end:
        return [local.date()] if start <= clock < end else []
    if clock >= start:
        return [local.date()]
    return [local.date() - timedelta(days=1)] if clock < end else []


def _day_holds(schedule: Mapping[str, Any], day: date) -> bool:
    first, last = schedule.get("first_day"), schedule.get("last_day")
    weekdays = schedule.get("weekdays") or WEEKDAYS
    return bool(
        (not first or day >= date.fromisoformat(str(first)))
        and (not last or day <= date.fromisoformat(str(last)))
        and WEEKDAYS[day.weekday()] in weekdays
    )


def is_open(world: World, at: datetime) -> bool:
    """Whether the site is open, by the weekly hours of its feature ("mon-sat": ["09:30-20:00"])."""
    local = at.astimezone(_shop_clock(world))
    today = WEEKDAYS[local.weekday()]
    for days, spans in _site(world)["hours"].items():
        first, _, last = days.partition("-")
        week = WEEKDAYS[WEEKDAYS.index(first) : WEEKDAYS.index(last or first) + 1]
        for span in spans if today in week else ():
            opens, closes = span.split("-")  # "24:00" closes a day; as text it comes after all others
            if opens <= f"{local:%H:%M}" < closes:
                return True
    return False


def _shop_clock(world: World) -> ZoneInfo:
    return ZoneInfo(_site(world)["time_zone"])


def _site(world: World) -> Mapping[str, Any]:
    for feature in world.zones["features"]:
        if feature["id"] == world.site:
            properties: Mapping[str, Any] = feature["properties"]
            return properties
    raise KeyError(world.site)


def _least(conditions: Sequence[Mapping[str, Any]]) -> int:
    """The lowest cap of these. A cooldown is a cap of one, since it is longer than a story."""
    caps = [c["at_most"] for c in conditions if c["kind"] == "frequency_cap"]
    cooldowns = [1 for c in conditions if c["kind"] == "cooldown"]
    return min([*caps, *cooldowns], default=UNCAPPED)


def _own(condition: Mapping[str, Any]) -> bool:
    return bool(condition.get("scope", "campaign") == "campaign")
