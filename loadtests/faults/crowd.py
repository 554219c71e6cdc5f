"""Many honest clients in one process: each follows the client's rule, comes back as the protocol says, and keeps a ledger.

Their ledger is the oracle: seq never falls (O1), no jump goes unrepaired (O2), at the end everybody holds the truth (O3).
"""

import asyncio
import contextlib
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from loadtests.frames import CLOSE, PING, PONG, TEXT, close_code, masked, split
from services.contract.endpoints import CLIENT_KEY_HEADER, STREAM
from services.contract.follower import Follower
from services.contract.tests.publisher import price_of

FIRST_RETRY_SECONDS = 0.2
LAST_RETRY_SECONDS = 3.0
HANDSHAKE_SECONDS = 5.0
KNOWN_BODIES = 20_000


async def end(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel until they are done: a library may take a cancellation for an error of its own and go on."""
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=0.5)


@dataclass
class Totals:
    """What the whole crowd saw."""

    fell: int = 0
    wrong_price: int = 0
    messages: int = 0
    closes: Counter[str] = field(default_factory=Counter)
    statuses: list[tuple[float, str]] = field(default_factory=list)
    latencies_ms: list[float] = field(default_factory=list)
    recovered: Counter[str] = field(default_factory=Counter)


class Client(asyncio.Protocol):
    """One client; reconnects by itself until `leave`."""

    def __init__(self, crowd: "Crowd", symbols: tuple[str, ...], number: int) -> None:
        self.crowd = crowd
        self.symbols = symbols
        self.number = number
        self.follower = Follower()
        self.transport: asyncio.Transport | None = None
        self.is_held = False
        """Whether the node acknowledged the subscription on this connection."""
        self.connects = 0
        self.lost_at: float | None = None
        self.gaps: list[float] = []
        """Seconds from each loss of the connection to the next acknowledged subscription."""
        self._rest = b""
        self._is_open = False
        self._ended: asyncio.Event = asyncio.Event()
        self._retry_after = 0.0

    async def run(self) -> None:
        """Connect, follow, come back."""
        attempt = 0
        loop = asyncio.get_running_loop()
        while not self.crowd.is_leaving:
            port = self.crowd.ports[(self.number + self.connects) % len(self.crowd.ports)]
            self._rest, self._is_open, self._ended = b"", False, asyncio.Event()
            self.connects += 1
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(HANDSHAKE_SECONDS):
                    await loop.create_connection(lambda: self, "127.0.0.1", port)
                await self._ended.wait()
            attempt = 0 if self.is_held else attempt + 1
            if self.is_held:
                self.lost_at = time.monotonic()
            self.is_held = False
            backoff = min(FIRST_RETRY_SECONDS * 2**attempt, LAST_RETRY_SECONDS)
            await asyncio.sleep(random.uniform(0, max(backoff, self._retry_after)))  # noqa: S311
            self._retry_after = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(
            f"GET {STREAM} HTTP/1.1\r\nHost: node\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{CLIENT_KEY_HEADER}: {self.crowd.key}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self._rest += data
        if not self._is_open:
            head, end, rest = self._rest.partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.crowd.totals.closes[head[9:12].decode()] += 1
                self.leave()
                return
            self._is_open, self._rest = True, rest
            self._ask()
        frames, self._rest = split(self._rest)
        for code, payload in frames:
            self._take(code, payload)

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended.set()

    def _ask(self) -> None:
        positions = {symbol: self.follower.position(symbol) for symbol in self.symbols}
        if all(positions.values()):
            self._send({"action": "resync", "symbols": positions})
        else:
            self._send({"action": "subscribe", "symbols": list(self.symbols)})

    def _send(self, message: dict[str, Any]) -> None:
        self._write(TEXT, json.dumps(message).encode())

    def _write(self, code: int, payload: bytes) -> None:
        assert self.transport is not None
        self.transport.write(masked(code, payload))

    def _take(self, code: int, payload: bytes) -> None:
        if code == TEXT:
            self._take_message(self.crowd.decode(payload))
        elif code == PING:
            self._write(PONG, payload)
        elif code == CLOSE:
            self.crowd.totals.closes[str(close_code(payload))] += 1
            self._write(CLOSE, payload[:2])
            self._hang_up()

    def _take_message(self, message: dict[str, Any]) -> None:
        take = {"price_update": self._update, "snapshot": self._snapshot, "subscribed": self._subscribed, "status": self._status}
        if message["type"] in take:
            take[message["type"]](message)

    def _update(self, message: dict[str, Any]) -> None:
        totals = self.crowd.totals
        totals.messages += 1
        totals.latencies_ms.append(time.time() * 1000 - message["ts"])
        held = self.follower.latest.get(message["symbol"])
        if held is not None and held["epoch"] == message["epoch"] and message["seq"] < held["seq"]:
            totals.fell += 1
        if message["data"]["price"] != price_of(message["seq"]):
            totals.wrong_price += 1
        self.follower.apply(message)

    def _snapshot(self, message: dict[str, Any]) -> None:
        if message["recovered"] is not None:
            self.crowd.totals.recovered[str(message["recovered"])] += 1
        self.follower.apply(message)

    def _subscribed(self, message: dict[str, Any]) -> None:
        self.is_held = len(message["symbols"]) == len(self.symbols)
        if self.lost_at is not None:
            self.gaps.append(time.monotonic() - self.lost_at)
            self.lost_at = None

    def _status(self, message: dict[str, Any]) -> None:
        self.crowd.totals.statuses.append((time.monotonic(), message["state"]))
        if message["state"] == "draining":
            self._retry_after = (message["retryAfterMs"] or 0) / 1000

    def _hang_up(self) -> None:
        if self.transport is not None:
            self.transport.close()

    def leave(self) -> None:
        """Go without goodbye."""
        if self.transport is not None:
            self.transport.abort()


class Crowd:
    """All clients of one test, spread over `ports`."""

    def __init__(self, ports: list[int], key: str) -> None:
        self.ports = ports
        self.key = key
        self.totals = Totals()
        self.clients: list[Client] = []
        self.is_leaving = False
        self._known: dict[bytes, dict[str, Any]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def decode(self, payload: bytes) -> dict[str, Any]:
        """Everybody gets the same bytes: they are read once."""
        known = self._known.get(payload)
        if known is None:
            if len(self._known) > KNOWN_BODIES:
                self._known.clear()
            known = self._known[payload] = json.loads(payload)
        return known

    async def join(self, count: int, symbols: tuple[str, ...], each: int, seconds: float = 60.0) -> float:
        """`count` more clients with `each` random symbols; returns how long until all were subscribed."""
        started = time.monotonic()
        for _ in range(count):
            client = Client(self, tuple(random.sample(symbols, each)), len(self.clients))
            self.clients.append(client)
            self._tasks.append(asyncio.create_task(client.run()))
        await self.until(lambda: self.held >= len(self.clients), seconds, "everybody subscribed")
        return time.monotonic() - started

    @property
    def held(self) -> int:
        """Clients with an acknowledged subscription."""
        return sum(client.is_held for client in self.clients)

    @property
    def missed(self) -> int:
        """Sequence numbers jumped over in the stream, without a snapshot between."""
        return sum(client.follower.missed for client in self.clients)

    def behind(self, truth: dict[str, tuple[str, int]]) -> int:
        """How many (client, symbol) pairs do not hold the truth or something newer."""
        late = 0
        for client in self.clients:
            for symbol in client.symbols:
                epoch, seq = truth[symbol]
                held = client.follower.latest.get(symbol)
                late += held is None or held["epoch"] != epoch or held["seq"] < seq
        return late

    def wanted(self) -> dict[str, int]:
        """Symbol -> how many clients hold it: what Redis must count."""
        return dict(Counter(symbol for client in self.clients for symbol in client.symbols))

    async def until(self, condition: Any, seconds: float, what: str) -> float:
        """Wait; returns how long.

        Raises:
            TimeoutError: it did not come about; says what.
        """
        started = time.monotonic()
        while not condition():
            if time.monotonic() - started > seconds:
                raise TimeoutError(f"not within {seconds:g} s: {what}")
            await asyncio.sleep(0.02)
        return time.monotonic() - started

    async def leave(self) -> None:
        """All of them, at once and without goodbye."""
        self.is_leaving = True
        for client in self.clients:
            client.leave()
        await end(self._tasks)
