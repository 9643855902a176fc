"""The address that the doors listen on, taken before anybody says that it serves.

In: a host (a name or an address) and a port. Out: sockets that listen, one for each address of the host; or a sentence that
says why not, and which setting to change.
"""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from server.records.refusal import Refusal, Taken

#: Callers that may wait between two turns of the loop; the system may allow fewer.
_WAITING = 2_048


@contextmanager
def listening(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Sockets on `host`:`port` while the block lasts; port 0 takes a free one, the same for all addresses.

    Raises Taken where another program has the port, Refusal where it cannot be had for another reason.
    """
    with ExitStack() as stack:
        sockets: list[socket.socket] = []
        try:
            for family, kind, protocol, _name, address in _addresses(host, port):
                listener = stack.enter_context(socket.socket(family, kind, protocol))
                if os.name == "posix":  # elsewhere it would let two programs have the same port
                    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                own_port = sockets[0].getsockname()[1] if sockets else port
                listener.bind((address[0], own_port, *address[2:]))
                listener.listen(_WAITING)
                sockets.append(listener)
        except OSError as error:
            raise _in_words(error, host, port) from None
        yield sockets


def _addresses(
    host: str, port: int
) -> list[tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]]:
    """Each address once: the system's hosts file may name one twice."""
    kind, protocol = socket.SOCK_STREAM, socket.IPPROTO_TCP
    found = socket.getaddrinfo(host, port, type=kind, proto=protocol, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys(found))


def _in_words(error: OSError, host: str, port: int) -> Refusal:
    if error.errno == errno.EADDRINUSE:
        return Taken(
            f"{host}:{port} is taken by another program: set server.port (SOGLIA_SERVER__PORT) to a free one"
        )
    why = error.strerror or str(error)
    return Refusal(
        f"nobody can listen on {host}:{port} here ({why}): set server.host (SOGLIA_SERVER__HOST) or server.port "
        "(SOGLIA_SERVER__PORT)"
    )
