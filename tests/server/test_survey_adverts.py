"""What gateways recorded becomes one recording of one fob: whatever our scanner can encode is found again."""

from dataclasses import replace
from uuid import UUID

import pytest

from scanner.formats import altbeacon, eddystone_uid, ibeacon
from scanner.recording import written
from server.survey_adverts import NoFob, join, said_by
from server.survey_files import BadFile

OURS = UUID("6f1c0a9e-0000-4000-8000-0000000000a1")
FOBS = [
    (ibeacon, ibeacon.IBeacon(OURS, 12, 34, -59)),
    (altbeacon, altbeacon.AltBeacon(0x0118, bytes(range(20)), -59)),
    (eddystone_uid, eddystone_uid.EddystoneUid(bytes(range(10)), bytes(range(6)), -20)),
]
ADDRESS = "C0:FF:EE:00:00:01"


def said(format, beacon, at, rssi, address=ADDRESS):
    return replace(format.encode(beacon), heard_at=at, rssi=rssi, address=address)


@pytest.fixture
def record(tmp_path):
    def write(name, *adverts):
        path = tmp_path / name
        path.write_text("".join(written(advert) + "\n" for advert in adverts))
        return path

    return write


@pytest.mark.parametrize(("format", "beacon"), FOBS)
@pytest.mark.parametrize("by", ["id", "ID", "address"])
def test_a_fob_is_found_by_its_id_and_by_its_address(record, format, beacon, by):
    fob = {"id": beacon.beacon_id, "ID": beacon.beacon_id.upper(), "address": ADDRESS}[by]
    strangers = [
        said(ibeacon, ibeacon.IBeacon(OURS, 12, 35, -59), 1.0, -40, "AA:AA:AA:AA:AA:AA"),
        said(
            eddystone_uid,
            eddystone_uid.EddystoneUid(bytes(10), bytes(6), -20),
            1.5,
            -41,
            "AA:AA:AA:AA:AA:AB",
        ),
    ]
    door = record("door.jsonl", *strangers, said(format, beacon, 3.0, -64))
    back = record("back.jsonl", said(format, beacon, 2.0, -71), *strangers)
    found = join([("an_door", door), ("an_back", back)], fob)
    assert found.packets == [(2.0, "an_back", -71.0), (3.0, "an_door", -64.0)]
    assert found.addresses[ADDRESS.lower()] == 2


def test_a_strength_that_the_radio_does_not_know_is_left_out(record):
    door = record("door.jsonl", *(said(*FOBS[0], at, rssi) for at, rssi in [(1, -127), (2, 127), (3, -60)]))
    assert join([("an_door", door)], ADDRESS).packets == [(3.0, "an_door", -60.0)]


@pytest.mark.parametrize(
    "fob", ["", "fob", "ibeacon:1:2:3", f"ibeacon:{OURS}:12:99999", "eddystone-uid:00:11", "AA:BB"]
)
def test_what_names_no_fob_is_told_what_would(fob):
    with pytest.raises(NoFob, match="is no fob: give ibeacon:"):
        said_by(fob)


@pytest.mark.parametrize(
    "line", ["no json", "[]", '{"at": 1}', '{"at": "noon", "rssi": -1}', '{"at": 1, "rssi": {}}']
)
def test_a_line_that_is_no_advertisement_is_named(tmp_path, line):
    path = tmp_path / "door.jsonl"
    path.write_text(f'{{"at": 1, "rssi": -60}}\n{line}\n')
    with pytest.raises(
        BadFile, match=r"door\.jsonl, line 2: is not what `soglia-scanner listen --record` writes"
    ):
        join([("an_door", path)], ADDRESS)


def test_a_fob_that_was_heard_at_no_time_of_any_clock_is_named(tmp_path):
    path = tmp_path / "door.jsonl"
    path.write_text(f'{{"at": 1e300, "rssi": -60, "address": "{ADDRESS}"}}\n')
    with pytest.raises(BadFile, match=r"door\.jsonl, line 1: 1e\+300 is no time between 1970 and 2286"):
        join([("an_door", path)], ADDRESS)
