"""How many calls a service may still get: windows shared by all replicas in Redis, counted locally while Redis is away.

A call is counted before it is made, refused ones too; a part of a window can be kept for what a user waits for.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from time import time

from services.api.redis_link import RedisAway, RedisLink

_TAKE = """
local cost, reserve = tonumber(ARGV[1]), tonumber(ARGV[2])
for i = 1, #KEYS do
  local used = tonumber(redis.call('GET', KEYS[i])) or 0
  if used + cost > tonumber(ARGV[1 + 2 * i]) - (i == #KEYS and reserve or 0) then return i end
end
for i = 1, #KEYS do
  redis.call('INCRBY', KEYS[i], cost)
  redis.call('EXPIRE', KEYS[i], ARGV[2 + 2 * i])
end
return 0
"""


@dataclass(frozen=True)
class Limit:
    """At most `calls` in each `seconds`, windows aligned to the Unix epoch."""

    calls: int
    seconds: int


class Budget:
    """One service's limits, shortest window first."""

    def __init__(self, link: RedisLink | None, service: str, limits: Sequence[Limit]) -> None:
        self._link = link
        self._service = service
        self.limits = tuple(sorted(limits, key=lambda limit: limit.seconds))
        self._take = link.client.register_script(_TAKE) if link else None
        self._local: dict[str, int] = {}
        self.last_known_left = self.limits[-1].calls
        """For metrics: as of the last call."""

    async def take(self, cost: int = 1, reserve: int = 0, now: float | None = None) -> float:
        """Count `cost` calls and return 0, or count nothing and return the seconds until the full window ends.

        `reserve` calls of the longest window are left for others."""
        now = time() if now is None else now
        keys = [self._key(limit, now) for limit in self.limits]
        full = await self._shared(keys, cost, reserve)
        if full is None:
            full = self._count_locally(keys, cost, reserve)
        self.last_known_left = await self.left(now)
        if full == 0:
            return 0.0
        seconds = self.limits[full - 1].seconds
        return seconds - now % seconds

    async def left(self, now: float | None = None) -> int:
        """Calls left in the longest window, as far as this replica can tell."""
        limit = self.limits[-1]
        key = self._key(limit, time() if now is None else now)
        used = self._local.get(key, 0)
        if self._link is not None:
            with contextlib.suppress(RedisAway):
                used = int(await self._link.call(lambda client: client.get(key)) or 0)
        return max(0, limit.calls - used)

    def _key(self, limit: Limit, now: float) -> str:
        return f"budget:{self._service}:{limit.seconds}:{int(now // limit.seconds)}"

    async def _shared(self, keys: list[str], cost: int, reserve: int) -> int | None:
        if self._link is None or self._take is None:
            return None
        take = self._take
        args: list[int] = [cost, reserve]
        for limit in self.limits:
            args += [limit.calls, 2 * limit.seconds]
        try:
            return int(await self._link.call(lambda _: take(keys=keys, args=args)))
        except RedisAway:
            return None

    def _count_locally(self, keys: list[str], cost: int, reserve: int) -> int:
        for number, (key, limit) in enumerate(zip(keys, self.limits, strict=True), 1):
            kept = reserve if number == len(keys) else 0
            if self._local.get(key, 0) + cost > limit.calls - kept:
                return number
        self._local = {key: self._local.get(key, 0) + cost for key in keys}
        return 0
