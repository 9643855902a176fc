"""The programs as they are started: by hand, by systemd, and after a crash."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.formats import ibeacon
from scanner.recording import written

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
async def scanner(tmp_path):
    """Starts `soglia-scanner ...` in a folder of its own, with these settings in the environment, on this D-Bus."""
    started = []

    async def start(*words: str, bus: str | None = None, **settings: str) -> asyncio.subprocess.Process:
        named = {f"SOGLIA_SCANNER_{key.upper()}": value for key, value in settings.items()}
        if bus is not None:
            named["DBUS_SYSTEM_BUS_ADDRESS"] = bus
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "scanner", *words,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT), "NO_COLOR": "1", **named},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


@pytest.fixture
def reaching(server, tmp_path) -> dict[str, str]:
    """The settings that reach the pretend server."""
    (tmp_path / "token").write_text("sog_gateway_pretend\n")
    server.settings["ours"] = {"ibeacon_uuids": ["5a4bcfce-174e-4bac-a814-092e77f6b7e5"]}
    return {
        "server__url": server.url,
        "server__token_file": str(tmp_path / "token"),
        "spool__folder": str(tmp_path / "spool"),
        "uplink__heartbeat_s": "0.3",
        "uplink__retry_longest_s": "0.2",
    }


@pytest.fixture
def recording(tmp_path, one_of) -> Path:
    """Fifty packets of five fobs of ours, in one second."""
    path = tmp_path / "shop.jsonl"
    packets = [
        replace(ibeacon.encode(one_of("ibeacon", minor=number % 5)), rssi=-70.0, heard_at=1000 + number / 50)
        for number in range(50)
    ]
    path.write_text("".join(written(packet) + "\n" for packet in packets))
    return path


async def test_a_scanner_that_is_stopped_by_systemd_ends_cleanly(
    scanner, reaching, server, on_the_air, until
):
    process = await scanner("run", **reaching)
    await until(lambda: server.sightings)
    process.send_signal(signal.SIGTERM)
    _, said = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 0
    facts = [json.loads(line) for line in said.decode().splitlines()]
    assert [fact["event"] for fact in facts][-1] == "agent_stopped"
    assert b"7A:11:22:33:44:55" not in said


async def test_a_scanner_killed_while_the_line_is_down_sends_it_all_after_the_restart(
    scanner, reaching, server, recording, until, tmp_path
):
    await server.stop()
    process = await scanner(
        "replay", str(recording), ours__ibeacon_uuids='["5a4bcfce-174e-4bac-a814-092e77f6b7e5"]', **reaching
    )
    journal = tmp_path / "spool" / "spool.sqlite3-wal"
    await until(lambda: journal.exists() and journal.read_bytes().count(b"ibeacon:") >= 5)
    process.kill()
    await process.communicate()
    await server.start()
    (tmp_path / "nothing.jsonl").write_text("")
    again = await scanner(
        "replay", str(tmp_path / "nothing.jsonl"), **{**reaching, "server__url": server.url}
    )
    await asyncio.wait_for(again.communicate(), 20)
    assert again.returncode == 0
    assert len(server.ids) == 5


async def test_a_recording_is_replayed_to_the_server(scanner, reaching, server, recording):
    began = time.time()
    process = await scanner(
        "replay", str(recording), "--speed", "4",
        ours__ibeacon_uuids='["5a4bcfce-174e-4bac-a814-092e77f6b7e5"]', **reaching,
    )  # fmt: skip
    said, complaints = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0, complaints
    assert said.startswith(b"50 advertisements, 50 of ours, ")
    assert sum(sighting["count"] for sighting in server.sightings) == 50
    assert all(sighting["at"] >= began for sighting in server.sightings)


async def test_a_recording_keeps_its_own_times_when_asked_to(scanner, reaching, server, recording):
    process = await scanner(
        "replay", str(recording), "--as-recorded",
        ours__ibeacon_uuids='["5a4bcfce-174e-4bac-a814-092e77f6b7e5"]',
        spool__max_age_hours="8760", **reaching,
    )  # fmt: skip
    said, complaints = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0, complaints
    assert said.startswith(b"50 advertisements, 50 of ours, ")


async def test_a_file_that_is_no_recording_is_named(scanner, reaching, tmp_path):
    (tmp_path / "notes.txt").write_text("buy milk\n")
    process = await scanner("replay", str(tmp_path / "notes.txt"), **reaching)
    _, complaints = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 2
    assert b"notes.txt, line 1" in complaints


async def test_wrong_settings_stop_the_start_and_are_named(scanner, reaching):
    process = await scanner("run", **reaching, radio__mode="loud")
    _, complaints = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 2
    assert b"radio.mode: Input should be 'active' or 'passive'" in complaints


async def test_a_second_scanner_on_the_same_spool_is_told(scanner, reaching, server, on_the_air, until):
    await scanner("run", **reaching)
    await until(lambda: server.heartbeats)
    second = await scanner("run", **reaching)
    _, complaints = await asyncio.wait_for(second.communicate(), 20)
    assert second.returncode == 2
    assert b"another scanner works on" in complaints


async def test_listening_needs_no_server_and_records_all_when_asked_to(scanner, on_the_air, until, tmp_path):
    process = await scanner("listen", "--all", "--record", "heard.jsonl")
    heard = tmp_path / "heard.jsonl"
    await until(lambda: heard.exists() and heard.read_text().count("\n") >= 10)
    process.send_signal(signal.SIGINT)
    screen, complaints = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 0, complaints
    assert b"packets" in screen


async def test_without_any_bluetooth_listening_ends_and_leaves_no_empty_file(scanner, tmp_path):
    process = await scanner("listen", "--all", "--record", "heard.jsonl", bus=f"unix:path={tmp_path}/nowhere")
    _, complaints = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 1
    assert b"the radio does not begin to listen: the system's D-Bus cannot be reached" in complaints
    assert not (tmp_path / "heard.jsonl").exists()


async def test_a_recording_that_cannot_be_written_is_named(scanner):
    process = await scanner("listen", "--all", "--record", "nowhere/heard.jsonl")
    _, complaints = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 2
    assert b"nowhere/heard.jsonl cannot be written: No such file or directory" in complaints


async def test_recording_what_is_ours_needs_to_know_what_is(scanner):
    process = await scanner("listen", "--record", "heard.jsonl")
    _, complaints = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 2
    assert b"name your beacons" in complaints
