"""Background work that must outlive its own errors."""

import asyncio
from collections.abc import Awaitable, Callable

from services.api.logs import logger

RESTART_SECONDS = 1.0
log = logger(__name__)


class Tasks:
    """Named endless coroutines, started together, restarted after an unexpected error, stopped together."""

    def __init__(self) -> None:
        self._running: list[asyncio.Task[None]] = []

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        self._running.append(asyncio.create_task(self._forever(name, work), name=name))

    async def stop(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running.clear()

    @staticmethod
    async def _forever(name: str, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except Exception:
                log.exception("background task failed, starting it again", task=name, restart_seconds=RESTART_SECONDS)
            await asyncio.sleep(RESTART_SECONDS)
