"""When to flush: at once when idle, in batches under load, so that each client costs one system call per batch.

A flush may start `rest` x the last flush's duration after it (0: only what piled up meanwhile; 1: half the core stays
free), capped. The first of a batch waits a small part of what a flush costs, for company: updates of one tick come one
after another.
"""

import asyncio
from collections.abc import Callable

LINGER_SHARE = 0.1
"""Part of a flush's usual duration that a batch waits for company."""
LINGER_MAX_SECONDS = 0.003
SHORTEST_WAIT_SECONDS = 0.0005
"""A timer of the loop has a resolution of a millisecond: shorter waits would only become longer ones."""
SMOOTHING = 0.2


class Pacer:
    """Calls `flush` on the event loop; `pending` is told that something waits."""

    def __init__(self, flush: Callable[[], None], rest: float, rest_max_seconds: float) -> None:
        self._flush = flush
        self._rest = rest
        self._rest_max_seconds = rest_max_seconds
        self._loop = asyncio.get_running_loop()
        self._free_at = 0.0
        self._usual_seconds = 0.0
        self._armed = False
        self._flushing = False
        self._again = False
        self.busy_seconds = 0.0
        """Time spent in flushes and their writes so far."""

    def pending(self) -> None:
        """Something waits; arranges one flush."""
        if self._flushing:
            self._again = True
        elif not self._armed:
            self._arm()

    def _arm(self) -> None:
        self._armed = True
        now = self._loop.time()
        linger = min(LINGER_SHARE * self._usual_seconds, LINGER_MAX_SECONDS)
        due = max(self._free_at, now + linger)
        if due - now < SHORTEST_WAIT_SECONDS:
            self._loop.call_soon(self._run)
        else:
            self._loop.call_at(due, self._run)

    def _run(self) -> None:
        started = self._loop.time()
        self._armed = False
        self._flushing = True
        try:
            self._flush()
        finally:
            # uvloop does the system calls after this pass of the loop: the duration is known in the next.
            self._loop.call_soon(self._settled, started)

    def _settled(self, started: float) -> None:
        now = self._loop.time()
        took = now - started
        self.busy_seconds += took
        self._usual_seconds += SMOOTHING * (took - self._usual_seconds)
        self._free_at = now + min(self._rest * took, self._rest_max_seconds)
        self._flushing = False
        if self._again:
            self._again = False
            self._arm()
