"""kill -9 of the server at random moments under load, again and again: nothing acknowledged is lost, no offer doubled.

The town of the demo is the load. Beside it walk **probes**: phones that each say once "I am in Via Brera", at moments spread
over the story, and say it again until the server has answered. What must follow from that one answered ping is plain: one
visit, one offer. So after all kills the books and the stand-in FCM tell whether an answer was ever a lie.

An offer that was sent again after a crash, under the same collapse key, shows once on the phone: it is counted as repeated, not
doubled. Another offer for the same shopper and campaign is doubled.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np

from simulator.chance import stream
from simulator.clock import StoryClock
from simulator.fcm import Delivery
from simulator.habits import Phone, Shopper
from simulator.house import House
from simulator.live import Play, playing
from simulator.shop import Shop
from simulator.stage import Outcome, Stage, premises, watched
from simulator.town import raise_town
from simulator.verdict import Happened
from simulator.walk import Path
from simulator.world import read_world

CAPTION = (
    "kill -9 of the server at random moments under load, 20 times: nothing acknowledged lost, nothing doubled"
)
TIMES = 20
PROBES_A_KILL = 8
#: The server lives for so long between a restart and the next kill.
LIVES_S = (0.3, 4.0)
#: A kill, a restart and the life between take about so long: the town's story is to last through all of them.
CYCLE_S = 5.0
#: The shortest lease that the server takes: what was being sent when it was killed is sent again after that.
LEASE_S = 30
#: After the last restart, so long at most for what fell due meanwhile.
SETTLE_S = LEASE_S + 10.0
RETRY_S = 0.3
#: Where the probes stand, and what it makes them due.
ZONE, CAMPAIGN = "via-brera", "via-brera-invito"
NOWHERE = Path(np.zeros(2), np.zeros(2), np.zeros(2))


@dataclass(slots=True)
class Probe:
    """A phone that says one thing. `answered` when the server said it had accepted it."""

    shopper: Shopper
    token: str
    device: str
    at_s: float
    answered: bool = False
    tries: int = 0


async def play(stage: Stage) -> Outcome:
    times = stage.times or TIMES
    seconds = stage.seconds or max(40.0, times * CYCLE_S)
    town = raise_town(read_world(stage.shop), stage.seed, seconds)
    async with premises(stage.seed, {"SOGLIA_OUTBOX__LEASE_S": str(LEASE_S)}) as here:
        async with (
            playing(town, here.access, here.fcm) as (load, story),
            httpx.AsyncClient(base_url=here.house.url, timeout=10.0) as line,
            httpx.AsyncClient(
                base_url=here.house.url,
                timeout=30.0,
                headers={"Authorization": f"Bearer {here.access.server_key}"},
            ) as till,
            watched(load, stage.watch),
        ):
            shop = Shop(till)
            probes = await _probes(shop, stage.seed, times * PROBES_A_KILL, seconds)
            lat, lon = town.world.frame.degrees(*(np.array([m]) for m in town.world.ways["before_the_door"]))
            spot = (float(lat[0]), float(lon[0]))
            async with asyncio.TaskGroup() as group:
                for probe in probes:
                    group.create_task(_say(probe, line, spot, load.clock))
                group.create_task(_killing(here.house, stage, times))
            happened = await story
            await _all_sent(shop)
            visits = await shop.visits()
        return _outcome(probes, visits, here.fcm.arrivals, happened, load, times)


async def _killing(house: House, stage: Stage, times: int) -> None:
    """Kills and restarts the server that often, at moments drawn from the seed."""
    chance = stream(stage.seed, "kills")
    for number in range(1, times + 1):
        await asyncio.sleep(float(chance.uniform(*LIVES_S)))
        await house.kill()
        took_s = await house.start()
        stage.say(f"killed and restarted {number} of {times} times; ready again after {took_s:.1f} s")


async def _all_sent(shop: Shop) -> None:
    """Waits until no offer is waiting to be sent, as long as that can honestly take."""
    for _ in range(int(SETTLE_S)):
        if not any(row["offer"] and row["offer"]["state"] == "waiting" for row in await shop.decisions()):
            return
        await asyncio.sleep(1.0)


async def _probes(shop: Shop, seed: int, count: int, seconds: float) -> list[Probe]:
    """Registers the probes. They are told apart by their addresses."""
    chance = stream(seed, "probes")
    probes = []
    for number in range(count):
        phone = Phone(f"probe-{number}.phone", address=f"fid-probe-{number}")
        shopper = Shopper(f"probe-{number}", "probe", NOWHERE, phone)
        known = (await shop.welcome(shopper))[phone.name]
        probes.append(Probe(shopper, known.token, known.device, float(chance.uniform(0.0, seconds - 2.0))))
    return probes


async def _say(probe: Probe, line: httpx.AsyncClient, spot: tuple[float, float], clock: StoryClock) -> None:
    """The one ping, again and again until it is answered."""
    await clock.until(probe.at_s)
    ping = {"at": clock.epoch(probe.at_s), "lat": spot[0], "lon": spot[1], "accuracy": 5.0}
    while not probe.answered:
        probe.tries += 1
        try:
            answer = await line.post(
                "/v1/pings",
                json={"sent_at": clock.epoch(clock.now_s), "pings": [ping]},
                headers={"Authorization": f"Bearer {probe.token}"},
            )
            # "duplicate": an earlier try was taken, and only its answer was lost
            probe.answered = answer.is_success and answer.json()["verdicts"][0] in {"accepted", "duplicate"}
        except httpx.TransportError:
            pass
        if not probe.answered:
            await asyncio.sleep(RETRY_S)


def _outcome(
    probes: Sequence[Probe],
    visits: Sequence[Mapping[str, Any]],
    arrivals: Sequence[Delivery],
    happened: Happened,
    load: Play,
    times: int,
) -> Outcome:
    """What the books and the phones say of each probe, and of the town beside them."""
    answered = [probe for probe in probes if probe.answered]
    seen = {row["device"] for row in visits if row["zone"] == ZONE}
    offers = {each.shopper.own_id: _offers_at(each, arrivals) for each in probes}
    lost_visits = [p.shopper.own_id for p in answered if p.device not in seen]
    lost_offers = [p.shopper.own_id for p in answered if not offers[p.shopper.own_id]]
    doubled = [f"{who}: {len(ids)} offers of {CAMPAIGN}" for who, ids in offers.items() if len(ids) > 1]
    doubled += [
        f"{shopper}: {count} offers of {what}"
        for (shopper, what), count in _offers_of_town(happened)
        if count > 1
    ]
    sentences = [
        *(f"lost: the visit of {who}" for who in lost_visits),
        *(f"lost: the offer to {who}" for who in lost_offers),
        *(f"doubled: {what}" for what in doubled),
    ]
    sent = {(each.message.address, each.message.data.get("offer")) for each in arrivals}
    figures = {
        "kills": times,
        "acknowledged": len(answered) + load.journal.acknowledged + sum(a.drain.taken for a in load.agents),
        "probes_acknowledged": len(answered),
        "probes_visits": sum(probe.device in seen for probe in answered),
        "probes_offers": sum(bool(offers[probe.shopper.own_id]) for probe in answered),
        "visits": len(visits),
        "offers": len(sent),
        "repeated_sends_that_show_once": len(arrivals) - len(sent),
        "doubled": len(doubled),
        "lost": len(lost_visits) + len(lost_offers),
    }
    good = len(answered) == len(probes) and not sentences
    return Outcome(good, figures, sentences)


def _offers_at(probe: Probe, arrivals: Sequence[Delivery]) -> set[str]:
    address = probe.shopper.phone.address if probe.shopper.phone else None
    return {
        each.message.data.get("offer", "")
        for each in arrivals
        if each.message.address == address and each.message.data.get("campaign") == CAMPAIGN
    }


def _offers_of_town(happened: Happened) -> list[tuple[tuple[str, str], int]]:
    """How many different offers each shopper got of each campaign; every campaign of the demo may speak once."""
    different = {(push.shopper, push.campaign, push.offer) for push in happened.pushes}
    return list(Counter((shopper, campaign) for shopper, campaign, _ in different).items())
