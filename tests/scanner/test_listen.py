"""What the radio hears, for the eye; strangers are counted and never named."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from scanner.advertisement import Advertisement, RadioHealth
from scanner.formats import FORMATS
from scanner.listen import Overheard, listen
from scanner.ours import Ours, OursSettings

ENCODE = {form.name: form.encode for form in FORMATS}
OURS = Ours.of(OursSettings(eddystone_namespaces=["00112233445566778899"]))
STRANGERS_PHONE = Advertisement(
    {0x004C: bytes.fromhex("10061a1e16ec7f61")}, {}, "7A:11:22:33:44:55", -80.0, 10.0
)


class Few:
    """A radio that hears these and ends."""

    def __init__(self, *packets: Advertisement) -> None:
        self.packets = packets

    async def run(self, hear) -> None:
        for packet in self.packets:
            hear(packet)

    def health(self) -> RadioHealth:
        return RadioHealth("silent", "nobody is there")


@pytest.fixture
def heard(one_of):
    """One packet of a format, at -70 dBm: heard("ibeacon", minor=3)."""

    def packet(name: str, **fields) -> Advertisement:
        return replace(ENCODE[name](one_of(name, **fields)), rssi=-70.0, heard_at=10.0, address="02:01")

    return packet


@pytest.fixture
def shown():
    """Listens to these packets and returns what the terminal showed, and what was recorded."""

    async def show(*packets: Advertisement, all_counts: bool = False) -> tuple[str, str]:
        screen, record = io.StringIO(), io.StringIO()
        console = Console(file=screen, width=140, force_terminal=False)
        overheard = Overheard(OURS)
        await listen(
            Few(*packets), overheard, console, all_counts=all_counts, record=record, now=lambda: 12.0
        )
        return screen.getvalue(), record.getvalue()

    return show


async def test_beacons_are_shown_with_their_ids_and_strength(shown, heard):
    screen, _ = await shown(
        heard("ibeacon"), heard("eddystone_uid"), heard("eddystone_url"), heard("eddystone_tlm")
    )
    assert "ibeacon:5a4bcfce-174e-4bac-a814-092e77f6b7e5:1:7" in screen
    assert "eddystone-url: https://example.com" in screen
    assert "-70" in screen
    assert "silent: nobody is there" in screen
    ours = [line for line in screen.splitlines() if "yes" in line]
    assert all("eddystone-uid:00112233445566778899" in line for line in ours)
    assert ours


async def test_strangers_are_counted_by_company_and_only_when_asked_for(shown):
    assert "004c" not in (await shown(STRANGERS_PHONE))[0]
    screen, _ = await shown(STRANGERS_PHONE, all_counts=True)
    assert "company 004c" in screen
    assert "7A:11" not in screen


async def test_only_what_is_ours_is_recorded_unless_all_is_asked_for(shown, heard):
    packets = (heard("eddystone_uid"), heard("ibeacon"), STRANGERS_PHONE)
    _, ours = await shown(*packets)
    _, everything = await shown(*packets, all_counts=True)
    assert len(ours.splitlines()) == 1
    assert len(everything.splitlines()) == 3
