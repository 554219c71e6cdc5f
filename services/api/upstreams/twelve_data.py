"""Twelve Data's answers. An error may come with its code as HTTP status or with 200, and inside a batch beside good entries."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from services.api.market_calendar import IST, load_calendar
from services.api.sources import Reading
from services.api.upstreams import Kind, UpstreamError, Window
from services.api.upstreams import values as v
from services.api.upstreams.listings import listing_of
from services.api.upstreams.records import History, HistoryBar, Listing
from services.contract.quotes import Status

SOURCE = "twelve_data"
LIMITED = ("api credits", "calls limit", "too many requests", "daily limit")
OF_THE_DAY = ("for the day", "next day", "per day", "daily")
PAID = (" plan", "upgrad", "pricing", "subscription", "available starting with", "available exclusively")
T = TypeVar("T")


def refusal(answer: dict[str, Any]) -> UpstreamError | None:
    """The typed error of an error document; None when it is none. 404 and 429 each mean two things: the words decide."""
    if str(answer.get("status")).lower() != "error" and not ("code" in answer and "message" in answer):
        return None
    code, words = v.code_of(answer.get("code")), str(answer.get("message") or "").lower()
    if code == 429 or any(word in words for word in LIMITED):
        window = Window.DAY if any(word in words for word in OF_THE_DAY) else Window.MINUTE
        return UpstreamError(Kind.RATE_LIMITED, f"limit of the {window}", window=window)
    if code == 401 or ("apikey" in words and "incorrect" in words):
        return UpstreamError(Kind.BAD_KEY, "the key was rejected")
    if code is not None and code >= 500:
        return UpstreamError(Kind.UNAVAILABLE, f"code {code}")
    if code == 403 or any(word in words for word in PAID):
        return UpstreamError(Kind.NOT_COVERED, "needs a paid plan")
    if "no data is available" in words:
        return UpstreamError(Kind.NO_DATA, "none for these dates")
    if code == 404 or "not found" in words or ("symbol" in words and "invalid" in words):
        return UpstreamError(Kind.UNKNOWN_SYMBOL, "no such symbol")
    return UpstreamError(Kind.MALFORMED, "the call was not accepted")


def _accepted(answer: Any) -> dict[str, Any]:
    document = v.mapping(answer, "answer")
    refused = refusal(document)
    if refused is not None:
        raise refused
    return document


def each(answer: Any, asked: list[str], parse: Callable[[Any], T]) -> dict[str, T | UpstreamError]:
    """A batch (`symbol=A,B`: an object by the symbols as asked) or a single answer: a value or a typed error for each.
    Raises UpstreamError when the answer as a whole is one."""
    if len(asked) == 1:
        return {asked[0]: parse(answer)}
    document = _accepted(answer)
    missing = v.malformed("absent from the batch")
    return {name: _attempt(parse, document[name]) if name in document else missing for name in asked}


def _attempt(parse: Callable[[Any], T], answer: Any) -> T | UpstreamError:
    try:
        return parse(answer)
    except UpstreamError as error:
        return error


def parse_quote(answer: Any, exchange: str | None = None) -> Reading:
    """`/quote` of one symbol; of another exchange than `exchange` it is malformed."""
    row = _accepted(answer)
    if exchange is not None and row.get("exchange", exchange) != exchange:
        raise v.malformed("the answer is about another exchange")
    at, traded = _moment_of(row)
    return Reading(
        symbol=v.symbol_of(row.get("symbol")),
        price=v.price(row.get("close"), "close"),
        source_time=at,
        session=load_calendar().session_at(at, traded=traded),
        open=v.price_or_none(row.get("open")),
        high=v.price_or_none(row.get("high")),
        low=v.price_or_none(row.get("low")),
        previous_close=v.price_or_none(row.get("previous_close")),
        volume=v.shares(row.get("volume")),
        source=SOURCE,
        status=Status.LIVE if row.get("is_market_open") is True else Status.DELAYED,
    )


def _moment_of(row: dict[str, Any]) -> tuple[datetime, bool]:
    for name in ("last_quote_at", "timestamp"):
        if v.number(row.get(name), Decimal(10) ** 11):
            return v.epoch_seconds(row[name], name), False
    at = v.moment(row.get("datetime"), "datetime")
    return (at, False) if v.has_time(row["datetime"]) else (at.replace(hour=15, minute=30), True)


def parse_price(answer: Any) -> Any:
    """`/price` of one symbol: a Decimal and nothing else, not even a time."""
    return v.price(_accepted(answer).get("price"))


def parse_series(answer: Any) -> History:
    """`/time_series` of one symbol: newest first, the first may be today's unfinished bar; FX has no volume."""
    document = _accepted(answer)
    meta = v.mapping(document.get("meta"), "meta")
    zone = _zone(meta.get("exchange_timezone"))
    daily = str(meta.get("interval")) in {"1day", "1week", "1month"}
    bars = v.good(v.objects(document.get("values"), "values"), lambda row: _bar(row, None if daily else zone))
    if not bars:
        raise UpstreamError(Kind.NO_DATA, "an empty series")
    return History(v.symbol_or_none(meta.get("symbol")), tuple(sorted(bars, key=lambda bar: str(bar.start))))


def _bar(row: dict[str, Any], zone: Any) -> HistoryBar:
    at = v.moment(row.get("datetime"), "datetime")
    return HistoryBar(
        at.date() if zone is None else at.replace(tzinfo=zone),
        v.price(row.get("close"), "close"),
        v.price_or_none(row.get("open")),
        v.price_or_none(row.get("high")),
        v.price_or_none(row.get("low")),
        v.shares(row.get("volume")),
    )


def _zone(name: Any) -> Any:
    if name is None:
        return IST
    try:
        return ZoneInfo(str(name))
    except (ValueError, OSError, KeyError):
        return UTC


def parse_stocks(answer: Any) -> list[Listing]:
    """`/stocks`: the catalogue, which names more than a plan serves."""
    rows = v.objects(_accepted(answer).get("data"), "data")
    return v.good(rows, lambda row: listing_of(row, symbol="symbol", name="name", exchange="exchange", currency="currency"))
