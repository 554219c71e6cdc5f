"""When audiences are written: at once when there is little to do, in rounds under load.

The busier the node, the longer an audience waits for company (`hold`), up to a bound: updates that share a write cost one
system call. Work is cut into slices, so that reading from Redis, handshakes and pings go on between them, and what comes in
meanwhile joins the audiences that have not had their turn.
"""

import asyncio
from collections.abc import Callable

from services.ws.hub import Hub
from services.ws.update import Update

SLICE_SECONDS = 0.004
WINDOW_SECONDS = 0.1
SMOOTHING = 0.3
IDLE_SHARE = 0.15
"""Below this share of time spent writing nothing is held back."""
BUSY_SHARE = 0.5
"""From here on the hold is at its bound."""
SHORTEST_WAIT_SECONDS = 0.0005
"""A timer of the loop has a resolution of a millisecond: shorter waits would only become longer ones."""


class Pacer:
    """Drives `hub.flush`; `observe` is told the oldest update of each slice."""

    def __init__(self, hub: Hub, hold_max_seconds: float, observe: Callable[[Update], None] = lambda update: None) -> None:
        self._hub = hub
        self._hold_max_seconds = hold_max_seconds
        self._observe = observe
        self._loop = asyncio.get_running_loop()
        self._armed = False
        self._busy_share = 0.0
        self._window_began = self._loop.time()
        self._window_busy = 0.0
        self.busy_seconds = 0.0
        """Time spent writing so far."""

    @property
    def hold_seconds(self) -> float:
        """How long an audience waits for company now."""
        share = (self._busy_share - IDLE_SHARE) / (BUSY_SHARE - IDLE_SHARE)
        return self._hold_max_seconds * min(max(share, 0.0), 1.0)

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
        time = self._loop.time
        started = time()
        ends = started + SLICE_SECONDS
        try:
            oldest = self._hub.flush(started - self.hold_seconds + SHORTEST_WAIT_SECONDS, lambda: time() > ends)
            if oldest is not None:
                self._observe(oldest)
        finally:
            self._account(started, time())
            self._arm()

    def _account(self, started: float, ended: float) -> None:
        self.busy_seconds += ended - started
        self._window_busy += ended - started
        length = ended - self._window_began
        if length >= WINDOW_SECONDS:
            weight = min(1.0, SMOOTHING * length / WINDOW_SECONDS)
            self._busy_share += weight * (self._window_busy / length - self._busy_share)
            self._window_began, self._window_busy = ended, 0.0
