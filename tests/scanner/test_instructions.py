"""What the server told us survives a restart, and a broken copy does no harm."""

import pytest
from pydantic import ValidationError

from scanner.instructions import Instructions, load, save
from scanner.ours import OursSettings

TOLD = Instructions(
    gateway="gw_1", ours=OursSettings(eddystone_eid=True), window_s=0.5, version="7", etag='"7"'
)


def test_the_copy_on_disk_says_what_the_server_said(tmp_path):
    save(tmp_path / "state" / "instructions.json", TOLD)
    assert load(tmp_path / "state" / "instructions.json") == TOLD


def test_without_a_copy_there_are_none(tmp_path):
    assert load(tmp_path / "instructions.json") is None


@pytest.mark.parametrize("left", [b"", b"{", b'{"window_s": "soon"}', b"\xff\xfe"])
def test_a_copy_that_cannot_be_read_is_as_none(tmp_path, left):
    (tmp_path / "instructions.json").write_bytes(left)
    assert load(tmp_path / "instructions.json") is None


def test_a_newer_server_may_say_more_than_we_understand():
    told = Instructions.model_validate_json('{"gateway": "gw_1", "colour": "green"}')
    assert told.gateway == "gw_1"


def test_a_window_that_cannot_be_is_refused():
    with pytest.raises(ValidationError):
        Instructions(window_s=0.0)
