"""The fast generator, a second opinion: a plain process with few sockets and one loop that sees the updates Locust's users see.

`python -m loadtests.observer --base-url URL --client-key-file FILE --connections 70 --seconds 10 --output FILE` opens its sockets
evenly within that time, so that they stand among the Locust users', and watches until its standard input ends. It writes
`{"samples": [[published ms, latency ms], ...], "ownDelayMs": p99, "lost": n, "missed": n}`. It shares no measuring code with the
Locust users: no gevent, and its clock is read after each read; the kernel's stamp is taken only to state its own delay.
"""

import argparse
import json
import select
import socket
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from loadtests.frames import CLOSE, PING, PONG, TEXT, masked, split
from loadtests.handshake import open_socket
from loadtests.histogram import Histogram, percentile
from loadtests.kernel_time import ANCILLARY_BYTES, stamp_ns
from loadtests.machine import go_first
from loadtests.profiles import watched
from ops.access import Access, add_access_options, find_access
from services.contract.endpoints import QUOTES

SYMBOLS_PER_SOCKET = 5
READ_BYTES = 65_536
ABOVE_LOCUST = 2
"""Its real-time priority: it does little, and must not wait for the meter it checks."""

Read = tuple[int, bytes, float]
"""Descriptor, bytes, and the clock in ms right after they were read."""


class Observer:
    """Sockets by descriptor, and what they saw."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self.samples: list[tuple[float, float]] = []
        self.own_delay = Histogram()
        self.lost = 0
        self.missed = 0
        self._poll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._rest: dict[int, bytes] = {}
        self._last: dict[tuple[int, str], int] = {}
        self._symbols = self._listed()

    def watch(self, connections: int, seconds: float) -> None:
        """Open the sockets within `seconds`, and read all until standard input ends."""
        stop, began, opened = sys.stdin.fileno(), time.monotonic(), 0
        self._poll.register(stop, select.EPOLLIN)
        while True:
            if opened < connections and time.monotonic() - began >= seconds * opened / connections:
                self._open(watched(self._symbols, SYMBOLS_PER_SOCKET, opened))
                opened += 1
            ready = [descriptor for descriptor, _ in self._poll.poll(-1 if opened == connections else 0.01)]
            if stop in ready:
                return
            for read in [self._read(descriptor) for descriptor in ready]:  # all of them before the first is looked into
                if read is not None:
                    self._take(*read)

    def _listed(self) -> list[str]:
        with urllib.request.urlopen(self._access.base_url + QUOTES, timeout=10) as answer:  # noqa: S310 - checked by find_access
            return [quote["symbol"] for quote in json.load(answer)["quotes"]]

    def _open(self, symbols: tuple[str, ...]) -> None:
        descriptor, rest = open_socket(self._access)
        connection = socket.socket(fileno=descriptor)
        connection.setblocking(False)
        self._sockets[descriptor], self._rest[descriptor] = connection, rest
        connection.send(masked(TEXT, json.dumps({"action": "subscribe", "symbols": symbols}).encode()))
        self._poll.register(descriptor, select.EPOLLIN)

    def _read(self, descriptor: int) -> Read | None:
        try:
            data, ancillary, _, _ = self._sockets[descriptor].recvmsg(READ_BYTES, ANCILLARY_BYTES)
        except BlockingIOError:
            return None
        except OSError:
            data, ancillary = b"", []
        now_ns = time.time_ns()
        if stamp := stamp_ns(ancillary):
            self.own_delay.add((now_ns - stamp) / 1e6)
        return descriptor, data, now_ns / 1e6

    def _take(self, descriptor: int, data: bytes, now_ms: float) -> None:
        connection = self._sockets[descriptor]
        frames, self._rest[descriptor] = split(self._rest[descriptor] + data)
        for opcode, payload in frames:
            if opcode == TEXT:
                self._note(descriptor, json.loads(payload), now_ms)
            elif opcode == PING:
                connection.send(masked(PONG, payload))
        if not data or any(opcode == CLOSE for opcode, _ in frames):
            self.lost += 1
            self._poll.unregister(descriptor)
            del self._sockets[descriptor]
            connection.close()

    def _note(self, descriptor: int, message: dict[str, Any], now_ms: float) -> None:
        if message.get("type") != "price_update":
            return
        key = (descriptor, message["symbol"])
        last = self._last.get(key)
        if last is not None and message["seq"] > last + 1:
            self.missed += message["seq"] - last - 1
        self._last[key] = message["seq"]
        self.samples.append((round(message["ts"], 2), round(now_ms - message["ts"], 3)))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.observer", description=__doc__)
    add_access_options(parser)
    parser.add_argument("--connections", type=int, default=70)
    parser.add_argument("--seconds", type=float, default=10.0, help="the time in which they are opened")
    parser.add_argument("--output", required=True)
    options = parser.parse_args()
    go_first(ABOVE_LOCUST)
    access = find_access(options.base_url, options.client_key_file, options.control_key_file, None, options.stack)
    observer = Observer(access)
    print("watching", flush=True)
    observer.watch(options.connections, options.seconds)
    written = {
        "samples": observer.samples,
        "ownDelayMs": percentile(observer.own_delay.counts, 99),
        "lost": observer.lost,
        "missed": observer.missed,
    }
    Path(options.output).write_text(json.dumps(written), encoding="utf-8")


if __name__ == "__main__":
    main()
