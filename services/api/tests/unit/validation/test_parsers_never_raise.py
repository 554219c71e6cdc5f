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
        numbers.append(reading.value)
        assert all(n is None or (isinstance(n, Decimal) and n.is_finite() and n > 0) for n in numbers)
        assert reading.volume is None or reading.volume >= 0
        assert parse_symbol(reading.symbol)


@pytest.mark.parametrize("parse", PARSERS, ids=lambda parse: f"{parse.__module__.rsplit('.', 1)[-1]}.{parse.__name__}")
@given(answer=JSON)
@settings(max_examples=40, deadline=None)
def test_arbitrary_json_gives_a_value_or_a_typed_error(parse, answer):
    with contextlib.suppress(UpstreamError):
        is_sane(parse(answer))


AT = "20-May-2026 14:51:22"
ROW = {"symbol": "TCS", "series": "EQ", "lastPrice": "2,308.20", "open": "-", "lastUpdateTime": AT, "meta": {"isin": "X"}}
META = {"symbol": "TCS", "companyName": "Tata", "isin": "INE467B01029", "isSuspended": "false"}
BOOK = {"tradeInfo": {"totalTradedVolume": 1, "totalTradedValue": 2.5, "lastPrice": 2308.2}, "lastPrice": 0}
BAR = {"1. open": "1", "2. high": "3", "3. low": "1", "4. close": "2", "5. volume": "10"}
PART = {"content": {"parts": [{"text": "A day."}, {"text": "x", "thought": True}]}, "finishReason": "STOP"}
GOOD = {
    nse.parse_all_indices: {"timestamp": AT, "data": [{"index": "NIFTY 50", "last": 23676.25, "previousClose": 23618}]},
    nse.parse_members: {"timestamp": AT, "data": [ROW, ROW | {"symbol": "M&M"}]},
    nse.parse_etfs: {"timestamp": AT, "data": [{"symbol": "GOLD", "ltP": "25.15", "qty": "1", "trdVal": "Infinity"}]},
    nse.parse_symbol_data: {"equityResponse": [{"metaData": META, "lastUpdateTime": AT, "orderBook": BOOK} | BOOK]},
    nse.parse_quote_equity: {"metadata": META | {"lastUpdateTime": AT}, "priceInfo": {"lastPrice": 1, "intraDayHighLow": {}}},
    nse.parse_trade_info: {"marketDeptOrderBook": BOOK},
    nse.parse_pre_open: {"data": [{"metadata": ROW, "detail": {"preOpenMarket": {"lastUpdateTime": AT}}}]},
    nse.parse_index_value: [{"CURRVALUE": "23,913.70", "OI_INDEX_NAME": "NIFTY", "FULLTIMESTAMP": AT, "CHANGE": 1.5}],
    nse.parse_chart: {"data": {"grapthData": [[1789565400000, 991.6, "NM"]], "name": "SBINEQN", "closePrice": 990}},
    nse.parse_history: {"data": [{"CH_SERIES": "EQ", "CH_SYMBOL": "TCS", "mTIMESTAMP": AT, "CH_CLOSING_PRICE": 1}]},
    nse.parse_market_status: {"marketState": [{"market": "Capital Market", "marketStatus": "Open"}]},
    nse.parse_holidays: {"CM": [{"tradingDate": "26-Jan-2026", "description": "Republic Day"}]},
    nse.parse_meta_data: META,
    nse.parse_search: {"symbols": [{"symbol": "TCS", "symbol_info": "Tata", "result_sub_type": "equity"}]},
    alpha_vantage.parse_global_quote: {
        "Global Quote": {"01. symbol": "TCS.BSE", "05. price": "2", "07. latest trading day": "2026-09-04"}},
    alpha_vantage.parse_series: {
        "Meta Data": {"2. Symbol": "TCS.BSE", "6. Time Zone": "US/Eastern"}, "Time Series (5min)": {"2026-09-04 10:00:00": BAR}},
    alpha_vantage.parse_search: {"bestMatches": [{"1. symbol": "TCS.BSE", "2. name": "Tata"}]},
    twelve_data.parse_quote: {"symbol": "TCS", "close": "2", "timestamp": 1789565400, "is_market_open": True},
    twelve_data.parse_price: {"price": "2.5"},
    twelve_data.parse_series: {
        "meta": {"symbol": "TCS", "interval": "1day", "exchange_timezone": "Asia/Kolkata"},
        "values": [{"datetime": "2026-09-17", "close": "2"}]},
    twelve_data.parse_stocks: {"data": [{"symbol": "TCS", "name": "Tata", "exchange": "NSE"}]},
    gemini.parse_generated: {"candidates": [PART], "modelVersion": "m", "promptFeedback": {}},
}  # fmt: skip
ERRORS = {
    alpha_vantage.parse_global_quote: {"Information": "rate limit", "Error Message": "the api key"},
    twelve_data.parse_quote: {"code": 404, "message": "not found", "status": "error"},
    gemini.parse_generated: {"error": {"code": 429, "message": "x", "status": "y", "details": [{"retryDelay": "22s"}]}},
}
BENT = [*GOOD.items(), *ERRORS.items()]


def places(document, path=()):
    """The path of every part of a document."""
    yield path
    inner = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    for key, part in inner:
        yield from places(part, (*path, key))


def bent(document, path, junk):
    """The document with one part replaced, or left out when `junk` is GONE."""
    if not path:
        return None if junk is GONE else junk
    copy = document.copy()
    if junk is GONE and len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = bent(copy[path[0]], path[1:], junk)
    return copy


GONE = object()
JUNK = [
    GONE, None, True, False, 0, -1, 1, 10**400, Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("1e400"), "", "-",
    "NaN", "1,234.5", "<b>", "x" * 600, "\x00", "20-May-2026 14:51:22", "01-Jan-0001 00:00:00", "9999-12-31", "EQ", "../../etc",
    [], [[]], [None], {}, {"": {}}, [{"x": []}],
]  # fmt: skip


def test_every_parser_has_a_good_answer_to_bend():
    assert {parse for parse, _ in BENT} | {nse.parse_member, nse.parse_pre_open_row} == set(PARSERS)
    for parse, document in GOOD.items():
        assert parse(document), "a base that is refused as it is would prove nothing"


@pytest.mark.parametrize(("parse", "document"), BENT, ids=[parse.__name__ for parse, _ in BENT])
def test_a_good_answer_with_any_one_part_bent_gives_a_value_or_a_typed_error(parse, document):
    for path in places(document):
        for junk in JUNK:
            with contextlib.suppress(UpstreamError):
                is_sane(parse(bent(document, path, junk)))


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_good_answer_with_several_parts_bent_gives_a_value_or_a_typed_error(data):
    parse, document = data.draw(st.sampled_from(BENT))
    for _ in range(data.draw(st.integers(2, 4))):
        path = data.draw(st.sampled_from(list(places(document))))
        document = bent(document, path, data.draw(JSON | st.sampled_from(JUNK)))
    with contextlib.suppress(UpstreamError):
        is_sane(parse(document))


@given(base=st.sampled_from(["quote", "series"]), answer=JSON)
@settings(max_examples=100, deadline=None)
def test_a_batch_gives_each_symbol_a_value_or_a_typed_error(base, answer):
    parse = twelve_data.parse_quote if base == "quote" else twelve_data.parse_series
    with contextlib.suppress(UpstreamError):
        assert set(twelve_data.each(answer, ["A", "B"], parse)) == {"A", "B"}


@given(
    body=st.binary(max_size=200)
    | st.sampled_from([b"[" * 100_000, b"1" * 10_000, b'{"a":NaN}', b"1e9999999999999999999", b"", b"\xff\xfe"])
)
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
