"""The contract of a channel, over every file of channels/. A new channel adds its other side to peers.py."""

import asyncio

import pytest

from server.delivery.channel import ChannelDown, Refused, TryAgain, Undeliverable
from server.delivery.channels import found
from tests.server.delivery.makers import NOON
from tests.server.delivery.peers import PEERS

CHANNELS = found()


def test_every_channel_has_an_other_side_to_be_proven_against():
    assert CHANNELS.keys() == PEERS.keys()


@pytest.fixture(params=sorted(CHANNELS))
def file(request):
    return CHANNELS[request.param]


@pytest.fixture
async def peer(request, file, tmp_path):
    async with PEERS[file.__name__.rpartition(".")[2]](tmp_path) as peer:
        yield peer


@pytest.fixture
async def channel(file, peer):
    async with file.open(peer.settings) as channel:
        yield channel


def test_every_setting_of_a_channel_is_explained_and_unknown_ones_are_refused(file):
    assert all(field.description for field in file.Settings.model_fields.values())
    assert file.Settings.model_config["extra"] == "forbid"


async def test_a_parcel_arrives_once_and_has_a_receipt(channel, peer):
    receipt = await channel.send(peer.parcel, NOON)
    assert receipt.name
    assert peer.arrived() == 1


async def test_many_parcels_go_at_once(channel, peer):
    receipts = await asyncio.gather(*(channel.send(peer.parcel, NOON) for _ in range(20)))
    assert len({receipt.name for receipt in receipts}) == 20
    assert peer.arrived() == 20


async def test_a_passing_fault_asks_to_try_again_and_then_it_goes(channel, peer):
    peer.fails_for_a_while()
    with pytest.raises(TryAgain):
        await channel.send(peer.parcel, NOON)
    await channel.send(peer.parcel, NOON)
    assert peer.arrived() == 1


async def test_a_dead_address_is_undeliverable(channel, peer):
    peer.forgets_the_address()
    with pytest.raises(Undeliverable):
        await channel.send(peer.parcel, NOON)


async def test_a_message_that_can_never_go_is_refused_and_the_address_is_not_blamed(channel, peer):
    with pytest.raises(Refused):
        await channel.send(peer.unacceptable, NOON)
    assert peer.arrived() == 0


async def test_refused_credentials_bring_the_channel_down(channel, peer):
    peer.refuses_us()
    with pytest.raises(ChannelDown):
        await channel.check()
    with pytest.raises(ChannelDown):
        await channel.send(peer.parcel, NOON)


async def test_good_credentials_pass_the_check_and_nothing_is_sent(channel, peer):
    await channel.check()
    assert peer.arrived() == 0


async def test_an_other_side_that_is_away_asks_to_try_again(channel, peer):
    await channel.check()
    await peer.goes_away()
    with pytest.raises(TryAgain):
        await channel.send(peer.parcel, NOON)


async def test_opening_and_closing_needs_nobody_on_the_other_side(file, peer):
    await peer.goes_away()
    async with file.open(peer.settings):
        pass
    assert peer.arrived() == 0


async def test_health_tells_no_address_and_no_secret(channel, peer):
    await channel.send(peer.parcel, NOON)
    told = str(channel.health())
    assert peer.parcel.address.value not in told
    assert "PRIVATE KEY" not in told
