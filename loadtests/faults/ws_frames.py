"""Clients that send what they should not: W7 oversize, W8 fragments, W9 wrong frames, W10 and W11 floods, W13 compression."""

import asyncio
import contextlib
import json
import struct
import time

from loadtests.faults.rogue import beside_honest, rogue
from loadtests.faults.stage import Stage
from loadtests.faults.verdict import Findings
from loadtests.frames import PING, TEXT, masked


async def w7_oversize(found: Findings) -> None:
    async def act(on: Stage) -> None:
        heads = {"1 MiB + 1": struct.pack(">Q", 2**20 + 1), "1 TB": struct.pack(">Q", 10**12)}
        for name, length in heads.items():
            async with rogue(on.nodes[0].port) as one:
                one.send(b"\x81\xff" + length + b"\0\0\0\0" + b"x" * 4096)
                found.holds(f"{name} closed with 1009", await one.closed_with(5) == 1009)

    await beside_honest(found, act)


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

    await beside_honest(found, act)


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

    await beside_honest(found, act)


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

    await beside_honest(found, act)


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

    await beside_honest(found, act, max_message_bytes="65536")


async def w13_compression(found: Findings) -> None:
    async def act(on: Stage) -> None:
        async with rogue(on.nodes[0].port, extra="Sec-WebSocket-Extensions: permessage-deflate\r\n") as one:
            one.send(b"\xc1\x84\0\0\0\0\x00\x00\x00\xff")
            found.holds("compressed frame refused with 1002", await one.closed_with(5) == 1002)

    await beside_honest(found, act)


FAULTS = {
    "W7": ("oversize messages", w7_oversize),
    "W8": ("10,000 fragments; a message without end", w8_fragments),
    "W9": ("wrong frames", w9_wrong_frames),
    "W10": ("ping, pong and text floods", w10_floods),
    "W11": ("subscription flood", w11_subscription_flood),
    "W13": ("compressed frame", w13_compression),
}
