"""Clients that misbehave: W4 stuck, W5 trickling, W7 oversize, W8 fragments, W9 wrong frames, W10 and W11 floods, W12 slowloris,
W13 compression, W14 silence, W15 expired token, N5 gone without a word. Always beside honest clients, who must notice nothing."""

import asyncio
import contextlib
import json
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable

import httpx

from loadtests.faults.issuer import Issuer
from loadtests.faults.stage import KEY, SYMBOLS, Stage, stage
from loadtests.faults.verdict import Findings
from loadtests.faults.wire import Wire
from loadtests.frames import CLOSE, PING, TEXT, close_code, masked, split

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


def _p99(on: Stage) -> float:
    values = sorted(on.crowd.totals.latencies_ms)
    on.crowd.totals.latencies_ms.clear()
    return values[int(len(values) * 0.99)] if values else -1.0


def _honest(on: Stage, found: Findings) -> None:
    found.holds("no honest client was closed", not on.crowd.totals.closes)
    found.holds("no honest client missed anything", on.crowd.missed == 0)
    found.of_crowd(on.crowd)


async def _evicted(on: Stage, cause: str, seconds: float) -> float:
    """Until the node counts an eviction for this cause."""
    started = time.monotonic()
    while not await on.nodes[0].metric(f'ws_connections_closed_total{{cause="{cause}"}}'):
        if time.monotonic() - started > seconds:
            raise TimeoutError(f"not evicted ({cause}) within {seconds:g} s")
        await asyncio.sleep(0.1)
    return time.monotonic() - started


async def w4_stuck(found: Findings) -> None:
    """One client that never reads while 1000 others run."""
    async with stage(rate=2, padding=3000) as on:
        await on.crowd.join(1000, SYMBOLS, EACH)
        await asyncio.sleep(3)
        _p99(on)
        await asyncio.sleep(6)
        before, rss = _p99(on), on.nodes[0].rss_mib
        async with rogue(on.nodes[0].port, receive_bytes=4096) as stuck:
            stuck.writer.transport.pause_reading()  # type: ignore[attr-defined]
            stuck.say(action="subscribe", symbols=list(SYMBOLS))
            seconds = await _evicted(on, "too_slow", 20)
            await asyncio.sleep(max(0.0, 6 - seconds))
        during = _p99(on)
        found.at_most("evicted_s", seconds, 10)
        found.note("p99_before_ms", before)
        found.note("p99_during_ms", during)
        found.at_most("p99_ratio", during / before, 2)
        found.at_most("rss_growth_mib", on.nodes[0].rss_mib - rss, 4)
        _honest(on, found)


async def w5_trickle(found: Findings) -> None:
    async with stage(rate=20, padding=300) as on:
        await on.crowd.join(HONEST, SYMBOLS, EACH)
        rss = on.nodes[0].rss_mib
        async with rogue(on.nodes[0].port, receive_bytes=4096) as slow:
            slow.writer.transport.pause_reading()  # type: ignore[attr-defined]
            slow.say(action="subscribe", symbols=list(SYMBOLS))
            bare = slow.writer.get_extra_info("socket")

            async def trickle() -> None:
                while True:
                    with contextlib.suppress(OSError):
                        bare._sock.recv(1)
                    await asyncio.sleep(1)

            task = asyncio.create_task(trickle())
            found.at_most("evicted_s", await _evicted(on, "too_slow", 20), 10)
            task.cancel()
        found.at_most("rss_growth_mib", on.nodes[0].rss_mib - rss, 2)
        _honest(on, found)


async def _beside_honest(found: Findings, act: Callable[[Stage], object], **settings: str) -> None:
    async with stage(**settings) as on:  # type: ignore[arg-type]
        await on.crowd.join(HONEST, SYMBOLS, EACH)
        await act(on)  # type: ignore[misc]  # the first time fills pools and caches; a leak shows in the second
        await asyncio.sleep(2.5)
        rss, descriptors = on.nodes[0].rss_mib, on.nodes[0].descriptors
        await act(on)  # type: ignore[misc]
        await asyncio.sleep(2.5)
        found.at_most("descriptors_left", on.nodes[0].descriptors - descriptors, 2)
        found.at_most("rss_growth_mib", on.nodes[0].rss_mib - rss, 4)
        _honest(on, found)


async def w7_oversize(found: Findings) -> None:
    async def act(on: Stage) -> None:
        heads = {"1 MiB + 1": struct.pack(">Q", 2**20 + 1), "1 TB": struct.pack(">Q", 10**12)}
        for name, length in heads.items():
            async with rogue(on.nodes[0].port) as one:
                one.send(b"\x81\xff" + length + b"\0\0\0\0" + b"x" * 4096)
                found.holds(f"{name} closed with 1009", await one.closed_with(5) == 1009)

    await _beside_honest(found, act)


async def w8_fragments(found: Findings) -> None:
    async def act(on: Stage) -> None:
        async with rogue(on.nodes[0].port) as one:
            one.send(b"\x01\x81\0\0\0\0[", *[b"\x00\x81\0\0\0\0x"] * 10_000)
            found.holds("10,000 fragments closed", await one.closed_with(5) in (1009, 4429, 1006))
        async with rogue(on.nodes[0].port) as one:
            one.send(b"\x01\x81\0\0\0\0[")
            started = time.monotonic()
            found.holds("a message without end closed with 4408", await one.closed_with(10) == 4408)
            found.at_most("never_ending_s", time.monotonic() - started, 6)

    await _beside_honest(found, act)


async def w9_wrong_frames(found: Findings) -> None:
    frames = {
        "invalid UTF-8": (b"\x81\x82\0\0\0\0\xc0\xaf", 1007), "unmasked": (b"\x81\x02{}", 1002),
        "reserved bits": (b"\xf1\x80\0\0\0\0", 1002), "bad opcode": (b"\x83\x80\0\0\0\0", 1002),
        "bad close code": (b"\x88\x82\0\0\0\0\x03\xe7", 1002),
    }  # fmt: skip

    async def act(on: Stage) -> None:
        for name, (frame, code) in frames.items():
            async with rogue(on.nodes[0].port) as one:
                one.send(frame)
                found.holds(f"{name} closed with {code}", await one.closed_with(5) == code)

    await _beside_honest(found, act)


async def w10_floods(found: Findings) -> None:
    async def act(on: Stage) -> None:
        for name, frame in {"pings": masked(PING, b""), "pongs": masked(0xA, b""), "texts": masked(TEXT, b"{}")}.items():
            started, cpu = time.monotonic(), on.nodes[0].cpu_seconds
            async with rogue(on.nodes[0].port) as one:
                with contextlib.suppress(ConnectionError, TimeoutError):
                    async with asyncio.timeout(5):
                        while not one.writer.is_closing() and not one.reader.at_eof():
                            one.send(frame * 1000)
                            await one.writer.drain()
                            await asyncio.sleep(0)
                            if time.monotonic() - started > 1:
                                break
                with contextlib.suppress(ConnectionError):
                    found.holds(f"{name}: closed by limit", await one.closed_with(5) in (4429, 4400, 1006))
            found.at_most(f"{name}_closed_s", time.monotonic() - started, 2.5)
            found.note(f"{name}_cpu_s", on.nodes[0].cpu_seconds - cpu)

    await _beside_honest(found, act)


async def w11_subscription_flood(found: Findings) -> None:
    async def act(on: Stage) -> None:
        names = [f"N{number}" for number in range(1500)]
        async with rogue(on.nodes[0].port) as one:
            one.say(action="subscribe", symbols=names)
            async for kind, payload in one.frames(10):
                if kind == TEXT and b'"subscribed"' in payload[:20]:
                    answer = json.loads(payload)
                    found.holds("capped at the limit", answer["current"] == answer["limit"] == 100)
                    break
            for _ in range(1000):
                one.say(action="subscribe", symbols=names[:50])
                one.say(action="unsubscribe", symbols=names[:50])
            found.holds("closed with 4429", await one.closed_with(10) in (4429, 1006))
        found.at_most("counts_exact_s", await on.counts_exact(10), 6)

    await _beside_honest(found, act, max_message_bytes="65536")


async def w12_slowloris(found: Findings) -> None:
    async def act(on: Stage) -> None:
        half = []
        for _ in range(1500):
            reader, writer = await asyncio.open_connection("127.0.0.1", on.nodes[0].port)
            writer.write(b"GET /ws HTTP/1.1\r\nHost: x\r\n")
            half.append((reader, writer))
        opened = time.monotonic()
        async with rogue(on.nodes[0].port):
            found.at_most("good_handshake_s", time.monotonic() - opened, 0.2)
        async with asyncio.timeout(20):
            for reader, _ in half:
                with contextlib.suppress(ConnectionError):
                    await reader.read()
        found.at_most("all_cut_s", time.monotonic() - opened, 15)
        for _, writer in half:
            writer.close()

    await _beside_honest(found, act)


async def w13_compression(found: Findings) -> None:
    async def act(on: Stage) -> None:
        async with rogue(on.nodes[0].port, extra="Sec-WebSocket-Extensions: permessage-deflate\r\n") as one:
            one.send(b"\xc1\x84\0\0\0\0\x00\x00\x00\xff")
            found.holds("compressed frame refused with 1002", await one.closed_with(5) == 1002)

    await _beside_honest(found, act)


async def w14_silence(found: Findings) -> None:
    async def act(on: Stage) -> None:
        async with rogue(on.nodes[0].port) as one:
            started = time.monotonic()
            found.holds("closed with 4408", await one.closed_with(10) == 4408)
            found.at_most("closed_s", time.monotonic() - started, 5.5)

    await _beside_honest(found, act)


async def w15_token_expires(found: Findings) -> None:
    with Issuer() as issuer:

        async def act(on: Stage) -> None:
            async with rogue(on.nodes[0].port) as one:
                one.say(action="auth", token=issuer.token(seconds=2))
                one.say(action="subscribe", symbols=[SYMBOLS[0]])
                started, kinds = time.monotonic(), []
                async for kind, payload in one.frames(10):
                    if kind == CLOSE:
                        found.holds("closed with 4401", close_code(payload) == 4401)
                        one.writer.transport.abort()
                    else:
                        kinds.append(json.loads(payload)["type"])
                found.note("closed_s", time.monotonic() - started)
                found.holds("served until then", "price_update" in kinds and "authenticated" in kinds)
                found.holds("nothing after the expiry but the reason", kinds[-1] == "error")
            for name, token in issuer.bad_tokens().items():
                async with rogue(on.nodes[0].port) as one:
                    one.say(action="auth", token=token)
                    found.holds(f"{name}: 4401", await one.closed_with(5) == 4401)

        await _beside_honest(found, act, auth_mode="jwks", auth_jwks_url=issuer.url, auth_issuer=issuer.name)


async def n5_half_open(found: Findings) -> None:
    """A client behind a wire that swallows everything: no FIN ever comes."""
    async with stage(ping_seconds="4") as on:
        await on.crowd.join(50, SYMBOLS, EACH)
        wire = Wire(on.nodes[0].port)
        await wire.open()
        async with rogue(wire.port) as one:
            one.say(action="subscribe", symbols=["S00"])
            await asyncio.sleep(1)
            wire.black_hole()
            started = time.monotonic()
            async with httpx.AsyncClient() as http:
                while (await http.get(f"http://127.0.0.1:{on.nodes[0].port}/health")).json()["connections"] > 50:
                    if time.monotonic() - started > 20:
                        raise TimeoutError("the half-open client was not removed within 20 s")
                    await asyncio.sleep(0.1)
            found.at_most("removed_s (ping every 4 s)", time.monotonic() - started, 2 * 4 + 3)
        await wire.close()
        found.at_most("counts_exact_s", await on.counts_exact(10), 6)
        _honest(on, found)


FAULTS = {
    "N5": ("half-open client", n5_half_open),
    "W4": ("one client that never reads beside 1000", w4_stuck),
    "W5": ("trickle reader, 1 byte/s", w5_trickle),
    "W7": ("oversize messages", w7_oversize),
    "W8": ("10,000 fragments; a message without end", w8_fragments),
    "W9": ("wrong frames", w9_wrong_frames),
    "W10": ("ping, pong and text floods", w10_floods),
    "W11": ("subscription flood", w11_subscription_flood),
    "W12": ("1500 half handshakes", w12_slowloris),
    "W13": ("compressed frame", w13_compression),
    "W14": ("connects and stays silent", w14_silence),
    "W15": ("token expires while connected; bad tokens", w15_token_expires),
}
