"""The path over real records, with a clock that stands where a test puts it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from server import knowledge
from server.bus.local import LocalBus, LocalHandover
from server.bus.measures import Measures
from server.campaigns import read_campaign
from server.presence.due import Patience
from server.presence.sighting import Batch
from server.records import anchors, campaigns, consents, devices, gateways, shoppers, zones
from server.records.consents import Wording
from server.records.database import Database
from server.records.tables import Table
from server.trigger import Manners, Trigger
from tests.makers import NOON_S, an_anchor

NOON = datetime.fromtimestamp(NOON_S, UTC)
DECISIONS, OUTBOX = Table.metadata.tables["decisions"], Table.metadata.tables["outbox"]
EXPOSURES, HOLDS = Table.metadata.tables["exposures"], Table.metadata.tables["holds"]
ISSUES = Table.metadata.tables["issues"]
VISITS, STAYS = Table.metadata.tables["visits"], Table.metadata.tables["stays"]


def an_offer(name: str = "welcome", **changes) -> dict:
    """A live campaign that greets whoever enters the shop."""
    return {
        "id": name,
        "name": name.title(),
        "state": "live",
        "trigger": {"on": "entered", "where": {"zones": ["shop"]}},
        "offer": {"title": {"en": "Hello"}, "body": {"en": "20 % off until 18:00"}},
    } | changes


@dataclass
class House:
    """The path over real records, with a clock that stands where the test puts it."""

    database: Database
    now: datetime = NOON
    nudges: int = 0
    global_hold_out: float = 0.0
    bus: LocalBus = field(default_factory=LocalBus)

    def __post_init__(self):
        self.trigger = self._trigger(self.database)

    def _trigger(self, database: Database) -> Trigger:
        def nudge():
            self.nudges += 1

        manners = Manners(Patience(), freshness_limit_s=120.0, global_hold_out=self.global_hold_out)
        return Trigger(database, self.bus, Measures(), manners, nudge, clock=lambda: self.now)

    async def define(self, *places, offers=()):
        async with self.database.writing() as work:
            await zones.put(work, [zones.Given(place) for place in places], self.now)
            for each in offers:
                await campaigns.put(work, read_campaign(each), self.now)

    async def learn(self):
        """News that staff changed something."""
        await self.trigger.learn(await knowledge.load(self.database))

    async def open(self, database: Database | None = None):
        """A process starts: the same records, nothing in memory."""
        self.trigger = self._trigger(database or self.database)
        await self.trigger.start(await knowledge.load(self.database))

    async def set_up_gateways(self, *names: str):
        """Gateways, each with the anchor of its name."""
        async with self.database.writing() as work:
            await anchors.put(work, [anchors.Given(an_anchor(name)) for name in names], self.now)
            for name in names:
                await gateways.add(work, f"gw-{name}", name, name, self.now)

    async def beat(self, *names: str, after_s: float = 0.0, **changes):
        """Gateways say how they are, so many seconds after noon; by default that they are well."""
        self.now = NOON + timedelta(seconds=after_s)
        well = {
            "sent_at": self.now.timestamp(),
            "started_at": NOON_S - 3_600,
            "radio": "hearing",
            "heard_per_s": 0.0,
            "last_heard_at": self.now.timestamp(),
        }
        async with self.database.writing() as work:
            for name in names:
                await gateways.heard_from(work, f"gw-{name}", {**well, **changes}, self.now)
        await self.trigger.listen()

    async def meet(self, name: str | None = None, purposes=("location", "push"), *, address=True) -> str:
        """A shopper with a phone, who has agreed to these purposes; gives the device."""
        async with self.database.writing() as work:
            shopper, _ = await shoppers.meet(work, name, self.now)
            phone = await devices.register_device(work, shopper.id, "phone", self.now)
            wording = Wording(version="1", language="en", how="app")
            await consents.give(work, shopper.id, dict.fromkeys(purposes, True), wording, self.now)
            if address:
                await devices.put_address(work, phone, "fcm_fid", f"fid-{phone.id}", self.now)
        return phone.id

    async def see(self, *sightings) -> list[int]:
        """Evidence arrives; gives its verdicts."""
        handover = LocalHandover(Batch.of(sightings))
        await self.trigger.take([handover])
        return (await handover.verdicts).tolist()

    async def wait_until(self, seconds: float):
        self.now = NOON + timedelta(seconds=seconds)
        await self.trigger.tick()

    async def rows(self, table, *columns: str) -> list:
        async with self.database.reading() as work:
            chosen = [table.c[column] for column in columns]
            found = await work.execute(sa.select(*chosen).order_by(*chosen))
            return [tuple(row) if len(columns) > 1 else row[0] for row in found]

    async def reasons(self) -> list[str]:
        """The gates that withheld."""
        async with self.database.reading() as work:
            found = await work.execute(
                sa.select(DECISIONS.c.reasons).where(DECISIONS.c.verdict == "withhold")
            )
            return sorted(reason["gate"] for row in found for reason in row.reasons)
