"""NSE as a provider: a cookie session, and as few calls as it allows."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, TypeVar

from services.api.breaker import SYMBOL_KINDS
from services.api.budgets import Limit
from services.api.instruments import instruments
from services.api.market_calendar import IST
from services.api.sources import Reading
from services.api.sources.provider import Found, Interval, same_symbol
from services.api.upstreams import Kind, UpstreamError, nse
from services.api.upstreams.client import Answer, Upstream, read
from services.api.upstreams.records import History, Listing
from services.contract.symbols import is_index

T = TypeVar("T")
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
    "Accept": "*/*",
    "Accept-Language": "en-US,en;q=0.9",
    "Referer": "https://www.nseindia.com/option-chain",
}
SESSION_SECONDS = 300.0
SINGLY_SECONDS = 600.0
HISTORY_DAYS = 96


class Nse:
    """All indices in one call, the NIFTY 50 in one call, everything else one by one; a cookie session first."""

    name = nse.SOURCE
    limits = (Limit(3, 3),)
    reserve = 0

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._members = frozenset(symbol for symbol in instruments() if not is_index(symbol))
        self._session_until = self._singly_until = 0.0
        self._beginning = asyncio.Lock()

    def calls_for(self, symbols: frozenset[str]) -> list[frozenset[str]]:
        indices = frozenset(symbol for symbol in symbols if is_index(symbol))
        members = symbols & self._members
        bulk = members if len(members) > 1 and monotonic() >= self._singly_until else frozenset[str]()
        singles = [frozenset({symbol}) for symbol in sorted(symbols - indices - bulk)]
        return [group for group in (bulk, indices) if group] + singles

    def cost(self, group: frozenset[str]) -> int:
        return 1

    async def quotes(self, group: frozenset[str]) -> Found:
        if all(map(is_index, group)):
            indices = await self._list(nse.parse_all_indices, "/api/allIndices", {})
            return _pick(indices, group, nse.SOURCE) if indices else {}
        if len(group) > 1:
            rows = await self._list(nse.parse_members, "/api/equity-stock-indices", {"index": "NIFTY 50"})
            if not rows:
                self._singly_until = monotonic() + SINGLY_SECONDS
            self._members = frozenset(row.symbol for row in rows if not is_index(row.symbol)) or self._members
            return {row.symbol: row for row in rows if row.symbol in group}
        (symbol,) = group
        function = {"functionName": "getSymbolData", "marketType": "N", "series": "EQ", "symbol": symbol}
        reading = await self._get(nse.parse_symbol_data, "/api/NextApi/apiClient/GetQuoteApi", function)
        return {symbol: same_symbol(symbol, reading)}

    async def _list(self, parse: Callable[[Any], list[Reading]], path: str, params: dict[str, str]) -> list[Reading]:
        """Empty when NSE has no such list (any more) or nothing in it now: no word about the symbols that should be there."""
        answer = await self._answer(path, params)
        try:
            return [] if answer.status == 404 else self._read(answer, parse)
        except UpstreamError as error:
            if error.kind in SYMBOL_KINDS:
                return []
            raise

    def has_history(self, symbol: str, interval: Interval) -> bool:
        return interval == "intraday" or not is_index(symbol)

    async def history(self, symbol: str, interval: Interval) -> History:
        path = "/api/NextApi/apiClient/GetQuoteApi"
        if interval == "intraday":
            if is_index(symbol):
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
        return self._read(await self._answer(path, params), parse)

    async def _answer(self, path: str, params: dict[str, str]) -> Answer:
        """With the session's cookies. One at a time begins it: the poll and a user's call come together, and one sent between the
        other's old and new cookies would be refused."""
        async with self._beginning:
            if monotonic() >= self._session_until:
                await self._begin_session()
        return await self._upstream.fetch(path, params, headers=BROWSER)

    def _read(self, answer: Answer, parse: Callable[[Any], T]) -> T:
        """A refusal ends the session."""
        try:
            return read(answer, parse)
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


def _pick(readings: list[Reading], group: frozenset[str], name: str) -> Found:
    found: dict[str, Reading | UpstreamError] = {reading.symbol: reading for reading in readings if reading.symbol in group}
    unknown = UpstreamError(Kind.UNKNOWN_SYMBOL, f"not among what {name} answered")
    return found | {symbol: unknown for symbol in group - found.keys()}
