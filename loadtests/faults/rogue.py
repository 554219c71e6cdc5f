"""A client that keeps to no rule: one raw socket after an honest handshake; beside honest ones, who must notice nothing."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable

from loadtests.faults.stage import KEY, SYMBOLS, Stage, stage
from loadtests.faults.verdict import Findings
from loadtests.frames import CLOSE, TEXT, close_code, masked, split

EACH = 5
HONEST = 300


class Rogue:
    """One raw socket after an honest handshake."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._rest = b""

    async def frames(self, seconds: float) -> AsyncIterator[tuple[int, bytes]]:
        """What comes, until the end of the connection.

        Raises:
            TimeoutError: the connection did not end in time.
        """
        async with asyncio.timeout(seconds):
            with contextlib.suppress(ConnectionError):
                while data := await self.reader.read(65536):
                    frames, self._rest = split(self._rest + data)
                    for frame in frames:
                        yield frame

    async def closed_with(self, seconds: float) -> int:
        """The close code; 1006 when the socket just ended."""
        code = 1006
        async for kind, payload in self.frames(seconds):
            if kind == CLOSE:
                code = close_code(payload)
                self.writer.transport.abort()
        return code

    def send(self, *frames: bytes) -> None:
        """Without waiting."""
        self.writer.write(b"".join(frames))

    def say(self, **message: object) -> None:
        """One JSON message."""
        self.send(masked(TEXT, json.dumps(message).encode()))


@contextlib.asynccontextmanager
async def rogue(port: int, receive_bytes: int | None = None, extra: str = "") -> AsyncIterator[Rogue]:
    """A small receive buffer makes a client that does not read stuck at once."""
    bare = socket.socket()
    bare.setblocking(False)
    if receive_bytes:
        bare.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    await asyncio.get_running_loop().sock_connect(bare, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=bare, limit=1024 if receive_bytes else 2**16)
    writer.write(
        f"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nX-Client-Key: {KEY}\r\n{extra}\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 101"):
        raise ConnectionError(head[:60].decode())
    try:
        yield Rogue(reader, writer)
    finally:
        writer.transport.abort()


async def beside_honest(found: Findings, act: Callable[[Stage], object], warm_ups: int = 1, **settings: str) -> None:
    """`act` once more after its `warm_ups` beside honest clients: nothing of it may be left, and none of them touched."""
    async with stage(rate=5, **settings) as on:  # type: ignore[arg-type]
        await on.crowd.join(HONEST, SYMBOLS, EACH)
        for _ in range(warm_ups):  # they fill pools and caches; a leak shows afterwards
            await act(on)  # type: ignore[misc]
        await on.settled()
        await asyncio.sleep(2.5)
        rss, descriptors = on.nodes[0].rss_mib, on.nodes[0].descriptors
        await act(on)  # type: ignore[misc]
        await asyncio.sleep(2.5)
        found.at_most("descriptors_left", on.nodes[0].descriptors - descriptors, 2)
        found.at_most("rss_growth_mib", on.nodes[0].rss_mib - rss, 4)
        judge_honest(on, found)


def judge_honest(on: Stage, found: Findings) -> None:
    """Nobody who kept the rules noticed anything."""
    found.holds("no honest client was closed", not on.crowd.totals.closes)
    found.holds("no honest client missed anything", on.crowd.missed == 0)
    found.of_crowd(on.crowd)
