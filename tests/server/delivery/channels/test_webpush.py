"""A browser reads what it was sent, once a topic, and no phone sends us to doors that are not its push service's."""

from datetime import timedelta
from socket import AF_INET

import pytest
from aiohttp.abc import AbstractResolver

from server.delivery.channel import TryAgain, Undeliverable
from server.delivery.channels import webpush
from server.delivery.line import opened
from server.records.parcels import Address
from simulator.push_service import PushService
from tests.server.delivery.makers import NOON, a_parcel

KEY = "m6KzCsYTnAVl1n5hWbKxQ2cyHkTuqqPCzaZlmr3d2Mg"


@pytest.fixture
async def service():
    async with PushService() as service:
        service.subscribe("ann")
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


class _Names(AbstractResolver):
    """A DNS that leads every name to one address."""

    def __init__(self, address):
        self._address = address

    async def resolve(self, host, port=0, family=AF_INET):  # noqa: ARG002 - the resolver's contract
        return [
            {"hostname": host, "host": self._address, "port": port, "family": AF_INET, "proto": 0, "flags": 0}
        ]

    async def close(self):
        pass


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "100.100.100.200",
        "192.0.0.192",
        "64:ff9b::7f00:1",
        "fec0::1",
    ],
)
async def test_a_push_service_by_whose_name_we_would_knock_at_our_own_doors_is_never_asked(service, address):
    """The same list as for webhooks: a cloud's metadata and what NAT64 unpacks are not the public internet's."""
    _, _, port = service.url.rpartition(":")
    async with opened(
        "the push service", connections=2, timeout_s=5, public_only=True, resolver=_Names(address)
    ) as line:
        with pytest.raises(Undeliverable, match="private network") as refused:
            await line.post(f"http://push.example:{port}/push/ann", b"{}", {})
    assert address not in refused.value.why
    assert service.pushed("ann") == []


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "127.1", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]"]
)
async def test_no_way_of_writing_it_leads_a_phone_to_ourselves(service, settings, host):
    public = settings.model_copy(update={"allow_private": False})
    value = service.subscribe("ann").replace("127.0.0.1", host)
    async with webpush.open(public) as channel:
        with pytest.raises((Undeliverable, TryAgain)):
            await channel.send(a_parcel(address=Address("ad_1", "webpush", value)), NOON)
    assert service.pushed("ann") == []


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


async def test_a_page_that_subscribes_with_our_public_key_is_reached_and_no_other(service, settings):
    ours = service.subscribe("ann", settings.public_key)
    former = service.subscribe("bob", "B" + "A" * 86)
    async with webpush.open(settings) as channel:
        await channel.send(a_parcel(address=Address("ad_1", "webpush", ours)), NOON)
        with pytest.raises(Undeliverable, match="another key"):
            await channel.send(a_parcel(address=Address("ad_2", "webpush", former)), NOON)
    assert (len(service.pushed("ann")), service.pushed("bob")) == (1, [])


def test_a_key_without_a_subject_stops_the_start():
    with pytest.raises(ValueError, match="subject is missing"):
        webpush.Settings(private_key=KEY)
