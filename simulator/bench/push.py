"""Pushes a second of our sender, against `firebase_admin.messaging.send_each_async`, on one stand-in and in one run.

In: nothing. Out: both rates and their ratio, in turns. Ours is the whole of it: a real server process claims offers from its books under a
lease, sends them, and settles each of them on disk (the rows are written straight into the books, as if just decided). Theirs is the
call alone, 500 messages each, in this process. Both speak HTTP/1.1 to the same stand-in process, which answers both alike; both are timed
there, from the first message that arrived to the last. Google's own door would be HTTP/2 over TLS, for both.
"""

import asyncio
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import firebase_admin
import httpx
from firebase_admin import credentials, messaging

from simulator.bench.books import fill
from simulator.bench.rounds import Compared, in_turns
from simulator.house import House, free_port

CAPTION = "pushes/s of the whole sender, books included, as a multiple of firebase_admin's send_each_async"

STARTS_WITHIN_S = 30.0
ROUND_WITHIN_S = 120.0
LOOK_EACH_S = 0.05
#: What firebase-admin takes in one call.
MOST_IN_A_CALL = 500

TITLE, BODY = "Brera", "20 % on shoes until 12:15"
LIFE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Size:
    """How many pushes a round of each; `theirs` is smaller so that a round of both takes about as long."""

    ours: int = 6_000
    theirs: int = 1_000
    rounds: int = 5


class Untrue(Exception):
    """Not every phone got its offer, or one got it twice: the figures are void."""


def run() -> dict[str, object]:
    """The figures. Raises Untrue, house.HouseFailed."""
    return measured(Size())


def measured(size: Size) -> dict[str, object]:
    """As `run`, for rounds of any size."""
    with tempfile.TemporaryDirectory(prefix="soglia-bench-") as folder:
        return asyncio.run(_measured(size, Path(folder)))


async def _measured(size: Size, folder: Path) -> dict[str, object]:
    async with _stand_in(folder) as url:
        settings = {
            "SOGLIA_FCM__SERVICE_ACCOUNT_FILE": str(folder / "service-account.json"),
            "SOGLIA_FCM__ENDPOINT": url,
            "SOGLIA_OUTBOX__POLL_S": "0.05",
            "SOGLIA_LOGS__LEVEL": "warning",
        }
        house = House(folder, settings)
        await house.command("migrate")
        devices = fill(folder / "soglia.sqlite3", size.ours)
        try:
            await house.start()
            compared = await asyncio.to_thread(_compared, size, url, folder, devices)
        finally:
            await house.stop()
    return {
        **compared.figures("pushes_per_s", "firebase_admin_pushes_per_s"),
        "pushes_a_round": size.ours,
        "firebase_admin_pushes_a_round": size.theirs,
    }


def _compared(size: Size, url: str, folder: Path, devices: Sequence[str]) -> Compared:
    """Both in turns, after a round of each that warms up."""
    with httpx.Client(base_url=url, timeout=60.0) as http, asyncio.Runner() as runner:
        firebase = _firebase(url, folder)
        books = folder / "soglia.sqlite3"

        def ours(turn: int) -> float:
            _write_offers(books, devices, turn)
            return _rate(http, {f"ad_{device.removeprefix('d_')}" for device in devices})

        def theirs(_turn: int) -> float:
            phones = [f"phone-{i}" for i in range(size.theirs)]
            runner.run(_send_each(firebase, phones))
            return _rate(http, set(phones))

        ours(-1)
        try:
            return in_turns(size.rounds, ours, theirs)
        finally:
            firebase_admin.delete_app(firebase)


def _rate(http: httpx.Client, phones: set[str]) -> float:
    """Messages a second, from the first that arrived to the last, once each of these phones has got one. Forgets them then."""
    deadline = time.monotonic() + ROUND_WITHIN_S
    while _arrived(http) < len(phones):
        if time.monotonic() > deadline:
            raise Untrue(f"only {_arrived(http)} of {len(phones)} pushes arrived in {ROUND_WITHIN_S:.0f} s")
        time.sleep(LOOK_EACH_S)
    messages = http.get("/messages").json()["messages"]
    http.delete("/messages").raise_for_status()
    if len(messages) != len(phones) or {each["address"] for each in messages} != phones:
        raise Untrue(f"{len(messages)} pushes arrived for {len(phones)} phones")
    at = sorted(datetime.fromisoformat(each["arrived_at"]) for each in messages)
    return (len(at) - 1) / (at[-1] - at[0]).total_seconds()


def _arrived(http: httpx.Client) -> int:
    arrived: int = http.get("/messages/count").json()["arrived"]
    return arrived


def _firebase(url: str, folder: Path) -> firebase_admin.App:
    """An app of firebase-admin whose messages go to the stand-in: it has no setting for that."""
    messaging._MessagingService.FCM_URL = f"{url}/v1/projects/{{0}}/messages:send"  # noqa: SLF001
    return firebase_admin.initialize_app(
        credentials.Certificate(str(folder / "service-account.json")), name=f"bench-{folder.name}"
    )


async def _send_each(app: firebase_admin.App, phones: Sequence[str]) -> None:
    """As its documentation shows: lists of at most 500, one call after another."""
    messages = [_message(phone) for phone in phones]
    for first in range(0, len(messages), MOST_IN_A_CALL):
        answer = await messaging.send_each_async(messages[first : first + MOST_IN_A_CALL], app=app)
        if answer.failure_count:
            raise Untrue(f"firebase_admin failed with {answer.failure_count}")


def _message(phone: str) -> messaging.Message:
    """What our sender makes of the same offer."""
    return messaging.Message(
        fid=phone,
        notification=messaging.Notification(title=TITLE, body=BODY),
        data=_data(phone),
        android=messaging.AndroidConfig(
            collapse_key=phone,
            priority="high",
            ttl=LIFE,
            notification=messaging.AndroidNotification(tag=phone),
        ),
        apns=messaging.APNSConfig(
            headers={
                "apns-collapse-id": phone,
                "apns-expiration": str(int((datetime.now(UTC) + LIFE).timestamp())),
                "apns-priority": "10",
            }
        ),
    )


def _data(name: str) -> dict[str, str]:
    return {"offer": f"of_{name}", "visit": f"v_{name}", "campaign": "spring-shoes"}


_OFFER = (
    "INSERT INTO outbox (id, decision_id, shopper_id, device_id, visit_id, zone_id, campaign_id, channel, title, body, data, "
    "collapse_key, happened_at, heard_at, created_at, expires_at, due_at, leased_until, attempts) VALUES (:offer, :offer, :shopper, "
    ":device, :offer, 'shop', 'spring-shoes', 'fcm', :title, :body, :data, :offer, :now, :now, :now, :end, :now, "
    "'1970-01-01 00:00:00.000000', 0)"
)


def _write_offers(books: Path, devices: Sequence[str], turn: int) -> None:
    """An offer for each phone, in one transaction: the path would write them so."""
    now = datetime.now(UTC)
    times = {"now": _as_kept(now), "end": _as_kept(now + LIFE), "title": TITLE, "body": BODY}
    rows = [
        {
            **times,
            "offer": f"of_{turn}_{device}",
            "shopper": device.replace("d_", "sh_"),
            "device": device,
            "data": json.dumps(_data(device)),
        }
        for device in devices
    ]
    with closing(sqlite3.connect(books, timeout=30.0)) as connection, connection:
        connection.executemany(_OFFER, rows)


def _as_kept(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


@asynccontextmanager
async def _stand_in(folder: Path) -> AsyncIterator[str]:
    """The stand-in in a process of its own, its service account in the folder; gives its address."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulator.fcm", "--port", str(port), "--service-account", str(folder)),
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not (folder / "service-account.json").exists():
            if time.monotonic() > deadline:
                raise Untrue("the stand-in does not start")
            await asyncio.sleep(LOOK_EACH_S)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()
