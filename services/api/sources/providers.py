"""The three services as providers of quotes: how each is asked, in as few calls as it allows. Parsing is in
services.api.upstreams."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Literal, Protocol, TypeVar

from services.api.breaker import SYMBOL_KINDS
from services.api.budgets import Limit
from services.api.instruments import instruments
from services.api.market_calendar import IST
from services.api.sources import Reading
from services.api.upstreams import Kind, UpstreamError, alpha_vantage, nse, twelve_data
from services.api.upstreams.client import Upstream
from services.api.upstreams.records import History, Listing

T = TypeVar("T")
Found = Mapping[str, Reading | UpstreamError]
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
    "Accept": "*/*",
    "Accept-Language": "en-US,en;q=0.9",
}
SESSION_SECONDS = 300.0
SINGLY_SECONDS = 600.0
HISTORY_DAYS = 96
Interval = Literal["intraday", "daily"]


class Provider(Protocol):
    """One service. `calls_for` plans: groups of symbols, one call each, dearest savings first."""

    @property
    def name(self) -> str: ...

    @property
    def limits(self) -> tuple[Limit, ...]: ...

    @property
    def reserve(self) -> int:
        """Calls of the longest window kept for users who wait."""

    def calls_for(self, symbols: frozenset[str]) -> list[frozenset[str]]: ...

    def cost(self, group: frozenset[str]) -> int: ...

    async def quotes(self, group: frozenset[str]) -> Found:
        """One call. Raises UpstreamError when it failed as a whole; otherwise a reading or a typed error for each symbol."""

    def has_history(self, symbol: str, interval: Interval) -> bool:
        """Whether a call could give one at all."""

    async def history(self, symbol: str, interval: Interval) -> History:
        """One call, for what it has. Raises UpstreamError."""

    async def search(self, query: str) -> list[Listing]:
        """One call. Raises UpstreamError."""

    async def close(self) -> None: ...


class Nse:
    """NSE: all indices in one call, the NIFTY 50 in one call, everything else one by one; a cookie session first."""

    name = nse.SOURCE
    limits = (Limit(3, 3),)
    reserve = 0

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._members = frozenset(symbol for symbol in instruments() if " " not in symbol)
        self._session_until = self._singly_until = 0.0
        self._beginning = asyncio.Lock()

    def calls_for(self, symbols: frozenset[str]) -> list[frozenset[str]]:
        indices = frozenset(symbol for symbol in symbols if " " in symbol)
        members = symbols & self._members
        bulk = members if len(members) > 1 and monotonic() >= self._singly_until else frozenset[str]()
        singles = [frozenset({symbol}) for symbol in sorted(symbols - indices - bulk)]
        return [group for group in (bulk, indices) if group] + singles

    def cost(self, group: frozenset[str]) -> int:
        return 1

    async def quotes(self, group: frozenset[str]) -> Found:
        if all(" " in symbol for symbol in group):
            indices = await self._list(nse.parse_all_indices, "/api/allIndices", {})
            return _pick(indices, group, nse.SOURCE) if indices else {}
        if len(group) > 1:
            rows = await self._list(nse.parse_members, "/api/equity-stock-indices", {"index": "NIFTY 50"})
            if not rows:
                self._singly_until = monotonic() + SINGLY_SECONDS
            self._members = frozenset(row.symbol for row in rows if " " not in row.symbol) or self._members
            return {row.symbol: row for row in rows if row.symbol in group}
        (symbol,) = group
        function = {"functionName": "getSymbolData", "marketType": "N", "series": "EQ", "symbol": symbol}
        reading = await self._get(nse.parse_symbol_data, "/api/NextApi/apiClient/GetQuoteApi", function)
        return {symbol: _same_symbol(symbol, reading)}

    async def _list(self, parse: Callable[[Any], list[Reading]], path: str, params: dict[str, str]) -> list[Reading]:
        """Empty when NSE has no such list or nothing in it now, which says nothing about the symbols that should be there."""
        try:
            return await self._get(parse, path, params)
        except UpstreamError as error:
            if error.kind in SYMBOL_KINDS:
                return []
            raise

    def has_history(self, symbol: str, interval: Interval) -> bool:
        return interval == "intraday" or " " not in symbol

    async def history(self, symbol: str, interval: Interval) -> History:
        path = "/api/NextApi/apiClient/GetQuoteApi"
        if interval == "intraday":
            if " " in symbol:
                chart = {"functionName": "getGraphChart", "type": symbol, "flag": "1D"}
                return await self._get(nse.parse_chart, "/api/NextApi/apiClient", chart)
            chart = {"functionName": "getSymbolChartData", "symbol": f"{symbol}EQN", "days": "1D"}
            return await self._get(nse.parse_chart, path, chart)
        today = datetime.now(IST).date()
        span = {"fromDate": today - timedelta(days=HISTORY_DAYS), "toDate": today}
        query = {"functionName": "getHistoricalTradeData", "symbol": symbol, "series": "EQ"}
        return await self._get(nse.parse_history, path, query | {k: f"{v:%d-%m-%Y}" for k, v in span.items()})

    async def search(self, query: str) -> list[Listing]:
        return await self._get(nse.parse_search, "/api/search/autocomplete", {"q": query})

    async def _get(self, parse: Callable[[Any], T], path: str, params: dict[str, str]) -> T:
        """With the session's cookies; a refusal is answered by one new session. One at a time begins it: the poll and a user's
        call come together, and one sent between the other's old and new cookies would be refused."""
        async with self._beginning:
            if monotonic() >= self._session_until:
                await self._begin_session()
        try:
            return await self._upstream.get(parse, path, params, headers=BROWSER)
        except UpstreamError as error:
            if error.kind is Kind.BLOCKED:
                self._session_until = 0.0
            raise

    async def _begin_session(self) -> None:
        self._upstream.client.cookies.clear()
        page = await self._upstream.fetch("/option-chain", headers=BROWSER)
        if page.status in {401, 403}:
            raise UpstreamError(Kind.BLOCKED, f"the session was refused, status {page.status}")
        self._session_until = monotonic() + SESSION_SECONDS

    async def close(self) -> None:
        await self._upstream.close()


class TwelveData:
    """Twelve Data: one credit a symbol, up to the minute's 8 in one call; NSE needs a paid plan."""

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
        return {asked[name]: _same_symbol(asked[name], value) for name, value in found.items()}

    def has_history(self, symbol: str, interval: Interval) -> bool:
        return " " not in symbol

    async def history(self, symbol: str, interval: Interval) -> History:
        step, size = ("5min", "80") if interval == "intraday" else ("1day", "66")
        query = {"symbol": f"{symbol}:NSE", "interval": step, "outputsize": size, "timezone": "Asia/Kolkata"}
        return await self._upstream.get(twelve_data.parse_series, "/time_series", query)

    async def search(self, query: str) -> list[Listing]:
        return await self._upstream.get(twelve_data.parse_stocks, "/stocks", {"symbol": query.upper(), "exchange": "NSE"})

    async def close(self) -> None:
        await self._upstream.close()


class AlphaVantage:
    """Alpha Vantage: one symbol a call, 25 a day; its `.BSE` close is shown as delayed and from another exchange."""

    name = alpha_vantage.SOURCE
    limits = (Limit(1, 1), Limit(25, 86_400))
    reserve = 5

    def __init__(self, upstream: Upstream, key: str) -> None:
        self._upstream = upstream
        self._key = key

    def calls_for(self, symbols: frozenset[str]) -> list[frozenset[str]]:
        return [frozenset({symbol}) for symbol in sorted(symbols) if " " not in symbol]

    def cost(self, group: frozenset[str]) -> int:
        return 1

    async def quotes(self, group: frozenset[str]) -> Found:
        (symbol,) = group
        query = {"function": "GLOBAL_QUOTE", "symbol": symbol + alpha_vantage.SUFFIX, "apikey": self._key}
        reading = await self._upstream.get(alpha_vantage.parse_global_quote, "/query", query)
        return {symbol: _same_symbol(symbol, reading)}

    def has_history(self, symbol: str, interval: Interval) -> bool:
        """Minutes are a premium endpoint."""
        return interval == "daily" and " " not in symbol

    async def history(self, symbol: str, interval: Interval) -> History:
        query = {"function": "TIME_SERIES_DAILY", "symbol": symbol + alpha_vantage.SUFFIX, "apikey": self._key}
        return await self._upstream.get(alpha_vantage.parse_series, "/query", query)

    async def search(self, query: str) -> list[Listing]:
        asked = {"function": "SYMBOL_SEARCH", "keywords": query, "apikey": self._key}
        found = await self._upstream.get(alpha_vantage.parse_search, "/query", asked)
        suffix = alpha_vantage.SUFFIX
        return [
            Listing(item.symbol.removesuffix(suffix), item.name, "BSE", item.isin, item.currency)
            for item in found
            if item.symbol.endswith(suffix)
        ]

    async def close(self) -> None:
        await self._upstream.close()


def _same_symbol(symbol: str, value: Reading | UpstreamError) -> Reading | UpstreamError:
    """The symbol in the answer must be the one asked for."""
    if isinstance(value, Reading) and value.symbol != symbol:
        return UpstreamError(Kind.MALFORMED, "the answer is about another symbol")
    return value


def _pick(readings: list[Reading], group: frozenset[str], name: str) -> Found:
    found: dict[str, Reading | UpstreamError] = {reading.symbol: reading for reading in readings if reading.symbol in group}
    unknown = UpstreamError(Kind.UNKNOWN_SYMBOL, f"not among what {name} answered")
    return found | {symbol: unknown for symbol in group - found.keys()}
