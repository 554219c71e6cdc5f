"""Finds clients that are gone or stuck: pings in turn, and a deadline for those whose buffer stays full.

One task for the whole node; the library's keepalive would cost a task per client and never ends a stuck reader.
"""

import asyncio

from services.contract.closing import Close
from services.ws.clients import Clients
from services.ws.connection import ClientConnection

SLICES = 40
"""A round over all clients is cut into this many passes, so that none of them holds up the prices."""
MIN_PASS_SECONDS = 0.05


class Keepalive:
    """Each client gets a ping once a round; one that has not been heard since the last one is closed."""

    def __init__(self, clients: Clients, ping_seconds: float, write_deadline_seconds: float) -> None:
        self._clients = clients
        self._pass_seconds = max(ping_seconds / SLICES, MIN_PASS_SECONDS)
        self._write_deadline_seconds = write_deadline_seconds

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            everyone = list(self._clients)
            for number in range(SLICES):
                for connection in everyone[number::SLICES]:
                    self._ping(connection)
                for connection in list(self._clients.slow):
                    self._check_deadline(connection, loop.time())
                await asyncio.sleep(self._pass_seconds)

    def _check_deadline(self, connection: ClientConnection, now: float) -> None:
        outbox = connection.outbox
        if outbox is not None and outbox.dirty is not None and now - outbox.paused_since > self._write_deadline_seconds:
            connection.terminate(Close.TOO_SLOW, f"not read for {self._write_deadline_seconds:g} s")

    def _ping(self, connection: ClientConnection) -> None:
        if connection.outbox is None or connection.outbox.dirty is not None:
            return
        if connection.heard:
            connection.ping_now()
        else:
            connection.terminate(Close.SILENT, "no answer to ping")
