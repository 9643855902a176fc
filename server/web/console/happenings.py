"""What happens in the shop, as lines to be read: somebody came, a campaign spoke or stayed silent and why. Never who, never where they stand.

In: news of the bus as they come, and what `/v1/reports/lately` tells of what was before. Out: HTML of the newest lines. Of news only what is
said here is kept: shoppers, devices and visits are dropped at once.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from server.bus.contract import News
from server.web.console.desk import Desk
from server.web.console.languages import later

Wanted = Literal["all", "visits", "sent", "silences"]

CHOICES: Final[dict[Wanted, str]] = {
    "all": later("All"),
    "visits": later("Visits"),
    "sent": later("Offers sent"),
    "silences": later("Silences"),
}

#: So many lines somebody reads before they ask for a report.
MOST: Final = 50

_SAYS: Final = {
    "entered": later("Somebody entered {zone}"),
    "dwelled": later("Somebody stays in {zone}"),
    "exited": later("Somebody left {zone}"),
    "send": later("{campaign} goes to somebody in {zone}"),
    "withhold": later("{campaign} stays silent in {zone}"),
    "hold": later("{campaign} waits in {zone}"),
    "hold_out": later("{campaign} stays silent in {zone} for the control group"),
}
_SORT: Final[dict[str, Wanted]] = {
    "entered": "visits",
    "dwelled": "visits",
    "exited": "visits",
    "send": "sent",
    "withhold": "silences",
    "hold": "silences",
    "hold_out": "silences",
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One line. `turn` tells which came first of two that happened at once."""

    at: datetime
    turn: int
    kind: str
    zone: str
    campaign: str | None
    why: str

    @property
    def mark(self) -> tuple[datetime, str, str, str | None]:
        """By what the same is known in news and in what is asked for."""
        return self.at, self.kind, self.zone, self.campaign


@dataclass(slots=True)
class Happenings:
    """The newest of each sort, so that a rush of visits does not push the one offer out. `language` is that of reasons."""

    language: str
    lines: dict[Wanted, deque[Happening]] = field(
        default_factory=lambda: {sort: deque(maxlen=MOST) for sort in ("visits", "sent", "silences")}
    )
    turn: int = 0

    def hear(self, news: News) -> bool:
        """Takes one of the bus's news. Out: whether it is something to tell. What comes late is history, and no line of now."""
        kind = news.get("verdict") or news.get("kind")
        sort = _SORT.get(str(kind))
        if sort is None or news.get("late"):
            return False
        why = "; ".join(_words(reason, self.language) for reason in news.get("reasons", ()))
        self.turn += 1
        happening = Happening(news["at"], self.turn, str(kind), news["zone"], news.get("campaign"), why)
        self.lines[sort].append(happening)
        return True

    def begin(self, earlier: Iterable[Mapping[str, Any]]) -> None:
        """What was before (lines of `/v1/reports/lately`, the newest first), put behind what was heard meanwhile."""
        heard = [each for lines in self.lines.values() for each in lines]
        known = {each.mark for each in heard}
        for line in earlier:
            at = datetime.fromisoformat(line["at"])
            each = Happening(at, -len(heard), line["kind"], line["zone"], line["campaign"], line["why"] or "")
            if each.mark not in known:
                heard.append(each)
        for lines in self.lines.values():
            lines.clear()
        for each in sorted(heard, key=lambda each: (each.at, each.turn)):
            self.lines[_SORT[each.kind]].append(each)

    def newest(self, wanted: Wanted) -> list[Happening]:
        """The newest first."""
        chosen = self.lines.values() if wanted == "all" else [self.lines[wanted]]
        found = [each for lines in chosen for each in lines]
        return sorted(found, key=lambda each: (each.at, each.turn), reverse=True)[:MOST]


def _words(reason: Mapping[str, Any], language: str) -> str:
    return str(reason.get("words_in", {}).get(language) or reason["words"])


@dataclass(slots=True)
class Names:
    """What zones and campaigns are called, and by which clock a zone goes. Campaigns are looked up when they first speak."""

    zones: dict[str, str] = field(default_factory=dict)
    clocks: dict[str, str] = field(default_factory=dict)
    campaigns: dict[str, str] = field(default_factory=dict)

    def learn_zones(self, features: Iterable[Mapping[str, Any]]) -> None:
        """From features as `/v1/zones` shows them."""
        known = {feature["properties"]["id"]: feature["properties"] for feature in features}
        self.zones = {zone: properties["name"] for zone, properties in known.items()}
        self.clocks = {zone: _clock_of(zone, known) for zone in known}

    def line(self, desk: Desk, happening: Happening) -> str:
        """One line as HTML."""
        at = happening.at.astimezone(ZoneInfo(self.clocks.get(happening.zone, "UTC")))
        zone, campaign = self.zones.get(happening.zone, happening.zone), happening.campaign or ""
        says = desk.say(
            _SAYS[happening.kind],
            zone=f"<b>{escape(zone)}</b>",
            campaign=f"<b>{escape(self.campaigns.get(campaign, campaign))}</b>",
        )
        why = f'<div class="why">{escape(happening.why)}</div>' if happening.why else ""
        return f'<li class="is-{_SORT[happening.kind]}"><time>{at:%H:%M:%S}</time><div>{says}{why}</div></li>'


def _clock_of(zone: str | None, known: Mapping[str, Mapping[str, Any]]) -> str:
    """Its own, or that of what it lies in; a circle that nobody may draw ends all the same."""
    for _ in known:
        if zone is None or zone not in known:
            break
        if known[zone].get("time_zone"):
            return str(known[zone]["time_zone"])
        zone = known[zone].get("parent")
    return "UTC"
