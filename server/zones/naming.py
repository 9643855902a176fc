"""Names that follow from their causes: doing a thing again gives the same id, and so finds it done."""

import struct
from base64 import b32encode
from hashlib import blake2b

_DIGEST_BYTES = 15  # 120 bits: 24 base32 letters without padding; two of 10^12 ids meet with chance 4e-13


def derived_id(prefix: str, *causes: str | int | float) -> str:  # noqa: PYI041  (an int is another cause than a float)
    """`prefix_` and 24 letters of [a-z2-7], the same for the same causes in the same order, whatever the process.

    Each cause is hashed (BLAKE2b, RFC 7693) with its type and length, so that ("ab", "c"), ("a", "bc") and (1,), ("1",),
    (1.0,) are all different. A truth value is refused with TypeError: it is most often a flag passed by mistake.
    """
    digest = blake2b(digest_size=_DIGEST_BYTES)
    for cause in causes:
        kind, content = _as_bytes(cause)
        digest.update(kind + struct.pack(">I", len(content)) + content)
    return f"{prefix}_{b32encode(digest.digest()).decode('ascii').lower()}"


def _as_bytes(cause: str | float) -> tuple[bytes, bytes]:
    if isinstance(cause, bool):
        raise TypeError("a truth value is no cause of an id")
    if isinstance(cause, str):
        return b"s", cause.encode("utf-8", "surrogatepass")
    if isinstance(cause, int):
        return b"i", str(cause).encode("ascii")
    return b"f", struct.pack(">d", cause + 0.0)  # + 0.0 makes minus zero and zero one cause
