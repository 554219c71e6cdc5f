"""Twelve Data as a provider: a batch a call, a credit a symbol."""

from typing import Any

from services.api.budgets import Limit
from services.api.sources import Reading
from services.api.sources.provider import Found, Interval, same_symbol
from services.api.upstreams import UpstreamError, twelve_data
from services.api.upstreams.client import Upstream
from services.api.upstreams.records import History, Listing
from services.contract.symbols import is_index


class TwelveData:
    """One credit a symbol, up to the minute's 8 in one call; NSE needs a paid plan."""

    name = twelve_data.SOURCE
    limits = (Limit(8, 60), Limit(800, 86_400))
    reserve = 50
    batch = 8

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def calls_for(self, symbols: frozenset[str]) -> list[frozenset[str]]:
        ordered = sorted(symbols)
        return [frozenset(ordered[start : start + self.batch]) for start in range(0, len(ordered), self.batch)]

    def cost(self, group: frozenset[str]) -> int:
        return len(group)

    async def quotes(self, group: frozenset[str]) -> Found:
        asked = {f"{symbol}:NSE": symbol for symbol in sorted(group)}

        def parse(answer: Any) -> dict[str, Reading | UpstreamError]:
            return twelve_data.each(answer, list(asked), lambda one: twelve_data.parse_quote(one, "NSE"))

        found = await self._upstream.get(parse, "/quote", {"symbol": ",".join(asked)})
        return {asked[name]: same_symbol(asked[name], value) for name, value in found.items()}

    def has_history(self, symbol: str, interval: Interval) -> bool:
        return not is_index(symbol)

    async def history(self, symbol: str, interval: Interval) -> History:
        step, size = ("5min", "80") if interval == "intraday" else ("1day", "66")
        query = {"symbol": f"{symbol}:NSE", "interval": step, "outputsize": size, "timezone": "Asia/Kolkata"}
        return await self._upstream.get(twelve_data.parse_series, "/time_series", query)

    async def search(self, query: str) -> list[Listing]:
        return await self._upstream.get(twelve_data.parse_stocks, "/stocks", {"symbol": query.upper(), "exchange": "NSE"})

    async def close(self) -> None:
        await self._upstream.close()
