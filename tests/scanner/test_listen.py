"""What the radio hears, for the eye; strangers are counted and never named."""

import asyncio
import contextlib
import io
from dataclasses import replace

import pytest
from rich.console import Console

from scanner import listen as listening
from scanner.advertisement import Advertisement, RadioHealth
from scanner.formats import FORMATS
from scanner.listen import NeverListened, Overheard, listen, recording_into
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


class Troubled:
    """A radio that survives all its troubles; these follow one another each time that somebody asks, the last one for good."""

    def __init__(self, *healths: RadioHealth) -> None:
        self.healths = [RadioHealth("silent", "the radio is starting"), *healths]
        self.over = asyncio.Event()

    async def run(self, _hear) -> None:
        await self.over.wait()

    def health(self) -> RadioHealth:
        if len(self.healths) == 1:
            self.over.set()
        return self.healths.pop(0) if len(self.healths) > 1 else self.healths[0]


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


NO_BLUETOOTHD = RadioHealth("failed", "bluetoothd does not run")
LISTENING = RadioHealth("silent", "listening for 1 s and nothing is heard")


async def listened(radio: Troubled) -> None:
    console = Console(file=io.StringIO(), width=140, force_terminal=False)
    await listen(radio, Overheard(OURS), console, give_up_after_s=0.0)


async def test_a_radio_that_cannot_even_begin_ends_it_with_the_reason():
    radio = Troubled(NO_BLUETOOTHD)
    radio.over.set = lambda: None  # it would go on for ever
    with pytest.raises(ExceptionGroup) as ended:
        await asyncio.wait_for(listened(radio), 20)
    assert [str(each) for each in ended.value.exceptions] == ["bluetoothd does not run"]
    assert isinstance(ended.value.exceptions[0], NeverListened)


@pytest.mark.parametrize(
    "healths", [(LISTENING, NO_BLUETOOTHD), (RadioHealth("off", "switched off"), LISTENING)]
)
async def test_a_radio_that_has_begun_or_is_only_switched_off_is_waited_for(monkeypatch, healths):
    monkeypatch.setattr(listening, "REDRAW_EVERY_S", 0.0)
    await asyncio.wait_for(listened(Troubled(*healths)), 20)


@pytest.mark.parametrize("before", [None, "", "one line\n"])
@pytest.mark.parametrize("said", ["", "another\n"])
@pytest.mark.parametrize("trouble", [False, True])
def test_an_empty_recording_is_not_left_behind(tmp_path, before, said, trouble):
    path = tmp_path / "heard.jsonl"
    if before is not None:
        path.write_text(before)
    with contextlib.suppress(OSError), recording_into(path) as file:
        file.write(said)
        if trouble:
            raise OSError
    assert path.exists() == (before is not None or bool(said))
    assert not path.exists() or path.read_text() == (before or "") + said
