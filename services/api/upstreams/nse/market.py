"""What is listed and when it trades: market states, holidays, facts about a symbol and the search in NSE's answers."""

from typing import Any

from services.api.upstreams import Kind, UpstreamError
from services.api.upstreams import values as v
from services.api.upstreams.records import Holiday, Listing, MarketState


def parse_market_status(answer: Any) -> list[MarketState]:
    """`/api/marketStatus`."""
    rows = v.objects(v.mapping(answer, "answer").get("marketState"), "marketState")
    states = v.good(
        rows,
        lambda row: MarketState(
            v.text(row.get("market"), "market"),
            v.text(row.get("marketStatus"), "marketStatus").lower() == "open",
            str(row.get("marketStatusMessage") or "")[:200],
        ),
    )
    if not states:
        raise v.malformed("no market")
    return states


def parse_holidays(answer: Any) -> list[Holiday]:
    """`/api/holiday-master?type=trading`: the equity market is `CM`."""
    rows = v.objects(v.mapping(answer, "answer").get("CM"), "CM")
    return v.good(rows, lambda row: Holiday(v.day(row.get("tradingDate")), v.text(row.get("description"), "description")))


def parse_meta_data(answer: Any) -> Listing:
    """`getMetaData`: flags are the texts "true" and "false", an unknown symbol has null everywhere."""
    row = v.mapping(answer, "answer")
    if row.get("symbol") is None:
        raise UpstreamError(Kind.UNKNOWN_SYMBOL, "all fields are null")
    gone = any(str(row.get(flag)).lower() == "true" for flag in ("isSuspended", "isDelisted"))
    name = v.text(row.get("companyName"), "companyName")
    return Listing(v.symbol_of(row["symbol"]), name, "NSE", v.isin_or_none(row.get("isin")), "INR", not gone)


def parse_search(answer: Any) -> list[Listing]:
    """`/api/search/autocomplete`: equities only."""
    rows = v.objects(v.mapping(answer, "answer").get("symbols"), "symbols")
    return v.good(
        (row for row in rows if row.get("result_sub_type") in (None, "equity")),
        lambda row: Listing(v.symbol_of(row.get("symbol")), v.text(row.get("symbol_info"), "symbol_info"), "NSE", currency="INR"),
    )
