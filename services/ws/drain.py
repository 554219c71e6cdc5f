"""Letting everybody go in good order."""

import asyncio
import random

from services.contract.closing import Close
from services.ws.clients import Clients

STEP_SECONDS = 0.05


async def close_in_turn(clients: Clients, seconds: float) -> None:
    """Close every client with 1012, spread over the time, while prices go on for those who wait their turn."""
    everyone = list(clients)
    random.shuffle(everyone)
    steps = max(1, round(seconds / STEP_SECONDS))
    for step in range(steps):
        for connection in everyone[step::steps]:
            connection.terminate(Close.RESTART, "node restarts")
        if len(clients):
            await asyncio.sleep(STEP_SECONDS)
