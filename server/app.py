"""Builds the house: reads settings once, hands each room what it needs, starts and stops it.

`built` is the house without a web server, for tests and for `serve`: records, path, sender and timetable ready, and the ASGI
application; `running` keeps its loops going. A loop that dies takes the house down loudly; stopping is: no new requests, what waits is taken, what is being
sent is settled, the records are closed.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version

import structlog
from fastapi import FastAPI
from pydantic import SecretStr

from server.bus.contract import Bus
from server.bus.local import LocalBus
from server.bus.measures import Measures
from server.bus.phones import Phones
from server.bus.walks import Walks
from server.delivery import channels as channel_files
from server.delivery.channel import Channel
from server.delivery.sender import Pace, Sender
from server.delivery.webhook_line import opened_line
from server.delivery.webhooks import WebhookPace, WebhookSender
from server.ingest.asgi import Application, HotDoors, routes
from server.ingest.directory import ROTATE_EACH_S, Directory
from server.ingest.door import Door, Limits
from server.learning import Learning
from server.presence.due import Patience
from server.records import (
    campaigns,
    devices,
    retention,
    sole,
)
from server.records.database import Database
from server.records.keys import Keyring
from server.records.outbox import RecordedOutbox
from server.records.parcels import Outcome, Parcel, Sent, Unreachable, Untried, Way
from server.records.parting import Parting, part
from server.records.passwords import Passwords
from server.records.schema import migrate
from server.records.webhook_deliveries import RecordedDeliveries
from server.settings import Settings
from server.supposing import Manners as SupposedManners
from server.timetable import Job, Timetable
from server.trigger import Manners, Trigger
from server.web import problem
from server.web.anchors import anchor_routes
from server.web.audit import Audited, audit_routes
from server.web.blind_spots import blind_spot_routes
from server.web.campaign_files import campaign_file_routes
from server.web.campaigns import campaign_routes
from server.web.claims import claim_routes
from server.web.consent_texts import consent_text_routes
from server.web.coupons import coupon_routes
from server.web.dead_letters import dead_letter_routes
from server.web.dry_run import dry_run_routes
from server.web.edits import Edits
from server.web.floor_plans import floor_plan_routes
from server.web.forms import form_routes
from server.web.gateways import gateway_routes
from server.web.guard import Guard
from server.web.health import Check, health_routes
from server.web.inbox import inbox_routes
from server.web.invitations import invitation_routes
from server.web.keys import key_routes
from server.web.limits import BodyLimit, Throttle
from server.web.live import live_routes
from server.web.login import login_routes
from server.web.nearby import nearby_routes
from server.web.now import now_routes
from server.web.own_password import AskedAgain, own_password_routes
from server.web.plain import PlainAddress
from server.web.preview import preview_routes
from server.web.purchases import purchase_routes
from server.web.receipts import receipt_routes
from server.web.replies import reply_routes
from server.web.reports import report_routes
from server.web.segments import segment_routes
from server.web.send_test import send_test_routes
from server.web.sessions import session_routes
from server.web.settings_shown import settings_routes
from server.web.shop_news import Hear, hearing
from server.web.shopper import shopper_routes
from server.web.staff import staff_routes
from server.web.surveys import survey_routes
from server.web.testers import routes_for_testers
from server.web.till import till_routes
from server.web.two_factor import two_factor_routes
from server.web.unsubscribe import unsubscribe_routes
from server.web.walks import walk_routes
from server.web.webhooks import webhook_routes
from server.web.webpush import webpush_routes
from server.web.why import why_routes
from server.web.zones import zone_routes
from server.zones import forgetful

log = structlog.get_logger()

#: How often presence looks at the clock: dwells and exits happen within this of being due.
TICK_S = 0.25
#: How often it is looked what gateways said of themselves: a fob's silence counts after 15 s at the soonest.
LISTEN_EACH_S = 2.0
#: How often changes made by other processes and the command line are looked for.
CATCH_UP_S = 3.0
FORGET_EACH_S = 3_600.0
#: How often it is looked who has left a shop that forgets, of those who came lately; of all before, as often as of what is too old.
PART_EACH_S, LATELY = 10.0, timedelta(days=2)
#: A campaign starts and ends within this of its time.
TURN_EACH_S = 1.0
#: A visit that nobody saw end after a crash ends at most this much too early.
LAST_WORDS_EACH_S = 60.0


@dataclass(slots=True)
class House:
    """A running house: its web application, the loops it lives by, and what is set when it begins to stop."""

    application: Application
    loops: tuple[Callable[[], Awaitable[None]], ...]
    closing: asyncio.Event
    bus: Bus
    hear: Hear


@asynccontextmanager
async def built(settings: Settings) -> AsyncIterator[House]:
    """Everything but the loops and the web server, opened; closed at the end."""
    async with AsyncExitStack() as stack:
        database = Database.open(settings.database.url)
        stack.push_async_callback(database.close)
        claim = await stack.enter_async_context(sole.claimed(database))
        if database.is_sqlite:
            await migrate(database)
        measures, bus, keyring = Measures(), LocalBus(settings.bus.room), Keyring(database)
        phones, walks = Phones(), Walks()
        channels = await _opened_channels(settings, phones, stack)
        ways = {name: way for name, way in channel_files.ways().items() if name in channels}
        recorded = RecordedOutbox(database, ways, settings.fallback.receipt_s)
        sender = Sender(
            recorded,
            channels,
            pace=Pace(**settings.outbox.model_dump()),
            rates={name: rate for name in channels if (rate := settings.channels[name].rate)},
            on_settled=_counted(measures),
        )
        webhook_sender = await _webhook_sender(settings, database, measures, stack)
        manners = Manners(
            Patience(**settings.presence.model_dump()),
            settings.freshness.limit_s,
            settings.campaigns.global_hold_out,
        )
        trigger = Trigger(database, bus, measures, manners, sender.nudge)
        measures.waiting_sightings.set_function(lambda: bus.waiting)
        measures.known_devices.set_function(lambda: trigger.devices)
        directory = Directory(database)
        learning = Learning(database, keyring, directory, trigger, _now_s)
        await learning.start()
        edits = Edits(database, bus, learning.learn)
        turn_campaigns = _turning(database, edits)
        await turn_campaigns()  # what ended while we were down says nothing more
        door = Door(bus, keyring, directory, measures, _limits(settings), _now_s, walks)
        timetable = Timetable(_jobs(settings, database, trigger, learning, directory, turn_campaigns))
        timetable.start()
        stack.callback(timetable.stop)
        health = health_routes(
            database,
            measures,
            {"path": _path_check(timetable)},
            warnings={"sender": _sender_check(sender), "webhooks": _webhook_check(webhook_sender)},
        )
        closing = asyncio.Event()
        application = _application(settings, database, Guard(keyring), edits, trigger.listen)
        for router in (
            routes(door),
            walk_routes(database, Guard(keyring), walks),
            send_test_routes(database, Guard(keyring), ways, trying(sender, recorded)),
            live_routes(bus, Guard(keyring), closing, phones=phones, whose=_whose(database)),
            health,
        ):
            application.include_router(router)
        yield House(
            HotDoors(application, door),
            (trigger.run, sender.run, webhook_sender.run, claim.watch),
            closing,
            bus,
            hearing(bus, database),
        )


@asynccontextmanager
async def running(house: House) -> AsyncIterator[None]:
    """The loops of a house, while the block lasts. One that dies ends the block with what it died of."""
    async with asyncio.TaskGroup() as group:
        loops = [group.create_task(_forever(loop), name=loop.__qualname__) for loop in house.loops]
        try:
            yield
        finally:
            for loop in loops:
                loop.cancel()


async def _forever(loop: Callable[[], Awaitable[None]]) -> None:
    await loop()
    raise RuntimeError(f"{loop.__qualname__} ended by itself")


def _application(
    settings: Settings, database: Database, guard: Guard, edits: Edits, listen: Callable[[], Awaitable[None]]
) -> FastAPI:
    """What people and other systems may ask for."""
    application = FastAPI(title="Soglia", version=version("soglia"), openapi_url="/openapi.json")
    application.add_middleware(Audited, database=database)
    application.add_middleware(PlainAddress)
    application.add_middleware(
        BodyLimit, most_bytes=settings.server.body_limit_bytes, knows=_knows(guard.keyring)
    )
    problem.install(application)
    passwords = Passwords()
    again = AskedAgain(database, passwords)
    registrations = Throttle(settings.server.registrations_per_minute, 60.0)
    for router in (
        shopper_routes(database, guard, edits, registrations=registrations),
        receipt_routes(database, guard),
        claim_routes(database, guard),
        reply_routes(database, guard),
        till_routes(database, guard, edits),
        consent_text_routes(database, guard, edits),
        purchase_routes(database, guard),
        coupon_routes(database, guard, edits),
        login_routes(database, guard, edits, passwords, session_hours=settings.server.session_hours),
        staff_routes(database, guard, edits, passwords),
        invitation_routes(database, guard, edits, passwords),
        session_routes(database, guard, edits),
        own_password_routes(guard, edits, passwords, again),
        two_factor_routes(database, guard, again),
        audit_routes(database, guard),
        settings_routes(guard, settings.told()),
        key_routes(database, guard, edits),
        nearby_routes(database, guard),  # before /v1/zones/{id}, which would take "nearby" for a zone
        zone_routes(database, guard, edits),
        floor_plan_routes(database, guard, edits),
        survey_routes(database, guard, edits),
        anchor_routes(database, guard, edits),
        gateway_routes(database, guard, edits, on_word=listen),
        blind_spot_routes(database, guard),
        campaign_routes(database, guard, edits),
        campaign_file_routes(database, guard, edits),
        segment_routes(database, guard, edits),
        form_routes(guard),
        preview_routes(database, guard),
        routes_for_testers(database, guard),
        dry_run_routes(database, guard, global_hold_out=settings.campaigns.global_hold_out),
        why_routes(
            database,
            guard,
            manners=SupposedManners(settings.freshness.limit_s, settings.campaigns.global_hold_out),
        ),
        report_routes(database, guard),
        now_routes(database, guard),
        inbox_routes(database, guard),
        dead_letter_routes(database, guard),
        webhook_routes(database, guard, allowed=settings.webhooks.allowed_networks),
        unsubscribe_routes(database, edits, _unsubscribe_key(settings)),
        webpush_routes(_webpush_key(settings)),
    ):
        application.include_router(router)
    return application


async def _opened_channels(settings: Settings, phones: Phones, stack: AsyncExitStack) -> dict[str, Channel]:
    """The channels that are set up. Without one that leaves the house it runs, and offers wait until they end."""
    opened = {
        name: await stack.enter_async_context(file.open(settings.channels[name], phones))
        for name, file in channel_files.found().items()
        if settings.channels[name].enabled
    }
    if all(settings.channels[name].inside for name in opened):
        log.warning("no_channel", why="none is set up: offers are decided but nothing is sent")
    return opened


async def _webhook_sender(
    settings: Settings, database: Database, measures: Measures, stack: AsyncExitStack
) -> WebhookSender:
    """What tells other systems, with a line of its own that leads into no private network but those allowed."""
    wanted = settings.webhooks
    line = await stack.enter_async_context(
        opened_line(connections=100, timeout_s=wanted.timeout_s, allowed=wanted.allowed_networks)
    )
    pace = WebhookPace(at_once=wanted.at_once, retry_days=wanted.retry_days)
    return WebhookSender(RecordedDeliveries(database), line, pace=pace, on_settled=measures.webhook)


def _knows(keyring: Keyring) -> Callable[[str], Awaitable[bool]]:
    async def knows(token: str) -> bool:
        return await keyring.look_up(token) is not None

    return knows


def _unsubscribe_key(settings: Settings) -> str | None:
    """What the links under e-mails are signed with: the door must know what the channel signed."""
    key: SecretStr | None = getattr(settings.channels["email"], "unsubscribe_key", None)
    return key.get_secret_value() if key else None


def _webpush_key(settings: Settings) -> str | None:
    """What browsers subscribe with; None where web push is not set up."""
    section = settings.channels["webpush"]
    return str(getattr(section, "public_key")) if section.enabled else None  # noqa: B009 - only this channel has one


def _whose(database: Database) -> Callable[[str], Awaitable[str]]:
    async def whose(device: str) -> str:
        async with database.reading() as connection:
            return (await devices.find(connection, device)).shopper_id

    return whose


def _path_check(timetable: Timetable) -> Check:
    """Whether the clock's work succeeds: the tick writes, so it fails where the path would."""

    async def check() -> str | None:
        return "; ".join(f"{job}: {why}" for job, why in timetable.failing.items()) or None

    return check


def _sender_check(sender: Sender) -> Check:
    async def check() -> str | None:
        health = sender.health()
        down = [f"{name}: {each['why']}" for name, each in health["channels"].items() if not each["up"]]
        failing = [
            f"outbox {verb} fails since {since}" for verb, since in health["outbox_failing_since"].items()
        ]
        return "; ".join([*down, *failing]) or None

    return check


def _webhook_check(sender: WebhookSender) -> Check:
    async def check() -> str | None:
        health = sender.health()
        resting = [f"{webhook}: {why}" for webhook, why in health["resting"].items()]
        failing = [] if health["ok"] else [f"the records fail since {health['records_failing_since']}"]
        return "; ".join([*resting, *failing]) or None

    return check


@asynccontextmanager
async def testing(
    settings: Settings, database: Database
) -> AsyncIterator[tuple[Mapping[str, Way], Callable[[Parcel], Awaitable[Outcome | Untried]]]]:
    """The channels that are set up and a way to send tests through them, for whoever is no running house. No phone listens here."""
    async with AsyncExitStack() as stack:
        channels = await _opened_channels(settings, Phones(), stack)
        ways = {name: way for name, way in channel_files.ways().items() if name in channels}
        recorded = RecordedOutbox(database, ways)
        yield ways, trying(Sender(recorded, channels), recorded)


def trying(sender: Sender, recorded: RecordedOutbox) -> Callable[[Parcel], Awaitable[Outcome | Untried]]:
    """Sends a test; an address that it finds dead is dead for all."""

    async def try_once(parcel: Parcel) -> Outcome | Untried:
        outcome = await sender.try_once(parcel)
        if isinstance(outcome, Unreachable):
            await recorded.bury(outcome)
        return outcome

    return try_once


def _counted(measures: Measures) -> Callable[[Parcel, Outcome, float], None]:
    def count(_parcel: Parcel, outcome: Outcome, seconds_from_heard: float) -> None:
        sent = isinstance(outcome, Sent)
        measures.offer(outcome.word, seconds_from_heard if sent else None)

    return count


def _turning(database: Database, edits: Edits) -> Callable[[], Awaitable[None]]:
    """Lets campaigns start and end by themselves when it is time."""

    async def turn() -> None:
        now = datetime.now(UTC)
        async with database.reading() as connection:
            at = await campaigns.next_turn(connection)
        if at is not None and at <= now:
            async with edits.of("campaigns") as connection:
                turned = await campaigns.turn(connection, now)
            log.info("campaigns_turned", campaigns=turned)

    return turn


def _jobs(
    settings: Settings,
    database: Database,
    trigger: Trigger,
    learning: Learning,
    directory: Directory,
    turn_campaigns: Callable[[], Awaitable[None]],
) -> list[Job]:
    async def rotate() -> None:
        directory.rotate(_now_s())

    async def forget() -> None:
        gone = await retention.sweep(database, _ages(settings), datetime.now(UTC))
        await database.empty_journal()
        if gone:
            log.info("forgot", rows=gone)

    async def part_with(since: timedelta | None = None) -> None:
        now, known = datetime.now(UTC), trigger.known
        parting = Parting(
            sites=forgetful(known.places.zones),
            grace=timedelta(seconds=settings.privacy.forget_after_s),
            look_back=known.compiled.look_back,
        )
        await part(database, parting, now, since=now - since if since else None)

    return [
        Job("tick", TICK_S, trigger.tick),
        Job("listen", LISTEN_EACH_S, trigger.listen),
        Job("last_words", LAST_WORDS_EACH_S, trigger.note_last_words),
        Job("rotate", ROTATE_EACH_S, rotate),
        Job("catch_up", CATCH_UP_S, learning.catch_up),
        Job("turn_campaigns", TURN_EACH_S, turn_campaigns),
        Job("part", PART_EACH_S, partial(part_with, LATELY)),
        Job("part_anew", FORGET_EACH_S, part_with),
        Job("forget", FORGET_EACH_S, forget),
    ]


def _ages(settings: Settings) -> dict[str, timedelta]:
    """How long each kind of thing is kept: `..._hours` and `..._days`, by the settings' own names."""
    kept: dict[str, int] = settings.retention.model_dump()
    return {name: timedelta(**{name.rpartition("_")[2]: many}) for name, many in kept.items()}


def _limits(settings: Settings) -> Limits:
    return Limits(
        body_bytes=settings.server.body_limit_bytes,
        items=settings.server.batch_limit,
        oldest_s=settings.freshness.oldest_s,
        ahead_s=settings.freshness.future_s,
    )


def _now_s() -> float:
    return datetime.now(UTC).timestamp()
