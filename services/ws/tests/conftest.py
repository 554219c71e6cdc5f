"""A node inside the test: no Redis and no API unless a test brings them; updates are handed to its feed directly."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from services.contract.endpoints import CLIENT_KEY_HEADER
from services.contract.tests.publisher import line_of, price_of
from services.ws.server import Node
from services.ws.settings import WsSettings

KEY = "a-test-client-key"
KNOWN = {"RELIANCE", "TCS", "INFY", "HDFCBANK", "NIFTY 50"}
NOWHERE: dict[str, Any] = {"redis_host": "127.0.0.1", "redis_port": 1}


@dataclass
class FakeApi:
    """Answers as the API does: a quote for known symbols, 404 for others; can be down."""

    asked: list[str] = field(default_factory=list)
    is_down: bool = False
    delay_seconds: float = 0.0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        symbol = request.url.path.rsplit("/", 1)[1]
        self.asked.append(symbol)
        await asyncio.sleep(self.delay_seconds)
        if self.is_down:
            raise httpx.ConnectError("refused")
        if symbol not in KNOWN:
            return httpx.Response(404, json={"error": "unknown"})
        return httpx.Response(200, text=line_of(symbol, "e1", 1, 1, price_of(1)))


@dataclass
class Rig:
    """The node and what a test does with it."""

    node: Node
    api: FakeApi
    seqs: dict[str, int] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"ws://127.0.0.1:{self.node.port}/ws"

    @property
    def is_checking(self) -> bool:
        """Whether the node's own readiness check still goes on (it holds a connection)."""
        return self.node.check is None or self.node.check.problem is not None

    @contextlib.asynccontextmanager
    async def client(self, **options: Any) -> AsyncIterator[ClientConnection]:
        """A greeted client."""
        headers = options.pop("headers", {CLIENT_KEY_HEADER: KEY})
        async with connect(self.address, additional_headers=headers, compression=None, max_size=None, **options) as socket:
            assert (await receive(socket))["type"] == "connected"
            status = await receive(socket)
            assert status["state"] == "degraded", "this node has no Redis, and says so"
            yield socket

    def publish(self, *symbols: str, epoch: str = "e1", fence: int = 1) -> None:
        """The next update of each symbol, in one message; seq 1 is what the API answers."""
        lines = []
        for symbol in symbols:
            seq = self.seqs[symbol] = self.seqs.get(symbol, 1) + 1
            lines.append(line_of(symbol, epoch, fence, seq, price_of(seq)))
        self.node.feed.take_messages(["\n".join(lines).encode()])


async def receive(socket: ClientConnection, timeout_seconds: float = 5.0) -> dict[str, Any]:
    async with asyncio.timeout(timeout_seconds):
        message: dict[str, Any] = json.loads(await socket.recv())
        return message


async def ask(socket: ClientConnection, **message: Any) -> dict[str, Any]:
    await socket.send(json.dumps(message))
    return await receive(socket)


async def until(condition: Callable[[], bool] | Callable[[], Awaitable[bool]], seconds: float, what: str) -> None:
    """Wait for a condition.

    Raises:
        AssertionError: it did not come about in time; says what.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        result = condition()
        if await result if asyncio.iscoroutine(result) else result:
            return
        assert asyncio.get_running_loop().time() < deadline, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def running_node(**changes: Any) -> AsyncIterator[Rig]:
    """One node in this process, on a free port."""
    fields: dict[str, Any] = {
        "port": 0,
        "bind_address": "127.0.0.1",
        "drain_seconds": 0.2,
        "node_id": "ws-test",
        "default_symbols": ("HDFCBANK",),
        **NOWHERE,
        **changes,
    }
    api = FakeApi()
    node = Node(
        WsSettings(_env_file=None, **fields),
        httpx.AsyncClient(base_url="http://api", transport=httpx.MockTransport(api)),
    )
    running = asyncio.create_task(node.run())
    try:
        async with asyncio.timeout(10):
            await node.serving.wait()
        await until(lambda: node.state.name == "degraded" or node.subscriber.is_up, 5, "the node knows whether Redis is there")
        yield Rig(node, api)
    finally:
        node.stop()
        async with asyncio.timeout(10):
            await running


@pytest.fixture
def client_key_file(tmp_path):
    path = tmp_path / "client_key"
    path.write_text(KEY + "\n")
    return path


@pytest.fixture
async def rig(client_key_file) -> AsyncIterator[Rig]:
    async with running_node(client_key_file=client_key_file) as rig:
        await until(lambda: not rig.is_checking, 5, "the node's own check")
        rig.api.asked.clear()
        yield rig
