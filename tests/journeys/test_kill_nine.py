"""A real server is killed (kill -9) while a decision waits, and while everybody talks at once: one offer comes of it, never two."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.journeys.corner import Corner, a_corner, now_s

pytestmark = pytest.mark.skipif(
    os.environ.get("SOGLIA_SKIP_JOURNEYS") == "1", reason="journeys are played by themselves"
)
ROME = ZoneInfo("Europe/Rome")


@pytest.fixture
async def corner():
    async with a_corner() as running:
        yield running


def quiet_until_soon() -> tuple[dict[str, str], datetime]:
    """Quiet hours that end at the next full minute that leaves time for a visit and a kill; and when that is."""
    now = datetime.now(UTC)
    end = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    end += timedelta(minutes=1) if end - now < timedelta(seconds=20) else timedelta()
    clock = [at.astimezone(ROME).strftime("%H:%M") for at in (end - timedelta(hours=2), end)]
    return {"kind": "quiet_hours", "start": clock[0], "end": clock[1]}, end


async def offer_is_sent(corner: Corner) -> bool:
    offers = [each["offer"] for each in await corner.told("decisions") if each["offer"]]
    return bool(offers) and all(offer["state"] == "sent" for offer in offers)


async def test_a_decision_that_waits_survives_kill_nine_and_is_looked_at_again_once(corner):
    quiet, end = quiet_until_soon()
    await corner.open(conditions=[quiet], hold={"at_most": "1h"})
    phone = await corner.phone("ann", "phone-ann")
    await corner.says(phone, now_s())
    await corner.until(lambda: corner.told("decisions"))
    (held,) = await corner.told("decisions")
    assert (held["verdict"], datetime.fromisoformat(held["due_at"])) == ("hold", end)
    await corner.kill_and_restart()
    assert corner.rows("holds") == 1
    # Killed again at the very moment at which it is due: what of it was committed is all or nothing.
    await asyncio.sleep(max(0.0, end.timestamp() + 0.2 - now_s()))
    await corner.kill_and_restart()
    await corner.until(lambda: offer_is_sent(corner))
    again = [each for each in await corner.told("decisions") if each["held"] == held["id"]]
    assert [each["verdict"] for each in again] == ["send"]
    assert corner.rows("holds") == 0  # nothing is left that could be looked at again
    assert corner.rows("outbox") == 1
    assert len(corner.fcm.messages_for("phone-ann")) == 1


async def talk(corner: Corner, phones: list[dict[str, str]], at: float, over: asyncio.Event) -> None:
    """One of fifty: says the same again and again, now on this phone, now on that."""
    while not over.is_set():
        for phone in phones:
            await corner.says(phone, at)


async def answered(corner: Corner, more: int) -> None:
    wanted = len(corner.answers) + more
    async with asyncio.timeout(60):
        while len(corner.answers) < wanted:  # noqa: ASYNC110 - many answer, none by an event of its own
            await asyncio.sleep(0.01)


async def test_fifty_talk_at_once_on_two_phones_and_two_restarts_later_it_is_one_offer(corner):
    await corner.open()
    phones = [await corner.phone("ann", address) for address in ("phone-a", "phone-b")]
    at, over = now_s(), asyncio.Event()
    async with asyncio.TaskGroup() as everybody:
        for number in range(50):
            order = phones if number % 2 else phones[::-1]
            everybody.create_task(talk(corner, order, at, over))
        for _ in range(2):
            await answered(corner, 100)
            await corner.kill_and_restart()
        await answered(corner, 100)
        over.set()
    await corner.until(lambda: offer_is_sent(corner))
    assert set(corner.answers) <= {"accepted", "duplicate"}
    assert (
        len({visit["device"] for visit in await corner.told("visits")})
        == len(await corner.told("visits"))
        == 2
    )
    assert sorted(each["verdict"] for each in await corner.told("decisions")) == ["send", "withhold"]
    assert corner.rows("outbox") == corner.rows("exposures") == 1
    shown = [*corner.fcm.messages_for("phone-a"), *corner.fcm.messages_for("phone-b")]
    assert len(shown) == 1
