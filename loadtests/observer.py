"""The second opinion: a plain process with few sockets and one blocking loop that sees the same updates as the Locust users.

`python -m loadtests.observer --base-url URL --client-key-file FILE --connections 100 --output FILE` runs until its standard input
ends, then writes `{"samples": [[published ms, latency ms], ...], "lost": n, "missed": n}`. It shares no measuring code with the
Locust users: no gevent, and its clock is read after each read, not taken from the kernel.
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
from loadtests.machine import run_in_real_time
from ops.access import Access, add_access_options, find_access
from services.contract.endpoints import QUOTES

SYMBOLS_PER_SOCKET = 5


class Observer:
    """Sockets by descriptor, and what they saw."""

    def __init__(self, access: Access, connections: int) -> None:
        self._access = access
        self.samples: list[tuple[float, float]] = []
        self.lost = 0
        self.missed = 0
        self._poll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._rest: dict[int, bytes] = {}
        self._last: dict[tuple[int, str], int] = {}
        symbols = self._symbols()
        for number in range(connections):
            self._open([symbols[(number + step) % len(symbols)] for step in range(min(SYMBOLS_PER_SOCKET, len(symbols)))])

    def watch(self) -> None:
        """Until standard input ends."""
        stop = sys.stdin.fileno()
        self._poll.register(stop, select.EPOLLIN)
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor == stop:
                    return
                self._read(descriptor)

    def _symbols(self) -> list[str]:
        with urllib.request.urlopen(self._access.base_url + QUOTES, timeout=10) as answer:  # noqa: S310 - checked by find_access
            return [quote["symbol"] for quote in json.load(answer)["quotes"]]

    def _open(self, symbols: list[str]) -> None:
        descriptor, rest = open_socket(self._access)
        connection = socket.socket(fileno=descriptor)
        connection.setblocking(False)
        self._sockets[descriptor], self._rest[descriptor] = connection, rest
        connection.send(masked(TEXT, json.dumps({"action": "subscribe", "symbols": symbols}).encode()))
        self._poll.register(descriptor, select.EPOLLIN)

    def _read(self, descriptor: int) -> None:
        connection = self._sockets[descriptor]
        try:
            data = connection.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        now_ms = time.time_ns() / 1e6
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
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--output", required=True)
    options = parser.parse_args()
    run_in_real_time()
    access = find_access(options.base_url, options.client_key_file, options.control_key_file, None, options.stack)
    observer = Observer(access, options.connections)
    print("watching", flush=True)
    observer.watch()
    written = {"samples": observer.samples, "lost": observer.lost, "missed": observer.missed}
    Path(options.output).write_text(json.dumps(written), encoding="utf-8")


if __name__ == "__main__":
    main()
