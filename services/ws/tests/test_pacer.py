"""When audiences are written: at once when idle, together under load, and never in one long stretch."""

import asyncio

import pytest

from services.contract.messages import Mode
from services.contract.tests.publisher import line_of
from services.ws.hub import Hub
from services.ws.outbox import Outbox
from services.ws.pacer import SLICE_WRITES, Pacer
from services.ws.update import parse_update


class Rig:
    """A hub with `clients` of distinct interests, each write taking `write_seconds`."""

    def __init__(self, clients=1, write_seconds=0.0, hold_max_seconds=0.02):
        self.loop = asyncio.get_running_loop()
        self.hub = Hub({}, self._send)
        self.pacer = Pacer(self.hub, hold_max_seconds)
        self.hub.on_pending = self.pacer.pending
        self.times = []
        self.write_seconds = write_seconds
        self.seq = 0
        for number in range(clients):
            self.hub.set_interest(Outbox(number, lambda data: None), {"A": Mode.QUOTE, f"S{number}": Mode.QUOTE})

    def _send(self, address, data):
        self.times.append(self.loop.time())
        until = self.loop.time() + self.write_seconds
        while self.loop.time() < until:
            pass
        return len(data)

    def publish(self):
        self.seq += 1
        update = parse_update(line_of("A", "e1", 1, self.seq, 100.0).encode())
        self.hub.latest["A"] = update
        self.hub.publish([update], self.loop.time())


async def test_idle_it_writes_at_once():
    rig = Rig()
    rig.publish()
    assert len(rig.times) == 1


async def test_under_load_updates_share_writes():
    rig = Rig(clients=20, write_seconds=0.001)
    longest, is_at_once = 0.0, True
    for _ in range(300):
        rig.publish()
        await asyncio.sleep(0.002)
        longest, is_at_once = max(longest, rig.pacer.hold_seconds), rig.hub.writes_at_once
    await asyncio.sleep(0.1)
    counts = rig.hub.counts
    assert counts.delivered == 20 * 300, "nothing is lost by waiting"
    assert counts.writes < counts.delivered / 1.5, "300 updates x 20 clients at 1 ms would take 6 s one by one"
    assert longest > 0, "company is sure to come"
    assert not is_at_once


async def test_others_run_between_the_slices():
    rig = Rig(clients=3 * SLICE_WRITES)
    rig.publish()
    most, before = 0, 0
    while len(rig.times) < 3 * SLICE_WRITES:
        await asyncio.sleep(0)
        most, before = max(most, len(rig.times) - before), len(rig.times)
    assert most <= SLICE_WRITES, "one stretch of writing to all of 10,000 would stop handshakes and pings for 100 ms"


@pytest.mark.parametrize(
    ("share", "idle_audiences", "expected"), [(0.0, 0, 0.0), (0.25, 0, 0.004), (0.6, 0, 0.008), (1.0, 0, 0.1), (1.0, 400, 0.0)]
)
async def test_the_hold_follows_the_share_of_the_core_and_what_waiting_saves(share, idle_audiences, expected):
    used = [0.0]
    rig = Rig()
    for number in range(idle_audiences):
        rig.hub.set_interest(Outbox(number, lambda data: None), {f"IDLE{number}": Mode.QUOTE})
    pacer = Pacer(rig.hub, 0.1, cpu_seconds=lambda: used[0])
    rig.hub.on_pending = pacer.pending
    before = rig.loop.time()
    for _ in range(60):
        rig.publish()
        await asyncio.sleep(0.03)
        used[0] += share * (rig.loop.time() - before)
        before = rig.loop.time()
    assert pacer.hold_seconds == pytest.approx(expected, abs=max(0.002, expected / 8)), "33 updates a second"


async def test_a_write_that_raises_does_not_stop_the_next():
    rig = Rig()
    rig.hub.writes_at_once = False
    rig.loop.set_exception_handler(lambda loop, context: None)
    flush, calls = rig.hub.flush, []

    def failing(*arguments):
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("once")
        return flush(*arguments)

    rig.hub.flush = failing  # type: ignore[method-assign]
    rig.publish()
    await asyncio.sleep(0.05)
    assert len(rig.times) == 1, "in a prototype one error ended the stream for ever"
