"""What this process holds in memory is true to the records: at once for what it changed itself, soon for the rest."""

import asyncio

import pytest
import sqlalchemy as sa

from server.bus.measures import Measures
from server.ingest.directory import Directory
from server.learning import Learning
from server.presence.due import Patience
from server.presence.sighting import Batch, Verdict
from server.records import (
    anchors,
    catalogue,
    consents,
    devices,
    floor_plans,
    forgetting,
    keys,
    shoppers,
    surveys,
    zones,
)
from server.records.consents import Wording
from server.trigger import Manners, Trigger
from server.web.edits import Edits
from server.zones.survey import gather
from tests.makers import NOON_S, fix
from tests.server import a_walk

ACCEPTED, NO_CONSENT, UNKNOWN = Verdict.ACCEPTED, Verdict.NO_CONSENT, Verdict.UNKNOWN_DEVICE


class House:
    """Everything that learns, over real records; `edits` as the doors of the web have them."""

    def __init__(self, database, bus, keyring, noon, directory) -> None:
        self.database, self.noon, self.keyring, self.bus = database, noon, keyring, bus
        self.directory = directory or Directory(database)
        self.trigger = Trigger(database, bus, Measures(), Manners(Patience(), 120.0), lambda: None)
        self.learning = Learning(database, keyring, self.directory, self.trigger, lambda: NOON_S)
        self.edits = Edits(database, bus, self.learning.learn)

    async def phone(self, edit, *, agreed: bool = True) -> tuple[str, str]:
        """Shopper and device, written with this edit."""
        async with edit as work:
            shopper, _ = await shoppers.meet(work, None, self.noon)
            device = await devices.register_device(work, shopper.id, "phone", self.noon)
            await consents.give(work, shopper.id, {"location": agreed}, Wording("1", "it", "app"), self.noon)
        return shopper.id, device.id

    async def unsaid(self, shopper: str, *, agreed: bool) -> None:
        """An answer of which nobody is told: whoever notices has read everybody again."""
        await self.answer(self.database.writing(), shopper, agreed=agreed)

    async def answer(self, edit, shopper: str, *, agreed: bool) -> None:
        async with edit as work:
            await consents.give(work, shopper, {"location": agreed}, Wording("1", "it", "app"), self.noon)

    def verdicts(self, *some: str) -> list[Verdict]:
        return [self.directory.verdict(device) for device in some]

    async def elsewhere(self, *names: catalogue.Name):
        """Another process changes something."""
        async with self.database.writing() as work:
            for name in names:
                await catalogue.bump(work, name)


@pytest.fixture
def build(database, bus, keyring, noon):
    async def start(directory: Directory | None = None) -> House:
        house = House(database, bus, keyring, noon, directory)
        await house.learning.start()
        return house

    return start


@pytest.fixture
async def house(build) -> House:
    return await build()


async def test_a_withdrawal_counts_when_the_door_answers_and_nobody_else_is_read(house):
    (one, phone), (other, still) = [await house.phone(house.edits.of("devices")) for _ in range(2)]
    await house.unsaid(other, agreed=False)
    await house.answer(house.edits.of("consents", shopper=one), one, agreed=False)
    assert house.verdicts(phone, still) == [NO_CONSENT, ACCEPTED]


async def test_who_just_registered_is_known_when_the_door_answers(house):
    _, phone = await house.phone(house.edits.of("devices"))
    assert house.verdicts(phone) == [ACCEPTED]


async def test_who_is_erased_is_gone_from_the_doors_and_from_presence(house):
    shopper, phone = await house.phone(house.edits.of("devices"))
    _, other = await house.phone(house.edits.of("devices"))
    path = asyncio.create_task(house.trigger.run())
    await house.bus.carry(Batch.of([fix(0, device=phone), fix(0, device=other)]))
    assert set(house.trigger._tracks.slot_of) == {phone, other}
    async with house.edits.of("keys", "devices", device=phone) as work:
        await forgetting.forget(work, shopper, house.noon)
    assert house.verdicts(phone, other) == [UNKNOWN, ACCEPTED]
    assert set(house.trigger._tracks.slot_of) == {other}
    path.cancel()
    await asyncio.gather(path, return_exceptions=True)


async def test_who_is_erased_by_another_process_is_gone_soon(house):
    shopper, phone = await house.phone(house.edits.of("devices"))
    async with house.database.writing() as work:
        await forgetting.forget(work, shopper, house.noon)
        await catalogue.bump(work, "devices")
    await house.learning.catch_up()
    assert house.verdicts(phone) == [UNKNOWN]


async def test_what_we_changed_ourselves_is_not_read_again(house):
    people = await asyncio.gather(*[house.phone(house.edits.of("devices", "consents")) for _ in range(5)])
    await house.unsaid(people[0][0], agreed=False)
    await house.learning.catch_up()
    assert house.verdicts(people[0][1]) == [ACCEPTED]


async def test_what_another_process_changed_is_found_however_much_we_changed_meanwhile(house):
    shopper, phone = await house.phone(house.edits.of("devices"))
    await house.unsaid(shopper, agreed=False)
    await house.elsewhere("consents")
    await house.answer(house.edits.of("consents", shopper="sh_x"), shopper, agreed=False)
    assert house.verdicts(phone) == [ACCEPTED]
    await house.learning.catch_up()
    assert house.verdicts(phone) == [NO_CONSENT]


async def test_a_change_that_could_not_be_learnt_is_found_by_the_next_look(build, database):
    class Stumbling(Directory):
        """Cannot read the records once."""

        async def learn_about(self, _shopper: str, _now_s: float) -> list[str]:
            raise OSError("the line to the database fell")

    house = await build(Stumbling(database))
    shopper, phone = await house.phone(house.edits.of("devices"))
    with pytest.raises(OSError, match="fell"):
        await house.answer(house.edits.of("consents", shopper=shopper), shopper, agreed=False)
    assert house.verdicts(phone) == [ACCEPTED]
    await house.learning.catch_up()
    assert house.verdicts(phone) == [NO_CONSENT]


async def test_a_key_that_another_process_ended_opens_no_door_soon(house, noon):
    async with house.database.writing() as work:
        key = await keys.issue(work, "server", "till", noon)
    assert await house.keyring.look_up(key.token)
    async with house.database.writing() as work:
        await keys.revoke(work, key.key, noon)
        await catalogue.bump(work, "keys")
    await house.learning.catch_up()
    assert house.keyring.find(key.token) is None


async def test_a_survey_that_the_command_line_put_to_use_is_believed_soon_and_taken_back_as_soon(house, noon):
    def strengths():
        return house.trigger._known().atlas.radio_maps[0].log_likelihood.tolist()

    async with house.edits.of("zones") as work:
        await floor_plans.put(work, a_walk.PLAN, noon)
        await zones.put(work, [zones.Given(zone) for zone in a_walk.ZONES], noon)
        await anchors.put(work, [anchors.Given(anchor) for anchor in a_walk.ANCHORS], noon)
    plain = strengths()
    async with house.database.writing() as work:
        learned = gather("fp_1", a_walk.a_walk().heard)
        kept = await surveys.add(work, learned, {}, made_by="command line", source="walk.csv", now=noon)
        await surveys.use(work, kept.id, noon)
        await catalogue.bump(work, "zones")
    await house.learning.catch_up()
    assert strengths() != plain
    async with house.database.writing() as work:
        await surveys.revert(work, "fp_1", noon)
        await catalogue.bump(work, "zones")
    await house.learning.catch_up()
    assert strengths() == plain


async def test_nothing_is_read_where_nothing_changed(house, database):
    asked: list[str] = []
    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    await house.learning.catch_up()
    await house.learning.catch_up()
    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 2
