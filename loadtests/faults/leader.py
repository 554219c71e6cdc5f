"""Publishes price updates on Redis as the API's leader does, and knows at any moment what every client must hold.

Prices are f(seq), so a client's value proves itself. A lost Redis is retried; an emptied one begins a new epoch.
"""

import asyncio
import contextlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from services.contract import keyspace
from services.contract.tests.publisher import lines_of, tick

RETRY_SECONDS = 0.1
NO_EPOCH = "none yet"


@dataclass
class Leader:
    """`truth`: symbol -> (epoch, seq) last published for certain."""

    port: int
    password: str
    symbols: tuple[str, ...]
    rate: float = 1.0
    """Ticks of all symbols per second."""
    padding: int = 0
    """Bytes added to each update."""
    truth: dict[str, tuple[str, int]] = field(default_factory=dict)
    published: int = 0
    epoch: str = ""
    fence: int = 0
    _client: Any = None

    async def run(self) -> None:
        """Until cancelled."""
        self._client = redis.Redis(
            port=self.port, password=self.password, retry=Retry(NoBackoff(), 0), socket_timeout=1, socket_connect_timeout=1
        )
        due = time.monotonic()
        while True:
            try:
                await self.tick()
            except (RedisError, OSError, TimeoutError) as error:
                if "FENCED" in str(error):
                    await self._reign()
                else:
                    await asyncio.sleep(RETRY_SECONDS)
                due = time.monotonic()
                continue
            due = max(due + 1 / self.rate, time.monotonic() - 1)
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def tick(self) -> None:
        """One update of every symbol, in one message."""
        written = lines_of(self.symbols, self.epoch, self.fence, self.padding)
        lines = await tick(self._client, written, self.epoch or NO_EPOCH)
        for line in lines:
            update = json.loads(line)
            self.truth[update["symbol"]] = (update["epoch"], update["seq"])
        self.published += len(lines)

    async def _reign(self) -> None:
        """A term begins: the epoch in Redis if there is one, else a new one."""
        with contextlib.suppress(RedisError, OSError, TimeoutError):
            await self._client.set(keyspace.EPOCH, secrets.token_hex(4), nx=True)
            self.epoch = (await self._client.get(keyspace.EPOCH)).decode()
            self.fence += 1
