"""Clients that do not take what they are sent: W4 stuck, W5 trickling, N5 gone without a word."""

import asyncio
import contextlib
import time

from loadtests.faults.rogue import EACH, HONEST, judge_honest, rogue
from loadtests.faults.stage import SYMBOLS, Stage, stage
from loadtests.faults.verdict import Findings
from loadtests.faults.wire import Wire


def _p99(on: Stage) -> float:
    values = sorted(on.crowd.totals.latencies_ms)
    on.crowd.totals.latencies_ms.clear()
    return values[int(len(values) * 0.99)] if values else -1.0


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
        await on.settled()
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
        found.at_most("p99_ratio", during / before, 1.25)
        found.at_most("rss_growth_mib", on.nodes[0].rss_mib - rss, 4)
        judge_honest(on, found)


async def w5_trickle(found: Findings) -> None:
    async with stage(rate=20, padding=300) as on:
        await on.crowd.join(HONEST, SYMBOLS, EACH)
        await on.settled()
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
        judge_honest(on, found)


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
            while (await on.nodes[0].http.get("/health")).json()["connections"] > 50:
                if time.monotonic() - started > 20:
                    raise TimeoutError("the half-open client was not removed within 20 s")
                await asyncio.sleep(0.1)
            found.at_most("removed_s (ping every 4 s)", time.monotonic() - started, 2 * 4 + 3)
        await wire.close()
        found.at_most("counts_exact_s", await on.counts_exact(10), 6)
        judge_honest(on, found)


FAULTS = {
    "N5": ("half-open client", n5_half_open),
    "W4": ("one client that never reads beside 1000", w4_stuck),
    "W5": ("trickle reader, 1 byte/s", w5_trickle),
}
