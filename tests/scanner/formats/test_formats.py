"""Every beacon format in its folder keeps the same promises; a new file is tested by being there."""

import json
import types
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scanner.advertisement import Advertisement
from scanner.beacon import Beacon
from scanner.formats import FORMATS, BrokenFormat, Format, decode_all, eddystone_url, read_format

each_format = pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
payloads = st.binary(max_size=64)
looks_familiar = st.sampled_from(
    [b"\x02\x15", b"\xbe\xac", b"\x00", b"\x10", b"\x20\x00", b"\x20\x01", b"\x30", b""]
)


@each_format
@given(data=st.data())
def test_what_a_beacon_says_is_what_we_understand(form: Format, data):
    value = data.draw(st.from_type(form.value_type))
    assert form.decode(form.encode(value)) == value


@each_format
@given(data=st.data())
def test_a_frame_speaks_of_itself_in_one_format_only(form: Format, data):
    said = decode_all(form.encode(data.draw(st.from_type(form.value_type))))
    assert len(said) == 1


@each_format
@given(data=st.data(), cut=st.integers(3, 40))
def test_a_frame_that_was_cut_short_is_not_mistaken_for_the_whole(form: Format, data, cut):
    # Two bytes may be missing: AltBeacon's last and Eddystone-UID's unused ones are left out by real beacons.
    value = data.draw(st.from_type(form.value_type))
    whole = form.encode(value)
    short = Advertisement(
        {company: said[:-cut] for company, said in whole.manufacturer_data.items()},
        {service: said[:-cut] for service, said in whole.service_data.items()},
    )
    if not isinstance(value, eddystone_url.EddystoneUrl):  # a shorter URL is a URL
        assert form.decode(short) is None


@given(
    manufacturer=st.dictionaries(
        st.sampled_from([0x004C, 0x0118, 0xFFFF]), st.builds(bytes.__add__, looks_familiar, payloads)
    ),
    service=st.dictionaries(
        st.sampled_from(["feaa", "fe9a"]), st.builds(bytes.__add__, looks_familiar, payloads)
    ),
)
@example({0x004C: b""}, {"feaa": b""})
def test_no_bytes_crash_a_decoder(manufacturer, service):
    for value in decode_all(Advertisement(manufacturer, service)):
        assert isinstance(value, Beacon)
        assert value.battery is None or 0 <= value.battery <= 1


@each_format
@given(data=st.data(), tail=st.binary(min_size=3, max_size=20))
def test_oversized_frames_are_left_alone(form: Format, data, tail):
    value = data.draw(st.from_type(form.value_type))
    whole = form.encode(value)
    longer = Advertisement(
        {company: said + tail for company, said in whole.manufacturer_data.items()},
        {service: said + tail for service, said in whole.service_data.items()},
    )
    if (
        not isinstance(value, eddystone_url.EddystoneUrl)
        or len(value.shortened) + len(tail) > eddystone_url.LONGEST
    ):
        assert form.decode(longer) is None


def test_a_file_that_breaks_the_contract_stops_the_start():
    half = types.ModuleType("scanner.formats.half", "Half a format.")
    half.decode = print
    with pytest.raises(BrokenFormat, match="half: needs both"):
        read_format(half)


def test_a_format_whose_values_are_not_beacons_stops_the_start():
    def decode(advertisement: Advertisement) -> str | None: ...
    def encode(value: str) -> Advertisement: ...

    loose = types.ModuleType("scanner.formats.loose", "Values that are plain text.")
    loose.decode, loose.encode = decode, encode
    with pytest.raises(BrokenFormat, match=r"loose: .* is not a frozen dataclass"):
        read_format(loose)


# -- captured bytes, with what their publishers expect

OF_OURS = {"ibeacon", "ibeacon/tilt", "altbeacon", "eddystone"}


def test_captured_frames_say_what_their_publishers_expect(data_dir: Path, advertisement_of):
    vectors = json.loads((data_dir / "adverts.json").read_text())["vectors"]
    checked = 0
    for vector in vectors:
        if vector["format"] not in OF_OURS or vector.get("must_not_parse") or not vector["expect"]:
            continue
        (value,) = decode_all(advertisement_of(vector))
        said = _as_published(value)
        for key, expected in vector["expect"].items():
            if key in said:
                assert said[key] == (UUID(expected) if key == "uuid" else expected), (vector["id"], key)
                checked += 1
    assert checked >= 40


def test_captured_frames_that_must_not_parse_say_nothing_to_us(data_dir: Path, advertisement_of):
    vectors = json.loads((data_dir / "adverts.json").read_text())["vectors"]
    silent = [
        v for v in vectors if v.get("must_not_parse") or not v["expect"] or v["format"] == "appledevice"
    ]
    assert len(silent) >= 14
    understood = {vector["id"]: decode_all(advertisement_of(vector)) for vector in silent}
    assert {key: said for key, said in understood.items() if said} == {}


def test_what_we_understand_of_other_products_really_stands_in_their_frames(data_dir: Path, advertisement_of):
    """Some of them send an iBeacon or an Eddystone-URL beside their own frames; the rest is none of our business."""
    vectors = json.loads((data_dir / "adverts.json").read_text())["vectors"]
    for vector in (each for each in vectors if each["format"] not in OF_OURS):
        captured = advertisement_of(vector)
        for form in FORMATS:
            value = form.decode(captured)
            if value is not None:
                said = form.encode(value)
                assert said.manufacturer_data.items() <= captured.manufacturer_data.items(), vector["id"]
                assert said.service_data.items() <= captured.service_data.items(), vector["id"]


def _as_published(value: Beacon) -> dict[str, object]:
    """The fields under the names that the publishers' own tests use."""
    said: dict[str, object] = {}
    match type(value).__name__:
        case "IBeacon":
            said = {
                "major": value.major,
                "minor": value.minor,
                "tx_power": value.power,
                "txpower": value.power,
            }
            said |= {"txPower": value.power, "volt": value.power / 10}
            said["uuid"] = value.uuid
            said["deviceIds"] = [f"{value.uuid.hex}/{value.major:04x}/{value.minor:04x}"]
        case "AltBeacon":
            said["uuid"] = UUID(bytes=value.identity[:16])
            said |= {
                "major": int.from_bytes(value.identity[16:18]),
                "minor": int.from_bytes(value.identity[18:]),
            }
            said |= {"tx_power": value.power, "measured power": value.power, "mfg_reserved": value.reserved}
            said["company"] = f"{value.company:04x}"
        case "EddystoneUid":
            said = {
                "txPower": value.tx_at_0m,
                "deviceIds": [f"{value.namespace.hex()}/{value.instance.hex()}"],
            }
        case "EddystoneEid":
            said = {"tx_power": value.tx_at_0m, "txPower": value.tx_at_0m, "eid": value.eid.hex()}
            said["deviceIds"] = [f"{value.eid.hex()}/0"]
        case "EddystoneUrl":
            said = {"tx_power": value.tx_at_0m, "txPower": value.tx_at_0m, "url": value.url, "uri": value.url}
        case "Telemetry":
            said = {"voltage": value.battery_mv, "temperature": value.temperature_c}
            said |= {"advertising_count": value.packets_sent, "seconds_since_boot": value.uptime_tenths}
        case "SealedTelemetry":
            sealed = {"data": value.sealed.hex(), "salt": value.salt, "checksum": value.check}
            said["encrypted"] = {**sealed, "method": "eddystone-etlm"}
    return said


# -- what each says of power and battery


def test_eddystone_states_power_at_the_beacon_and_ibeacon_a_metre_away(one_of):
    assert one_of("eddystone_uid", tx_at_0m=-18).tx_at_1m == -59
    assert one_of("ibeacon", power=-59).tx_at_1m == -59


def test_a_cheap_fob_that_puts_its_battery_into_the_power_byte_claims_no_power(one_of):
    fob = one_of("ibeacon", power=26)
    assert fob.tx_at_1m is None
    assert fob.battery == pytest.approx(0.6)


def test_telemetry_that_cannot_tell_the_battery_tells_none(one_of):
    assert one_of("eddystone_tlm", battery_mv=0).battery is None
    assert one_of("eddystone_tlm", battery_mv=3000).battery == 1.0


@given(rest=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=17))
def test_a_url_is_read_back_as_it_was_written(rest):
    url = f"https://{rest}"
    assert eddystone_url.EddystoneUrl.of(url, tx_at_0m=-20).url == url


def test_a_url_is_shortened_by_the_codes_of_the_specification():
    frame = eddystone_url.EddystoneUrl.of("https://www.example.com/offer", tx_at_0m=0)
    assert (frame.scheme, frame.shortened) == (1, b"example\x00offer")


@pytest.mark.parametrize(
    "url", ["ftp://example.com", "https://a-very-long-name.example", "http://caf\xe9.fr", "http://a b"]
)
def test_a_url_that_no_frame_can_carry_is_refused(url):
    with pytest.raises(ValueError, match=r"Eddystone-URL|bytes"):
        eddystone_url.EddystoneUrl.of(url, tx_at_0m=0)


@each_format
def test_ids_of_the_wrong_length_are_refused_rather_than_padded(form: Format, one_of):
    value = one_of(form.name)
    fields = [name for name in ("identity", "namespace", "instance", "eid", "sealed") if hasattr(value, name)]
    for name in fields:
        with pytest.raises(ValueError, match="bytes"):
            form.encode(replace(value, **{name: b"short"}))
