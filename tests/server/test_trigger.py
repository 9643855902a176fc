"""The main job on real records: a sighting comes in, an offer lies in the outbox, or the reason why not."""

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from server import knowledge
from server.bus.local import LocalHandover
from server.presence.sighting import Batch, Verdict
from server.records import consents, devices, evidence, forgetting
from server.records.consents import Wording
from server.records.database import Database
from server.records.path import NotDurable
from tests.makers import NOON_S, QUICK, a_department, a_shop, fix
from tests.server.a_house import (
    DECISIONS,
    EXPOSURES,
    HOLDS,
    ISSUES,
    NOON,
    OUTBOX,
    STAYS,
    VISITS,
    House,
    an_offer,
)


@pytest.fixture
async def house(database) -> House:
    return House(database)


async def test_who_enters_gets_the_offer(house):
    await house.define(a_shop(manner=QUICK), offers=[an_offer()])
    await house.open()
    phone = await house.meet()
    assert await house.see(fix(0, device=phone)) == [Verdict.ACCEPTED]
    assert await house.rows(OUTBOX, "campaign_id", "device_id", "title") == [("welcome", phone, "Hello")]
    assert await house.rows(DECISIONS, "verdict") == ["send"]
    assert await house.rows(VISITS, "device_id", "exited_at") == [(phone, None)]
    assert house.nudges == 1


async def test_the_news_say_whose_visit_it_is_where_no_campaign_listens(house):
    await house.define(a_shop(manner=QUICK))
    await house.open()
    phone = await house.meet("loyalty-1")
    async with house.bus.listen("live") as news, house.database.reading() as work:
        await house.see(fix(0, device=phone))
        entered = await anext(news)
        owner = (await devices.find(work, phone)).shopper_id
    assert (entered["kind"], entered["device"], entered["shopper"]) == ("entered", phone, owner)


async def test_the_same_evidence_again_gives_no_second_offer_even_after_a_restart(house):
    await house.define(a_shop(manner=QUICK), offers=[an_offer()])
    await house.open()
    phone = await house.meet()
    await house.see(fix(0, device=phone))
    assert await house.see(fix(0, device=phone)) == [Verdict.DUPLICATE]
    await house.open()
    await house.see(fix(0, device=phone))
    await house.see(fix(5, device=phone))
    assert len(await house.rows(OUTBOX, "id")) == 1
    assert len(await house.rows(VISITS, "id")) == 1


async def test_a_batch_that_changed_something_is_counted_in_a_line_that_names_nobody(house):
    await house.define(a_shop(manner=QUICK), offers=[an_offer()])
    await house.open()
    phone, other = await house.meet(), await house.meet(purposes=())
    with capture_logs() as said:
        await house.see(fix(0, device=phone), fix(0, device=other))
        await house.see(fix(1, device=phone))
    assert said == [
        {
            "event": "batch_changed",
            "log_level": "info",
            "zone_events": {"entered": 2},
            "decisions": {"send": 1, "withhold": 1},
            "offers_queued": 1,
        }
    ]


async def test_a_process_that_dies_between_arriving_and_entering_loses_nothing(house):
    await house.define(a_shop(), offers=[an_offer()])
    await house.open()
    phone = await house.meet()
    await house.see(fix(0, device=phone))
    await house.open()
    await house.wait_until(3)
    assert await house.rows(OUTBOX, "device_id") == [phone]


async def test_a_ping_that_comes_again_after_a_restart_is_the_same_arrival(house):
    await house.define(a_shop(), offers=[an_offer()])
    await house.open()
    phone = await house.meet()
    await house.see(fix(0, device=phone))
    for _ in range(2):
        await house.open()
        await house.see(fix(0, device=phone))
    await house.wait_until(3)
    assert await house.rows(VISITS, "entered_at", "exited_at", "late") == [(NOON, None, False)]
    assert await house.rows(OUTBOX, "device_id") == [phone]


async def test_a_dwell_falls_due_after_a_restart_and_once(house):
    greet = an_offer(trigger={"on": "dwelled", "after_s": 60, "where": {"zones": ["shop"]}})
    await house.define(a_shop(manner=QUICK), offers=[greet])
    await house.open()
    phone = await house.meet()
    await house.see(fix(0, device=phone))
    await house.wait_until(59)
    assert await house.rows(DECISIONS, "verdict") == []
    await house.open()
    await house.wait_until(61)
    await house.wait_until(62)
    await house.open()
    await house.wait_until(63)
    assert await house.rows(DECISIONS, "event", "verdict") == [("dwelled", "send")]


async def test_without_consent_nothing_is_sent_and_the_reason_stands(house):
    await house.define(a_shop(manner=QUICK), offers=[an_offer()])
    await house.open()
    phone = await house.meet(purposes=("location",))
    await house.see(fix(0, device=phone))
    assert await house.rows(OUTBOX, "id") == []
    assert await house.reasons() == ["consent"]


async def test_who_cannot_be_reached_is_a_reason_not_a_failure(house):
    await house.define(a_shop(manner=QUICK), offers=[an_offer()])
    await house.open()
    phone = await house.meet(address=False)
    await house.see(fix(0, device=phone))
    assert await house.reasons() == ["reachable"]


async def test_two_phones_of_one_shopper_get_one_offer_of_the_same_stay(house):
    await house.define(a_shop(manner=QUICK), offers=[an_offer()])
    await house.open()
    first, second = await house.meet("loyalty-1"), await house.meet("loyalty-1")
    await house.see(fix(0, device=first), fix(0, device=second))
    assert len(await house.rows(OUTBOX, "id")) == 1
    assert await house.reasons() == ["other_device"]


async def test_entering_shop_and_department_together_is_one_moment_with_one_winner(house):
    department = a_department("shoes", a_shop().place, manner=QUICK)
    shoes = an_offer("shoes", priority=5, trigger={"on": "entered", "where": {"zones": ["shoes"]}})
    await house.define(a_shop(manner=QUICK), department, offers=[an_offer(), shoes])
    await house.open()
    phone = await house.meet()
    await house.see(fix(0, device=phone))
    assert await house.rows(DECISIONS, "campaign_id", "verdict") == [
        ("shoes", "send"),
        ("welcome", "withhold"),
    ]
    assert await house.reasons() == ["arbitration"]


async def test_late_evidence_makes_history_never_messages(house):
    await house.define(a_shop(manner=QUICK), offers=[an_offer()])
    await house.open()
    phone = await house.meet()
    await house.see(fix(0, north_m=900, device=phone))
    verdicts = await house.see(*(fix(second, device=phone) for second in range(-600, -300, 30)))
    assert set(verdicts) == {Verdict.ACCEPTED}
    assert await house.rows(OUTBOX, "id") == []
    assert await house.reasons() == ["freshness"]
    [(entered, exited, late)] = await house.rows(VISITS, "entered_at", "exited_at", "late")
    assert (entered, late) == (NOON - timedelta(seconds=600), True)
    assert exited == NOON - timedelta(seconds=330)


async def test_late_evidence_of_a_known_visit_lets_it_begin_earlier(house):
    await house.define(a_shop(manner=QUICK))
    await house.open()
    phone = await house.meet()
    await house.see(fix(0, device=phone))
    await house.see(fix(-40, device=phone), fix(-20, device=phone), fix(20, device=phone))
    [(entered, exited)] = await house.rows(VISITS, "entered_at", "exited_at")
    assert entered == NOON - timedelta(seconds=40)
    assert exited is None


async def test_an_offline_phone_that_tells_of_twenty_minutes_ago_is_too_late_for_an_offer(house):
    await house.define(a_shop(manner=QUICK), offers=[an_offer()])
    await house.open()
    phone = await house.meet()
    house.now = NOON + timedelta(minutes=20)
    await house.see(fix(0, device=phone))
    assert await house.reasons() == ["freshness"]
    assert len(await house.rows(VISITS, "id")) == 1


async def test_a_visit_in_a_zone_that_is_closed_ends(house):
    await house.define(a_shop(manner=QUICK))
    await house.open()
    phone = await house.meet()
    await house.see(fix(0, device=phone))
    house.now = NOON + timedelta(seconds=30)
    await house.define(a_shop(manner=QUICK, closed=True))
    await house.trigger.learn(await knowledge.load(house.database))
    assert await house.rows(VISITS, "exited_at") == [house.now]
    assert await house.rows(STAYS, "device_id") == []


async def test_a_zone_closed_while_nobody_listened_ends_its_visits_at_the_next_start(house):
    await house.define(a_shop(manner=QUICK))
    await house.open()
    await house.see(fix(0, device=await house.meet()))
    await house.define(a_shop(manner=QUICK, closed=True))
    await house.open()
    assert await house.rows(VISITS, "exited_at") == [NOON]


async def test_a_zone_drawn_while_people_walk_leaves_their_other_visits_alone(house):
    await house.define(a_shop(manner=QUICK))
    await house.open()
    phone = await house.meet()
    await house.see(fix(0, device=phone))
    await house.define(a_shop(manner=QUICK), a_department("a-new-one", a_shop().place, manner=QUICK))
    await house.trigger.learn(await knowledge.load(house.database))
    await house.see(fix(5, device=phone))
    assert await house.rows(VISITS, "zone_id", "exited_at") == [("a-new-one", None), ("shop", None)]


async def test_who_was_forgotten_while_evidence_was_on_its_way_leaves_no_trace(house):
    await house.define(a_shop(manner=QUICK), offers=[an_offer()])
    await house.open()
    gone, stays = await house.meet(), await house.meet()
    async with house.database.writing() as work:
        await forgetting.forget(work, (await devices.find(work, gone)).shopper_id, house.now)
    await house.see(fix(0, device=gone), fix(0, device=stays))
    for table in (VISITS, STAYS, DECISIONS, OUTBOX):
        assert set(await house.rows(table, "device_id")) == {stays}


async def test_who_withdraws_from_being_located_is_followed_no_more(house):
    await house.define(a_shop(manner=QUICK))
    await house.open()
    phone = await house.meet()
    await house.see(fix(0, device=phone))
    house.now = NOON + timedelta(seconds=30)
    await house.trigger.forget([phone])
    assert await house.rows(VISITS, "exited_at") == [house.now]
    assert await house.rows(STAYS, "device_id") == []
    await house.wait_until(4_000)
    assert len(await house.rows(VISITS, "id")) == 1


async def test_a_visit_that_nobody_saw_end_ends_at_its_last_word_even_after_a_restart(house):
    await house.define(a_shop(manner=QUICK))
    await house.open()
    phone = await house.meet()
    for second in range(0, 1_200, 60):
        await house.see(fix(second, device=phone))
    await house.wait_until(1_201)
    await house.trigger.note_last_words()
    await house.open()
    await house.wait_until(6_000)
    assert await house.rows(VISITS, "exited_at") == [NOON + timedelta(seconds=1_140)]


async def test_a_phone_that_was_offline_for_a_week_is_taken_in_parts_with_the_same_verdicts(house):
    await house.define(a_shop(manner=QUICK))
    await house.open()
    phone, other = await house.meet(), await house.meet()
    week = [fix(60.0 * minute, north_m=500.0 * (minute % 200 > 100), device=phone) for minute in range(600)]
    verdicts = await house.see(week[-1], fix(0, device=other), *week)
    assert verdicts.count(Verdict.DUPLICATE) == 1
    assert verdicts.count(Verdict.ACCEPTED) == 601
    assert await house.rows(VISITS, "device_id") == sorted([phone, phone, phone, other])


async def test_each_door_gets_its_own_verdicts(house):
    await house.define(a_shop(manner=QUICK))
    await house.open()
    phone, other = await house.meet(), await house.meet()
    first = LocalHandover(Batch.of([fix(0, device=phone), fix(0, device=phone)]))
    second = LocalHandover(Batch.of([fix(0, device=other), fix(1, accuracy_m=1e6, device=other)]))
    await house.trigger.take([first, second])
    assert (await first.verdicts).tolist() == [Verdict.ACCEPTED, Verdict.DUPLICATE]
    assert (await second.verdicts).tolist() == [Verdict.ACCEPTED, Verdict.TOO_INACCURATE]


class Unsteady(Database):
    """A database whose first commits fail when everything is written."""

    def __init__(self, sound: Database, failures: int):
        super().__init__(sound.engine)
        self.failures = failures

    async def committed(self, do):
        def interrupted(transaction):
            do(transaction)
            raise OSError("the disk is not there")

        if self.failures:
            self.failures -= 1
            return await super().committed(interrupted)
        return await super().committed(do)


async def test_a_commit_that_failed_is_taken_again_with_the_same_result(house):
    await house.define(a_shop(manner=QUICK), offers=[an_offer()])
    unsteady = Unsteady(house.database, failures=0)
    await house.open(unsteady)
    phone = await house.meet()
    unsteady.failures = 2
    assert await house.see(fix(0, device=phone)) == [Verdict.ACCEPTED]
    assert await house.rows(OUTBOX, "device_id") == [phone]


async def test_a_second_look_that_could_not_be_committed_is_taken_again_once(house):
    await house.define(a_shop(manner=QUICK), offers=[a_patient_offer()])
    unsteady = Unsteady(house.database, failures=0)
    await house.open(unsteady)
    phone = await house.meet()
    await house.see(fix(0, device=phone))
    await stay_until(house, phone, TWO_S)
    await house.wait_until(TWO_S - 6)
    unsteady.failures = 1
    with pytest.raises(NotDurable):
        await house.wait_until(TWO_S)
    assert await house.rows(DECISIONS, "verdict") == ["hold"]
    await house.wait_until(TWO_S + 1)
    await house.wait_until(TWO_S + 2)
    assert await house.rows(DECISIONS, "verdict") == ["hold", "send"]


async def test_a_visit_shows_what_opened_and_closed_it_even_after_a_restart(house):
    await house.define(a_shop())
    await house.open()
    phone = await house.meet()
    await house.see(fix(0, device=phone))
    await house.wait_until(60)
    await house.open()
    await house.wait_until(6 * 3_600)
    (visit,) = await house.rows(VISITS, "id")
    async with house.database.reading() as work:
        known = await evidence.explained(work, visit)
    assert (known.opened_by.why, known.closed_by.why) == ("believed", "silence")
    assert known.opened_by.weighings[0].at == known.closed_by.heard_at == NOON_S
    assert (await house.rows(STAYS, "inside")) == []


QUIET_UNTIL_TWO = {"kind": "quiet_hours", "start": "11:00", "end": "14:00", "clock": "shop"}


def a_patient_offer(name="welcome", **changes) -> dict:
    """One that may not speak before two o'clock, and waits for it."""
    return an_offer(name, conditions=[QUIET_UNTIL_TWO], hold={"at_most": "4h"}, **changes)


TWO_S = 2 * 3_600


async def stay_until(house, phone, until_s):
    """Heard every ten minutes, so that nobody takes silence for leaving."""
    for second in range(600, until_s, 600):
        house.now = NOON + timedelta(seconds=second)
        await house.see(fix(second, device=phone))


async def test_what_was_held_is_sent_once_the_hour_is_right(house):
    await house.define(a_shop(manner=QUICK), offers=[a_patient_offer()])
    await house.open()
    phone = await house.meet()
    await house.see(fix(0, device=phone))
    assert await house.rows(DECISIONS, "verdict", "due_at") == [("hold", NOON + timedelta(hours=2))]
    await stay_until(house, phone, TWO_S)
    await house.wait_until(TWO_S - 1)
    assert await house.rows(OUTBOX, "id") == []
    await house.wait_until(TWO_S)
    assert await house.rows(DECISIONS, "verdict") == ["hold", "send"]
    assert await house.rows(OUTBOX, "device_id") == [phone]
    assert await house.rows(HOLDS, "id") == []


async def test_who_has_left_by_then_gets_nothing_and_the_reason_stands(house):
    await house.define(a_shop(manner=QUICK), offers=[a_patient_offer()])
    await house.open()
    phone = await house.meet()
    await house.see(fix(0, device=phone))
    await house.see(fix(60, north_m=900, device=phone))
    await house.wait_until(90)
    await house.wait_until(TWO_S)
    assert await house.reasons() == ["still_there"]
    assert await house.rows(OUTBOX, "id") == []


async def test_who_withdrew_by_then_gets_nothing(house):
    await house.define(a_shop(manner=QUICK), offers=[a_patient_offer()])
    await house.open()
    phone = await house.meet()
    await house.see(fix(0, device=phone))
    await stay_until(house, phone, TWO_S)
    async with house.database.writing() as work:
        shopper = (await devices.find(work, phone)).shopper_id
        wording = Wording(version="1", language="en", how="app")
        await consents.give(work, shopper, {"push": False}, wording, house.now)
    await house.wait_until(TWO_S)
    assert await house.reasons() == ["consent"]
    assert await house.rows(OUTBOX, "id") == []


async def test_a_held_decision_is_looked_at_once_through_two_restarts_and_by_two_processes(house):
    await house.define(a_shop(manner=QUICK), offers=[a_patient_offer()])
    await house.open()
    phone = await house.meet()
    await house.see(fix(0, device=phone))
    await stay_until(house, phone, TWO_S)
    await house.open()
    house.now = NOON + timedelta(seconds=TWO_S)
    other = House(house.database, now=house.now)
    await other.open()
    await asyncio.gather(house.trigger.tick(), other.trigger.tick())
    await house.open()
    await house.wait_until(TWO_S + 10)
    assert await house.rows(DECISIONS, "verdict") == ["hold", "send"]
    assert len(await house.rows(OUTBOX, "id")) == 1


async def test_two_phones_that_wait_get_one_offer_together(house):
    await house.define(a_shop(manner=QUICK), offers=[a_patient_offer("a"), a_patient_offer("b")])
    await house.open()
    first, second = await house.meet("loyalty-1"), await house.meet("loyalty-1")
    await house.see(fix(0, device=first), fix(0, device=second))
    assert await house.rows(DECISIONS, "verdict") == ["hold"] * 4
    for phone in (first, second):
        await stay_until(house, phone, TWO_S)
    await house.wait_until(TWO_S)
    assert await house.rows(OUTBOX, "campaign_id") == ["a"]
    assert await house.reasons() == ["arbitration", "other_device", "other_device"]


async def test_a_campaign_paused_meanwhile_says_so(house):
    await house.define(a_shop(manner=QUICK), offers=[a_patient_offer()])
    await house.open()
    phone = await house.meet()
    await house.see(fix(0, device=phone))
    await house.define(offers=[a_patient_offer(state="paused")])
    await house.learn()
    await house.wait_until(TWO_S)
    assert await house.reasons() == ["not_live"]


async def test_many_doublets_two_phones_and_two_restarts_give_one_offer(house):
    await house.define(a_shop(manner=QUICK), offers=[an_offer("a"), an_offer("b")])
    await house.open()
    phones = [await house.meet("loyalty-1"), await house.meet("loyalty-1")]
    for _ in range(3):
        pings = [house.see(fix(0, device=phone)) for phone in phones for _ in range(25)]
        await asyncio.gather(*pings)
        await house.open()
    assert await house.rows(OUTBOX, "campaign_id") == ["a"]
    assert await house.rows(EXPOSURES, "campaign_id", "control") == [("a", None)]


async def test_two_processes_that_hear_two_phones_of_one_shopper_give_one_offer(house):
    await house.define(a_shop(manner=QUICK), offers=[an_offer("a"), an_offer("b")])
    other = House(house.database)
    await house.open()
    await other.open()
    first, second = await house.meet("loyalty-1"), await house.meet("loyalty-1")
    await asyncio.gather(house.see(fix(0, device=first)), other.see(fix(0, device=second)))
    assert len(await house.rows(OUTBOX, "id")) == 1
    assert sorted(await house.reasons()) in (
        ["arbitration", "arbitration", "other_device"],
        ["arbitration", "other_device", "other_device"],
    )


async def test_a_stock_of_ten_is_not_oversold_by_two_processes(house):
    stock = [{"kind": "stock", "total": 10}]
    await house.define(a_shop(manner=QUICK), offers=[an_offer(conditions=stock)])
    processes = [house, House(house.database)]
    for process in processes:
        await process.open()
    phones = [await house.meet() for _ in range(40)]
    await asyncio.gather(*(processes[n % 2].see(fix(0, device=phone)) for n, phone in enumerate(phones)))
    assert len(await house.rows(OUTBOX, "id")) == 10
    assert await house.reasons() == ["stock"] * 30
    assert await house.rows(ISSUES, "day", "site_id", "given") == [
        ("", "", 10),
        ("2026-06-10", "", 10),
        ("2026-06-10", "shop", 10),
    ]


async def test_a_campaign_that_gets_a_stock_later_knows_what_it_gave_before(house):
    await house.define(a_shop(manner=QUICK), offers=[an_offer()])
    await house.open()
    for _ in range(3):
        await house.see(fix(0, device=await house.meet()))
    assert await house.rows(ISSUES, "given") == []
    await house.define(offers=[an_offer(conditions=[{"kind": "stock", "total": 4}])])
    await house.learn()
    for _ in range(3):
        await house.see(fix(0, device=await house.meet()))
    assert len(await house.rows(OUTBOX, "id")) == 4
    assert await house.reasons() == ["stock", "stock"]


async def test_the_control_group_is_kept_beside_those_who_were_sent_to(house):
    house.global_hold_out = 0.5
    await house.define(a_shop(manner=QUICK), offers=[an_offer()])
    await house.open()
    for _ in range(20):
        await house.see(fix(0, device=await house.meet()))
    verdicts = await house.rows(DECISIONS, "verdict")
    assert set(verdicts) == {"hold_out", "send"}
    controls = await house.rows(EXPOSURES, "control")
    assert controls.count("all") == verdicts.count("hold_out")
    assert len(await house.rows(OUTBOX, "id")) == verdicts.count("send")


async def test_a_cap_counts_who_was_held_out_as_if_they_had_been_sent_to(house):
    house.global_hold_out = 0.5
    cap = [{"kind": "frequency_cap", "at_most": 1, "window": "7d"}]
    await house.define(a_shop(manner=QUICK), offers=[an_offer(conditions=cap)])
    await house.open()
    phones = [await house.meet() for _ in range(8)]
    for phone in phones:
        await house.see(fix(0, device=phone))
        await house.see(fix(60, north_m=900, device=phone))
    await house.wait_until(120)
    await house.see(*(fix(125, device=phone) for phone in phones))
    assert await house.reasons() == ["frequency_cap"] * 8
    assert len(await house.rows(EXPOSURES, "id")) == 8


async def test_who_was_here_before_is_known_without_the_visit_that_is_open(house):
    greet = an_offer("new", conditions=[{"kind": "first_visit"}])
    await house.define(a_shop(manner=QUICK), offers=[greet])
    await house.open()
    phone = await house.meet()
    await house.see(fix(0, device=phone))
    await house.see(fix(60, north_m=900, device=phone))
    await house.wait_until(120)
    await house.see(fix(125, device=phone))
    assert await house.rows(DECISIONS, "verdict") == ["send", "withhold"]
    assert await house.reasons() == ["first_visit"]
