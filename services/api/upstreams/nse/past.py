"""What was: charts of points and daily bars in NSE's answers. Times of charts are IST digits written as if they were UTC."""

from typing import Any

from services.api.upstreams import Kind, UpstreamError
from services.api.upstreams import values as v
from services.api.upstreams.nse.readings import rows_of, says_no_data
from services.api.upstreams.records import History, HistoryBar


def parse_chart(answer: Any) -> History:
    """`getSymbolChartData`, `getGraphChart` (one level deeper) and the old chart: points, times are IST digits."""
    document = v.mapping(answer, "answer")
    data = document.get("data")
    if isinstance(data, dict):
        document = data
    if data in ({}, []) or says_no_data(document) or document.get("grapthData", ...) in (None, []):
        raise UpstreamError(Kind.NO_DATA, "an empty chart")
    bars = v.good(v.listing(document.get("grapthData"), "grapthData"), _point)
    return History(
        v.symbol_or_none(document.get("name")),
        tuple(sorted(bars, key=lambda bar: str(bar.start))),
        v.price_or_none(document.get("closePrice")),
    )


def _point(point: Any) -> HistoryBar:
    values = v.listing(point, "point")
    if len(values) < 2:
        raise v.malformed("point has no price")
    return HistoryBar(v.ist_digits(values[0]), v.price(values[1]))


def parse_history(answer: Any) -> History:
    """`getHistoricalTradeData`: newest first, in a list or under `data`; EQ series only."""
    rows = answer if isinstance(answer, list) else rows_of(v.mapping(answer, "answer"))
    equity = [row for row in v.objects(rows, "data") if row.get("CH_SERIES", row.get("chSeries")) in (None, "EQ")]
    days = v.good(equity, _daily)
    if not days:
        raise UpstreamError(Kind.NO_DATA, "no days")
    symbol = v.symbol_or_none(equity[-1].get("CH_SYMBOL", equity[-1].get("chSymbol")))
    return History(symbol, tuple(sorted(days, key=lambda bar: str(bar.start))))


def _daily(row: dict[str, Any]) -> HistoryBar:
    def field(name: str) -> Any:
        camel = name.title().replace("_", "")
        return row.get(name, row.get(camel[0].lower() + camel[1:]))

    written = row.get("mTIMESTAMP") or row.get("mtimestamp") or field("CH_TIMESTAMP")
    return HistoryBar(
        v.day(written),
        v.price(field("CH_CLOSING_PRICE"), "close"),
        v.price_or_none(field("CH_OPENING_PRICE")),
        v.price_or_none(field("CH_TRADE_HIGH_PRICE")),
        v.price_or_none(field("CH_TRADE_LOW_PRICE")),
        v.shares(field("CH_TOT_TRADED_QTY")),
    )
