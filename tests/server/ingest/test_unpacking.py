"""Bodies come packed, cut off, wrongly named, or as bombs."""

import gzip
import json
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from server.ingest.unpacking import Garbled, TooLarge, UnknownEncoding, unpacked
from tests.server.ingest.shop import a_ping, pings

PACKED = {
    b"gzip": gzip.compress,
    b"zstd": zstandard.ZstdCompressor().compress,
}
STREAMED = zstandard.ZstdCompressor().compressobj()


@given(st.binary(max_size=300), st.sampled_from(sorted(PACKED)))
def test_what_was_packed_comes_out_as_it_was(plain, encoding):
    assert unpacked(PACKED[encoding](plain), encoding, 300) == plain


@pytest.mark.parametrize("encoding", [None, b"", b"identity", b" Identity "])
def test_a_plain_body_stays_as_it_is(encoding):
    assert unpacked(b"plain", encoding, 5) == b"plain"


def test_names_of_encodings_are_of_any_case():
    assert unpacked(gzip.compress(b"x"), b" GZip ", 5) == b"x"
    assert unpacked(gzip.compress(b"x"), b"x-gzip", 5) == b"x"


@pytest.mark.parametrize("encoding", sorted(PACKED))
def test_the_limit_is_that_of_the_plain_body(encoding):
    assert unpacked(PACKED[encoding](b"x" * 100), encoding, 100) == b"x" * 100
    with pytest.raises(TooLarge):
        unpacked(PACKED[encoding](b"x" * 101), encoding, 100)


@pytest.mark.parametrize("encoding", sorted(PACKED))
def test_a_bomb_is_not_unpacked(encoding):
    bomb = PACKED[encoding](bytes(200_000_000))
    assert len(bomb) < 250_000
    with pytest.raises(TooLarge):
        unpacked(bomb, encoding, 1_000)


def test_a_zstd_stream_does_not_say_how_long_it_is():
    stream = STREAMED.compress(b"x" * 100) + STREAMED.flush()
    assert unpacked(stream, b"zstd", 100) == b"x" * 100
    with pytest.raises(TooLarge):
        unpacked(stream, b"zstd", 99)


def test_a_zstd_body_may_not_ask_for_a_huge_window():
    parameters = zstandard.ZstdCompressionParameters(window_log=27, write_content_size=False)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    body = packer.compress(b"x" * 100) + packer.flush(zstandard.COMPRESSOBJ_FLUSH_FINISH)
    with pytest.raises(Garbled, match="zstd"):
        unpacked(body, b"zstd", 1_000)


@given(st.sampled_from(sorted(PACKED)), st.data())
def test_a_body_that_was_cut_off_is_not_taken_for_whole(encoding, data):
    body = PACKED[encoding](b"a good and long enough body: " * 9)
    cut = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(Garbled):
        unpacked(body[:cut], encoding, 1_000)


@given(st.sampled_from(sorted(PACKED)), st.binary(max_size=200))
def test_junk_is_garbled_and_nothing_worse(encoding, junk):
    try:
        unpacked(junk, encoding, 1_000)
    except (Garbled, TooLarge):
        return
    assert unpacked(junk, encoding, 1_000) is not None


def test_what_follows_a_gzip_body_is_not_dropped_in_silence():
    with pytest.raises(Garbled, match="follows"):
        unpacked(gzip.compress(b"one") + gzip.compress(b"two"), b"gzip", 100)


@pytest.mark.parametrize(
    "encoding", [b"br", b"deflate", b"gzip, gzip", b"\xff" * 100], ids=["br", "deflate", "twice", "no text"]
)
def test_other_encodings_are_named(encoding):
    with pytest.raises(UnknownEncoding, match="gzip or zstd"):
        unpacked(zlib.compress(b"x"), encoding, 100)


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        ("gzip", gzip.compress(b"[1,2,3]")[:-5], 400),
        ("gzip", b"plain", 400),
        ("zstd", b"plain", 400),
        ("gzip", gzip.compress(bytes(4_001)), 413),
        ("zstd", PACKED[b"zstd"](bytes(10_000_000)), 413),
        ("br", b"plain", 415),
    ],
    ids=["gzip cut off", "not gzip", "not zstd", "too large in gzip", "too large in zstd", "unknown"],
)
async def test_the_door_says_what_is_wrong_with_the_packing(shop, encoding, body, status):
    phone = await shop.phone()
    answer = await shop.post("/v1/pings", body, phone, Content_Encoding=encoding)
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert ("accept-encoding" in answer.headers) == (status == 415)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
async def test_a_packed_body_is_taken(shop, encoding):
    phone = await shop.phone()
    body = PACKED[encoding.encode()](json.dumps(pings(a_ping())).encode())
    answer = await shop.post("/v1/pings", body, phone, Content_Encoding=encoding)
    assert answer.json()["verdicts"] == ["accepted"]
