"""Logs say facts, and never whose they are or what opens a door."""

import io
import json
import logging

import pytest
import structlog

from server import logs

TOKEN = "sog_device_" + "x" * 43


@pytest.fixture
def heard():
    """`heard()`: all lines so far, each as its fields. What was configured before comes back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    said = io.StringIO()
    logs.configure("info", "json", said)
    yield lambda: [json.loads(line) for line in said.getvalue().splitlines()]
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_fact_is_a_line(heard):
    structlog.get_logger().info("offer_queued", campaign="c_1", shopper="sh_1")
    [line] = heard()
    assert (line["event"], line["campaign"], line["shopper"], line["level"]) == (
        "offer_queued",
        "c_1",
        "sh_1",
        "info",
    )
    assert line["timestamp"].endswith("Z")


def test_what_tells_of_somebody_is_left_out_at_any_depth(heard):
    structlog.get_logger().warning(
        "odd_ping", lat=45.4, device="d_1", who={"email": "ann@x", "seen": {"lon": 9.1}}
    )
    [line] = heard()
    assert line["device"] == "d_1"
    assert line["who"] == {"seen": {}}
    assert line["unsaid"] == ["email", "lat", "lon"]


def test_a_token_in_a_text_is_blotted_out(heard):
    structlog.get_logger().error("refused", why=f"no such key: {TOKEN}")
    logging.getLogger("some.library").warning("GET /?token=%s", TOKEN)
    structlog.get_logger().error("failed", exc_info=ValueError(TOKEN))
    assert "xxxx" not in json.dumps(heard())
    assert "sog_device_***" in heard()[0]["why"]


def test_libraries_speak_in_the_same_form_and_say_who_they_are(heard):
    logging.getLogger("some.library").warning("it is %s", "late")
    [line] = heard()
    assert (line["event"], line["library"], line["level"]) == ("it is late", "some.library", "warning")


def test_what_is_less_than_the_level_is_not_said(heard):
    structlog.get_logger().debug("detail")
    logging.getLogger("some.library").debug("detail")
    logging.getLogger("httpx").info("HTTP Request: GET ...")
    assert heard() == []


def test_a_room_that_took_its_logger_early_speaks_in_the_same_form(heard):
    from server.web import problem

    problem.log.error("request_failed", route="/v1/keys")
    assert heard()[0]["route"] == "/v1/keys"


def test_people_can_read_the_console_form():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    said = io.StringIO()
    logs.configure("info", "console", said)
    try:
        structlog.get_logger().info("offer_queued", campaign="c_1", token=TOKEN)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()
    assert "offer_queued" in said.getvalue()
    assert "xxxx" not in said.getvalue()


def test_a_pages_web_socket_is_not_told_of_by_name(heard):
    server = logging.getLogger("uvicorn.error")
    server.info('%s - "WebSocket %s" [accepted]', "127.0.0.1:1", "/socket.io/?client_id=secret")
    server.info("connection open")
    server.info("Started server process")
    assert [line["event"] for line in heard()] == ["Started server process"]
