"""This process's one subscription to Redis: hears updates, demand and control messages, and notices when it hears nothing.

Pub/sub loses silently (a killed subscriber reconnects inside the client, a paused Redis raises nothing), so silence is probed
each second, three unanswered probes end the subscription, and every new one begins with a snapshot of the cache.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from redis.exceptions import RedisError

from services.api.clock import monotonic_seconds
from services.api.logs import logger
from services.api.quote_store import QuoteStore
from services.api.redis_link import RedisAway, RedisLink
from services.contract.keyspace import SEQUENCES, quote

PROBE_SECONDS = 1.0
SILENCE_SECONDS = 3.0
RETRY_SECONDS = 0.5
SNAPSHOT_CHUNK = 500

log = logger(__name__)
Handler = Callable[[bytes], Awaitable[None] | None]


class Channels:
    """Supervised subscription; `is_heard` tells whether it is trustworthy now."""

    def __init__(self, link: RedisLink, store: QuoteStore) -> None:
        self._link = link
        self._store = store
        self._handlers: dict[str, Handler] = {}
        self.is_heard = False

    def on(self, channel: str, handler: Handler) -> None:
        """Before `follow`: hand every message of `channel` to `handler`."""
        self._handlers[channel] = handler

    async def follow(self) -> None:
        """Subscribe, snapshot, listen; again after every loss."""
        while True:
            await self._link.wait_until_up()
            try:
                await self._listen()
            except (RedisError, OSError, TimeoutError, RedisAway) as error:
                if self.is_heard:
                    log.info("subscription lost, subscribing again", error=f"{type(error).__name__}: {error}")
            finally:
                self.is_heard = False
            await asyncio.sleep(RETRY_SECONDS)

    async def snapshot(self) -> int:
        """Read the cached line of every symbol ever published into the store; how many were new. Raises RedisAway."""
        names = [
            name if isinstance(name, str) else name.decode()
            for name in await self._link.call(lambda client: client.hkeys(SEQUENCES))
        ]
        new = 0
        for start in range(0, len(names), SNAPSHOT_CHUNK):
            keys = [quote(name) for name in names[start : start + SNAPSHOT_CHUNK]]
            for line in await self._link.call(lambda client, keys=keys: client.mget(keys)):  # type: ignore[misc]
                new += line is not None and self._store.take(line) is not None
        return new

    async def _listen(self) -> None:
        subscription = self._link.subscriber()
        try:
            await subscription.subscribe(*self._handlers)
            await self.snapshot()
            self.is_heard = True
            heard = monotonic_seconds()
            while True:
                message = await subscription.get_message(ignore_subscribe_messages=False, timeout=PROBE_SECONDS)
                if message is not None:
                    heard = monotonic_seconds()
                    await self._dispatch(message)
                elif monotonic_seconds() - heard > SILENCE_SECONDS:
                    raise TimeoutError(f"nothing heard for {SILENCE_SECONDS} s")
                else:
                    await subscription.ping()
        finally:
            await subscription.connection_pool.disconnect()

    async def _dispatch(self, message: dict[str, Any]) -> None:
        if message["type"] != "message":
            return
        try:
            outcome = self._handlers[message["channel"].decode()](message["data"])
            if outcome is not None:
                await outcome
        except Exception:
            log.exception("message handler failed", channel=message["channel"].decode())
