"""A wire that can be cut: a TCP forwarder on loopback which holds back, drops or resets what passes. No root needed."""

import asyncio
import contextlib


class Wire:
    """Forwards `port` to `target`; `black_hole` swallows both ways without closing, `cut` resets everybody."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._passing = asyncio.Event()
        self._passing.set()

    async def open(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def black_hole(self) -> None:
        """Nothing passes any more, and nobody is told."""
        self._passing.clear()

    def heal(self) -> None:
        """What was held back is lost with its connections; new ones pass."""
        self.cut()
        self._passing.set()

    def cut(self) -> None:
        """RST to everybody."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def close(self) -> None:
        """End."""
        assert self._server is not None
        self._passing.set()
        self._server.close()
        self.cut()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
            self._writers.add(far_writer)
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer), return_exceptions=True)
            self._writers.discard(far_writer)
            far_writer.transport.abort()
        self._writers.discard(writer)
        writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._passing.wait()
                writer.write(data)
                await writer.drain()
            writer.transport.abort()
