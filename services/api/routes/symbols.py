"""Search, and the history of one symbol."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from services.api.errors import Problem, problems
from services.api.history import Interval
from services.api.platform import Platform
from services.api.search import RESULTS_MAX
from services.api.waiting import REST_SECONDS
from services.contract.symbols import SYMBOL_PATTERN, parse_symbol


class SymbolRow(BaseModel):
    """One match."""

    symbol: str
    name: str
    exchange: str | None


class SymbolList(BaseModel):
    """Best matches first."""

    symbols: list[SymbolRow]


class BarRow(BaseModel):
    """One finished bar; `start` is a UTC moment, or a date for days."""

    start: str
    open: float | None
    high: float | None
    low: float | None
    close: float
    volume: int | None


class HistoryAnswer(BaseModel):
    """Bars, oldest first; `stale`: older than its kind allows, and given because the source is away."""

    symbol: str
    interval: Interval
    source: str
    previousClose: float | None  # noqa: N815 - the name on the wire
    stale: bool
    bars: list[BarRow]


def symbol_routes(platform: Platform) -> APIRouter:
    """`/api/v1/symbols` and `/api/v1/history/{symbol}`."""
    router = APIRouter(tags=["symbols"])

    @router.get("/api/v1/symbols", response_model=SymbolList, responses=problems(422, 429))
    async def symbols(
        query: Annotated[str, Query(max_length=50, pattern=r"^[^\x00-\x1f\x7f]*$", examples=["bank"])] = "",
        limit: Annotated[int, Query(ge=1, le=RESULTS_MAX)] = 20,
    ) -> SymbolList:
        """Find symbols by symbol or name; without a query, all that is known."""
        rows = await platform.search.find(query.strip(), limit)
        return SymbolList(symbols=[SymbolRow(**row) for row in rows])

    @router.get("/api/v1/history/{symbol}", response_model=HistoryAnswer, responses=problems(404, 422, 429, 503))
    async def history(
        symbol: Annotated[str, Path(pattern=f"^{SYMBOL_PATTERN}$", examples=["RELIANCE"])],
        response: Response,
        interval: Interval = "intraday",
    ) -> HistoryAnswer:
        """Minutes of the current day, or days."""
        try:
            parse_symbol(symbol)
        except ValueError as error:
            raise Problem(422, str(error)) from None
        if symbol in await platform.ask([symbol]):
            raise Problem(404, f"no symbol {symbol}")
        await platform.waiting.until_held([symbol], REST_SECONDS)
        entry = await platform.histories.of(symbol, interval)
        if entry.is_stale:
            response.headers["Age"] = str(entry.age_seconds)
        return HistoryAnswer(symbol=symbol, interval=interval, stale=entry.is_stale, **entry.value)

    return router
