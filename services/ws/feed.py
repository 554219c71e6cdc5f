"""From what Redis says to what the hub sends: order, gaps and their repair.

Live messages pass the sequencer. A gap, or a new subscription after an outage, is repaired from the API's bounded stream,
and where that no longer reaches, by the cached newest quote: clients are then current though not complete.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from services.contract import keyspace
from services.ws.history import History
from services.ws.hub import Hub
from services.ws.log import Sampled
from services.ws.metrics import Histogram
from services.ws.redis_link import RedisAway, RedisLink
from services.ws.sequencer import Sequencer
from services.ws.update import Update, parse_update

PAGE_ENTRIES = 100
"""A page must come within the time of one command, also when an entry holds hundreds of lines."""
MAX_PAGES = keyspace.STREAM_MAX_ENTRIES // PAGE_ENTRIES
REPAIR_SECONDS = 1.0
"""After this a gap is given up: the newest quote is worth more than the missed one."""


class Feed:
    """The only writer of the sequencer and, through it, of the hub."""

    def __init__(self, link: RedisLink, sequencer: Sequencer, hub: Hub, history: History) -> None:
        self._link = link
        self._sequencer = sequencer
        self._hub = hub
        self._history = history
        self._repairing: asyncio.Task[None] | None = None
        self._sampled = Sampled(per_second=1)
        self.received = 0
        self.malformed = 0
        self.publish_to_receive = Histogram()

    def take_messages(self, messages: list[bytes]) -> None:
        """Messages of the updates channel that came together, each of one or more lines."""
        now = time.time()
        ready: list[Update] = []
        for line in b"\n".join(messages).split(b"\n"):
            update = self._parse(line, now)
            if update is not None:
                self.received += 1
                self.publish_to_receive.observe(now - update.ts_ms / 1000)
                ready += self._sequencer.accept(update)
        self._pass(ready)
        if self._sequencer.gaps and self._repairing is None:
            self._start(self._repair())

    def take_newest(self, line: bytes) -> bool:
        """A quote from the cache or the API: counts if it is newer than what is known, whatever lies between."""
        update = self._parse(line, time.time())
        if update is None:
            return False
        self._pass(self._sequencer.jump(update))
        return True

    async def resync(self) -> None:
        """After a (re)subscription: make good what was published meanwhile."""
        if self._repairing is not None:
            self._repairing.cancel()
        await asyncio.wait([self._start(self._replay())])

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._repairing = asyncio.get_running_loop().create_task(work)

        def done(finished: asyncio.Task[None]) -> None:
            if self._repairing is finished:
                self._repairing = None
                if self._sequencer.gaps:
                    self._start(self._repair())

        task.add_done_callback(done)
        return task

    def _pass(self, updates: list[Update]) -> None:
        if updates:
            self._history.add(updates, updates[-1].received)
            self._hub.publish(updates, asyncio.get_running_loop().time())

    def _parse(self, line: bytes, now: float) -> Update | None:
        try:
            return parse_update(line, now)
        except ValueError as error:
            self.malformed += 1
            self._sampled.info("update dropped", reason=str(error)[:200], line=line[:80].decode("utf-8", "replace"))
            return None

    # ---- repair

    async def _repair(self) -> None:
        """Close the open gaps, in order, from the stream; give up what it no longer holds."""
        asked = list(self._sequencer.gaps)
        try:
            async with asyncio.timeout(REPAIR_SECONDS):
                missed = await self._read_back(self._is_missing)
                for symbol in asked:
                    self._pass(self._sequencer.fill(symbol, (u for u in missed if u.symbol == symbol)))
        except (RedisAway, TimeoutError) as error:
            self._sampled.info("gap not repaired", symbols=asked[:10], reason=str(error))
        for symbol in asked:
            self._pass(self._sequencer.give_up(symbol))

    async def _replay(self) -> None:
        """All that is newer than what we know, from the stream; then the cache, for what the stream no longer holds."""
        try:
            async with asyncio.timeout(4 * REPAIR_SECONDS):
                for update in await self._read_back(self._is_newer):
                    self._pass(self._sequencer.accept(update))
                for symbol in list(self._sequencer.gaps):
                    self._pass(self._sequencer.give_up(symbol))
                await self.refresh(set(self._sequencer.latest) | set(self._hub.holders))
        except (RedisAway, TimeoutError) as error:
            self._sampled.info("resync not finished", reason=str(error))

    async def refresh(self, symbols: Iterable[str]) -> set[str]:
        """Take the cached quote of each symbol; return those that the cache does not have.

        Raises:
            RedisAway: the cache cannot be asked.
        """
        wanted = sorted(symbols)
        if not wanted:
            return set()
        lines = await self._link.call(lambda client: client.mget([keyspace.quote(symbol) for symbol in wanted]))
        return {
            symbol
            for symbol, line in zip(wanted, lines, strict=True)
            if not isinstance(line, bytes) or not self.take_newest(line)
        }

    def _is_newer(self, update: Update) -> bool:
        held = self._sequencer.latest.get(update.symbol)
        return held is not None and (update.epoch != held.epoch or update.seq > held.seq) and update.fence >= held.fence

    def _is_missing(self, update: Update) -> bool:
        return update.symbol in self._sequencer.gaps and self._is_newer(update)

    async def _read_back(self, wanted: Callable[[Update], bool]) -> list[Update]:
        """Walk the stream from its end until a page holds nothing wanted; return what was, oldest first."""
        found: list[Update] = []
        end = "+"
        for _ in range(MAX_PAGES):
            page = await self._link.call(
                lambda client, end=end: client.xrevrange(keyspace.STREAM, end, "-", count=PAGE_ENTRIES)  # type: ignore[misc]
            )
            now = time.time()
            here: list[Update] = []
            for _, fields in page:
                lines = fields.get(b"lines", b"").split(b"\n")
                updates = [u for line in reversed(lines) if (u := self._parse(line, now)) is not None]
                here += [u for u in updates if wanted(u)]
            found += here
            if len(page) < PAGE_ENTRIES or not here:
                break
            end = f"({page[-1][0].decode()}"
        found.reverse()
        return found
