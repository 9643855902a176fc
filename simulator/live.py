"""Plays a town in real time against a running server. In: a town, a house, a stand-in FCM. Out: all that came of it.

Agents, phones and the people's reading are tasks of one group; when the story is over they stop, and the server's books are read.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from server.zones import MANNERS, Manner
from simulator.clock import StoryClock
from simulator.fcm import FcmStandIn
from simulator.gateways import CutLine, PretendRadio, gateway, packets
from simulator.habits import Shopper
from simulator.house import LogIn
from simulator.journal import Journal
from simulator.oracle import expectations, rule_of
from simulator.phones import App, letters, lines
from simulator.shop import Registered, Shop
from simulator.town import Town
from simulator.verdict import Decided, Due, Found, Happened, Push, Verdict, judge

#: After the last step, so long for what is due to be told, sent and received.
SETTLE_S = 5.0
#: Nothing new for so long means that the outbox is empty.
QUIET_S = 1.0


@dataclass(frozen=True, slots=True)
class Access:
    """How the town meets the server: its address, a server key, and where spools may lie."""

    url: str
    server_key: str
    folder: Path


@dataclass(slots=True)
class Play:
    """A story under way: what the screen may look at."""

    town: Town
    clock: StoryClock
    url: str
    journal: Journal = field(default_factory=Journal)
    agents: list[Any] = field(default_factory=list)
    staff: LogIn | None = None


@asynccontextmanager
async def playing(
    town: Town, access: Access, fcm: FcmStandIn
) -> AsyncIterator[tuple[Play, "asyncio.Task[Happened]"]]:
    """Sets the shop up, then plays the story in a task whose result is what happened; leaving stops everything."""
    async with lines(access.url, access.server_key) as (phones, till):
        shop = Shop(till)
        tokens = await shop.furnish(town.world)
        devices: dict[str, Registered] = {}
        for shopper in town.shoppers:
            devices |= await shop.welcome(shopper)
        play = Play(town, StoryClock.starting(), access.url)
        story = asyncio.create_task(_play(play, access, fcm, _Cast(tokens, devices, phones, till, shop)))
        try:
            yield play, story
        finally:
            story.cancel()
            await asyncio.gather(story, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class _Cast:
    """Tokens of gateways by anchor, devices by name, and the lines to the server."""

    tokens: Mapping[str, str]
    devices: Mapping[str, Registered]
    phones: httpx.AsyncClient
    till: httpx.AsyncClient
    shop: Shop


async def _play(play: Play, access: Access, fcm: FcmStandIn, cast: _Cast) -> Happened:
    """The story, from its first second until all is settled."""
    async with asyncio.TaskGroup() as group:
        with ExitStack() as trays:
            tasks = [group.create_task(agent.run()) for agent in _agents(play, access, cast)]
            for shopper in play.town.shoppers:
                if shopper.phone:
                    app = _app(play, cast, shopper)
                    tray = trays.enter_context(fcm.phone(shopper.phone.address or shopper.phone.name))
                    tasks.append(group.create_task(app.receive(tray)))
                    tasks.append(group.create_task(app.say(_letters(play, shopper))))
            await play.clock.until(play.town.seconds)
            await _settled(play.journal)
            for task in tasks:
                task.cancel()
    return await _books(play, cast)


def _agents(play: Play, access: Access, cast: _Cast) -> list[Any]:
    """A real agent for each gateway of the world, its radio playing what the air brings there."""
    town = play.town
    beacons = {shopper.fob.name: shopper.fob.beacon for shopper in town.shoppers if shopper.fob}
    hearings = [h for evidence in town.evidence.values() for h in evidence.hearings if h.device in beacons]
    for anchor in town.world.gateways:
        heard = [hearing for hearing in hearings if hearing.anchor == anchor.own_id]
        radio = PretendRadio(
            packets(heard, beacons, town.seconds), play.clock, town.mishaps.deaf.get(anchor.own_id)
        )
        token = cast.tokens[anchor.own_id]
        cut = town.mishaps.cut.get(anchor.own_id)
        line = None if cut is None else CutLine(play.clock, cut)
        play.agents.append(gateway(anchor.own_id, access.url, token, radio, access.folder, line))
    return play.agents


def _app(play: Play, cast: _Cast, shopper: Shopper) -> App:
    if shopper.phone is None:
        raise ValueError(f"{shopper.own_id} has no phone")
    name = shopper.phone.name
    return App(
        device=name,
        shopper=shopper.own_id,
        token=cast.devices[name].token,
        http=cast.phones,
        till=cast.till,
        clock=play.clock,
        journal=play.journal,
        seed=play.town.seed,
        asleep=play.town.mishaps.asleep.get(name),
    )


def _letters(play: Play, shopper: Shopper) -> Sequence[Any]:
    world = play.town.world
    evidence = play.town.evidence.get(shopper.phone.name if shopper.phone else "")
    if evidence is None:  # a phone that only receives
        return ()
    beacons = {anchor.own_id: anchor.beacon or "" for anchor in world.beacons}
    return letters(evidence.fixes, evidence.hearings, beacons, world.frame, play.clock)


async def _settled(journal: Journal) -> None:
    """Waits until no message has come for a while; never longer than SETTLE_S."""
    waited, seen = 0.0, -1
    while waited < SETTLE_S and (seen != len(journal.arrivals) or waited < SETTLE_S / 2):
        seen = len(journal.arrivals)
        await asyncio.sleep(QUIET_S)
        waited += QUIET_S


async def _books(play: Play, cast: _Cast) -> Happened:
    """What the server wrote down, in the town's words and seconds, beside what arrived."""
    device_of = {known.device: name for name, known in cast.devices.items()}
    shopper_of = {known.shopper: play.town.carrier(name).own_id for name, known in cast.devices.items()}
    manners = {
        feature["id"]: MANNERS[feature["properties"].get("manner", "normal")]
        for feature in play.town.world.zones["features"]
    }
    decisions = [_decided(row, shopper_of, manners, play.clock) for row in await cast.shop.decisions()]
    visits = [_found(row, device_of, play.clock) for row in await cast.shop.visits()]
    return Happened(
        pushes=[
            Push(a.shopper, a.campaign, a.visit, a.offer, a.title, play.clock.since(a.arrived_at), a.again)
            for a in play.journal.arrivals
        ],
        decisions=decisions,
        visits=visits,
        waits_ms=_waits_ms(play, decisions),
    )


def _decided(
    row: Mapping[str, Any], shopper_of: Mapping[str, str], manners: Mapping[str, Manner], clock: StoryClock
) -> Decided:
    """One decision. Waiting as told is not being late: an enter or an exit can be told after the zone's minimum time."""
    manner = manners[row["zone"]]
    minimum = {"entered": manner.enter_after_s, "exited": manner.leave_after_s}.get(row["event"], 0.0)
    return Decided(
        shopper=shopper_of.get(row["shopper"], ""),
        campaign=row["campaign"],
        sent=row["verdict"] == "send",
        gates=tuple(reason["gate"] for reason in row["reasons"]),
        visit=row["visit"],
        event=row["event"],
        told_s=_second(row["happened_at"], clock) + minimum,
    )


def _found(row: Mapping[str, Any], device_of: Mapping[str, str], clock: StoryClock) -> Found:
    return Found(
        visit=row["id"],
        device=device_of.get(row["device"], ""),
        place=row["zone"],
        entered_s=_second(row["entered_at"], clock),
        exited_s=_second(row["exited_at"], clock) if row["exited_at"] else None,
    )


def _second(text: str, clock: StoryClock) -> float:
    return clock.since(datetime.fromisoformat(text))


def _waits_ms(play: Play, decisions: Sequence[Decided]) -> list[float]:
    """For each push: from when its event could first be told to when the message arrived."""
    told = {(decision.visit, decision.campaign): decision.told_s for decision in decisions if decision.sent}
    return [
        (play.clock.since(a.arrived_at) - told[a.visit, a.campaign]) * 1000.0
        for a in play.journal.arrivals
        if (a.visit, a.campaign) in told
    ]


def due_of(town: Town, began_at: datetime, freshness_s: float) -> Due:
    """All that is to come of this town, if it begins then and older news than that makes no messages."""
    texts = {campaign["id"]: campaign["offer"] for campaign in town.world.campaigns}
    unseen = frozenset(d for s in town.shoppers if not s.consents.get("location") for d in s.devices)
    return Due(
        expected=expectations(town, began_at),
        rules={campaign["id"]: rule_of(campaign, town.world) for campaign in town.world.campaigns},
        stays=[stay for stay in town.stays if stay.device not in unseen],
        carriers={device: shopper.own_id for shopper in town.shoppers for device in shopper.devices},
        titles={
            (shopper.own_id, own_id): _title(offer, shopper.language)
            for shopper in town.shoppers
            for own_id, offer in texts.items()
        },
        unseen=unseen,
        freshness_s=freshness_s,
    )


def _title(offer: Mapping[str, Any], language: str) -> str:
    titles: Mapping[str, str] = offer["title"]
    return titles.get(language) or titles[offer.get("default_language") or next(iter(titles))]


def verdict_of(play: Play, happened: Happened, freshness_s: float) -> Verdict:
    """The story's verdict."""
    return judge(due_of(play.town, play.clock.began_at, freshness_s), happened)
