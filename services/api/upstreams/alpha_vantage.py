"""Alpha Vantage's answers. Every refusal comes with HTTP 200; the daily one repeats your key, so no body is ever quoted.

It has no NSE: `RELIANCE.BSE` is another exchange, and on a free key the value is the day's close.
"""

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from services.api.market_calendar import IST, load_calendar
from services.api.sources import Reading
from services.api.upstreams import Kind, UpstreamError, Window
from services.api.upstreams import values as v
from services.api.upstreams.records import History, HistoryBar, Listing
from services.contract.quotes import Status

SOURCE = "alpha_vantage"
SUFFIX = ".BSE"
CLOSE_OF_DAY = time(15, 30)


def refusal(answer: dict[str, Any]) -> UpstreamError | None:
    """The typed error of a refusing answer; None when it is none. The burst text names the daily limit too: look there first."""
    words = " ".join(str(answer[name]) for name in ("Information", "Note") if isinstance(answer.get(name), str)).lower()
    if words:
        return _of_words(words)
    if isinstance(answer.get("Error Message"), str):
        message = answer["Error Message"].lower()
        if "apikey is invalid" in message or ("api key" in message and "invalid api call" not in message):
            return UpstreamError(Kind.BAD_KEY, "the key was rejected")
        return UpstreamError(Kind.UNKNOWN_SYMBOL, "the call or its symbol is not known")
    return None


def _of_words(words: str) -> UpstreamError:
    if "spreading out" in words or ("per second" in words and "per day" not in words):
        return UpstreamError(Kind.RATE_LIMITED, "too many at once", window=Window.SECOND)
    if "per minute" in words:
        return UpstreamError(Kind.RATE_LIMITED, "limit of the minute", window=Window.MINUTE)
    if "requests per day" in words or "calls per day" in words or "daily" in words:
        return UpstreamError(Kind.RATE_LIMITED, "limit of the day", window=Window.DAY)
    if "demo" in words:
        return UpstreamError(Kind.BAD_KEY, "a demonstration key")
    if "premium" in words:
        return UpstreamError(Kind.NOT_COVERED, "needs a paid plan")
    if "rate limit" in words or "frequency" in words:
        return UpstreamError(Kind.RATE_LIMITED, "some limit", window=Window.MINUTE)
    return UpstreamError(Kind.MALFORMED, "words instead of data")


def _accepted(answer: Any) -> dict[str, Any]:
    document = v.mapping(answer, "answer")
    refused = refusal(document)
    if refused is not None:
        raise refused
    return document


def parse_global_quote(answer: Any) -> Reading:
    """`GLOBAL_QUOTE`: for `.BSE` shown as our symbol, delayed, of that day's close."""
    document = _accepted(answer)
    if document == {} or document.get("Global Quote") == {}:
        raise UpstreamError(Kind.UNKNOWN_SYMBOL, "an empty quote")
    row = v.mapping(document.get("Global Quote"), "Global Quote")
    at = datetime.combine(v.day(row.get("07. latest trading day")), CLOSE_OF_DAY, IST)
    return Reading(
        symbol=v.symbol_of(row.get("01. symbol")).removesuffix(SUFFIX),
        price=v.price(row.get("05. price")),
        source_time=at,
        session=load_calendar().session_at(at, traded=True),
        open=v.price_or_none(row.get("02. open")),
        high=v.price_or_none(row.get("03. high")),
        low=v.price_or_none(row.get("04. low")),
        previous_close=v.price_or_none(row.get("08. previous close")),
        volume=v.shares(row.get("06. volume")),
        source=SOURCE,
        status=Status.DELAYED,
    )


def parse_series(answer: Any) -> History:
    """`TIME_SERIES_DAILY` and `TIME_SERIES_INTRADAY`, any interval."""
    document = _accepted(answer)
    name = next((key for key in document if key.startswith("Time Series")), None)
    if name is None:
        raise UpstreamError(Kind.UNKNOWN_SYMBOL, "no series") if document == {} else v.malformed("no series")
    meta = v.mapping(document.get("Meta Data"), "Meta Data")
    zone = _zone(next((meta[key] for key in meta if key.endswith("Time Zone")), None))
    daily = "Daily" in name
    bars = [_bar(key, row, None if daily else zone) for key, row in v.mapping(document[name], name).items()]
    if not bars:
        raise UpstreamError(Kind.NO_DATA, "an empty series")
    symbol = v.symbol_of(meta.get("2. Symbol")).removesuffix(SUFFIX)
    return History(symbol, tuple(sorted(bars, key=lambda bar: str(bar.start))))


def _zone(name: Any) -> ZoneInfo:
    try:
        return ZoneInfo(name) if isinstance(name, str) else ZoneInfo("US/Eastern")
    except (ValueError, OSError, KeyError):
        raise v.malformed("time zone is unknown") from None


def _bar(written: str, values: Any, zone: ZoneInfo | None) -> HistoryBar:
    row = {key.split(". ", 1)[-1]: value for key, value in v.mapping(values, "bar").items()}
    at = v.moment(written)
    return HistoryBar(
        at.date() if zone is None else at.replace(tzinfo=zone),
        v.price(row.get("close"), "close"),
        v.price_or_none(row.get("open")),
        v.price_or_none(row.get("high")),
        v.price_or_none(row.get("low")),
        v.shares(row.get("volume")),
    )


def parse_search(answer: Any) -> list[Listing]:
    """`SYMBOL_SEARCH`; nothing found is an empty list."""
    rows = v.objects(_accepted(answer).get("bestMatches"), "bestMatches")
    return [
        Listing(
            v.text(row.get("1. symbol"), "symbol"),
            v.text(row.get("2. name"), "name"),
            str(row.get("4. region") or "") or None,
            currency=str(row.get("8. currency") or "") or None,
        )
        for row in rows
    ]
