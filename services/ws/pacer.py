"""When audiences are written: at once when there is little to do, in rounds under load.

In a busy process an audience waits for company (`hold`): updates that share a write cost one system call. Only as far as company
is likely to come: where updates of one audience are rare, waiting saves nothing. Near a full core everybody waits longer.
Where nothing is held, the hub may send a single update as it comes. Work is cut into slices, so that reading from Redis,
handshakes and pings go on between them, and what comes in meanwhile joins the audiences that have not had their turn.
"""

import asyncio
import time
from collections.abc import Callable

from services.ws.hub import Hub

SLICE_WRITES = 100
"""Some milliseconds: what comes meanwhile waits so long, and is late by so much."""
WINDOW_SECONDS = 0.1
SMOOTHING = 0.3
IDLE_SHARE, BUSY_SHARE = 0.15, 0.35
"""Of a core. Nothing is held back up to the first; from there the hold rises evenly, to `THRIFTY_HOLD_SECONDS` at the second."""
THRIFTY_HOLD_SECONDS = 0.02
CROWDED_SHARE = 0.7
"""Of a core. From here, up to `hold_max_seconds` at a full one, it is no longer a question of thrift: what is not shared will
soon be late for everybody."""
SHORTEST_WAIT_SECONDS = 0.0005
"""A timer of the loop has a resolution of a millisecond: shorter waits would only become longer ones."""


class Pacer:
    """Drives `hub.flush`; `cpu_seconds` tells what the process used so far."""

    def __init__(
        self,
        hub: Hub,
        hold_max_seconds: float,
        cpu_seconds: Callable[[], float] = time.process_time,
    ) -> None:
        self._hub = hub
        self._hold_max_seconds = hold_max_seconds
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
        hub.writes_at_once = True
        self._loop.call_later(WINDOW_SECONDS, self._measure)

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
        try:
            self._hub.flush(self._loop.time() - self.hold_seconds + SHORTEST_WAIT_SECONDS, SLICE_WRITES)
        finally:
            self._arm()

    def _measure(self) -> None:
        self._loop.call_later(WINDOW_SECONDS, self._measure)
        now, cpu, queued = self._loop.time(), self._cpu_seconds(), self._hub.counts.queued
        length = now - self._window_began
        weight = min(1.0, SMOOTHING * length / WINDOW_SECONDS)
        self.busy_share += weight * ((cpu - self._window_cpu) / length - self.busy_share)
        rate = (queued - self._window_queued) / length / max(1, len(self._hub.interests.audiences))
        self.hold_seconds = self._hold(rate)
        self._hub.writes_at_once = self.hold_seconds < SHORTEST_WAIT_SECONDS
        self._window_began, self._window_cpu, self._window_queued = now, cpu, queued

    def _hold(self, rate: float) -> float:
        """By the share of the core, and the share of writes it would save when an audience gets `rate` updates a second."""
        longest = min(THRIFTY_HOLD_SECONDS, self._hold_max_seconds)
        thrifty = longest * _risen(IDLE_SHARE, BUSY_SHARE, self.busy_share) * rate * longest / (1 + rate * longest)
        longest = self._hold_max_seconds
        needed = longest * _risen(CROWDED_SHARE, 1.0, self.busy_share) * min(1.0, rate * longest)
        return max(thrifty, needed)


def _risen(start: float, end: float, share: float) -> float:
    """0 up to `start`, rising evenly to 1 at `end`."""
    return min(max((share - start) / (end - start), 0.0), 1.0)
