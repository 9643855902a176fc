"""Bodies that came compressed. In: the bytes as sent and their Content-Encoding. Out: the plain body, never more than a limit of it."""

import zlib
from typing import Final

import zstandard

#: Of the ways that RFC 9110 and RFC 8878 know, those that senders use.
ENCODINGS: Final = ("gzip", "zstd")
#: The largest zstd window that we give memory to: 8 MB, as RFC 8878 (3.1.1.1.2) asks of every decoder.
_WINDOW: Final = 2**23


class Garbled(Exception):
    """The body cannot be unpacked: 400."""


class TooLarge(Exception):
    """The body, packed or unpacked, is larger than the door takes: 413."""


class UnknownEncoding(Exception):
    """Compressed in a way that we do not know: 415."""


def unpacked(body: bytes, encoding: bytes | None, limit: int) -> bytes:
    """The plain body. A bomb is unpacked to `limit` bytes and no further.

    Raises Garbled, TooLarge or UnknownEncoding.
    """
    if encoding is None:
        return body
    match encoding.strip().lower():
        case b"identity" | b"":
            return body
        case b"gzip" | b"x-gzip":
            return _gunzipped(body, limit)
        case b"zstd":
            return _unzstd(body, limit)
        case other:
            raise UnknownEncoding(
                f"unknown Content-Encoding {other.decode('latin-1')[:40]!r}: send {' or '.join(ENCODINGS)}, or plain"
            )


def _gunzipped(body: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(body, limit + 1)
    except zlib.error as error:
        raise Garbled(f"not gzip: {error}") from error
    if len(plain) > limit:
        raise _too_large(limit)
    if not unpacker.eof:
        raise Garbled("the gzip body ends too early")
    if unpacker.unused_data:
        raise Garbled("something follows the gzip body")
    return plain


def _unzstd(body: bytes, limit: int) -> bytes:
    try:
        announced = zstandard.frame_content_size(body)
        with zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(body) as stream:
            plain = stream.read(limit + 1)
    except zstandard.ZstdError as error:
        raise Garbled(f"not zstd: {error}") from error
    if len(plain) > limit:
        raise _too_large(limit)
    if announced not in {-1, len(plain)}:  # -1: a stream, which does not announce it
        raise Garbled("the zstd body ends too early")
    return plain


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body is larger than {limit} bytes: send it in parts")
