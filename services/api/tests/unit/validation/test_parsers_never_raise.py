"""Whatever JSON comes, a parser gives a value or a typed error; whatever text comes, a symbol is a symbol or it is refused."""

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.api.sources import Reading
from services.api.upstreams import UpstreamError, alpha_vantage, gemini, nse, twelve_data
from services.api.upstreams.values import decode
from services.contract.symbols import parse_symbol

KEYS = st.sampled_from(
    [
        "data", "symbol", "timestamp", "lastPrice", "metaData", "equityResponse", "tradeInfo", "orderBook", "lastUpdateTime",
        "priceInfo", "metadata", "detail", "preOpenMarket", "grapthData", "closePrice", "name", "marketState", "market",
        "marketStatus", "CM", "tradingDate", "description", "companyName", "symbols", "symbol_info", "index", "last", "series",
        "Global Quote", "01. symbol", "05. price", "07. latest trading day", "Information", "Note", "Error Message",
        "Meta Data", "Time Series (Daily)", "2. Symbol", "bestMatches", "code", "message", "status", "close", "datetime",
        "meta", "values", "interval", "exchange_timezone", "last_quote_at", "price", "error", "candidates", "content", "parts",
        "text", "finishReason", "promptFeedback", "blockReason", "details", "4. close", "6. Time Zone", "CURRVALUE",
        "OI_INDEX_NAME", "FULLTIMESTAMP", "CHANGE", "marketDeptOrderBook", "totalTradedVolume", "totalTradedValue", "msg",
    ]
)  # fmt: skip
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30)
    | st.sampled_from(["20-May-2026 14:51:22", "2026-05-20", "RELIANCE", "1,234.5", "-", "Infinity", "1e99", "EQ", "12.5%"])
    | st.decimals(allow_nan=True, allow_infinity=True)
)  # fmt: skip
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=8), inner, max_size=6),
    max_leaves=25,
)
PARSERS = [
    nse.parse_all_indices, nse.parse_members, nse.parse_member, nse.parse_etfs, nse.parse_symbol_data, nse.parse_quote_equity,
    nse.parse_trade_info, nse.parse_pre_open, nse.parse_pre_open_row, nse.parse_index_value, nse.parse_chart, nse.parse_history,
    nse.parse_market_status, nse.parse_holidays, nse.parse_meta_data, nse.parse_search,
    alpha_vantage.parse_global_quote, alpha_vantage.parse_series, alpha_vantage.parse_search,
    twelve_data.parse_quote, twelve_data.parse_price, twelve_data.parse_series, twelve_data.parse_stocks,
    gemini.parse_generated,
]  # fmt: skip


def is_sane(found):
    readings = [item for item in (found if isinstance(found, list) else [found]) if isinstance(item, Reading)]
    for reading in readings:
        numbers = [reading.price, reading.open, reading.high, reading.low, reading.previous_close]
        assert all(n is None or (isinstance(n, Decimal) and n.is_finite() and n > 0) for n in numbers)
        assert reading.volume is None or reading.volume >= 0
        assert parse_symbol(reading.symbol)


@pytest.mark.parametrize("parse", PARSERS, ids=lambda parse: f"{parse.__module__.rsplit('.', 1)[-1]}.{parse.__name__}")
@given(answer=JSON)
@settings(max_examples=150, deadline=None)
def test_arbitrary_json_gives_a_value_or_a_typed_error(parse, answer):
    with contextlib.suppress(UpstreamError):
        is_sane(parse(answer))


@given(base=st.sampled_from(["quote", "series"]), answer=JSON)
@settings(max_examples=200, deadline=None)
def test_a_batch_gives_each_symbol_a_value_or_a_typed_error(base, answer):
    parse = twelve_data.parse_quote if base == "quote" else twelve_data.parse_series
    with contextlib.suppress(UpstreamError):
        assert set(twelve_data.each(answer, ["A", "B"], parse)) == {"A", "B"}


@given(body=st.binary(max_size=200) | st.sampled_from([b"[" * 100_000, b"1" * 10_000, b'{"a":NaN}', b"", b"\xff\xfe"]))
def test_arbitrary_bytes_decode_or_are_malformed(body):
    with contextlib.suppress(UpstreamError):
        decode(body)


@given(text=st.text(max_size=60) | st.sampled_from(["A\n", "A" * 10_000, "Ａ", "A:B", "A\x00", "../A", "{A}", "*"]))
def test_a_symbol_is_one_or_is_refused(text):
    try:
        symbol = parse_symbol(text)
    except ValueError:
        return
    assert symbol.isascii()
    assert not set(symbol) & set("\n\r\0:*{}[]/\\\"'"), "nothing that means something to Redis, HTTP, logs or paths"
