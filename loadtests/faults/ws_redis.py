"""Redis breaks under the ws nodes: R1 killed, R2 paused, R7 emptied, R10 output buffer, R11 silent reconnect, N1 partition."""

import asyncio
import signal
import time

from loadtests.faults.stage import SYMBOLS, Stage, stage
from loadtests.faults.verdict import Findings
from loadtests.faults.wire import Wire
from loadtests.redis_box import RedisBox

CLIENTS = 200
EACH = 5


async def _first_status(on: Stage, state: str, since: float) -> float:
    """Seconds from `since` to the first status of this kind at any client.

    Raises:
        TimeoutError: nobody was told.
    """

    def times() -> list[float]:
        return [at - since for at, name in on.crowd.totals.statuses if name == state and at >= since]

    await on.crowd.until(times, 8, f"a client was told {state}")
    return min(times())


async def _after_outage(on: Stage, found: Findings, broken_at: float, healed_at: float, told_within: float) -> None:
    found.at_most("converged_s", await on.converged(12), 8)
    found.at_most("told_degraded_s", await _first_status(on, "degraded", broken_at), told_within)
    found.at_most("told_live_s", await _first_status(on, "live", healed_at), 6)
    found.at_most("counts_exact_s", await on.counts_exact(15), 15)
    found.holds("O2 no unrepaired jump", on.crowd.missed == 0)
    found.holds("no client was closed", not on.crowd.totals.closes)


async def r1_killed(found: Findings) -> None:
    async with stage() as on:
        await on.crowd.join(CLIENTS, SYMBOLS, EACH)
        on.box.kill()
        broken_at = time.monotonic()
        await asyncio.sleep(6)
        healed_at = time.monotonic()
        on.box.start()
        await _after_outage(on, found, broken_at, healed_at, told_within=2)
        found.of_crowd(on.crowd)


async def r2_paused(found: Findings) -> None:
    async with stage() as on:
        await on.crowd.join(CLIENTS, SYMBOLS, EACH)
        on.box.pause()
        broken_at = time.monotonic()
        await asyncio.sleep(8)
        healed_at = time.monotonic()
        on.box.unpause()
        await _after_outage(on, found, broken_at, healed_at, told_within=3.1)
        found.of_crowd(on.crowd)


async def r7_emptied(found: Findings) -> None:
    async with stage(nodes=2) as on:
        await on.crowd.join(CLIENTS, SYMBOLS, EACH)
        await on.counts_exact(15)
        async with on.redis() as client:
            await client.flushall()
        found.at_most("counts_exact_s", await on.counts_exact(15), 5)
        found.at_most("converged_s", await on.converged(8), 5)
        found.holds("O2 no unrepaired jump", on.crowd.missed == 0)
        found.of_crowd(on.crowd)


async def r10_output_buffer(found: Findings) -> None:
    options = ("client-output-buffer-limit pubsub 64kb 64kb 1",)
    async with stage(rate=30, padding=3000, options=options) as on:  # more than the kernel's buffers take in 5 s
        await on.crowd.join(20, SYMBOLS, EACH)
        on.nodes[0].send(signal.SIGSTOP)
        await asyncio.sleep(5)
        on.nodes[0].send(signal.SIGCONT)
        found.at_most("converged_s", await on.converged(10), 8)
        times = await on.nodes[0].metric("ws_subscribed_times_total")
        found.note("subscriptions", times)
        found.holds("the fault took place: Redis cut the subscriber", times >= 2)
        conflated = await on.nodes[0].metric("ws_conflated_total")
        found.note("conflated", conflated)
        found.note("jumped over", on.crowd.missed)
        found.holds("O2 no jump but those the node conflated", on.crowd.missed == conflated)
        found.of_crowd(on.crowd)


async def r11_killed_twenty_times(found: Findings) -> None:
    async with stage(rate=20) as on:
        await on.crowd.join(CLIENTS, SYMBOLS, EACH)
        worst = 0.0
        async with on.redis() as client:
            for number in range(20):
                before = await on.nodes[0].metric("ws_subscribed_times_total")
                await client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")  # type: ignore[no-untyped-call]
                started = time.monotonic()
                while await on.nodes[0].metric("ws_subscribed_times_total") <= before:
                    if time.monotonic() - started > 10:
                        raise TimeoutError(f"kill {number + 1}: not subscribed again within 10 s")
                    await asyncio.sleep(0.02)
                worst = max(worst, time.monotonic() - started)
        found.at_most("worst_back_s", worst, 5)
        found.at_most("converged_s", await on.converged(8), 5)
        found.holds("O2 every update lost was replayed", on.crowd.missed == 0)
        found.note("gaps_found", await on.nodes[0].metric("ws_gaps_found_total"))
        found.of_crowd(on.crowd)


async def n1_partition(found: Findings) -> None:
    box = RedisBox()
    box.start()
    wire = Wire(box.port)
    await wire.open()
    async with stage(box=box, redis_port=wire.port) as on:
        await on.crowd.join(CLIENTS, SYMBOLS, EACH)
        wire.black_hole()
        broken_at = time.monotonic()
        await asyncio.sleep(12)
        healed_at = time.monotonic()
        wire.heal()
        await _after_outage(on, found, broken_at, healed_at, told_within=3.1)
        found.of_crowd(on.crowd)
        await wire.close()


FAULTS = {
    "R1": ("Redis killed 6 s, comes back empty", r1_killed),
    "R2": ("Redis paused 8 s", r2_paused),
    "R7": ("FLUSHALL", r7_emptied),
    "R10": ("subscriber cut by output buffer (node stopped 5 s)", r10_output_buffer),
    "R11": ("subscription killed 20 times at 400 updates/s", r11_killed_twenty_times),
    "N1": ("node cut from Redis 12 s, no error given", n1_partition),
}
