"""Other systems are told of everything once, however long they were away and whoever of us died meanwhile."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from server.delivery.webhook_line import opened_line
from server.delivery.webhooks import WebhookPace, WebhookSender
from server.records import webhook_deliveries, webhook_doors, webhooks
from server.records.tables import WebhookDeliveryRow, WebhookRow
from server.records.webhook_deliveries import RecordedDeliveries
from server.records.webhooks import Happened
from tests.server.delivery.receiver import Receiver
from tests.server.records.rows import rows_of

#: A sender in a process of its own.
A_PROCESS = """
import asyncio, sys
from ipaddress import ip_network
from server.delivery.webhook_line import opened_line
from server.delivery.webhooks import WebhookSender
from server.records.database import Database
from server.records.webhook_deliveries import RecordedDeliveries

async def main():
    async with opened_line(connections=5, timeout_s=60, allowed=[ip_network("127.0.0.0/8")]) as line:
        await WebhookSender(RecordedDeliveries(Database.open(sys.argv[1])), line).run()

asyncio.run(main())
"""

HERE = (ip_network("127.0.0.0/8"),)


class Office:
    """A webhook's receiver, the records, and senders whose clock stands where the test puts it.

    It begins now: the library that verifies goes by the real time, within five minutes.
    """

    def __init__(self, database, receiver, line):
        self.database, self.receiver, self.line = database, receiver, line
        self.now = datetime.now(UTC)
        self.settled = []
        self._more = asyncio.Event()
        self.deliveries = RecordedDeliveries(database)
        self.sender = self.a_sender()

    def a_sender(self, **pace):
        return WebhookSender(
            self.deliveries,
            self.line,
            pace=WebhookPace(**pace),
            on_settled=self._note,
            clock=lambda: self.now,
            chance=lambda: 0.5,
        )

    async def set_up(self, name="crm", url=None, types=None, *, on=True):
        given = webhook_doors.Given(name, name, url or self.receiver.url, types, on)
        async with self.database.writing() as connection:
            _, _, secret = await webhook_doors.put(connection, given, self.now)
        return secret

    async def happens(self, *names):
        """Visits begin; gives the ids of what is told of them."""
        told = [Happened("visit.entered", (name,), None, {"visit": name}, self.now) for name in names]
        async with self.database.writing() as connection:
            await webhooks.queue(connection, told, self.now)
        return [each.id for each in told]

    def _note(self, word):
        self.settled.append(word)
        self._more.set()

    async def settles(self, count):
        while len(self.settled) < count:
            self._more.clear()
            await self._more.wait()

    async def rows(self):
        return await rows_of(self.database, WebhookDeliveryRow)

    def taken(self):
        return sorted(event for event, _ in self.receiver.taken)


@pytest.fixture
async def office(database):
    async with Receiver() as receiver, opened_line(connections=20, timeout_s=5, allowed=HERE) as line:
        yield Office(database, receiver, line)


async def test_a_receiver_that_was_down_for_an_hour_gets_everything_once_when_it_is_back(office):
    came_back = office.now
    office.now -= timedelta(hours=1)
    office.receiver.secret = await office.set_up()
    await office.receiver.goes_down()
    told = []
    for minute in range(60):
        told += await office.happens(f"v_{minute}_a", f"v_{minute}_b")
        await office.sender.drain()
        office.now += timedelta(minutes=1)
    assert office.receiver.asked == []
    assert len([row for row in await office.rows() if row.settled_at is None]) == 120
    await office.receiver.comes_back()
    office.now = came_back
    await office.sender.drain()
    assert office.taken() == sorted(told)
    assert len(set(told)) == 120
    assert office.receiver.unsigned == []
    assert {row.outcome for row in await office.rows()} == {"delivered"}


async def test_a_receiver_that_is_down_is_tried_rarely_by_one_of_those_that_wait(office):
    await office.set_up()
    await office.receiver.goes_down()
    await office.happens(*(f"v_{number}" for number in range(100)))
    await office.sender.drain()
    for _ in range(120):
        office.now += timedelta(seconds=30)
        await office.sender.drain()
    tries = sum(row.attempts for row in await office.rows())
    assert tries <= 8 + 120  # all places at first, then one each half minute
    assert "crm" in office.sender.health()["resting"]


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_any_good_answer_takes_it(office, status):
    await office.set_up()
    office.receiver.statuses.append(status)
    await office.happens("v_1")
    await office.sender.drain()
    [row] = await office.rows()
    assert (row.outcome, row.last_status, row.attempts) == ("delivered", status, 1)


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 408, 429, 500, 503])
async def test_any_other_answer_is_tried_again_under_the_same_id_with_the_same_body(office, status):
    await office.set_up()
    office.receiver.statuses.append(status)
    [event] = await office.happens("v_1")
    await office.sender.drain()
    [row] = await office.rows()
    assert (row.settled_at, row.last_status) == (None, status)
    assert row.due_at == office.now + timedelta(seconds=5 + 0.5 * 10)
    office.now = row.due_at
    await office.sender.drain()
    (first, body), (second, again) = office.receiver.asked
    assert (first["webhook-id"], body) == (second["webhook-id"], again)
    assert office.taken() == [event]


async def test_who_asks_us_to_wait_is_left_alone_for_so_long(office):
    await office.set_up()
    office.receiver.statuses.append(503)
    office.receiver.headers = {"Retry-After": "600"}
    await office.happens("v_1")
    await office.sender.drain()
    [row] = await office.rows()
    assert row.due_at >= office.now + timedelta(seconds=600)


async def test_a_webhook_that_is_gone_is_turned_off_and_asked_no_more(office):
    await office.set_up()
    office.receiver.statuses.append(410)
    await office.happens("v_1")
    await office.sender.drain()
    [webhook] = await rows_of(office.database, WebhookRow)
    assert "410" in webhook.disabled_why
    await office.happens("v_2")
    await office.sender.drain()
    assert len(office.receiver.asked) == 1
    assert [row.outcome for row in await office.rows()] == ["dead_letter"]


async def test_after_three_days_an_event_is_a_dead_letter_and_can_be_sent_again(office):
    office.receiver.secret = await office.set_up()
    real, office.now = office.now, office.now - timedelta(days=4)
    [event] = await office.happens("v_1")
    await office.receiver.goes_down()
    tries = 0
    while (row := (await office.rows())[0]).settled_at is None:
        office.now = max(row.due_at, office.now + timedelta(minutes=1))
        await office.sender.drain()
        tries += 1
    assert (row.outcome, row.attempts > 60) == ("dead_letter", True)
    assert row.settled_at - row.queued_at <= timedelta(days=3, minutes=2)
    await office.receiver.comes_back()
    office.now = real
    async with office.database.writing() as connection:
        await webhook_deliveries.replay(connection, "crm", event, office.now)
    await office.sender.drain()
    assert office.taken() == [event]


async def test_what_a_webhook_that_is_off_missed_is_given_up_in_time(office):
    await office.set_up()
    await office.happens("v_1")
    await office.set_up(on=False)
    office.now += timedelta(days=3, minutes=1)
    await office.sender.drain()
    [row] = await office.rows()
    assert (row.outcome, row.attempts) == ("dead_letter", 0)
    assert office.settled == ["dead_letter"]


async def test_a_sender_that_dies_between_posting_and_settling_costs_one_repeat_and_nothing_else(office):
    office.receiver.secret = await office.set_up()
    [event] = await office.happens("v_1")
    killed = office.a_sender()
    await killed.round()
    await asyncio.wait(killed._posts)  # the receiver has it; nobody will ever settle it
    assert office.taken() == [event]
    successor = office.a_sender()
    await successor.drain()
    assert len(office.receiver.asked) == 1  # the lease holds
    office.now += timedelta(seconds=61)
    await successor.drain()
    assert office.taken() == [event, event]
    (first, body), (second, again) = office.receiver.asked
    assert (first["webhook-id"], body) == (second["webhook-id"], again)
    assert [row.outcome for row in await office.rows()] == ["delivered"]


async def test_a_process_killed_while_it_posts_is_followed_by_one_that_posts_the_same(office):
    office.receiver.secret = await office.set_up()
    [event] = await office.happens("v_1")
    office.receiver.hangs = True
    url = office.database.engine.url.render_as_string(hide_password=False)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", A_PROCESS, url)
    try:
        async with asyncio.timeout(60):
            await office.receiver.was_asked.wait()
    finally:
        process.kill()
        await process.wait()
    office.receiver.hangs = False
    office.now = datetime.now(UTC) + timedelta(seconds=61)
    await office.sender.drain()
    assert office.taken() == [event]
    (first, body), (second, again) = office.receiver.asked
    assert (first["webhook-id"], body) == (second["webhook-id"], again)
    assert [(row.outcome, row.attempts) for row in await office.rows()] == [("delivered", 1)]


async def test_a_failure_told_by_who_lost_the_lease_is_ignored_and_an_arrival_is_not(office):
    await office.set_up()
    await office.happens("v_1")
    [slow] = await office.deliveries.claim("crm", office.now, 60, 10)
    office.now += timedelta(seconds=61)
    [mine] = await office.deliveries.claim("crm", office.now, 60, 10)
    late = webhook_deliveries.Outcome(slow, "dead_letter", office.now, "too late")
    await office.deliveries.settle([late])
    assert (await office.rows())[0].leased_until == mine.leased_until
    await office.deliveries.settle([webhook_deliveries.Outcome(slow, "delivered", office.now, "taken", 204)])
    assert (await office.rows())[0].outcome == "delivered"


async def test_two_senders_never_take_the_same(office):
    await office.set_up()
    told = await office.happens(*(f"v_{number}" for number in range(40)))
    await asyncio.gather(office.a_sender().drain(), office.a_sender().drain())
    assert office.taken() == sorted(told)


async def test_one_that_hangs_keeps_nobody_else_waiting(office):
    async with Receiver(hangs=True) as hanging:
        await office.set_up("slow", hanging.url)
        await office.set_up("crm")
        told = await office.happens(*(f"v_{number}" for number in range(30)))
        running = asyncio.create_task(office.a_sender(poll_s=0.01, stop_limit_s=0.1).run())
        async with asyncio.timeout(10):
            await office.settles(30)
        assert office.taken() == sorted(told)
        assert len(hanging.asked) == 8
        running.cancel()
        await asyncio.wait({running})


async def test_while_a_secret_rotates_both_sign_and_afterwards_the_new_one_alone(office):
    old = await office.set_up()
    async with office.database.writing() as connection:
        until = office.now + timedelta(seconds=90)
        _, new = await webhook_doors.rotate(connection, "crm", office.now, until)
    await office.happens("v_1")
    await office.sender.drain()
    office.now = until
    await office.happens("v_2")
    await office.sender.drain()
    (during, body), (after, later) = office.receiver.asked
    for secret in (old, new):
        assert Webhook(secret).verify(body, during)["data"] == {"visit": "v_1"}
    assert Webhook(new).verify(later, after)["data"] == {"visit": "v_2"}
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(later, after)


async def test_a_body_that_somebody_changed_or_sent_again_later_is_known_as_such(office):
    secret = await office.set_up()
    await office.happens("v_1")
    await office.sender.drain()
    [(headers, body)] = office.receiver.asked
    for wrong in (
        {**headers, "webhook-id": "evt_another"},
        {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)},
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, wrong)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body.replace(b"v_1", b"v_2"), headers)


async def test_a_webhook_that_leads_inside_is_told_so_and_nothing_is_asked(office):
    async with opened_line(connections=5, timeout_s=5) as strict:
        await office.set_up()
        await office.happens("v_1")
        office.line = strict
        await office.a_sender().drain()
    [row] = await office.rows()
    assert (office.receiver.asked, row.settled_at) == ([], None)
    assert "private network" in row.last_why
    assert "127.0.0.1" not in row.last_why


async def test_records_that_fail_for_a_while_stop_nobody(office):
    class Failing:
        """Records that cannot be written the first time."""

        def __init__(self, real):
            self._real, self.failures = real, 0

        def __getattr__(self, verb):
            return getattr(self._real, verb)

        async def settle(self, outcomes):
            self.failures += 1
            if self.failures == 1:
                raise OSError("the disk is full")
            await self._real.settle(outcomes)

    await office.set_up()
    await office.happens("v_1")
    office.deliveries = Failing(office.deliveries)
    running = asyncio.create_task(office.a_sender(poll_s=0.01).run())
    async with asyncio.timeout(10):
        await office.settles(1)
    running.cancel()
    await asyncio.wait({running})
    assert [row.outcome for row in await office.rows()] == ["delivered"]
    assert len(office.receiver.taken) == 1
