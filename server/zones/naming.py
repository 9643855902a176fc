"""Names that follow from their causes: doing a thing again gives the same id, and so finds it done."""

import struct
from hashlib import blake2b

_DIGEST_BYTES = 15  # 120 bits: 24 base32 letters without padding; two of 10^12 ids meet with chance 4e-13
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"  # base32 (RFC 4648), in lower case
#: Ten bits are two letters. base64.b32encode does as much in twice the time, and names are made for each zone event.
_PAIRS = tuple(first + second for first in _LETTERS for second in _LETTERS)
_SHIFTS = tuple(range(8 * _DIGEST_BYTES - 10, -1, -10))


def derived_id(prefix: str, *causes: str | int | float) -> str:  # noqa: PYI041  (an int is another cause than a float)
    """`prefix_` and 24 letters of [a-z2-7], the same for the same causes in the same order, whatever the process.

    Each cause is hashed (BLAKE2b, RFC 7693) with its type and length, so that ("ab", "c"), ("a", "bc") and (1,), ("1",),
    (1.0,) are all different. A truth value is refused with TypeError: it is most often a flag passed by mistake.
    """
    digest = blake2b(b"".join(map(_as_bytes, causes)), digest_size=_DIGEST_BYTES).digest()
    bits = int.from_bytes(digest, "big")
    return f"{prefix}_{''.join([_PAIRS[bits >> shift & 1023] for shift in _SHIFTS])}"


def _as_bytes(cause: str | float) -> bytes:
    """Its type, how many bytes it has, and these."""
    if isinstance(cause, str):
        kind, content = b"s", cause.encode("utf-8", "surrogatepass")
    elif isinstance(cause, bool):
        raise TypeError("a truth value is no cause of an id")
    elif isinstance(cause, int):
        kind, content = b"i", b"%d" % cause
    else:
        kind, content = b"f", struct.pack(">d", cause + 0.0)  # + 0.0 makes minus zero and zero one cause
    return kind + len(content).to_bytes(4, "big") + content
