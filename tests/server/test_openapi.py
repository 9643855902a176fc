"""Whatever is thrown at a real server, over its own OpenAPI document and with good tokens: never a 5xx."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

STARTS_WITHIN_S = 60


@dataclass
class RunningServer:
    """A server process of its own, and a token for each kind of caller."""

    url: str
    tokens: dict[str, str]

    def register(self) -> str:
        """A phone's token."""
        answer = httpx.post(
            f"{self.url}/v1/devices", json={"kind": "phone"}, headers=_bearer(self.tokens["app"]), timeout=30
        )
        return str(answer.raise_for_status().json()["token"])

    def headers(self, operation: Any) -> dict[str, str]:
        """The token that an operation asks for; a phone that is about to be forgotten is a new one."""
        asked = [name for each in operation.definition.raw.get("security", []) for name in each]
        if (operation.method.lower(), operation.path) == ("delete", "/v1/me"):
            return _bearer(self.register())
        for scheme, kind in _KIND_OF_SCHEME.items():
            if scheme in asked:
                return _bearer(self.tokens[kind])
        return {}


_KIND_OF_SCHEME = {
    "owner": "owner",
    "session": "owner",
    "gateway": "gateway",
    "app": "app",
    "server": "server",
    "reader": "server",
    "host": "server",
    "manager": "server",
    "marketer": "server",
    "till": "server",
    "device": "device",
}


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("openapi")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "SOGLIA_SERVER__PORT": str(port),
        "SOGLIA_DATABASE__URL": f"sqlite:///{folder / 'soglia.sqlite3'}",
    }
    soglia = [sys.executable, "-m", "server"]

    def run(*words: str, given: str = "") -> str:
        done = subprocess.run(
            [*soglia, *words], env=environment, input=given, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    tokens = {kind: run("key", "add", "--kind", kind) for kind in ("server", "app")}
    run(
        "staff",
        "add",
        "owner@shop.example",
        "--role",
        "owner",
        "--password-stdin",
        given="a long enough password\n",
    )
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([*soglia, "serve"], env=environment, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_ready(url, process)
            running = RunningServer(url, tokens)
            _complete(running)
            yield running
            assert process.poll() is None, (folder / "log").read_text()[-4000:]
        finally:
            process.terminate()
            process.wait(30)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/health/ready", timeout=5).is_success:
                return
        time.sleep(0.1)
    pytest.fail("the server did not become ready")


def _complete(running: RunningServer) -> None:
    """The tokens that only a running server gives."""
    server = _bearer(running.tokens["server"])
    login = {"email": "owner@shop.example", "password": "a long enough password"}
    session = httpx.post(f"{running.url}/v1/login", json=login, timeout=30).raise_for_status()
    gateway = httpx.post(
        f"{running.url}/v1/gateways",
        json={"name": "door", "anchor": {"name": "door"}},
        headers=server,
        timeout=30,
    ).raise_for_status()
    running.tokens |= {
        "owner": session.json()["token"],
        "gateway": gateway.json()["token"],
        "device": running.register(),
    }


@pytest.fixture(scope="module")
def api(server):
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    # A stream does not end by itself, and whoever logs out is out for all other examples.
    return schema.exclude(path=["/v1/live", "/v1/logout"])


#: POSTs that create or spend nothing: evidence is known by itself when it comes again, a session is for who logs in, a
#: preview or a dry run only looks, and a test is sent each time somebody presses the button.
_NEED_NO_KEY = {
    "/v1/pings",
    "/v1/sightings",
    "/ingest/owntracks",
    "/v1/gateways/me/heartbeat",
    "/v1/login",
    "/v1/login/code",
    "/v1/logout",
    "/v1/invitations/{token}",  # a link is good once
    "/v1/campaigns/{campaign}/preview",
    "/v1/campaigns/{campaign}/dry-run",
    "/v1/campaigns/{campaign}/test-send",
    "/v1/segments/count",
    "/v1/unsubscribe/{token}",  # taking a consent back twice changes nothing, and a mail reader sends no such header
}


def test_every_post_that_creates_or_spends_takes_an_idempotency_key(server):
    paths = httpx.get(f"{server.url}/openapi.json", timeout=30).json()["paths"]
    without = {
        path
        for path, methods in paths.items()
        if "post" in methods
        and "Idempotency-Key" not in {each["name"] for each in methods["post"].get("parameters", [])}
    }
    assert without == _NEED_NO_KEY


def test_no_two_shapes_have_one_name(server):
    """FastAPI tells two of one name apart by our folders' names, which generated clients would then be full of."""
    schemas = httpx.get(f"{server.url}/openapi.json", timeout=30).json()["components"]["schemas"]
    assert [name for name in schemas if "__" in name] == []


def test_no_request_makes_the_server_fail(api, server, subtests):
    operations = [found.ok() for found in api.get_all_operations()]
    assert len(operations) > 40
    for operation in operations:
        with subtests.test(operation.label):
            _throw_at(operation, server)


def _throw_at(operation: Any, server: RunningServer) -> None:
    @given(case=operation.as_strategy())
    @settings(
        max_examples=12,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def throw(case):
        answer = case.call(headers=server.headers(operation), timeout=30)
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            assert answer.headers["content-type"][0].startswith("application/problem+json")

    throw()
