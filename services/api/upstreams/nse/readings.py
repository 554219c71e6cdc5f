"""Prices in NSE's answers, as they are since May 2026, and in the older shapes that some of its addresses still give."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.api.market_calendar import load_calendar
from services.api.sources import Reading
from services.api.upstreams import Kind, UpstreamError
from services.api.upstreams import values as v
from services.api.upstreams.records import Trading

SOURCE = "nse"
EQUITY_SERIES = ("EQ", "BE", "BZ", "SM", "ST")
LAKH = 100_000


@dataclass(frozen=True, slots=True)
class Fields:
    """What a row calls its parts; an empty name is a part it does not have."""

    last: str
    open: str = ""
    high: str = ""
    low: str = ""
    previous: str = "previousClose"
    volume: str = ""
    value: str = ""


MEMBER = Fields("lastPrice", "open", "dayHigh", "dayLow", volume="totalTradedVolume", value="totalTradedValue")
INDEX = Fields("last", "open", "high", "low")
ETF = Fields("ltP", "open", "high", "low", "prevClose", "qty", "trdVal")
PRE_OPEN = Fields("lastPrice", volume="volume")
DERIVATIVE = Fields("CURRVALUE", "OI_OPEN_INDEX_VAL", previous="")
OLD_QUOTE = Fields("lastPrice", "open", "dayHigh", "dayLow")


def _reading(symbol: str, row: dict[str, Any], at: datetime, fields: Fields, base: Any = None) -> Reading:
    """`isFNOSec`, where a row has it, tells whether the share takes part in the closing auction."""
    facts = v.mapping_or_empty(row.get("meta")) | row
    return Reading(
        symbol=symbol,
        price=v.price(row.get(fields.last), "last price"),
        source_time=at,
        session=load_calendar().session_at(at, auction=str(facts.get("isFNOSec")).lower() != "false"),
        open=v.price_or_none(row.get(fields.open)),
        high=v.price_or_none(row.get(fields.high)),
        low=v.price_or_none(row.get(fields.low)),
        previous_close=v.price_or_none(row.get(fields.previous)),
        base_price=v.price_or_none(base),
        volume=v.shares(row.get(fields.volume)),
        value=v.rupees(row.get(fields.value)),
        isin=v.isin_or_none(facts.get("isin") or facts.get("isinCode")),
        name=v.text_or_none(facts.get("companyName")),
        source=SOURCE,
    )


def rows_of(document: dict[str, Any]) -> list[Any]:
    """`data`, which is a sentence instead of a list when NSE means that it has nothing by that name.

    Raises:
        UpstreamError: it is that sentence, or an empty list, or no list.
    """
    data = document.get("data")
    if isinstance(data, str):
        raise UpstreamError(Kind.UNKNOWN_SYMBOL, "no such index or key")
    if data == [] or says_no_data(document):
        raise UpstreamError(Kind.NO_DATA, "no rows, as outside the hours of some of its addresses")
    return v.listing(data, "data")


def says_no_data(document: dict[str, Any]) -> bool:
    """Whether it is NSE's `{"msg": "No Data Found"}`, whatever else is empty beside it."""
    return "no data" in str(document.get("msg") or document.get("message") or "").lower()


def _readings(answer: Any, make: Callable[[dict[str, Any], datetime | None], Reading]) -> list[Reading]:
    document = v.mapping(answer, "answer")
    rows = rows_of(document)
    written = document.get("timestamp")
    at = v.moment(written, "timestamp") if v.has_time(written) else None
    found = v.good(v.objects(rows, "data"), lambda row: make(row, at))
    if not found:
        raise v.malformed("data holds no object")
    return found


def _timed(at: datetime | None) -> datetime:
    if at is None:
        raise v.malformed("neither row nor list has a time")
    return at


def parse_all_indices(answer: Any) -> list[Reading]:
    """`/api/allIndices`."""
    return _readings(answer, lambda row, at: _reading(v.symbol_of(row.get("index")), row, _timed(at), INDEX))


def parse_members(answer: Any) -> list[Reading]:
    """`/api/equity-stock-indices` (and the older spellings): the index' own row, then its stocks, all in one call."""
    return _readings(answer, parse_member)


def parse_member(answer: Any, at: datetime | None = None) -> Reading:
    """One row of a list of stocks. `at`: the list's time, for rows that carry a date only or nothing."""
    row = v.mapping(answer, "row")
    written = row.get("lastUpdateTime")
    at = v.moment(written) if v.has_time(written) else _timed(at)
    series = row.get("series")
    if series is not None and series not in EQUITY_SERIES:
        raise UpstreamError(Kind.NOT_COVERED, "only the equity series is covered")
    return _reading(v.symbol_of(row.get("symbol")), row, at, MEMBER)


def parse_etfs(answer: Any) -> list[Reading]:
    """`/api/etf`."""
    return _readings(answer, lambda row, at: _reading(v.symbol_of(row.get("symbol")), row, _timed(at), ETF))


def parse_symbol_data(answer: Any) -> Reading:
    """`GetQuoteApi?functionName=getSymbolData`: the quote of one symbol."""
    document = v.mapping(answer, "answer")
    responses = document.get("equityResponse")
    if responses is None and says_no_data(document):
        raise UpstreamError(Kind.NO_DATA, "no quote now")
    if "equityResponse" in document and responses in (None, []):
        raise UpstreamError(Kind.UNKNOWN_SYMBOL, "no response for it")
    first = next(v.objects(responses, "equityResponse"), None)
    if first is None:
        raise v.malformed("equityResponse holds no object")
    meta = {} if first.get("metaData", ...) is None else v.mapping(first.get("metaData"), "metaData")
    if meta.get("symbol") in (None, ""):
        raise UpstreamError(Kind.UNKNOWN_SYMBOL, "all fields are null")
    trade = v.mapping_or_empty(first.get("tradeInfo"))
    book = v.mapping_or_empty(first.get("orderBook"))
    last = v.price_or_none(trade.get("lastPrice")) or v.price_or_none(book.get("lastPrice"))
    row = meta | {"lastPrice": last} | {name: trade.get(name) for name in (MEMBER.volume, MEMBER.value)}
    at = v.moment(first.get("lastUpdateTime"), "lastUpdateTime")
    return _reading(v.symbol_of(meta["symbol"]), row, at, MEMBER, meta.get("basePrice"))


def parse_quote_equity(answer: Any) -> Reading:
    """`/api/quote-equity`, dead since May 2026; some mirrors still give its shape."""
    document = v.mapping(answer, "answer")
    if not document or document.get("priceInfo") is None:
        raise UpstreamError(Kind.UNKNOWN_SYMBOL, "no price information")
    meta, prices = v.mapping(document.get("metadata"), "metadata"), v.mapping(document["priceInfo"], "priceInfo")
    span = v.mapping_or_empty(prices.get("intraDayHighLow"))
    row = prices | {"dayHigh": span.get("max"), "dayLow": span.get("min"), "meta": document.get("info")}
    at = v.moment(meta.get("lastUpdateTime"), "lastUpdateTime")
    return _reading(v.symbol_of(meta.get("symbol")), row, at, OLD_QUOTE, prices.get("basePrice"))


def parse_trade_info(answer: Any) -> Trading:
    """`/api/quote-equity?section=trade_info`: here the value is in lakh."""
    book = v.mapping(v.mapping(answer, "answer").get("marketDeptOrderBook"), "marketDeptOrderBook")
    info = v.mapping(book.get("tradeInfo"), "tradeInfo")
    value = v.rupees(info.get("totalTradedValue"))
    return Trading(v.shares(info.get("totalTradedVolume")), None if value is None else value * LAKH)


def parse_pre_open(answer: Any) -> list[Reading]:
    """`/api/market-data-pre-open`: only between 09:00 and 09:15."""
    return _readings(answer, lambda row, _: parse_pre_open_row(row))


def parse_pre_open_row(answer: Any) -> Reading:
    """One stock of the pre-open list."""
    row = v.mapping(answer, "row")
    meta = v.mapping(row.get("metadata"), "metadata")
    book = v.mapping(v.mapping(row.get("detail"), "detail").get("preOpenMarket"), "preOpenMarket")
    priced = meta | {"volume": book.get("totalTradedVolume")}
    return _reading(v.symbol_of(meta.get("symbol")), priced, v.moment(book.get("lastUpdateTime")), PRE_OPEN)


def parse_index_value(answer: Any) -> Reading:
    """The index value of the derivatives page: commas in one field, float noise in the next."""
    row = next(v.objects(answer, "answer"), None)
    if row is None:
        raise UpstreamError(Kind.NO_DATA, "no rows")
    at = v.moment(row.get("FULLTIMESTAMP") or row.get("TIMESTAMP"))
    reading = _reading(v.symbol_of(row.get("OI_INDEX_NAME")), row, at, DERIVATIVE)
    change = v.number(row.get("CHANGE"))
    previous = None if change is None or change >= reading.price else reading.price - change
    return reading.with_changes(previous_close=previous)
