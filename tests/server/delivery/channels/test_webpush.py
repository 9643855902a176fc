"""A browser reads what it was sent, once a topic, and no phone sends us to doors that are not its push service's."""

import json
from datetime import timedelta

import pytest

from server.delivery.channel import Undeliverable
from server.delivery.channels import webpush
from server.records.parcels import Address
from simulator.push_service import PushService
from tests.server.delivery.makers import NOON, a_parcel

KEY = "m6KzCsYTnAVl1n5hWbKxQ2cyHkTuqqPCzaZlmr3d2Mg"


@pytest.fixture
async def service():
    async with PushService() as service:
        yield service


@pytest.fixture
def settings():
    return webpush.Settings(private_key=KEY, subject="mailto:it@shop.example", allow_private=True)


async def test_the_browser_reads_a_declarative_message_with_what_is_left_of_its_life(service, settings):
    address = Address("ad_1", "webpush", service.subscribe("ann"))
    parcel = a_parcel(address=address, data={"offer": "of_1", "url": "https://shop.example/shoes"})
    async with webpush.open(settings) as channel:
        await channel.send(parcel, NOON + timedelta(minutes=5))
    [shown] = service.pushed("ann")
    assert shown.message["web_push"] == 8030
    assert shown.message["notification"]["title"] == "Brera"
    assert shown.message["notification"]["navigate"] == "https://shop.example/shoes"
    assert (shown.ttl_s, shown.urgency) == (600, "high")
    assert shown.claims["sub"] == "mailto:it@shop.example"
    assert 0 < shown.claims["exp"] - NOON.timestamp() <= 24 * 3600


async def test_what_is_sent_again_after_a_crash_is_shown_once(service, settings):
    address = Address("ad_1", "webpush", service.subscribe("ann"))
    for _ in range(2):
        async with webpush.open(settings) as channel:
            await channel.send(a_parcel(address=address), NOON)
    assert (len(service.pushed("ann")), len(service.shown("ann"))) == (2, 1)


def test_a_topic_fits_and_differs_by_collapse_key():
    topics = {webpush.topic(f"v_{n}.{'c' * 64}") for n in range(100)}
    assert len(topics) == 100
    assert max(map(len, topics)) <= 32


async def test_an_address_within_our_own_network_is_never_asked(service, settings):
    public = settings.model_copy(update={"allow_private": False})
    inside = [service.subscribe("ann"), service.subscribe("bob").replace("127.0.0.1", "localhost")]
    async with webpush.open(public) as channel:
        for value in inside:
            with pytest.raises(Undeliverable, match="private network"):
                await channel.send(a_parcel(address=Address("ad_1", "webpush", value)), NOON)
    assert service.pushed("ann") == service.pushed("bob") == []


@pytest.mark.parametrize("value", ["", "{}", "[1]", '{"endpoint":"https://push.example/1"}', "\ud800"])
async def test_what_is_no_subscription_is_undeliverable(settings, value):
    async with webpush.open(settings) as channel:
        with pytest.raises(Undeliverable):
            await channel.send(a_parcel(address=Address("ad_1", "webpush", value)), NOON)


async def test_a_hostile_push_service_cannot_take_the_channel_down_with_an_odd_answer(service, settings):
    address = Address("ad_1", "webpush", service.subscribe("eve"))
    service.fail("eve", 302, times=10)
    async with webpush.open(settings) as channel:
        for _ in range(10):
            with pytest.raises(Undeliverable):
                await channel.send(a_parcel(address=address), NOON)


def test_the_public_key_is_what_a_page_subscribes_with(settings):
    assert len(settings.public_key) == 87
    assert json.dumps(settings.public_key)


def test_a_key_without_a_subject_stops_the_start():
    with pytest.raises(ValueError, match="subject is missing"):
        webpush.Settings(private_key=KEY)
