"""Readiness by doing: a socket to ourselves must get a snapshot of a default symbol."""

import asyncio
import json

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from services.contract.endpoints import CLIENT_KEY_HEADER, STREAM
from services.ws.log import log

RETRY_SECONDS = 1.0
ATTEMPT_SECONDS = 5.0


class SelfCheck:
    """`problem` is None once one attempt went through; it does not come back, later trouble is told as `degraded`."""

    def __init__(self, port: int, key: str, symbols: tuple[str, ...]) -> None:
        self._address = f"ws://127.0.0.1:{port}{STREAM}"
        self._key = key
        self._symbols = symbols
        self.problem: str | None = "not checked yet"

    async def run(self) -> None:
        """Until it went through once."""
        while self.problem is not None:
            try:
                async with asyncio.timeout(ATTEMPT_SECONDS):
                    await self._attempt()
            except TimeoutError:
                self._failed(f"no snapshot of {', '.join(self._symbols)} within {ATTEMPT_SECONDS:g} s: is the API publishing?")
            except (OSError, WebSocketException, ValueError) as error:
                self._failed(f"{type(error).__name__}: {error}")
            else:
                self.problem = None
                log.info("ready")
                return
            await asyncio.sleep(RETRY_SECONDS)

    async def _attempt(self) -> None:
        async with connect(self._address, additional_headers={CLIENT_KEY_HEADER: self._key}, compression=None) as socket:
            await socket.send(json.dumps({"action": "subscribe", "symbols": list(self._symbols)}))
            async for message in socket:
                parsed = json.loads(message)
                if parsed["type"] in ("snapshot", "price_update"):
                    return

    def _failed(self, problem: str) -> None:
        if problem != self.problem:
            log.info("not ready yet", problem=problem)
        self.problem = problem
