"""The one Redis subscription of this process, supervised: it comes back by itself and says when it is gone.

A killed Redis raises an error; a paused one raises nothing at all, so this node publishes a beat of its own each second
and takes three missing ones for an outage. What was missed meanwhile is the feed's business.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from typing import Never

from services.contract.messages import Heartbeat
from services.ws.log import log
from services.ws.redis_link import RedisAway, RedisLink
from services.ws.subscription import Messages, Subscription

BEAT_SECONDS = 1.0
SILENCE_SECONDS = 2.9
"""Three beats, less what a beat takes to come back."""
SUBSCRIBE_SECONDS = 1.0
FIRST_RETRY_SECONDS = 0.1
LAST_RETRY_SECONDS = 2.0
"""With the time one attempt may take this stays under the promised 5 s."""


class Subscriber:
    """`on_messages` gets what came, `on_up()` after each (re)subscription, `on_down(reason)` once per outage."""

    def __init__(
        self,
        link: RedisLink,
        node: str,
        channels: tuple[str, str],
        on_messages: Callable[[Messages], None],
        on_up: Callable[[], None],
        on_down: Callable[[str], None],
    ) -> None:
        self._link = link
        self._node = node
        self._channels = channels
        self._on_messages = on_messages
        self._on_up = on_up
        self._on_down = on_down
        self._beat = 0
        self._sent: dict[int, float] = {}
        self._heard = 0.0
        self.is_up = False
        self._is_told_down = False
        self.subscribed_times = 0
        self.lag_seconds = 0.0
        """Time of the last beat through Redis and back."""

    async def run(self) -> None:
        """Until cancelled."""
        attempt = 0
        beating = asyncio.get_running_loop().create_task(self._keep_beating())
        try:
            while True:
                reason = await self._session()
                attempt = 0 if self.is_up else attempt + 1
                self._down(reason)
                delay = min(FIRST_RETRY_SECONDS * 2**attempt, LAST_RETRY_SECONDS)
                await asyncio.sleep(delay * random.uniform(0.5, 1))  # noqa: S311 - spreads retries, no secret
        finally:
            beating.cancel()

    async def _session(self) -> str:
        """One subscription from connect to loss; returns why it ended."""
        try:
            async with asyncio.timeout(SUBSCRIBE_SECONDS):
                subscription = await self._link.subscribe(self._channels, self._take)
            with contextlib.closing(subscription):
                self._up()
                await self._until_silent(subscription)
        except (OSError, TimeoutError) as error:
            return f"{type(error).__name__}: {error}"

    def _take(self, messages: Messages) -> None:
        self._heard = time.monotonic()
        self._on_messages(messages)

    async def _until_silent(self, subscription: Subscription) -> Never:
        while True:
            silence = time.monotonic() - self._heard
            if silence > SILENCE_SECONDS:
                raise TimeoutError(f"nothing heard from Redis for {silence:.1f} s, not even own beats")
            done, _ = await asyncio.wait([subscription.ended], timeout=SILENCE_SECONDS - silence + 0.001)
            if done:
                subscription.ended.result()

    async def _keep_beating(self) -> None:
        while True:
            self._beat += 1
            line = Heartbeat(node=self._node, beat=self._beat).model_dump_json().encode()
            self._sent = {self._beat: time.monotonic()}
            with contextlib.suppress(RedisAway):
                await self._link.call(lambda client, line=line: client.publish(self._channels[1], line))  # type: ignore[misc]
            await asyncio.sleep(BEAT_SECONDS)

    def heard_beat(self, node: str, beat: int) -> None:
        """A heartbeat came over the control channel."""
        if node == self._node and beat in self._sent:
            self.lag_seconds = time.monotonic() - self._sent[beat]

    def _up(self) -> None:
        self._heard = time.monotonic()
        self.is_up = True
        self._is_told_down = False
        self.subscribed_times += 1
        log.info("subscribed", channels=self._channels, times=self.subscribed_times)
        self._on_up()

    def _down(self, reason: str) -> None:
        if not self._is_told_down:
            self._is_told_down = True
            log.warning("subscription lost, retrying", reason=reason)
            self.is_up = False
            self._on_down(reason)
