"""What a client should see first: the newest quote of a symbol this node has not heard of yet, and whether it exists at all.

Asked in this order: what the hub knows, Redis' cache, then the API once per symbol however many clients wait (single
flight). An API or Redis that is away refuses nobody: the symbol is taken and its price comes with the stream.
"""

import asyncio
import contextlib
from collections.abc import Iterable
from urllib.parse import quote

import httpx

from services.contract import endpoints
from services.ws.feed import Feed
from services.ws.redis_link import RedisAway
from services.ws.update import Update

API_SECONDS = 1.0
UNKNOWN_SECONDS = 30.0
"""How long the API's "no such symbol" is believed."""
MAX_UNKNOWN = 10_000


class Lookup:
    """`unknown` says which of the symbols do not exist; after it `latest` holds the others' quotes where there are any."""

    def __init__(self, api: httpx.AsyncClient, feed: Feed, latest: dict[str, Update]) -> None:
        self._api = api
        self._feed = feed
        self._latest = latest
        self._flights: dict[str, asyncio.Task[bool]] = {}
        self._unknown_until: dict[str, float] = {}
        self.api_calls = 0
        self.api_failures = 0

    async def unknown(self, symbols: Iterable[str]) -> set[str]:
        """Make the symbols' newest quotes known; return those the API says do not exist."""
        missing = [symbol for symbol in symbols if symbol not in self._latest]
        if not missing:
            return set()
        with contextlib.suppress(RedisAway):
            await self._feed.refresh(missing)
        missing = [symbol for symbol in missing if symbol not in self._latest]
        exists = await asyncio.gather(*(self._exists(symbol) for symbol in missing))
        return {symbol for symbol, is_known in zip(missing, exists, strict=True) if not is_known}

    async def _exists(self, symbol: str) -> bool:
        now = asyncio.get_running_loop().time()
        if self._unknown_until.get(symbol, 0.0) > now:
            return False
        flight = self._flights.get(symbol)
        if flight is None:
            flight = self._flights[symbol] = asyncio.create_task(self._ask(symbol))
            flight.add_done_callback(lambda _: self._flights.pop(symbol, None))
        return await asyncio.shield(flight)

    async def _ask(self, symbol: str) -> bool:
        self.api_calls += 1
        try:
            answer = await self._api.get(f"{endpoints.QUOTES}/{quote(symbol, safe='')}", timeout=API_SECONDS)
        except httpx.HTTPError:
            self.api_failures += 1
            return True
        if answer.status_code == 200:
            self._feed.take_newest(answer.content.strip())
        elif answer.status_code in (404, 422):
            self._remember_unknown(symbol)
            return False
        else:
            self.api_failures += 1
        return True

    def _remember_unknown(self, symbol: str) -> None:
        if len(self._unknown_until) >= MAX_UNKNOWN:
            self._unknown_until.clear()
        self._unknown_until[symbol] = asyncio.get_running_loop().time() + UNKNOWN_SECONDS
