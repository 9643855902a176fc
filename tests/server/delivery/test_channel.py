"""The contract of a channel, over every file of channels/. A new channel adds its other side to peers.py."""

import asyncio
from typing import get_args

import pytest
from pydantic import SecretStr

from server.campaigns.channels import ChannelName
from server.delivery.channel import ChannelDown, Refused, SendError, TryAgain, Undeliverable
from server.delivery.channels import found
from tests.server.delivery.makers import NOON
from tests.server.delivery.peers import CANNOT, PEERS

CHANNELS = found()


def that_may(*happening):
    """Over the channels on which all of this can happen."""
    able = [name for name in sorted(CHANNELS) if not CANNOT.get(name, frozenset()).intersection(happening)]
    return pytest.mark.parametrize("file", able, indirect=True)


def test_every_channel_has_an_other_side_to_be_proven_against():
    assert CHANNELS.keys() == PEERS.keys()


def test_campaigns_may_name_every_channel_and_no_other():
    assert set(get_args(ChannelName)) == set(CHANNELS)


@pytest.fixture(params=sorted(CHANNELS))
def file(request):
    return CHANNELS[request.param]


@pytest.fixture
async def peer(file, tmp_path):
    async with PEERS[file.__name__.rpartition(".")[2]](tmp_path) as peer:
        yield peer


@pytest.fixture
async def channel(file, peer):
    async with file.open(peer.settings, peer.phones) as channel:
        yield channel


def test_every_setting_of_a_channel_is_explained_and_unknown_ones_are_refused(file):
    assert all(field.description for field in file.Settings.model_fields.values())
    assert file.Settings.model_config["extra"] == "forbid"


def test_what_leaves_the_house_is_only_opened_when_it_is_set_up_and_has_a_rate(file):
    assert file.Settings().enabled == file.Settings.inside
    assert file.Settings.inside or file.Settings().rate > 0


async def test_a_parcel_is_taken_once_and_has_a_receipt(file, channel, peer):
    receipt = await channel.send(peer.parcel, NOON)
    assert receipt.name
    assert peer.arrived() == int("go away" not in CANNOT.get(_name(file), ()) or _name(file) == "live")


@that_may("go away")
async def test_many_parcels_go_at_once(channel, peer):
    await asyncio.gather(*(channel.send(peer.parcel, NOON) for _ in range(20)))
    assert peer.arrived() == 20


@that_may("fail for a while")
async def test_a_passing_fault_asks_to_try_again_and_then_it_goes(channel, peer):
    peer.fails_for_a_while()
    with pytest.raises(TryAgain):
        await channel.send(peer.parcel, NOON)
    await channel.send(peer.parcel, NOON)
    assert peer.arrived() == 1


@that_may("forget the address")
async def test_a_dead_address_is_undeliverable(channel, peer):
    peer.forgets_the_address()
    with pytest.raises(Undeliverable):
        await channel.send(peer.parcel, NOON)


@that_may("refuse a message")
async def test_a_message_that_can_never_go_is_refused_and_the_address_is_not_blamed(channel, peer):
    with pytest.raises(Refused):
        await channel.send(peer.unacceptable, NOON)
    assert peer.arrived() == 0


@that_may("refuse us")
async def test_refused_credentials_bring_the_channel_down(channel, peer):
    peer.refuses_us()
    for _ in range(peer.refusals - 1):
        with pytest.raises(SendError):
            await channel.send(peer.parcel, NOON)
    with pytest.raises(ChannelDown):
        await channel.send(peer.parcel, NOON)


@that_may("refuse us at the check")
async def test_refused_credentials_are_found_without_sending(channel, peer):
    peer.refuses_us()
    with pytest.raises(ChannelDown):
        await channel.check()
    assert peer.arrived() == 0


async def test_good_credentials_pass_the_check_and_nothing_is_sent(channel, peer):
    await channel.check()
    assert peer.arrived() == 0


@that_may("go away")
async def test_an_other_side_that_is_away_asks_to_try_again(channel, peer):
    await channel.check()
    await peer.goes_away()
    with pytest.raises(TryAgain):
        await channel.send(peer.parcel, NOON)


@that_may("go away")
async def test_opening_and_closing_needs_nobody_on_the_other_side(file, peer):
    await peer.goes_away()
    async with file.open(peer.settings, peer.phones):
        pass
    assert peer.arrived() == 0


async def test_health_tells_no_address_and_no_secret(file, channel, peer):
    await channel.send(peer.parcel, NOON)
    told = str(channel.health())
    if peer.parcel.address is not None:
        assert peer.parcel.address.value not in told
    assert "PRIVATE KEY" not in told
    given = [getattr(peer.settings, name) for name in file.Settings.model_fields]
    secrets = [value.get_secret_value() for value in given if isinstance(value, SecretStr)]
    assert not [secret for secret in secrets if secret in told]
    assert not [secret for secret in secrets if secret in repr(peer.settings)]


def _name(file):
    return file.__name__.rpartition(".")[2]
