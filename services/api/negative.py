"""Symbols that do not exist: remembered for all replicas, so that each costs one upstream call and not one per request."""

from collections.abc import Iterable

from services.api.clock import monotonic_seconds
from services.api.redis_link import RedisAway, RedisLink

OPEN_SECONDS = 3_600
CLOSED_SECONDS = 86_400
LOCAL_MAX = 10_000


def _key(symbol: str) -> str:
    return f"cache:unknown:{symbol}"


class NegativeCache:
    """Redis with a local copy, so that it works without Redis too."""

    def __init__(self, link: RedisLink | None) -> None:
        self._link = link
        self._local: dict[str, float] = {}

    async def known(self, symbols: Iterable[str]) -> frozenset[str]:
        """Those of `symbols` that are known not to exist."""
        asked = sorted(symbols)
        now = monotonic_seconds()
        found = {symbol for symbol in asked if self._local.get(symbol, 0) > now}
        others = [symbol for symbol in asked if symbol not in found]
        if others and self._link is not None:
            try:
                values = await self._link.call(lambda client: client.mget([_key(symbol) for symbol in others]))
                found |= {symbol for symbol, value in zip(others, values, strict=True) if value is not None}
            except RedisAway:
                pass
        return frozenset(found)

    async def remember(self, symbols: Iterable[str], *, is_open: bool) -> None:
        """For an hour while the exchange is open (something may be listed), for a day otherwise."""
        seconds = OPEN_SECONDS if is_open else CLOSED_SECONDS
        until = monotonic_seconds() + seconds
        if len(self._local) > LOCAL_MAX:
            self._local.clear()
        for symbol in symbols:
            self._local[symbol] = until
            if self._link is not None:
                try:
                    await self._link.call(lambda client, symbol=symbol: client.set(_key(symbol), 1, ex=seconds))  # type: ignore[misc]
                except RedisAway:
                    continue
