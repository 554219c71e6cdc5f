"""Alpha Vantage's answers. Every refusal comes with HTTP 200; the daily one repeats your key, so no body is ever quoted.

It has no NSE: `RELIANCE.BSE` is another exchange, and on a free key the value is the day's close.
"""

import re
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from services.api.market_calendar import IST, load_calendar
from services.api.sources import Reading
from services.api.upstreams import Kind, UpstreamError, Window
from services.api.upstreams import values as v
from services.api.upstreams.listings import listing_of
from services.api.upstreams.records import History, HistoryBar, Listing
from services.contract.quotes import Exchange, Status

SOURCE = "alpha_vantage"
SUFFIX = ".BSE"
CLOSE_OF_DAY = time(15, 30)
REFUSING = ("information", "note", "message", "error message")
LIMITS = (
    (re.compile(r"spreading out|\bburst\b"), Window.SECOND),
    (re.compile(r"per minute"), Window.MINUTE),
    (re.compile(r"per day|\bdaily\b|24 hours"), Window.DAY),
    (re.compile(r"per second"), Window.SECOND),
    (re.compile(r"rate limit|frequency|call volume|too many"), Window.MINUTE),
)
"""In this order: the burst text names the daily limit too, the old text the minute's and the day's. `TIME_SERIES_DAILY` is no
limit."""
KEY_REFUSED = re.compile(
    r"\bdemo\b|api ?key.*(invalid|inactive|expired|missing|not recognized)|(invalid|inactive|expired) api ?key"
)


def refusal(answer: dict[str, Any]) -> UpstreamError | None:
    """The typed error of a refusing answer; None when it is none."""
    said = [text for name, text in answer.items() if name.strip().lower() in REFUSING and isinstance(text, str)]
    words = " ".join(" ".join(said).lower().replace("/", " per ").split())
    return _of_words(words) if words else None


def _of_words(words: str) -> UpstreamError:
    if "is a premium" in words:
        return UpstreamError(Kind.NOT_COVERED, "needs a paid plan")
    for written, window in LIMITS:
        if written.search(words):
            return UpstreamError(Kind.RATE_LIMITED, f"limit of the {window}", window=window)
    if "invalid api call" in words:
        return UpstreamError(Kind.UNKNOWN_SYMBOL, "the call or its symbol is not known")
    if KEY_REFUSED.search(words):
        return UpstreamError(Kind.BAD_KEY, "the key was rejected")
    if "premium" in words:
        return UpstreamError(Kind.NOT_COVERED, "needs a paid plan")
    if "symbol" in words:
        return UpstreamError(Kind.UNKNOWN_SYMBOL, "the symbol is not known")
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
    absent: Any = {} if document == {} else None
    written = next((document[key] for key in document if key.lower().startswith("global quote")), absent)
    row = _unnumbered(written, "Global Quote")
    if not any(row.values()):
        raise UpstreamError(Kind.UNKNOWN_SYMBOL, "an empty quote")
    at = datetime.combine(v.day(row.get("latest trading day")), CLOSE_OF_DAY, IST)
    return Reading(
        symbol=v.symbol_of(row.get("symbol")).removesuffix(SUFFIX),
        price=v.price(row.get("price")),
        source_time=at,
        session=load_calendar().session_at(at, traded=True),
        open=v.price_or_none(row.get("open")),
        high=v.price_or_none(row.get("high")),
        low=v.price_or_none(row.get("low")),
        previous_close=v.price_or_none(row.get("previous close")),
        volume=v.shares(row.get("volume")),
        exchange=Exchange.BSE,
        source=SOURCE,
        status=Status.DELAYED,
    )


def _unnumbered(value: Any, where: str) -> dict[str, Any]:
    """`05. price` is price: the numbers differ from one function to the next."""
    return {key.split(". ", 1)[-1]: entry for key, entry in v.mapping(value, where).items()}


def parse_series(answer: Any) -> History:
    """`TIME_SERIES_DAILY` and `TIME_SERIES_INTRADAY`, any interval."""
    document = _accepted(answer)
    name = next((key for key in document if "Time Series" in key), None)
    if name is None:
        raise UpstreamError(Kind.UNKNOWN_SYMBOL, "no series") if document == {} else v.malformed("no series")
    meta = v.mapping(document.get("Meta Data"), "Meta Data")
    zone = _zone(next((meta[key] for key in meta if key.endswith("Time Zone")), None))
    of_days = any(word in name for word in ("Daily", "Weekly", "Monthly"))
    rows = v.mapping(document[name], "series").items()
    bars = v.good(rows, lambda item: _bar(*item, None if of_days else zone))
    if not bars:
        raise UpstreamError(Kind.NO_DATA, "an empty series")
    symbol = v.symbol_or_none(meta.get("2. Symbol"))
    return History(symbol.removesuffix(SUFFIX) if symbol else None, tuple(sorted(bars, key=lambda bar: str(bar.start))))


def _zone(name: Any) -> ZoneInfo:
    try:
        return ZoneInfo(name) if isinstance(name, str) else ZoneInfo("US/Eastern")
    except (ValueError, OSError, KeyError):
        raise v.malformed("time zone is unknown") from None


def _bar(written: str, values: Any, zone: ZoneInfo | None) -> HistoryBar:
    row = _unnumbered(values, "bar")
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
    return v.good(
        rows, lambda row: listing_of(row, symbol="1. symbol", name="2. name", exchange="4. region", currency="8. currency")
    )
