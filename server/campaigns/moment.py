"""All that a decision may look at, as frozen values: who came where, what we know of them, what the time is.

In: zone events of presence and facts of the records, put together by server/moments.py. Out: to conditions and decide.py. Nothing
here has a position or a name of a shopper. Times are aware (UTC), lengths are seconds. What is not known is None or empty,
and no decision may take that for a yes.

Facts that cost a look-up of their own (`Fact`) are read only where a live campaign needs them (`Condition.needs`). They are
None where nobody looked: an empty mapping says that somebody looked and found nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from itertools import groupby
from typing import Literal

from server.campaigns.daytime import Daytime
from server.presence.visit import ZoneEvent
from server.zones.zone import LEVELS, Level

Purpose = Literal["location", "profiling", "push", "email", "sms"]
Clock = Literal["shop", "shopper"]
Scope = Literal["campaign", "group", "all"]
Fact = Literal["past", "redeemed", "issued"]
"""What the records read only where it is needed: `ShopperFacts.past`, `.redeemed`; `Moment.issued` with `.budget_spent`."""
Attribute = str | int | float | bool


@dataclass(frozen=True, slots=True)
class ZoneFacts:
    """A zone as it stands at the moment. `ancestors` are the ids of what it lies in, the site first.

    `time_zone` is the site's. `open` is None where neither the zone nor what it lies in has opening hours. `language` is
    what the shop speaks where the shopper's language is not known. `opens_at` and `closes_at` are the next times (UTC) at which
    that changes, None where none is in sight. `shop_name` is the name of the outermost that it lies in. `sensitive`: it, or what it lies in, is a place of which nothing may be made, such as
    a clinic. `holidays` are the shop's, by its own calendar.
    """

    id: str
    name: str
    level: Level
    time_zone: tzinfo
    groups: frozenset[str] = frozenset()
    ancestors: tuple[str, ...] = ()
    open: bool | None = None
    language: str | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    sensitive: bool = False
    holidays: frozenset[date] = frozenset()
    shop_name: str | None = None

    @property
    def site(self) -> str | None:
        """The id of the site it lies in or is; None for a zone on its own."""
        if self.level == "site":
            return self.id
        return self.ancestors[0] if self.ancestors else None

    @property
    def shop(self) -> str:
        """The id of what counts as the shop: the site, or the zone itself where it is in none."""
        return self.site or self.id

    @property
    def specificity(self) -> tuple[int, int]:
        """The greater, the nearer to the goods: a shelf beats a zone beats a site, then the deeper nested."""
        return (LEVELS.index(self.level), len(self.ancestors))


@dataclass(frozen=True, slots=True)
class Happening:
    """A zone event with its zone.

    `waited_s` is how long presence had to wait before it could be sure and tell (the zone's minimum time, or its silence
    rule for an exit that nobody heard): waiting as told is not being late.
    """

    event: ZoneEvent
    zone: ZoneFacts
    waited_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """What the shopper last said to one purpose, and when. `lapsed`: a newer text asks anew, and was not answered yet."""

    granted: bool
    at: datetime
    lapsed: bool = False

    @property
    def holds(self) -> bool:
        """Whether it is a yes that counts."""
        return self.granted and not self.lapsed


@dataclass(frozen=True, slots=True)
class SentOffer:
    """An offer that was decided to be sent, and is not known to have failed for good.

    With the stay it was sent for: `device`, `zone`, `entered_at`, and `exited_at` (None: still there). `group` is the campaign's,
    `channel` the one it went by or is to go by. What woke it: `on` (the event's kind, and of a dwell its seconds), `happened_at`, in
    which `site`. `one_a_visit`: it took the one turn that a visit to the shop has. `held_out`: nothing was sent, and it counts as
    if it had been (experiment.py). `step` is 0, or which of the campaign's follow-ups it was.
    """

    campaign: str
    at: datetime
    visit: str
    zone: str
    device: str
    entered_at: datetime
    exited_at: datetime | None = None
    group: str | None = None
    channel: str | None = None
    site: str | None = None
    on: str = ""
    happened_at: datetime | None = None
    one_a_visit: bool = False
    held_out: bool = False
    step: int = 0


@dataclass(frozen=True, slots=True)
class ZonePast:
    """A shopper's visits to one zone, over all of their devices, without the one that is open or ending now.

    `visits` is never 0. `last_entered_at` and `last_exited_at` are of the last of them; `longest_s` is the longest stay.
    """

    visits: int
    first_at: datetime
    last_entered_at: datetime
    last_exited_at: datetime | None = None
    longest_s: float = 0.0


@dataclass(frozen=True, slots=True)
class RedeemedOffer:
    """An offer that was used. `amount`: what was paid with it, in the shop's money; None where the till did not say."""

    campaign: str
    at: datetime
    amount: float | None = None


@dataclass(frozen=True, slots=True)
class ShopperFacts:
    """What we know of a shopper, over all of their devices.

    `consents` has no entry for a purpose that was never asked. `sent` reaches back as far as `Compiled.look_back`, and has
    every offer of the visits in question and of open visits besides; any order. `past` is by zone id, and has no entry for a zone
    they never visited. `reach`: the channels by which they can be reached now, such as fcm or email. `quiet_hours` are by the
    shopper's clock. `here`: the zones in which some device of theirs is now, each since when.
    """

    id: str
    language: str | None = None
    time_zone: tzinfo | None = None
    quiet_hours: Daytime | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    consents: Mapping[str, ConsentGiven] = field(default_factory=dict)
    sent: tuple[SentOffer, ...] = ()
    past: Mapping[str, ZonePast] | None = None
    redeemed: tuple[RedeemedOffer, ...] | None = None
    reach: frozenset[str] = frozenset()
    here: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def reachable(self) -> bool:
        return bool(self.reach)


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """The device that walked: its kind in the records' words (phone, fob), and whether it takes messages itself."""

    id: str
    kind: str = "phone"
    has_address: bool = False


@dataclass(frozen=True, slots=True)
class Issued:
    """How many offers a campaign has given: ever, today, and today in the shop of the moment; days by the shop's clock."""

    total: int = 0
    today: int = 0
    today_here: int = 0


@dataclass(frozen=True, slots=True)
class Spent:
    """What a campaign's offers have cost: ever, and today by the shop's clock; in the shop's money."""

    total: float = 0.0
    today: float = 0.0


@dataclass(frozen=True, slots=True)
class OfferFacts:
    """What the campaign that looks would give now. `ends_at` is when the message loses its sense.

    `redeemable_until` is when it can no longer be used at the till; None where only the message ends. `cost` is what one costs the
    shop, in its money; None where nobody said.
    """

    ends_at: datetime
    redeemable_until: datetime | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A decision that was held and is due: its id, the campaign and its version then, and since when it waits.

    Or a step of a journey (`step` counts from 1): then `visit` is that of the offer which it follows, `woken` says that what it waited
    for has happened, `opened` and `redeemed` what became of the offer.
    """

    decision: str
    campaign: str
    version: int
    since: datetime
    step: int = 0
    visit: str = ""
    woken: bool = False
    opened: bool = False
    redeemed: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """What happened to one device at one instant of event time, with all that may be looked at.

    Usually one happening; several where a shopper enters a department and so its shop. `shopper` is None for a device that is
    nobody's. `now` is when we decide. In the moment that a condition gets (`seen_by`) `campaign` is the id of the campaign that
    looks, `group` its group, `offer` what it would give, and `happenings` the one that woke it. `issued` and `budget_spent` are by
    campaign, and have no entry for a campaign that gave nothing yet. `global_hold_out` is the share of shoppers whom no campaign
    speaks to. `held`: the decisions that are looked at again now; then nobody else looks. ValueError without a happening.
    """

    now: datetime
    happenings: tuple[Happening, ...]
    device: DeviceFacts
    shopper: ShopperFacts | None = None
    freshness_limit_s: float = 120.0
    campaign: str = ""
    group: str | None = None
    offer: OfferFacts | None = None
    issued: Mapping[str, Issued] | None = None
    budget_spent: Mapping[str, Spent] | None = None
    global_hold_out: float = 0.0
    held: tuple[Held, ...] = ()

    def __post_init__(self) -> None:
        if not self.happenings:
            raise ValueError("a moment needs something that happened")

    @property
    def event(self) -> ZoneEvent:
        return self.happenings[0].event

    @property
    def zone(self) -> ZoneFacts:
        return self.happenings[0].zone

    @property
    def age_s(self) -> float:
        """Seconds since the event could first be told; below 0 for a device whose clock runs ahead."""
        return (self.now - self.event.at).total_seconds() - self.happenings[0].waited_s

    def seen_by(
        self,
        campaign: str,
        happening: Happening,
        *,
        group: str | None = None,
        offer: OfferFacts | None = None,
    ) -> "Moment":
        """The moment as one campaign looks at it: only with what woke that campaign."""
        return replace(self, campaign=campaign, happenings=(happening,), group=group, offer=offer)

    def time_zone(self, clock: Clock = "shop") -> tzinfo:
        """The time zone of the shop or the shopper (the shop's, where theirs is not known)."""
        theirs = self.shopper.time_zone if clock == "shopper" and self.shopper else None
        return theirs or self.zone.time_zone

    def local_time(self, clock: Clock = "shop") -> datetime:
        """Now, by the wall clock of the shop or the shopper."""
        return self.now.astimezone(self.time_zone(clock))

    def sent_by(self, scope: Scope) -> tuple[SentOffer, ...]:
        """What the shopper got of the campaign that looks, of its group (nothing where it has none), or of all campaigns."""
        sent = self.shopper.sent if self.shopper else ()
        if scope == "all":
            return sent
        if scope == "campaign":
            return tuple(offer for offer in sent if offer.campaign == self.campaign)
        return tuple(offer for offer in sent if self.group is not None and offer.group == self.group)

    def with_sent(self, offers: tuple[SentOffer, ...]) -> "Moment":
        """The same moment after these offers went to its shopper as well."""
        if self.shopper is None or not offers:
            return self
        return replace(self, shopper=replace(self.shopper, sent=self.shopper.sent + offers))


def gather(events: Iterable[ZoneEvent]) -> tuple[tuple[ZoneEvent, ...], ...]:
    """The events that make one moment each: those of one device at one instant, in the order of time."""

    def instant(event: ZoneEvent) -> tuple[datetime, str]:
        return event.at, event.device

    in_order = sorted(events, key=lambda event: (*instant(event), event.zone, event.kind, event.dwelled_s))
    return tuple(tuple(together) for _, together in groupby(in_order, key=instant))
