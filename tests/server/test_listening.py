"""Where the doors listen: a port that is had, and one that is not."""

import socket

import pytest

from server.listening import listening
from server.records.refusal import Refusal, Taken


def test_a_caller_reaches_the_port_that_was_taken():
    with listening("127.0.0.1", 0) as (listener,):
        where = listener.getsockname()
        assert where[1] != 0
        with socket.create_connection(where, timeout=5) as caller:
            assert caller.getpeername() == where


def test_all_addresses_of_a_name_have_the_same_port():
    with listening("localhost", 0) as listeners:
        assert len({listener.getsockname()[1] for listener in listeners}) == 1


def test_a_port_of_another_program_is_said_with_the_setting_to_change():
    with listening("127.0.0.1", 0) as (other,):
        port = other.getsockname()[1]
        with pytest.raises(Taken) as refused, listening("127.0.0.1", port):
            pass
    assert f"127.0.0.1:{port} is taken" in str(refused.value)
    assert "SOGLIA_SERVER__PORT" in str(refused.value)


def test_a_port_is_free_again_afterwards():
    with listening("127.0.0.1", 0) as (first,):
        port = first.getsockname()[1]
    with listening("127.0.0.1", port) as (again,):
        assert again.getsockname()[1] == port


def test_an_address_of_another_machine_is_said_with_the_setting_to_change():
    with (
        pytest.raises(Refusal, match="SOGLIA_SERVER__HOST"),
        listening("192.0.2.1", 8080),
    ):  # RFC 5737: nobody's
        pass
