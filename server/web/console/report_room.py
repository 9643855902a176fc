"""What all reports of the console share: what is asked, what a report gives to be drawn, and the colours of the reader's light.

In: a desk. Out: values; nothing is drawn here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from nicegui import ui

from server.web.console.desk import Desk
from server.web.console.report_days import Days

#: Names of theme.css that charts are drawn in: a canvas cannot read them by itself.
_NAMES: Final = ("ink", "ink-soft", "line", "sheet", "sunk", "brand", "brand-soft", "accent", "good", "warn")
_LIGHT: Final = dict(
    zip(
        _NAMES,
        (
            "#1c2325", "#565f5f", "#d9d4c9", "#ffffff", "#eeebe4",
            "#174a48", "#dfeae8", "#b6481f", "#1d6b3c", "#835500",
        ),
        strict=True,
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """Which days, and of which zone and campaign alone; whether those before are told beside them."""

    days: Days
    zone: str | None = None
    campaign: str | None = None
    compare: bool = True

    def at_zone(self) -> dict[str, str | None]:
        return {**self.days.asked(), "zone": self.zone}

    def of_campaign(self) -> dict[str, str | None]:
        return {**self.days.asked(), "campaign": self.campaign}


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that stands out, with its change against the days before in words, and whether that is much better or worse to read."""

    name: str
    value: str
    change: str = ""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers behind a picture: columns, of which those from the n-th on are numbers, and rows as they are read."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers_from: int = 1


@dataclass(frozen=True, slots=True)
class Told:
    """A report to be drawn: `chart` as ECharts takes it, `picture` as SVG where no chart is, `words` for who cannot see either."""

    words: str
    numbers: Numbers
    figures: Sequence[Figure] = ()
    chart: Mapping[str, Any] | None = None
    height: int = 300
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Room:
    """The desk, what zones and campaigns are called and lie in, which campaigns hold somebody out, and the colours."""

    desk: Desk
    zones: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    campaigns: Mapping[str, str] = field(default_factory=dict)
    held_out: frozenset[str] = frozenset()
    colours: Mapping[str, str] = field(default_factory=lambda: _LIGHT)

    def zone(self, zone: str) -> str:
        """What it is called; its id, where it was removed."""
        return str(self.zones[zone]["name"]) if zone in self.zones else zone

    def campaign(self, campaign: str) -> str:
        return self.campaigns.get(campaign, campaign)

    def counts(self, zone: str, asked: Asked) -> bool:
        """Whether a zone's visits are summed up: the one that is asked for, else the shops, else whatever lies in nothing.

        Who is in a department is in its shop too, and would be counted twice.
        """
        if asked.zone is not None:
            return zone == asked.zone
        sites = any(each["level"] == "site" for each in self.zones.values())
        if sites:
            return zone in self.zones and self.zones[zone]["level"] == "site"
        return zone not in self.zones or self.zones[zone].get("parent") is None

    def change(self, now: float, before: float) -> str:
        """`12% more than before`, in words: a sign alone is easily overlooked."""
        say = self.desk.say
        if before <= 0:
            return say("nothing before to compare with") if now > 0 else ""
        share = now / before - 1
        if abs(share) < 0.005:
            return say("as many as before")
        percent = self.desk.percent(abs(share))
        return (
            say("{percent} more than before", percent=percent)
            if share > 0
            else say("{percent} less than before", percent=percent)
        )


async def colours() -> Mapping[str, str]:
    """The colours as the reader's browser has them: light, dark, or as the device is."""
    names = ",".join(f'"{name}"' for name in _NAMES)
    script = (
        f"(() => {{ const style = getComputedStyle(document.body); "
        f"return [{names}].map((name) => style.getPropertyValue('--' + name).trim()); }})()"
    )
    try:
        found = await ui.run_javascript(f"return {script}", timeout=5.0)
    except TimeoutError:
        return _LIGHT
    read = dict(zip(_NAMES, found, strict=True))
    return read if all(read.values()) else _LIGHT
