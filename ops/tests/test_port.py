import os
import socket

import pytest

from ops.port import holder, is_free


@pytest.fixture
def taken():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        yield held.getsockname()[1]


def test_a_held_port_is_not_free_and_its_holder_is_named(taken):
    assert not is_free("127.0.0.1", taken)
    assert f"(process {os.getpid()})" in holder(taken), "who holds it must be said, or the reader has to search"


def test_a_released_port_is_free():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    assert is_free("127.0.0.1", port)


def test_an_address_that_is_not_of_this_host_is_another_failure_than_a_taken_port():
    with pytest.raises(OSError, match="assign"):
        is_free("192.0.2.1", 8080)
