"""Frames and sockets made by hand, so that a test can send what no library would."""

import asyncio
import contextlib
import json
import struct
from collections.abc import AsyncIterator
from typing import Any, Self

from services.ws.tests.conftest import KEY

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def frame(
    code: int, payload: bytes | str = b"", fin: bool = True, mask: bool = True, reserved: int = 0, length: int | None = None
) -> bytes:
    """One frame; `reserved` are the three reserved bits, `length` is what the head claims."""
    data = payload.encode() if isinstance(payload, str) else payload
    size = len(data) if length is None else length
    head = bytes([(0x80 if fin else 0) | reserved << 4 | code])
    bit = 0x80 if mask else 0
    if size < 126:
        head += bytes([bit | size])
    elif size < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", size)
    if not mask:
        return head + data
    key = b"\x37\xfa\x21\x3d"
    spread = (key * (len(data) // 4 + 1))[: len(data)]
    return head + key + (int.from_bytes(data) ^ int.from_bytes(spread)).to_bytes(len(data))


class Raw:
    """A socket after a handshake made by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handshake: bytes) -> None:
        self.reader, self.writer, self.handshake = reader, writer, handshake

    @classmethod
    @contextlib.asynccontextmanager
    async def shaken(cls, port: int, extra: str = "") -> AsyncIterator[Self]:
        """Ends with the block, without goodbye."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
        writer.write(
            f"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nX-Client-Key: {KEY}\r\n{extra}\r\n".encode()
        )
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 101"), head
            yield cls(reader, writer, head)
        finally:
            writer.transport.abort()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, rig: Any, extra: str = "") -> AsyncIterator[Self]:
        """A client of a node without Redis, greeted."""
        async with cls.shaken(rig.node.port, extra) as raw:
            assert (await raw.message())["type"] == "connected"
            assert (await raw.message())["type"] == "status"
            yield raw

    async def frame(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame, which must be whole and unmasked."""
        async with asyncio.timeout(5):
            first, second = await self.reader.readexactly(2)
            assert not second & 0x80, "a server must not mask"
            size = second & 127
            if size == 126:
                size = int.from_bytes(await self.reader.readexactly(2))
            elif size == 127:
                size = int.from_bytes(await self.reader.readexactly(8))
            return first & 15, await self.reader.readexactly(size)

    async def message(self) -> dict[str, Any]:
        """The next frame as JSON."""
        code, data = await self.frame()
        assert code == TEXT
        parsed: dict[str, Any] = json.loads(data)
        return parsed

    async def send(self, *frames: bytes) -> None:
        """All in one write."""
        self.writer.write(b"".join(frames))
        await self.writer.drain()

    async def send_in_pieces(self, data: bytes, size: int) -> None:
        """Each piece in a segment of its own."""
        for at in range(0, len(data), size):
            await self.send(data[at : at + size])
            await asyncio.sleep(0)

    async def rest(self) -> tuple[list[tuple[int, bytes]], int]:
        """All frames until the server closes, and the code it closes with (1005: a close frame without one; 1006: no frame)."""
        frames: list[tuple[int, bytes]] = []
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                code, data = await self.frame()
                if code == CLOSE:
                    return frames, int.from_bytes(data[:2]) if data else 1005
                frames.append((code, data))
        return frames, 1006

    async def close_code(self) -> int:
        """What the server closes with; what comes before is skipped."""
        return (await self.rest())[1]
