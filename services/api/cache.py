"""Answers of slow services, kept: in this process, in Redis for all replicas, renewed by one caller while the others get the
old one.

A fresh entry is returned at once; an old one is returned too while one background call renews it; only without any is the caller
kept waiting, together with everybody else who asks for the same. Redis away means: this process's own entries, and upstream.
"""

import asyncio
import contextlib
import json
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import time
from typing import Any

from services.api.logs import logger
from services.api.redis_link import RedisAway, RedisLink
from services.api.upstreams import Kind, UpstreamError

LOCAL_MAX = 2_000
LOCK_POLL_SECONDS = 0.05
JITTER = 0.1
REFUSED_SECONDS = 10.0
"""How long a service's refusal is given to all who ask, instead of a call for each of them."""
NOTHING_SECONDS = {Kind.UNKNOWN_SYMBOL: 3_600.0, Kind.NOT_COVERED: 3_600.0, Kind.NO_DATA: 60.0}
"""The same where it means that there is nothing: asking every ten seconds would use up a budget of 25 a day in minutes."""

log = logger(__name__)
Load = Callable[[], Awaitable[Any]]


@dataclass(frozen=True)
class Policy:
    """Seconds for which an entry is fresh, for which it may still be given out as stale after that, and which loading it may
    take: so long the other replicas leave it to the one that does."""

    fresh_seconds: float
    stale_seconds: float
    load_seconds: float = 6.0


@dataclass(frozen=True)
class Entry:
    """A JSON value and when it was loaded (Unix seconds). `is_stale`: older than its policy, given out all the same."""

    value: Any
    loaded: float
    is_stale: bool = False

    @property
    def age_seconds(self) -> int:
        return max(0, int(time() - self.loaded))


class Cache:
    """One for the process; keys are `cache:<what>:<which>`."""

    def __init__(self, link: RedisLink | None, clock: Callable[[], float] = time) -> None:
        self._link = link
        self._clock = clock
        self._local: OrderedDict[str, Entry] = OrderedDict()
        self._loading: dict[str, asyncio.Task[Entry]] = {}
        self._refused: dict[str, tuple[float, UpstreamError]] = {}
        self.hits = self.stale_hits = self.misses = 0

    async def get(self, key: str, policy: Policy, load: Load) -> Entry:
        """The entry of `key`, loaded by `load` when need be. Raises what `load` raises when there is nothing to give."""
        held = await self._find(key, policy)
        if held is not None and self._age(held) < policy.fresh_seconds:
            self.hits += 1
            return held
        loading = self._loading.get(key)
        refused_until, refusal = self._refused.get(key, (0.0, None))
        if loading is None and refusal is not None and self._clock() < refused_until:
            if held is None:
                self.misses += 1
                raise refusal.with_traceback(None)
            self.stale_hits += 1
            return Entry(held.value, held.loaded, is_stale=True)
        if loading is None:
            loading = asyncio.create_task(self._load(key, policy, load))
            self._loading[key] = loading
            loading.add_done_callback(lambda task: self._loaded(key, task))
        if held is not None:
            self.stale_hits += 1
            return Entry(held.value, held.loaded, is_stale=True)
        self.misses += 1
        return await asyncio.shield(loading)

    def _age(self, entry: Entry) -> float:
        return self._clock() - entry.loaded

    def _loaded(self, key: str, task: "asyncio.Task[Entry]") -> None:
        self._loading.pop(key, None)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, UpstreamError):
            if len(self._refused) >= LOCAL_MAX:
                self._refused.clear()
            self._refused[key] = self._clock() + NOTHING_SECONDS.get(error.kind, REFUSED_SECONDS), error
        elif error is not None:
            log.error("cache load failed", key=key, error=repr(error))

    async def _find(self, key: str, policy: Policy) -> Entry | None:
        usable = policy.fresh_seconds + policy.stale_seconds
        held = self._local.get(key)
        if held is None or self._age(held) >= policy.fresh_seconds:
            shared = await self._read(key)
            if shared is not None and (held is None or shared.loaded > held.loaded):
                held = shared
                self._keep(key, held)
        return held if held is not None and self._age(held) < usable else None

    async def _load(self, key: str, policy: Policy, load: Load) -> Entry:
        if not await self._lock(key, policy):
            found = await self._wait_for_other(key, policy)
            if found is not None:
                return found
        try:
            # Jitter in the past: entries made together do not end together.
            entry = Entry(await load(), self._clock() - policy.fresh_seconds * random.uniform(0, JITTER))  # noqa: S311
            self._keep(key, entry)
            await self._write(key, entry, policy)
            return entry
        finally:
            await self._unlock(key)

    async def _lock(self, key: str, policy: Policy) -> bool:
        """Whether this process should call; true too when Redis cannot say."""
        if self._link is None:
            return True
        milliseconds = int(policy.load_seconds * 1000)
        try:
            return bool(await self._link.call(lambda client: client.set(f"{key}:lock", 1, nx=True, px=milliseconds)))
        except RedisAway:
            return True

    async def _unlock(self, key: str) -> None:
        """Also after a refusal: whoever waits for it must not wait for the lock's end."""
        if self._link is not None:
            with contextlib.suppress(RedisAway):
                await self._link.call(lambda client: client.delete(f"{key}:lock"))

    async def _wait_for_other(self, key: str, policy: Policy) -> Entry | None:
        """Another replica is calling: its result, or None when it does not come."""
        for _ in range(int(policy.load_seconds / LOCK_POLL_SECONDS)):
            await asyncio.sleep(LOCK_POLL_SECONDS)
            found = await self._read(key)
            if found is not None and self._age(found) < policy.fresh_seconds:
                self._keep(key, found)
                return found
            if not await self._is_locked(key):
                return None
        return None

    async def _is_locked(self, key: str) -> bool:
        if self._link is None:
            return False
        try:
            return bool(await self._link.call(lambda client: client.exists(f"{key}:lock")))
        except RedisAway:
            return False

    def _keep(self, key: str, entry: Entry) -> None:
        self._local[key] = entry
        self._local.move_to_end(key)
        while len(self._local) > LOCAL_MAX:
            self._local.popitem(last=False)

    async def _read(self, key: str) -> Entry | None:
        """What Redis holds; garbage of whatever origin is a miss."""
        if self._link is None:
            return None
        try:
            raw = await self._link.call(lambda client: client.get(key))
            loaded, value = json.loads(raw) if raw else (None, None)
            return Entry(value, float(loaded)) if loaded is not None else None
        except RedisAway:
            return None
        except (ValueError, TypeError):
            log.warning("cache entry is garbage, treated as absent", key=key)
            return None

    async def _write(self, key: str, entry: Entry, policy: Policy) -> None:
        if self._link is None:
            return
        seconds = max(1, int(policy.fresh_seconds + policy.stale_seconds))
        raw = json.dumps([entry.loaded, entry.value])
        try:
            await self._link.call(lambda client: client.set(key, raw, ex=seconds))
        except Exception as error:  # a full Redis must not cost the answer
            log.warning("cache entry not kept", key=key, error=str(error)[:200])
