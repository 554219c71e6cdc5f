"""One reader for all sockets: nothing is lost between a gulp and a pause, and the reason of an end is the server's own."""

import contextlib
import json
import socket
import time

import gevent
import pytest

from loadtests import receiver as module
from loadtests.kernel_time import ask_for_stamps
from loadtests.line import Line
from loadtests.null_server import frame
from loadtests.receiver import Receiver

SYMBOL = "TCS"


@contextlib.contextmanager
def connected(receiver):
    """A line that the receiver holds, and the server's end of it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.socket()
        ask_for_stamps(client)
        client.connect(listener.getsockname())
        server, _ = listener.accept()
    line = Line(client.detach(), receiver.ledger.seat((SYMBOL,)))
    receiver.hold(line, b"")
    try:
        server.sendall(frame(json.dumps({"type": "subscribed", "symbols": [SYMBOL]})))
        settle()
        yield line, server
    finally:
        server.close()
        receiver.release(line)


def settle():
    """Let the reader run until a pause has come."""
    gevent.sleep(0.05)


def update(seq, published=None):
    moment = (published or time.time()) * 1000
    return frame(json.dumps({"type": "price_update", "symbol": SYMBOL, "epoch": "e", "seq": seq, "ts": moment}))


@pytest.fixture
def lost():
    return []


@pytest.fixture
def receiver(lost):
    made = Receiver(lambda line, reason: lost.append(reason))
    made.open_window(time.time() * 1000)
    return made


def test_every_update_is_counted_with_the_kernels_time(receiver, lost):
    with connected(receiver) as (line, server):
        assert line.ready.is_set()
        for seq in range(1, 201):
            server.sendall(update(seq))
        settle()
        reach = receiver.ledger.reach()
        assert (reach.received, reach.expected, receiver.clock_faults) == (200, 200, 0)
        assert receiver.latency.samples == 200
        assert 0 < receiver.reader_delay.samples <= 200, "one delay a read, and reads may hold several updates"
        assert lost == []


def test_a_reader_that_comes_late_says_so_and_the_latency_does_not_grow(receiver, monkeypatch):
    with connected(receiver) as (_, server):
        published = time.time() - 0.08
        receiver.open_window(published * 1000 - 1)
        late = update(1, published)
        monkeypatch.setattr(Line, "read", lambda line: (line.socket.recv(4096), int((published + 0.005) * 1e9)))
        server.sendall(late)
        settle()
        assert max(receiver.reader_delay.counts) >= 75, "its own delay is what the meter must confess"
        assert list(receiver.latency.counts) == [pytest.approx(5.0, abs=0.02)], "and what the platform must not be blamed for"


def test_reads_beyond_the_backlog_are_digested_without_a_pause(receiver, monkeypatch):
    monkeypatch.setattr(module, "BACKLOG", 3)
    with connected(receiver) as (_, server):
        monkeypatch.setattr(receiver, "_read_all", lambda wrapped=receiver._read_all: wrapped() or True)  # never a pause
        for seq in range(1, 101):
            server.sendall(update(seq))
            gevent.sleep(0.002)
        assert len(receiver._unread) <= 3, "memory must stay bounded on a stream without pauses"
        assert receiver.ledger.reach().received >= 90


def test_the_servers_own_reason_is_told_even_when_the_connection_ends_at_once(receiver, lost):
    with connected(receiver) as (_, server):
        server.sendall(update(1) + bytes([0x88, 2]) + (1012).to_bytes(2))
        server.close()
        settle()
        assert lost == ["closed by the server with 1012"]
        assert receiver.held == 0
        assert receiver.ledger.reach().received == 1, "what came before the end counts"
