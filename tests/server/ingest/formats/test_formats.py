"""What every wire format keeps to, found by its folder: a new one is tried here without a line of its own."""

import json
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.ingest import formats
from server.ingest.format import Links, Positions, Unreadable
from server.ingest.unpacking import TooLarge
from tests.makers import NOON_S

FORMATS = formats.found()
every_format = pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)

#: Words that the formats look for, so that chance finds its way past the first look.
NAMES = sorted(
    {
        "_type",
        "at",
        "lat",
        "lon",
        "id",
        "rssi",
        "count",
        "pings",
        "sightings",
        "sent_at",
        "device",
        "accuracy",
    }
    | {"tst", "acc", "vel", "uuid", "major", "minor", "speed", "mock"}
)
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(
        ["location", "beacon", "transition", "2026-06-10T12:00:00Z", NOON_S, 45.0, 1e308, 10**400]
    )
)
JSON = st.recursive(
    VALUES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inner, max_size=8)
    ),
    max_leaves=30,
)
BODIES = st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode())


def read(form, body: bytes) -> Positions | Links | None:
    """What a format says of a body, held against the contract. None where it cannot read it."""
    try:
        said = form.read(body, NOON_S)
    except Unreadable:
        return None
    if said is None:
        assert form.ALWAYS is not None
        return None
    items = said.items
    rows = len(items.index)
    columns = (
        (said.device, said.at, said.lat, said.lon, said.accuracy_m, said.speed_mps, said.mock)
        if isinstance(said, Positions)
        else (said.beacon, said.at, said.rssi_dbm, said.count)
    )
    assert {len(column) for column in columns} == {rows}
    assert np.isfinite(said.at).all()
    faulty = {fault.index for fault in items.faults}
    assert sorted([*items.index.tolist(), *faulty]) == list(range(items.count))
    assert all(fault.reason for fault in items.faults)
    if isinstance(said, Positions):
        assert (np.abs(said.lat) <= 90).all()
        assert (np.abs(said.lon) <= 180).all()
        assert (said.accuracy_m >= 0).all()
    return said


def bodies(form) -> st.SearchStrategy[bytes]:
    """Bodies of the right shape, and nearly so."""
    return JSON.map(lambda value: json.dumps({"pings": [value], "sightings": [value]}).encode()) | BODIES


@every_format
def test_it_says_all_that_the_contract_asks_for(form):
    assert form.PATH.startswith("/")
    assert form.SPEAKERS
    assert form.__doc__
    assert form.ALWAYS is None or json.loads(form.ALWAYS) is not None
    assert msgspec.json.schema(form.BODY)


def test_no_two_formats_share_a_door():
    assert len({form.PATH for form in FORMATS.values()}) == len(FORMATS)


def test_a_file_that_breaks_the_contract_stops_the_start(monkeypatch):
    lacking = SimpleNamespace(PATH="/x", SPEAKERS=frozenset(), ALWAYS=None, read=None)
    monkeypatch.setattr(formats, "import_module", lambda _name: lacking)
    with pytest.raises(TypeError, match="has no BODY"):
        formats.found()


@every_format
@given(data=st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_no_body_breaks_it(form, data):
    read(form, data.draw(bodies(form)))


@every_format
@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"\x00",
        b"\xff\xfe\xfd",
        b"null",
        b"{}",
        b"[]",
        b"1e999",
        b'{"_type":',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"pings":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"pings":[{"x":' + b"[" * 2_000 + b"]" * 2_000 + b"}]}",
        b'"' + b"x" * 1_000_000 + b'"',
        b'{"pings":[' + b"9" * 1_000_000 + b"]}",
        '{"_type":"location"}'.encode("utf-16"),
        b'\xef\xbb\xbf{"pings":[]}',
        b'{"_type":"location","lat":"\xff","lon":1,"tst":1}',
        b'{"sightings":[{"id":"\xff","at":1,"rssi":-1}]}',
        b'{"pings":[{"device":"\\ud800\\udc00","at":1,"lat":1,"lon":1}]}',
    ],
)
def test_junk_is_junk(form, junk):
    read(form, junk)


@every_format
def test_a_list_without_end_is_refused_before_its_items_are_read(form):
    body = b'{"pings":[%b0],"sightings":[%b0]}' % (b"[]," * 200_000, b"[]," * 200_000)
    try:
        assert form.read(body, NOON_S) is None
    except TooLarge as refused:
        assert "200001 items" in str(refused)  # noqa: PT017  (formats of one message never get here)


@every_format
def test_a_body_of_a_hundred_thousand_items_is_read_and_counted(form):
    """The door refuses it by its count; reading it may not take more than a moment."""
    said = read(form, b'{"pings":[%b{}],"sightings":[%b{}]}' % (b"{}," * 99_999, b"{}," * 99_999))
    assert said is None or said.items.count == 100_000
