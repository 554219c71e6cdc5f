"""Alpha Vantage as a provider: a symbol a call, few calls a day."""

from services.api.budgets import Limit
from services.api.sources.provider import Found, Interval, same_symbol
from services.api.upstreams import alpha_vantage
from services.api.upstreams.client import Upstream
from services.api.upstreams.records import History, Listing
from services.contract.quotes import Exchange
from services.contract.symbols import is_index


class AlphaVantage:
    """One symbol a call, 25 a day; its `.BSE` close is shown as delayed and from another exchange."""

    name = alpha_vantage.SOURCE
    limits = (Limit(1, 1), Limit(25, 86_400))
    reserve = 5

    def __init__(self, upstream: Upstream, key: str) -> None:
        self._upstream = upstream
        self._key = key

    def calls_for(self, symbols: frozenset[str]) -> list[frozenset[str]]:
        return [frozenset({symbol}) for symbol in sorted(symbols) if not is_index(symbol)]

    def cost(self, group: frozenset[str]) -> int:
        return 1

    async def quotes(self, group: frozenset[str]) -> Found:
        (symbol,) = group
        query = {"function": "GLOBAL_QUOTE", "symbol": symbol + alpha_vantage.SUFFIX, "apikey": self._key}
        reading = await self._upstream.get(alpha_vantage.parse_global_quote, "/query", query)
        return {symbol: same_symbol(symbol, reading)}

    def has_history(self, symbol: str, interval: Interval) -> bool:
        """Minutes are a premium endpoint."""
        return interval == "daily" and not is_index(symbol)

    async def history(self, symbol: str, interval: Interval) -> History:
        query = {"function": "TIME_SERIES_DAILY", "symbol": symbol + alpha_vantage.SUFFIX, "apikey": self._key}
        return await self._upstream.get(alpha_vantage.parse_series, "/query", query)

    async def search(self, query: str) -> list[Listing]:
        asked = {"function": "SYMBOL_SEARCH", "keywords": query, "apikey": self._key}
        found = await self._upstream.get(alpha_vantage.parse_search, "/query", asked)
        suffix = alpha_vantage.SUFFIX
        return [
            Listing(item.symbol.removesuffix(suffix), item.name, Exchange.BSE, item.isin, item.currency)
            for item in found
            if item.symbol.endswith(suffix)
        ]

    async def close(self) -> None:
        await self._upstream.close()
