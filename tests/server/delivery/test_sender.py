import asyncio
from collections import Counter, defaultdict, deque
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from server.delivery.channel import ChannelDown, Receipt, Refused, TryAgain, Undeliverable
from server.delivery.channels import fcm
from server.delivery.sender import Pace, Sender
from server.records.parcels import Address, Expired, Postponed, Returned, Sent
from simulator.fcm import FcmStandIn
from simulator.fcm_answers import Fault
from tests.server.delivery.makers import NOON, Clock, PretendOutbox, a_parcel, until

# Real seconds, so that a test need not wait; the offers' own time is the pretend clock's.
PACE = Pace(poll_s=0.01, stop_limit_s=0.5)


class PretendChannel:
    """Takes everything, unless a parcel's id is scripted to fail; `shut` lets sends wait."""

    def __init__(self):
        self.sent = []
        self.tried = []
        self.script = defaultdict(deque)
        self.under_way = 0
        self.most_under_way = 0
        self.open = asyncio.Event()
        self.open.set()

    async def send(self, parcel, now):
        assert parcel.expires_at > now
        self.tried.append(parcel.id)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await self.open.wait()
        finally:
            self.under_way -= 1
        if self.script[parcel.id]:
            raise self.script[parcel.id].popleft()
        self.sent.append(parcel)
        return Receipt(f"receipt-{parcel.id}")

    async def check(self):
        pass

    def health(self):
        return {"kind": "pretend"}


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def channel():
    return PretendChannel()


@asynccontextmanager
async def running(outbox, channels, clock, pace=PACE, **more):
    sender = Sender(outbox, channels, pace=pace, clock=clock, chance=lambda: 0.5, **more)
    life = asyncio.create_task(sender.run())
    try:
        yield sender
    finally:
        life.cancel()
        with suppress(asyncio.CancelledError):
            await life


async def settle_all(outbox, channels, clock, pace=PACE, **more):
    async with running(outbox, channels, clock, pace, **more):
        await until(lambda: len(outbox.settled) == len(outbox.rows))


# -- the ordinary way


def complaints(logs):
    """What was said beyond the usual count of what was settled."""
    return [line for line in logs if line["log_level"] != "info"]


async def test_every_due_offer_is_sent_and_settled_once(channel, clock):
    outbox = PretendOutbox(*(a_parcel(n) for n in range(500)))
    told = []
    await settle_all(
        outbox,
        {"fcm": channel},
        clock,
        on_settled=lambda parcel, _, waited_s: told.append((parcel.id, waited_s)),
    )
    assert set(outbox.verdicts().values()) == {"Sent"}
    assert len(channel.tried) == 500
    assert sorted(told) == sorted((row, 2.0) for row in outbox.rows)


async def test_what_was_settled_is_counted_by_outcome(channel, clock):
    outbox = PretendOutbox(a_parcel(1), a_parcel(2), a_parcel(3))
    channel.script["of_2"].append(Refused("too big"))
    with capture_logs() as said:
        await settle_all(outbox, {"fcm": channel}, clock)
    lines = [line for line in said if line["event"] == "offers_settled"]
    assert all(set(line) == {"event", "log_level", "outcomes"} for line in lines)
    assert sum((line["outcomes"] for line in lines), Counter()) == {"sent": 2, "refused": 1}


async def test_no_more_are_claimed_than_can_be_sent_at_once(channel, clock):
    outbox = PretendOutbox(*(a_parcel(n) for n in range(50)))
    channel.open.clear()
    pace = Pace(at_once=8, poll_s=0.01)
    async with running(outbox, {"fcm": channel}, clock, pace) as sender:
        await until(lambda: channel.under_way == 8)
        sender.nudge()
        assert sender.health()["under_way"] == 8
        assert len(outbox.leased_until) == 8
        channel.open.set()
        await until(lambda: len(outbox.settled) == 50)
    assert channel.most_under_way == 8


async def test_a_nudge_sends_at_once_without_waiting_for_the_next_poll(channel, clock):
    outbox = PretendOutbox()
    async with running(outbox, {"fcm": channel}, clock, Pace(poll_s=3600)) as sender:
        await until(lambda: outbox.polls == 1)
        outbox.put(a_parcel(1))
        sender.nudge()
        await until(lambda: outbox.verdicts() == {"of_1": "Sent"})


async def test_outcomes_that_come_while_a_batch_commits_become_the_next_batch(channel, clock):
    outbox = PretendOutbox(*(a_parcel(n) for n in range(100)))
    await settle_all(outbox, {"fcm": channel}, clock)
    assert len(outbox.batches) < 100
    assert sum(size for _, size in outbox.batches) == 100


# -- what may go wrong with one offer


async def test_a_passing_fault_is_tried_again_when_due_and_not_before(channel, clock):
    outbox = PretendOutbox(a_parcel(1))
    channel.script["of_1"] += [TryAgain("busy"), TryAgain("busy", after_s=30)]
    async with running(outbox, {"fcm": channel}, clock):
        await until(lambda: len(outbox.history) == 1)
        assert outbox.due_at["of_1"] == NOON + timedelta(seconds=3)
        clock.pass_s(3)
        await until(lambda: len(outbox.history) == 2)
        assert outbox.due_at["of_1"] == NOON + timedelta(seconds=3 + 30 + 4)
        clock.pass_s(33)
        polls = outbox.polls
        await until(lambda: outbox.polls > polls + 1)
        assert len(channel.tried) == 2
        clock.pass_s(1)
        await until(lambda: outbox.verdicts() == {"of_1": "Sent"})
    assert [type(outcome) for outcome in outbox.history] == [Postponed, Postponed, Sent]
    assert channel.sent[0].attempts == 2


async def test_an_offer_that_ended_is_settled_without_being_sent(channel, clock):
    outbox = PretendOutbox(a_parcel(1, expires_at=NOON), a_parcel(2))
    await settle_all(outbox, {"fcm": channel}, clock)
    assert outbox.verdicts() == {"of_1": "Expired", "of_2": "Sent"}
    assert channel.tried == ["of_2"]


async def test_an_offer_for_a_channel_that_nobody_opened_ends_in_its_time(clock):
    outbox = PretendOutbox(a_parcel(1, channel="sms"))
    async with running(outbox, {}, clock):
        clock.pass_s(899)
        assert outbox.settled == {}
        clock.pass_s(1)
        await until(lambda: outbox.verdicts() == {"of_1": "Expired"})


async def test_a_retry_that_would_come_after_the_offers_end_is_given_up_with_the_last_fault(channel, clock):
    outbox = PretendOutbox(a_parcel(1, expires_at=NOON + timedelta(seconds=50)))
    channel.script["of_1"].append(TryAgain("quota", after_s=60))
    await settle_all(outbox, {"fcm": channel}, clock)
    outcome = outbox.settled["of_1"]
    assert isinstance(outcome, Expired)
    assert "quota" in outcome.why


async def test_a_dead_address_is_forgotten_and_the_shoppers_next_phone_is_tried(channel, clock):
    outbox = PretendOutbox(a_parcel(1), a_parcel(2))
    outbox.next_addresses["sh_1"] = [Address("ad_9", "fcm_fid", "other-phone")]
    channel.script["of_1"].append(Undeliverable("gone"))
    channel.script["of_2"].append(Undeliverable("gone"))
    await settle_all(outbox, {"fcm": channel}, clock)
    assert outbox.verdicts() == {"of_1": "Sent", "of_2": "Unreachable"}
    assert channel.sent[0].address.value == "other-phone"
    assert sorted(outbox.forgotten) == ["ad_1", "ad_2"]


async def test_an_offer_whose_shopper_has_no_address_is_unreachable_without_a_try(channel, clock):
    outbox = PretendOutbox(a_parcel(1, address=None))
    await settle_all(outbox, {"fcm": channel}, clock)
    assert outbox.verdicts() == {"of_1": "Unreachable"}
    assert channel.tried == []


async def test_a_refused_message_is_not_tried_again_and_the_address_is_kept(channel, clock):
    outbox = PretendOutbox(a_parcel(1))
    channel.script["of_1"].append(Refused("too big"))
    with capture_logs() as logs:
        await settle_all(outbox, {"fcm": channel}, clock)
    assert outbox.verdicts() == {"of_1": "Rejected"}
    assert outbox.forgotten == []
    assert [line["event"] for line in complaints(logs)] == ["offer_refused"]


async def test_a_channel_that_never_answers_is_cut_off_and_tried_again(channel, clock):
    outbox = PretendOutbox(a_parcel(1))
    channel.open.clear()
    async with running(outbox, {"fcm": channel}, clock, Pace(send_limit_s=0.02, poll_s=0.01)):
        await until(lambda: len(outbox.history) == 1)
        assert "in time" in outbox.history[0].why
        channel.open.set()
        clock.pass_s(60)
        await until(lambda: outbox.verdicts() == {"of_1": "Sent"})


async def test_a_fault_of_our_own_in_one_offer_harms_no_other(channel, clock):
    outbox = PretendOutbox(a_parcel(1), a_parcel(2))
    channel.script["of_1"].append(KeyError("a bug"))
    with capture_logs() as logs:
        async with running(outbox, {"fcm": channel}, clock):
            await until(lambda: len(outbox.history) == 2)
            assert outbox.verdicts() == {"of_2": "Sent"}
            clock.pass_s(5)
            await until(lambda: len(outbox.settled) == 2)
    assert [(line["event"], line["offer"]) for line in complaints(logs)] == [("send_failed", "of_1")]


# -- what may go wrong with a channel or the records


async def test_a_channel_that_refuses_us_is_left_alone_loudly_and_its_offers_stay_due(channel, clock):
    outbox = PretendOutbox(a_parcel(1))
    channel.script["of_1"] += [ChannelDown("the key was deleted")] * 2
    with capture_logs() as logs:
        async with running(outbox, {"fcm": channel}, clock, Pace(poll_s=0.01, probe_s=30)) as sender:
            await until(lambda: len(outbox.history) == 1)
            health = sender.health()
            assert not health["ok"]
            assert health["channels"]["fcm"]["why"] == "the key was deleted"
            outbox.put(a_parcel(2))
            polls = outbox.polls
            await until(lambda: outbox.polls > polls + 1)
            assert channel.tried == ["of_1"]
            clock.pass_s(30)
            await until(lambda: len(channel.tried) == 2)
            await until(lambda: len(outbox.history) == 2)
            clock.pass_s(30)
            await until(lambda: len(outbox.settled) == 2)
            assert sender.health()["ok"]
    assert outbox.verdicts() == {"of_1": "Sent", "of_2": "Sent"}
    assert all(row.attempts == 0 for row in channel.sent)
    said = [(line["event"], line["log_level"]) for line in complaints(logs)]
    assert said == [("channel_down", "critical")] * 2 + [("channel_up", "warning")]


async def test_only_one_offer_tries_a_channel_that_is_down(channel, clock):
    outbox = PretendOutbox(*(a_parcel(n) for n in range(20)))
    for n in range(20):
        channel.script[f"of_{n}"].append(ChannelDown("wrong key"))
    async with running(outbox, {"fcm": channel}, clock, Pace(poll_s=0.01, probe_s=30)):
        await until(lambda: len(outbox.history) == 20)
        assert all(isinstance(outcome, Returned) for outcome in outbox.history)
        channel.open.clear()
        clock.pass_s(31)
        await until(lambda: channel.under_way == 1)
        clock.pass_s(31)
        polls = outbox.polls
        await until(lambda: outbox.polls > polls + 3)
        assert channel.under_way == 1
        channel.open.set()
        await until(lambda: len(outbox.settled) == 20)


async def test_offers_of_a_channel_that_is_down_still_end_in_their_time(channel, clock):
    outbox = PretendOutbox(a_parcel(1))
    channel.script["of_1"] += [ChannelDown("wrong key")] * 100
    async with running(outbox, {"fcm": channel}, clock, Pace(poll_s=0.01, probe_s=30)):
        await until(lambda: len(outbox.history) == 1)
        clock.pass_s(900)
        await until(lambda: outbox.verdicts() == {"of_1": "Expired"})


async def test_a_database_that_is_away_is_waited_for_and_nothing_is_forgotten(channel, clock):
    outbox = PretendOutbox(a_parcel(1))
    channel.open.clear()
    with capture_logs() as logs:
        async with running(outbox, {"fcm": channel}, clock) as sender:
            await until(lambda: channel.under_way == 1)
            outbox.broken = True
            channel.open.set()
            await until(lambda: "settle" in sender.health()["outbox_failing_since"])
            assert not sender.health()["ok"]
            outbox.broken = False
            await until(lambda: outbox.verdicts() == {"of_1": "Sent"})
            await until(lambda: sender.health()["ok"])
    assert channel.tried == ["of_1"]
    assert {line["event"] for line in complaints(logs)} == {"outbox_failed"}


# -- stopping, crashing, and being two


async def test_a_stop_lets_sends_under_way_end_and_settles_them(channel, clock):
    outbox = PretendOutbox(a_parcel(1))
    channel.open.clear()
    async with running(outbox, {"fcm": channel}, clock, Pace(poll_s=0.01, stop_limit_s=5)):
        await until(lambda: channel.under_way == 1)
        asyncio.get_running_loop().call_later(0.02, channel.open.set)
    assert outbox.verdicts() == {"of_1": "Sent"}


async def test_a_stop_does_not_wait_for_ever_and_leaves_the_offer_leased(channel, clock):
    outbox = PretendOutbox(a_parcel(1))
    channel.open.clear()
    async with running(outbox, {"fcm": channel}, clock, Pace(poll_s=0.01, stop_limit_s=0.05)):
        await until(lambda: channel.under_way == 1)
    assert channel.under_way == 0
    assert outbox.settled == {}
    assert outbox.leased_until == {"of_1": NOON + timedelta(seconds=60)}


async def test_two_senders_never_have_the_same_offer(channel, clock):
    outbox = PretendOutbox(*(a_parcel(n) for n in range(300)))
    async with running(outbox, {"fcm": channel}, clock), running(outbox, {"fcm": channel}, clock):
        await until(lambda: len(outbox.settled) == 300)
    assert len(channel.tried) == len(set(channel.tried)) == 300


async def test_a_sender_that_lost_its_lease_cannot_undo_what_another_has_sent(clock):
    outbox = PretendOutbox(a_parcel(1))
    slow, quick = PretendChannel(), PretendChannel()
    slow.open.clear()
    slow.script["of_1"].append(TryAgain("late news"))
    async with running(outbox, {"fcm": slow}, clock, Pace(poll_s=3600)):
        await until(lambda: slow.under_way == 1)
        clock.pass_s(61)
        async with running(outbox, {"fcm": quick}, clock):
            await until(lambda: outbox.verdicts() == {"of_1": "Sent"})
        slow.open.set()
        await until(lambda: len(outbox.batches) == 2)
    assert outbox.verdicts() == {"of_1": "Sent"}
    assert len(quick.sent) == 1


def test_a_lease_shorter_than_two_sends_is_refused():
    with pytest.raises(ValueError, match="lease"):
        Pace(lease_s=20, send_limit_s=15)


async def test_a_crash_between_send_and_settle_shows_once_on_the_phone(clock, tmp_path):
    """The whole way over real HTTP: the first sender is killed after FCM took the message, the second sends again."""
    outbox = PretendOutbox(a_parcel(1))
    async with FcmStandIn() as stand_in:
        settings = fcm.Settings(
            service_account_file=stand_in.service_account_file(tmp_path), endpoint=stand_in.url
        )
        async with fcm.open(settings) as channel:
            [parcel] = await outbox.claim(clock(), PACE.lease_s, 1, ["fcm"])
            await channel.send(parcel, clock())  # and here the process dies
            async with running(outbox, {"fcm": channel}, clock):
                clock.pass_s(PACE.lease_s)
                await until(lambda: outbox.verdicts() == {"of_1": "Sent"})
        assert len(stand_in.arrivals) == 2
        [shown] = stand_in.messages_for("phone-1")
        assert shown.message.data["offer"] == "of_1"


async def test_under_a_bad_hour_at_fcm_every_offer_still_ends_and_shows_once(clock, tmp_path):
    outbox = PretendOutbox(*(a_parcel(n) for n in range(120)))
    async with FcmStandIn(seed=3) as stand_in:
        for fault in (Fault.UNAVAILABLE, Fault.INTERNAL, Fault.QUOTA_EXCEEDED, Fault.DROPPED, Fault.CUT):
            stand_in.fail_sometimes(fault, 0.1)
        stand_in.fail("phone-7", Fault.UNREGISTERED)
        settings = fcm.Settings(
            service_account_file=stand_in.service_account_file(tmp_path), endpoint=stand_in.url
        )
        async with fcm.open(settings) as channel, running(outbox, {"fcm": channel}, clock):
            while len(outbox.settled) < 120:
                polls = outbox.polls
                clock.pass_s(5)
                await until(lambda polls=polls: outbox.polls > polls + 1 and not outbox.leased_until)
        shown = [stand_in.messages_for(f"phone-{n}") for n in range(120)]
    assert outbox.verdicts().pop("of_7") == "Unreachable"
    assert list(outbox.verdicts().values()).count("Sent") == 119
    assert [len(tray) for tray in shown] == [0 if n == 7 else 1 for n in range(120)]


# -- rates, outages that nobody announced, and giving up


async def test_a_channel_with_a_rate_is_given_no_more_and_the_others_do_not_wait_for_it(channel, clock):
    slow = PretendChannel()
    outbox = PretendOutbox(
        *(a_parcel(n, channel="sms") for n in range(10)), *(a_parcel(n) for n in range(10, 30))
    )
    async with running(outbox, {"fcm": channel, "sms": slow}, clock, rates={"sms": 2.0}):
        await until(lambda: len(channel.sent) == 20)
        polls = outbox.polls
        await until(lambda: outbox.polls > polls + 3)
        assert len(slow.sent) == 2
        clock.pass_s(1)
        await until(lambda: len(slow.sent) == 4)
        assert len(outbox.leased_until) == 0


async def test_a_channel_whose_rate_is_spent_still_lets_offers_end(channel, clock):
    outbox = PretendOutbox(*(a_parcel(n) for n in range(3)))
    async with running(outbox, {"fcm": channel}, clock, rates={"fcm": 0.001}):
        await until(lambda: len(channel.sent) == 1)
        clock.pass_s(899)
        polls = outbox.polls
        await until(lambda: outbox.polls > polls + 1)
        clock.pass_s(1)
        await until(lambda: len(outbox.settled) == 3)
    assert sorted(outbox.verdicts().values()) == ["Expired", "Expired", "Sent"]


async def test_after_many_failures_in_a_row_one_offer_at_a_time_tries_the_channel(channel, clock):
    outbox = PretendOutbox(*(a_parcel(n) for n in range(20)))
    for n in range(20):
        channel.script[f"of_{n}"].append(TryAgain("no line"))
    pace = Pace(at_once=4, poll_s=0.01, trip_after=4, probe_s=30)
    async with running(outbox, {"fcm": channel}, clock, pace) as sender:
        await until(lambda: not sender.health()["channels"]["fcm"]["up"])
        assert "4 tries in a row failed, the last: no line" in sender.health()["channels"]["fcm"]["why"]
        tried = len(channel.tried)
        assert tried < 20
        channel.script.clear()
        clock.pass_s(30)
        await until(lambda: len(outbox.settled) == 20)
        assert sender.health()["ok"]
    assert set(outbox.verdicts().values()) == {"Sent"}


async def test_a_few_failures_among_successes_are_no_outage(channel, clock):
    outbox = PretendOutbox(*(a_parcel(n) for n in range(30)))
    for n in range(0, 30, 3):
        channel.script[f"of_{n}"].append(TryAgain("busy"))
    pace = Pace(at_once=1, poll_s=0.01, trip_after=3)
    async with running(outbox, {"fcm": channel}, clock, pace) as sender:
        await until(lambda: len(outbox.settled) == 20)
        assert sender.health()["ok"]


async def test_an_offer_that_fails_again_and_again_is_given_up_and_the_channel_goes_on(channel, clock):
    outbox = PretendOutbox(a_parcel(1), a_parcel(2))
    channel.script["of_1"] += [TryAgain("odd answer")] * 9
    pace = Pace(poll_s=0.01, most_attempts=3)
    async with running(outbox, {"fcm": channel}, clock, pace):
        while "of_1" not in outbox.settled:
            polls = outbox.polls
            clock.pass_s(10)
            await until(lambda polls=polls: outbox.polls > polls + 1 and not outbox.leased_until)
    assert outbox.verdicts() == {"of_1": "GivenUp", "of_2": "Sent"}
    assert outbox.settled["of_1"].why == "3 tries failed, the last: odd answer"
    assert channel.tried.count("of_1") == 3


async def test_a_channel_that_needs_no_address_is_given_offers_without_one(channel, clock):
    outbox = PretendOutbox(a_parcel(1, address=None, needs_address=False), a_parcel(2, address=None))
    await settle_all(outbox, {"fcm": channel}, clock)
    assert outbox.verdicts() == {"of_1": "Sent", "of_2": "Unreachable"}
