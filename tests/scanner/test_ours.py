"""What is not ours is forgotten; these lists say what is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from scanner.formats import FORMATS
from scanner.ours import Ours, OursSettings

beacons = st.one_of([st.from_type(form.value_type) for form in FORMATS])


@given(beacon=beacons)
def test_where_nothing_is_named_nothing_is_ours(beacon):
    assert not Ours.of(OursSettings()).own(beacon)


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("ibeacon", {"ibeacon_uuids": ["5A4BCFCE-174E-4BAC-A814-092E77F6B7E5"]}),
        ("altbeacon", {"altbeacon_ids": ["0118:000102030405060708090A0B0C0D0E0F"]}),
        ("eddystone_uid", {"eddystone_namespaces": ["0x00112233445566778899"]}),
        ("eddystone_eid", {"eddystone_eid": True}),
    ],
)
def test_a_beacon_is_ours_when_its_owner_is_listed_however_it_is_written(one_of, name, listed):
    ours = Ours.of(OursSettings(**listed))
    assert ours.own(one_of(name))
    others = {"ibeacon", "altbeacon", "eddystone_uid", "eddystone_eid", "eddystone_url", "eddystone_tlm"} - {
        name
    }
    assert not any(ours.own(one_of(other)) for other in others)


def test_the_files_list_and_the_servers_are_joined(one_of):
    ours = Ours.of(
        OursSettings(eddystone_eid=True), OursSettings(eddystone_namespaces=["00112233445566778899"])
    )
    assert ours.own(one_of("eddystone_eid"))
    assert ours.own(one_of("eddystone_uid"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"eddystone_namespaces": ["0011"]},
        {"altbeacon_ids": ["0011"]},
        {"ibeacon_uuids": ["mine"]},
        {"tiles": True},
    ],
)
def test_an_owner_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValidationError):
        OursSettings(**wrong)
