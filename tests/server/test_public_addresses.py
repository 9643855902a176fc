"""Where a stranger's URL may lead: to the public internet, and nowhere else unless it was allowed."""

from ipaddress import ip_network

import pytest

from server.public_addresses import may_be_reached


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("127.0.0.1", "ourselves"),
        ("127.8.9.1", "ourselves by another name"),
        ("0.0.0.0", "any of ours"),  # noqa: S104 - nobody binds to it
        ("10.1.2.3", "a private network"),
        ("172.16.0.1", "a private network"),
        ("172.31.255.255", "a private network"),
        ("192.168.1.1", "the router"),
        ("169.254.169.254", "a cloud's metadata"),
        ("100.100.100.200", "another cloud's metadata, in a carrier's network"),
        ("192.0.0.192", "yet another cloud's metadata"),
        ("198.18.0.1", "a benchmark's network"),
        ("203.0.113.5", "a network for documentation"),
        ("224.0.0.1", "everybody on the link"),
        ("240.0.0.1", "nobody's"),
        ("255.255.255.255", "everybody"),
        ("::", "any of ours"),
        ("::1", "ourselves"),
        ("fe80::1", "the link"),
        ("fe80::1%eth0", "the link, by its name"),
        ("fec0::1", "a site"),
        ("fc00::1", "a private network"),
        ("fd00:ec2::254", "a cloud's metadata"),
        ("ff02::1", "everybody on the link"),
        ("2001:db8::1", "a network for documentation"),
        ("::ffff:127.0.0.1", "ourselves, mapped"),
        ("::ffff:169.254.169.254", "metadata, mapped"),
        ("::127.0.0.1", "ourselves, in the old way of writing"),
        ("64:ff9b::7f00:1", "ourselves, behind NAT64"),
        ("64:ff9b:1::a9fe:a9fe", "metadata, behind a local NAT64"),
        ("2002:7f00:1::1", "ourselves, in 6to4"),
        ("2002:a9fe:a9fe::1", "metadata, in 6to4"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "somebody behind Teredo"),
        ("crm.shop.example", "no address at all"),
        ("", "nothing"),
    ],
)
def test_a_url_may_not_lead_there(address, what):
    assert not may_be_reached(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_a_url_may_lead_to_the_public_internet(address):
    assert may_be_reached(address)


def test_the_operator_may_allow_a_network_and_no_other_with_it():
    allowed = [ip_network("10.1.0.0/16"), ip_network("fd00:1::/64")]
    assert may_be_reached("10.1.2.3", allowed)
    assert may_be_reached("::ffff:10.1.2.3", allowed)
    assert may_be_reached("fd00:1::5", allowed)
    assert not may_be_reached("10.2.0.1", allowed)
    assert not may_be_reached("fd00:2::5", allowed)
