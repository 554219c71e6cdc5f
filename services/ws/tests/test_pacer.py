"""When batches leave: at once when idle, together under load."""

import asyncio

from services.ws.pacer import Pacer


async def test_idle_it_flushes_in_the_next_pass():
    flushed = asyncio.Event()
    pacer = Pacer(flushed.set, rest=1.0, rest_max_seconds=0.05)
    pacer.pending()
    await asyncio.wait_for(flushed.wait(), 0.05)


async def test_what_comes_while_it_rests_leaves_together():
    loop = asyncio.get_running_loop()
    times = []

    def flush():
        times.append(loop.time())
        until = loop.time() + 0.02
        while loop.time() < until:
            pass

    pacer = Pacer(flush, rest=1.0, rest_max_seconds=1.0)
    started = loop.time()
    while loop.time() - started < 0.5:
        pacer.pending()
        await asyncio.sleep(0.001)
    assert 5 <= len(times) <= 15, f"{len(times)} flushes of 20 ms with as much rest fit into half a second"
    assert pacer.busy_seconds >= 0.1


async def test_the_rest_is_capped():
    loop = asyncio.get_running_loop()
    times = []

    def flush():
        times.append(loop.time())
        until = loop.time() + 0.03
        while loop.time() < until:
            pass

    pacer = Pacer(flush, rest=100.0, rest_max_seconds=0.01)
    pacer.pending()
    await asyncio.sleep(0)
    pacer.pending()
    await asyncio.sleep(0.2)
    assert len(times) == 2
    assert times[1] - times[0] < 0.12, "a long flush must not become a long silence"


async def test_a_flush_that_raises_does_not_stop_the_next():
    calls = []

    def flush():
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("once")

    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: None)
    pacer = Pacer(flush, rest=0.0, rest_max_seconds=0.0)
    pacer.pending()
    await asyncio.sleep(0.02)
    pacer.pending()
    await asyncio.sleep(0.02)
    assert len(calls) == 2, "in a prototype one error ended the stream for ever"
