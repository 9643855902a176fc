"""Connections that lead into no private network but those allowed: for every URL that somebody else gave us.

In: how names become addresses, and the networks that are allowed all the same. Out: a connector. What is connected to is the very
address that was looked at: names are resolved anew for each connection, by us alone (no proxy, no cache), and where the
connection would go is looked at once more when its socket is made, whatever the URL or the name looked like.
"""

import socket
from collections.abc import Sequence
from socket import AF_UNSPEC, AddressFamily

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from server.public_addresses import Network, may_be_reached


class Forbidden(OSError):
    """The URL leads to an address that is refused. Its text says so without naming the address."""


def guarded_connector(
    *,
    connections: int,
    allowed: Sequence[Network] = (),
    resolver: AbstractResolver | None = None,
    refusal: str = "the address leads into a private network",
) -> aiohttp.TCPConnector:
    """A connector of at most so many connections. What it refuses raises aiohttp's connection error with Forbidden as its cause."""

    def made(target: aiohttp.AddrInfoType) -> socket.socket:
        if not may_be_reached(str(target[4][0]), allowed):
            raise Forbidden(refusal)
        return socket.socket(*target[:3])

    return aiohttp.TCPConnector(
        limit=connections,
        resolver=_Guarded(resolver or ThreadedResolver(), tuple(allowed), refusal),
        use_dns_cache=False,
        socket_factory=made,
    )


class _Guarded(AbstractResolver):
    """Names as another resolver knows them, without the addresses that are refused."""

    def __init__(self, resolver: AbstractResolver, allowed: Sequence[Network], refusal: str) -> None:
        self._resolver = resolver
        self._allowed = allowed
        self._refusal = refusal

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        reachable = [each for each in found if may_be_reached(each["host"], self._allowed)]
        if not reachable:
            raise Forbidden(self._refusal)
        return reachable

    async def close(self) -> None:
        await self._resolver.close()
