"""What was heard can be written down and played again."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.advertisement import Advertisement
from scanner.recording import BadRecording, Recording, read, written

advertisements = st.builds(
    Advertisement,
    manufacturer_data=st.dictionaries(st.integers(0, 0xFFFF), st.binary(max_size=30), max_size=3),
    service_data=st.dictionaries(
        st.sampled_from(["feaa", "0000feaa-0000-1000-8000-000000000000"]), st.binary(max_size=30)
    ),
    address=st.none() | st.just("02:00:00:00:01:01"),
    rssi=st.integers(-120, 0).map(float),
    heard_at=st.integers(0, 2_000_000_000_000).map(lambda thousandths: thousandths / 1000),
)


@given(heard=st.lists(advertisements, max_size=5))
def test_what_was_written_is_read_as_it_was_heard(heard, tmp_path_factory):
    path = tmp_path_factory.mktemp("recording") / "shop.jsonl"
    path.write_text("".join(written(each) + "\n\n" for each in heard))
    assert list(read(path)) == heard


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not json", "line 2: "),
        ('{"at": 1}', "line 2: rssi: Field required"),
        ('{"at": 1, "rssi": -70, "manufacturer_data": {"4c": ""}}', r"line 2: manufacturer_data\.4c"),
        ('{"at": 1, "rssi": -70, "service_data": {"feaa": "abc"}}', r"line 2: service_data\.feaa"),
        ('{"at": NaN, "rssi": -70}', "line 2: at: "),
        ('{"at": 1, "rssi": -70, "colour": "red"}', "line 2: colour: "),
    ],
)
def test_a_line_that_is_no_advertisement_is_named(tmp_path, line, reason):
    path = tmp_path / "shop.jsonl"
    path.write_text('{"at": 1, "rssi": -70}\n' + line + "\n")
    with pytest.raises(BadRecording, match=reason):
        list(read(path))


@pytest.fixture
def recorded(tmp_path):
    """Three packets, a quarter of a second apart, long ago."""
    path = tmp_path / "shop.jsonl"
    packets = [{"at": 1000.0 + number / 4, "rssi": -70 - number} for number in range(3)]
    path.write_text("".join(json.dumps(packet) + "\n" for packet in packets))
    return path


async def test_a_recording_is_heard_now_in_its_own_rhythm(recorded):
    now = [5000.0]

    def clock() -> float:
        now[0] += 0.001  # time passes as it is looked at, and faster than the recording asks for
        return now[0]

    heard = []
    radio = Recording(recorded, speed=10.0, now=clock)
    await radio.run(heard.append)
    assert [packet.rssi for packet in heard] == [-70.0, -71.0, -72.0]
    assert all(5000.0 < packet.heard_at < 5001.0 for packet in heard)
    assert radio.health().reason == "the recording is over"


async def test_a_recording_can_keep_its_own_times(recorded):
    heard = []
    await Recording(recorded, as_recorded=True).run(heard.append)
    assert [packet.heard_at for packet in heard] == [1000.0, 1000.25, 1000.5]
