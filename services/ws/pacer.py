"""When audiences are written: at once when there is little to do, in rounds under load.

The busier the process, the longer an audience waits for company (`hold`), up to a bound: updates that share a write cost one
system call. Only as far as company is likely to come: where updates of one audience are rare, waiting saves nothing.
Work is cut into slices, so that reading from Redis, handshakes and pings go on between them, and what comes in meanwhile
joins the audiences that have not had their turn.
"""

import asyncio
import time
from collections.abc import Callable

from services.ws.hub import Hub
from services.ws.update import Update

SLICE_WRITES = 500
"""Some 4 ms. By number, not by time: the transport makes the system calls at the end of the loop's pass, after the slice."""
WINDOW_SECONDS = 0.1
SMOOTHING = 0.3
IDLE_SHARE = 0.15
"""Of a core. Below this nothing is held back; from here the hold rises evenly, up to its bound when the core is full."""
CROWDED_SHARE = 0.7
"""Of a core. From here it is no longer a question of thrift: what is not shared will soon be late for everybody."""
SHORTEST_WAIT_SECONDS = 0.0005
"""A timer of the loop has a resolution of a millisecond: shorter waits would only become longer ones."""


class Pacer:
    """Drives `hub.flush`; `observe` is told the oldest update of each slice, `cpu_seconds` tells what the process used so far."""

    def __init__(
        self,
        hub: Hub,
        hold_max_seconds: float,
        observe: Callable[[Update], None] = lambda update: None,
        cpu_seconds: Callable[[], float] = time.process_time,
    ) -> None:
        self._hub = hub
        self._hold_max_seconds = hold_max_seconds
        self._observe = observe
        self._cpu_seconds = cpu_seconds
        self._loop = asyncio.get_running_loop()
        self._armed = False
        self._window_began = self._loop.time()
        self._window_cpu = cpu_seconds()
        self._window_queued = hub.counts.queued
        self.busy_share = 0.0
        """Of a core, over the last some hundred milliseconds."""
        self.hold_seconds = 0.0
        """How long an audience waits for company now."""

    def pending(self) -> None:
        """Something is queued; arranges its writing."""
        if not self._armed:
            self._armed = True
            self._arm()

    def _arm(self) -> None:
        since = self._hub.oldest_since
        if since is None:
            self._armed = False
            return
        wait = since + self.hold_seconds - self._loop.time()
        if wait < SHORTEST_WAIT_SECONDS:
            self._loop.call_soon(self._run)
        else:
            self._loop.call_later(wait, self._run)

    def _run(self) -> None:
        now = self._loop.time()
        try:
            oldest = self._hub.flush(now - self.hold_seconds + SHORTEST_WAIT_SECONDS, SLICE_WRITES)
            if oldest is not None:
                self._loop.call_soon(self._observe, oldest)  # in the next pass: when it has been written
        finally:
            if now - self._window_began >= WINDOW_SECONDS:
                self._measure(now)
            self._arm()

    def _measure(self, now: float) -> None:
        cpu, queued, length = self._cpu_seconds(), self._hub.counts.queued, now - self._window_began
        weight = min(1.0, SMOOTHING * length / WINDOW_SECONDS)
        self.busy_share += weight * ((cpu - self._window_cpu) / length - self.busy_share)
        rate = (queued - self._window_queued) / length / max(1, self._hub.audience_count)
        self.hold_seconds = self._hold(rate)
        self._window_began, self._window_cpu, self._window_queued = now, cpu, queued

    def _hold(self, rate: float) -> float:
        """By the share of the core, times the share of writes it would save when an audience gets `rate` updates a second."""
        longest = self._hold_max_seconds * _above(IDLE_SHARE, self.busy_share)
        saved = rate * longest / (1 + rate * longest)
        needed = _above(CROWDED_SHARE, self.busy_share) * min(1.0, rate * self._hold_max_seconds)
        return longest * max(saved, needed)


def _above(start: float, share: float) -> float:
    """0 up to `start`, rising evenly to 1 at a full core."""
    return min(max((share - start) / (1 - start), 0.0), 1.0)
