"""NSE's answers, as they are since May 2026, and the older shapes that some of its addresses still give."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.api.market_calendar import load_calendar
from services.api.sources import Reading
from services.api.upstreams import Kind, UpstreamError
from services.api.upstreams import values as v
from services.api.upstreams.records import History, HistoryBar, Holiday, Listing, MarketState, Trading

SOURCE = "nse"
LAKH = 100_000


def _reading(
    symbol: str, row: dict[str, Any], at: datetime, names: tuple[str, str, str, str, str, str], base: Any = None
) -> Reading:
    """`names`: fields of last, open, high, low, previous close, volume."""
    last, opened, high, low, previous, volume = (row.get(name) for name in names)
    return Reading(
        symbol=symbol,
        price=v.price(last, "last price"),
        source_time=at,
        session=load_calendar().session_at(at),
        open=v.price_or_none(opened),
        high=v.price_or_none(high),
        low=v.price_or_none(low),
        previous_close=v.price_or_none(previous),
        base_price=v.price_or_none(base),
        volume=v.shares(volume),
        source=SOURCE,
    )


MEMBER = ("lastPrice", "open", "dayHigh", "dayLow", "previousClose", "totalTradedVolume")
INDEX = ("last", "open", "high", "low", "previousClose", "")
ETF = ("ltP", "open", "high", "low", "prevClose", "qty")


def _rows(rows: Any, make: Callable[[dict[str, Any]], Reading]) -> list[Reading]:
    """Every row that is a quote: one broken row does not lose the others, but all broken is malformed."""
    found, broken = [], None
    for row in v.objects(rows, "data"):
        try:
            found.append(make(row))
        except UpstreamError as error:
            broken = error
    if not found:
        raise broken or UpstreamError(Kind.NO_DATA, "no rows")
    return found


def _data(document: dict[str, Any]) -> Any:
    """`data`, which is a sentence instead of a list when NSE means that it has nothing by that name."""
    data = document.get("data")
    if isinstance(data, str):
        raise UpstreamError(Kind.UNKNOWN_SYMBOL, "no such index or key")
    if data == [] and isinstance(document.get("msg"), str):
        raise UpstreamError(Kind.NO_DATA, "nothing at this time of day")
    return data


def parse_all_indices(answer: Any) -> list[Reading]:
    """`/api/allIndices`."""
    document = v.mapping(answer, "answer")
    at = v.moment(document.get("timestamp"), "timestamp")
    return _rows(_data(document), lambda row: _reading(v.symbol_of(row.get("index")), row, at, INDEX))


def parse_members(answer: Any) -> list[Reading]:
    """`/api/equity-stock-indices` (and the older spellings): the index' own row, then its stocks, all in one call."""
    document = v.mapping(answer, "answer")
    at = v.moment(document.get("timestamp"), "timestamp")
    return _rows(_data(document), lambda row: parse_member(row, at))


def parse_member(answer: Any, at: datetime | None = None) -> Reading:
    """One row of a list of stocks. `at`: the list's time, for rows that carry a date only or nothing."""
    row = v.mapping(answer, "row")
    written = row.get("lastUpdateTime")
    if v.has_time(written):
        at = v.moment(written)
    elif at is None:
        raise v.malformed("row has no time")
    if row.get("series") not in {None, "EQ", "BE", "BZ", "SM", "ST"}:
        raise UpstreamError(Kind.NOT_COVERED, "only the equity series is covered")
    return _reading(v.symbol_of(row.get("symbol")), row, at, MEMBER)


def parse_etfs(answer: Any) -> list[Reading]:
    """`/api/etf`."""
    document = v.mapping(answer, "answer")
    at = v.moment(document.get("timestamp"), "timestamp")
    return _rows(_data(document), lambda row: _reading(v.symbol_of(row.get("symbol")), row, at, ETF))


def parse_symbol_data(answer: Any) -> Reading:
    """`GetQuoteApi?functionName=getSymbolData`: the quote of one symbol."""
    responses = v.mapping(answer, "answer").get("equityResponse")
    first = next(v.objects(responses, "equityResponse"), None)
    if first is None:
        raise UpstreamError(Kind.UNKNOWN_SYMBOL, "no response for it")
    meta = v.mapping(first.get("metaData"), "metaData")
    if meta.get("symbol") is None:
        raise UpstreamError(Kind.UNKNOWN_SYMBOL, "all fields are null")
    trade = v.mapping_or_empty(first.get("tradeInfo"))
    book = v.mapping_or_empty(first.get("orderBook"))
    last = v.price_or_none(trade.get("lastPrice")) or v.price_or_none(book.get("lastPrice"))
    row = meta | {"lastPrice": last, "totalTradedVolume": trade.get("totalTradedVolume")}
    at = v.moment(first.get("lastUpdateTime"), "lastUpdateTime")
    return _reading(v.symbol_of(meta["symbol"]), row, at, MEMBER, meta.get("basePrice"))


def parse_quote_equity(answer: Any) -> Reading:
    """`/api/quote-equity`, dead since May 2026; some mirrors still give its shape."""
    document = v.mapping(answer, "answer")
    if not document or document.get("priceInfo") is None:
        raise UpstreamError(Kind.UNKNOWN_SYMBOL, "no price information")
    meta, prices = v.mapping(document.get("metadata"), "metadata"), v.mapping(document["priceInfo"], "priceInfo")
    span = v.mapping_or_empty(prices.get("intraDayHighLow"))
    row = prices | {"dayHigh": span.get("max"), "dayLow": span.get("min")}
    names = ("lastPrice", "open", "dayHigh", "dayLow", "previousClose", "")
    at = v.moment(meta.get("lastUpdateTime"), "lastUpdateTime")
    return _reading(v.symbol_of(meta.get("symbol")), row, at, names, prices.get("basePrice"))


def parse_trade_info(answer: Any) -> Trading:
    """`/api/quote-equity?section=trade_info`: here the value is in lakh."""
    book = v.mapping(v.mapping(answer, "answer").get("marketDeptOrderBook"), "marketDeptOrderBook")
    info = v.mapping(book.get("tradeInfo"), "tradeInfo")
    value = v.number(info.get("totalTradedValue"), Decimal(10) ** 12)
    return Trading(v.shares(info.get("totalTradedVolume")), None if value is None else value * LAKH)


def parse_pre_open(answer: Any) -> list[Reading]:
    """`/api/market-data-pre-open`: only between 09:00 and 09:15."""
    document = v.mapping(answer, "answer")
    return _rows(_data(document), parse_pre_open_row)


def parse_pre_open_row(answer: Any) -> Reading:
    """One stock of the pre-open list."""
    row = v.mapping(answer, "row")
    meta = v.mapping(row.get("metadata"), "metadata")
    book = v.mapping(v.mapping(row.get("detail"), "detail").get("preOpenMarket"), "preOpenMarket")
    priced = meta | {"volume": book.get("totalTradedVolume")}
    names = ("lastPrice", "", "", "", "previousClose", "volume")
    return _reading(v.symbol_of(meta.get("symbol")), priced, v.moment(book.get("lastUpdateTime")), names)


def parse_index_value(answer: Any) -> Reading:
    """The index value of the derivatives page: commas in one field, float noise in the next."""
    row = next(v.objects(answer, "answer"), None)
    if row is None:
        raise UpstreamError(Kind.NO_DATA, "no rows")
    names = ("CURRVALUE", "OI_OPEN_INDEX_VAL", "", "", "", "")
    at = v.moment(row.get("FULLTIMESTAMP") or row.get("TIMESTAMP"))
    reading = _reading(v.symbol_of(row.get("OI_INDEX_NAME")), row, at, names)
    change = v.number(row.get("CHANGE"))
    previous = None if change is None or change >= reading.price else reading.price - change
    return reading.with_changes(previous_close=previous)


def parse_chart(answer: Any) -> History:
    """`getSymbolChartData`, `getGraphChart` (one level deeper) and the old chart: points, times are IST digits."""
    document = v.mapping(answer, "answer")
    if isinstance(document.get("data"), dict):
        document = document["data"]
    points = v.listing(document.get("grapthData"), "grapthData")
    if not points:
        raise UpstreamError(Kind.NO_DATA, "an empty chart")
    bars = []
    for point in points:
        values = v.listing(point, "point")
        if len(values) < 2:
            raise v.malformed("point has no price")
        bars.append(HistoryBar(v.ist_digits(values[0]), v.price(values[1])))
    name = document.get("name")
    symbol = v.symbol_of(name) if isinstance(name, str) and name.strip() else None
    return History(symbol, tuple(sorted(bars, key=lambda bar: str(bar.start))), v.price_or_none(document.get("closePrice")))


def parse_history(answer: Any) -> History:
    """`getHistoricalTradeData`: newest first, in a list or under `data`; EQ series only."""
    rows = answer if isinstance(answer, list) else _data(v.mapping(answer, "answer"))
    bars, symbol = [], None
    for row in v.objects(rows, "data"):
        if row.get("CH_SERIES", row.get("chSeries")) not in {None, "EQ"}:
            continue
        symbol = v.symbol_of(row.get("CH_SYMBOL", row.get("chSymbol")))
        written = row.get("mTIMESTAMP") or row.get("mtimestamp") or row.get("CH_TIMESTAMP") or row.get("chTimestamp")
        bars.append(_daily(row, v.day(written)))
    if not bars:
        raise UpstreamError(Kind.NO_DATA, "no days")
    return History(symbol, tuple(sorted(bars, key=lambda bar: str(bar.start))))


def _daily(row: dict[str, Any], at: Any) -> HistoryBar:
    def field(name: str) -> Any:
        camel = name.title().replace("_", "")
        return row.get(name, row.get(camel[0].lower() + camel[1:]))

    return HistoryBar(
        at,
        v.price(field("CH_CLOSING_PRICE"), "close"),
        v.price_or_none(field("CH_OPENING_PRICE")),
        v.price_or_none(field("CH_TRADE_HIGH_PRICE")),
        v.price_or_none(field("CH_TRADE_LOW_PRICE")),
        v.shares(field("CH_TOT_TRADED_QTY")),
    )


def parse_market_status(answer: Any) -> list[MarketState]:
    """`/api/marketStatus`."""
    rows = v.objects(v.mapping(answer, "answer").get("marketState"), "marketState")
    states = [
        MarketState(
            v.text(row.get("market"), "market"),
            v.text(row.get("marketStatus"), "marketStatus").lower() == "open",
            str(row.get("marketStatusMessage") or "")[:200],
        )
        for row in rows
    ]
    if not states:
        raise v.malformed("no market")
    return states


def parse_holidays(answer: Any) -> list[Holiday]:
    """`/api/holiday-master?type=trading`: the equity market is `CM`."""
    rows = v.objects(v.mapping(answer, "answer").get("CM"), "CM")
    return [Holiday(v.day(row.get("tradingDate")), v.text(row.get("description"), "description")) for row in rows]


def parse_meta_data(answer: Any) -> Listing:
    """`getMetaData`: flags are the texts "true" and "false", an unknown symbol has null everywhere."""
    row = v.mapping(answer, "answer")
    if row.get("symbol") is None:
        raise UpstreamError(Kind.UNKNOWN_SYMBOL, "all fields are null")
    gone = any(str(row.get(flag)).lower() == "true" for flag in ("isSuspended", "isDelisted"))
    isin = row.get("isin")
    name = v.text(row.get("companyName"), "companyName")
    return Listing(v.symbol_of(row["symbol"]), name, "NSE", isin if isinstance(isin, str) else None, "INR", not gone)


def parse_search(answer: Any) -> list[Listing]:
    """`/api/search/autocomplete`: equities only."""
    rows = v.objects(v.mapping(answer, "answer").get("symbols"), "symbols")
    return [
        Listing(v.symbol_of(row.get("symbol")), v.text(row.get("symbol_info"), "symbol_info"), "NSE", currency="INR")
        for row in rows
        if row.get("result_sub_type") in {None, "equity"}
    ]
