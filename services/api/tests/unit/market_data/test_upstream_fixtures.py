"""Every recorded answer goes through the parser of its own endpoint and gives what this table says: a value or a typed error."""

import json
from datetime import date, datetime
from decimal import Decimal

import pytest

from services.api.market_calendar import IST
from services.api.sources import Reading
from services.api.upstreams import Kind, UpstreamError, Window, alpha_vantage, gemini, nse, twelve_data
from services.api.upstreams.client import Answer, check
from services.api.upstreams.records import History, Listing
from services.api.upstreams.values import decode

ROW_TIME = datetime(2026, 3, 6, 16, 0, tzinfo=IST)


def first_reading(found):
    return found[0] if isinstance(found, list) else found


def price(symbol, value, volume=None, previous=None):
    """Expect a reading (or a list that starts with it)."""

    def judge(found):
        reading = first_reading(found)
        assert isinstance(reading, Reading)
        assert reading.symbol == symbol
        assert reading.price == Decimal(value)
        assert reading.source_time.tzinfo is not None
        if volume is not None:
            assert reading.volume == volume
        if previous is not None:
            assert reading.previous_close == Decimal(previous)

    return judge


def series(count, last_close, last_start):
    """Expect a history of `count` bars, oldest first."""

    def judge(found):
        assert isinstance(found, History)
        assert len(found.bars) == count
        assert found.bars[-1].close == Decimal(last_close)
        assert str(found.bars[-1].start) == last_start
        assert [str(bar.start) for bar in found.bars] == sorted(str(bar.start) for bar in found.bars)

    return judge


def equals(expected):
    def judge(found):
        assert found == expected

    return judge


def listed(count, first=None):
    def judge(found):
        found = found if isinstance(found, list) else [found]
        assert len(found) == count
        assert all(isinstance(item, Listing) for item in found)
        if first is not None:
            assert found[0].symbol == first

    return judge


def has(predicate):
    def judge(found):
        assert predicate(found)

    return judge


NSE = {
    "allIndices.2023-10-16.closed.json": (nse.parse_all_indices, price("NIFTY 50", "19731.75", previous="19751.05")),
    "allIndices.2026-05-20.open.json": (nse.parse_all_indices, price("NIFTY 50", "23676.25", previous="23618")),
    "any-endpoint.html-with-status-200.html": (nse.parse_members, Kind.BLOCKED),
    "chart-databyindex.dead-placeholder.2026-09-21.json": (nse.parse_chart, Kind.NO_DATA),
    "chart-databyindex.legacy-shape.json": (nse.parse_chart, series(3, "1432.95", "2023-10-16 03:47:00+00:00")),
    "equity-stock-indices.NIFTY-50.2026-05-27.open.json": (nse.parse_members, price("NIFTY 50", "23944.8", 235733128, "23913.7")),
    "equity-stockIndices.NIFTY-50.2026-05-20.open.json": (
        nse.parse_members, has(lambda rows: len(rows) == 9 and (rows[1].symbol, rows[1].price) == ("RELIANCE", Decimal(1359)))),
    "equity-stockIndices.SECURITIES-IN-FNO.2023-10-16.strings.json": (
        nse.parse_members, price("GNFC", "666.2", 7345604, "634.9")),
    "etf.2023-10-16.strings-dash-infinity.json": (nse.parse_etfs, price("DSPPVBKETF", "25.15", 6667, "23.19")),
    "gainers-row.string-prices.BDL.2026-03-06.json": (
        lambda answer: nse.parse_member(answer, ROW_TIME), price("BDL", "1355", 5023734, "1280.6")),
    "historical.equity.HDFCBANK.2025-04-01.json": (nse.parse_history, series(1, "1767.85", "2025-04-01")),
    "holiday-master.2023.trimmed.json": (nse.parse_holidays, has(lambda days: days[0].day == date(2023, 1, 26))),
    "index-value.commas-and-float-noise.2026-05-26.json": (
        nse.parse_index_value,
        has(lambda r: [str(x) for x in (r.price, r.open, r.previous_close)] == ["23913.70", "24004.10", "24031.70"])),
    "market-data-pre-open.outside-window.json": (nse.parse_pre_open, Kind.NO_DATA),
    "market-data-pre-open.row.TCS.json": (nse.parse_pre_open_row, price("TCS", "2308.2", 1000, "2308.2")),
    "marketStatus.2023-10-16.closed.json": (nse.parse_market_status, has(lambda s: len(s) == 5 and not s[0].is_open)),
    "marketStatus.open.json": (nse.parse_market_status, has(lambda s: s[0].market == "Capital Market" and s[0].is_open)),
    "next-api.getMetaData.HDFCBANK.json": (nse.parse_meta_data, listed(1, "HDFCBANK")),
    "next-api.getMetaData.unknown-symbol.json": (nse.parse_meta_data, Kind.UNKNOWN_SYMBOL),
    "next-api.getSymbolChartData.SBIN.1D.2026-09-21.json": (
        nse.parse_chart, series(2, "991.6", "2026-09-21 03:45:59+00:00")),
    "next-api.getSymbolData.HDFCBANK.2026-05-27.json": (nse.parse_symbol_data, price("HDFCBANK", "764.9", previous="778.9")),
    "next-api.getSymbolData.RELIANCE.2026-03-06.after-close.json": (
        nse.parse_symbol_data, price("RELIANCE", "1407", 19311971, "1389.4")),
    "quote-equity.403-access-denied.html": (nse.parse_quote_equity, Kind.BLOCKED),
    "quote-equity.INFY.2023-10-16.json": (nse.parse_quote_equity, price("INFY", "1432.95", previous="1431.15")),
    "quote-equity.TCS.2026-05-20.json": (nse.parse_quote_equity, price("TCS", "2324.10")),
    "quote-equity.trade-info.2023-12-06.json": (
        nse.parse_trade_info, has(lambda t: (t.volume, t.value) == (19306530, Decimal("31419447000.00")))),
    "search-autocomplete.HDFCBANK.2025-07-31.json": (nse.parse_search, listed(1, "HDFCBANK")),
}  # fmt: skip

ALPHA = {
    "any.error-message.bad-apikey.json": (alpha_vantage.parse_global_quote, Kind.BAD_KEY),
    "any.error-message.invalid-call.json": (alpha_vantage.parse_series, Kind.UNKNOWN_SYMBOL),
    "any.rate-limited-burst.information.json": (alpha_vantage.parse_global_quote, (Kind.RATE_LIMITED, Window.SECOND)),
    "any.rate-limited-daily.information.json": (alpha_vantage.parse_global_quote, (Kind.RATE_LIMITED, Window.DAY)),
    "any.rate-limited-old-note.json": (alpha_vantage.parse_global_quote, (Kind.RATE_LIMITED, Window.MINUTE)),
    "global-quote.MSFT.2018-10-05.json": (alpha_vantage.parse_global_quote, price("MSFT", "112.13", 29062853, "112.79")),
    "global-quote.RELIANCE.BSE.2026-09-04.json": (alpha_vantage.parse_global_quote, price("RELIANCE", "1322", 459976, "1301.05")),
    "global-quote.empty-unknown-symbol.json": (alpha_vantage.parse_global_quote, Kind.UNKNOWN_SYMBOL),
    "symbol-search.BA.json": (alpha_vantage.parse_search, listed(10, "BA")),
    "symbol-search.RELIANCE.json": (alpha_vantage.parse_search, listed(1, "RELIANCE.BSE")),
    "symbol-search.no-match.json": (alpha_vantage.parse_search, equals([])),
    "time-series-daily.RELIANCE.BSE.2024-07-22.json": (alpha_vantage.parse_series, series(16, "3002", "2024-07-22")),
    "time-series-intraday.MSFT.1min.2017-12-18.json": (
        alpha_vantage.parse_series, series(100, "86.5", "2017-12-18 14:56:00-05:00")),
    "time-series-intraday.premium-endpoint.information.json": (alpha_vantage.parse_series, Kind.NOT_COVERED),
}  # fmt: skip


def batch(parse, *asked):
    return lambda answer: twelve_data.each(answer, list(asked), parse)


def kinds(**expected):
    """Expect a batch where an entry is a typed error (by its kind) or a value (by its price or last close)."""

    def judge(found):
        assert set(found) == {name.replace("_", ":") for name in expected}
        for name, wanted in expected.items():
            got = found[name.replace("_", ":")]
            if isinstance(wanted, Kind):
                assert isinstance(got, UpstreamError)
                assert got.kind is wanted
            else:
                value = got if isinstance(got, Decimal) else got.price if isinstance(got, Reading) else got.bars[-1].close
                assert value == Decimal(wanted)

    return judge


TWELVE = {
    "error.400-no-data.json": (twelve_data.parse_series, Kind.NO_DATA),
    "error.401-bad-key.json": (twelve_data.parse_quote, Kind.BAD_KEY),
    "error.403-endpoint-needs-paid-plan.json": (twelve_data.parse_quote, Kind.NOT_COVERED),
    "error.404-invalid-symbol.json": (twelve_data.parse_quote, Kind.UNKNOWN_SYMBOL),
    "error.404-symbol-needs-paid-plan.json": (twelve_data.parse_quote, Kind.NOT_COVERED),
    "error.429-day.json": (twelve_data.parse_quote, (Kind.RATE_LIMITED, Window.DAY)),
    "error.429-minute.json": (twelve_data.parse_quote, (Kind.RATE_LIMITED, Window.MINUTE)),
    "price.batch.json": (batch(twelve_data.parse_price, "AAPL", "VOO"), kinds(AAPL="332.695", VOO="699.3")),
    "price.single.json": (twelve_data.parse_price, equals(Decimal("332.695"))),
    "quote.AAPL.2022-02-08.full.json": (twelve_data.parse_quote, price("AAPL", "174.83", 74706900, "171.66")),
    "quote.AAPL.2026-09-16.json": (twelve_data.parse_quote, price("AAPL", "332.695", 466780, "331.34")),
    "quote.batch.AAPL-VOO.json": (batch(twelve_data.parse_quote, "AAPL", "VOO"), kinds(AAPL="332.695", VOO="699.3")),
    "quote.batch.partial-error.json": (
        batch(twelve_data.parse_quote, "AAPL", "RELIANCE:NSE"), kinds(AAPL="332.695", RELIANCE_NSE=Kind.NOT_COVERED)),
    "stocks.TCS.json": (twelve_data.parse_stocks, listed(2, "TCS")),
    "time-series.AAPL.1day.2026-09-16.json": (twelve_data.parse_series, series(2, "332.695", "2026-09-16")),
    "time-series.TATAMOTORS-NSE.1day.hand-built.json": (twelve_data.parse_series, series(1, "695.25", "2026-09-17")),
    "time-series.batch.json": (
        batch(twelve_data.parse_series, "AAPL", "RELIANCE:NSE"), kinds(AAPL="332.695", RELIANCE_NSE=Kind.NOT_COVERED)),
}  # fmt: skip

GEMINI = {
    "blocked-prompt.json": (gemini.parse_generated, Kind.BLOCKED),
    "error.400-api-key-invalid.json": (gemini.parse_generated, Kind.BAD_KEY),
    "error.404-model.json": (gemini.parse_generated, Kind.NOT_COVERED),
    "error.429-daily-quota.json": (gemini.parse_generated, (Kind.RATE_LIMITED, Window.DAY)),
    "error.503-overloaded.json": (gemini.parse_generated, Kind.UNAVAILABLE),
    "finish-max-tokens.no-parts.json": (gemini.parse_generated, Kind.NO_DATA),
    "generate-content.ok.json": (gemini.parse_generated, has(lambda i: i.text == "Hello, how are you doing?")),
    "stream-generate-content.ok.sse.txt": (None, has(lambda i: i.text == "1\n2\n3\n4\n5")),
}

TABLE = [
    (service, name, parse, expected)
    for service, rows in (("nse", NSE), ("alphavantage", ALPHA), ("twelvedata", TWELVE), ("gemini", GEMINI))
    for name, (parse, expected) in rows.items()
]


def outcome(path, parse):
    """As the client takes an answer: transport first, then the endpoint's parser."""
    body = path.read_bytes()
    if path.suffix == ".txt":
        return gemini.parse_stream(body.decode())
    html = path.suffix == ".html"
    status = 403 if ".403-" in path.name and html else 200
    return parse(decode(check(Answer(status, "text/html" if html else "application/json", body, {})).body))


@pytest.mark.recorded
@pytest.mark.parametrize(("service", "name", "parse", "expected"), TABLE, ids=[f"{row[0]}/{row[1]}" for row in TABLE])
def test_each_recorded_answer_is_classified_as_the_table_says(market_data, service, name, parse, expected):
    path = market_data / "fixtures" / service / name
    if callable(expected):
        expected(outcome(path, parse))
        return
    with pytest.raises(UpstreamError) as refused:
        outcome(path, parse)
    kind, window = expected if isinstance(expected, tuple) else (expected, None)
    assert refused.value.kind is kind
    assert refused.value.window is window
    assert "DEMOKEY123" not in str(refused.value), "a refusal that repeats the key must not carry it on"


@pytest.mark.recorded
def test_no_recorded_answer_is_left_out(market_data):
    for service, rows in (("nse", NSE), ("alphavantage", ALPHA), ("twelvedata", TWELVE), ("gemini", GEMINI)):
        there = {path.name for path in (market_data / "fixtures" / service).iterdir()}
        assert there == set(rows), f"{service}: the table and the folder differ"


def test_the_table_covers_what_the_issue_counts():
    assert (len(NSE), len(ALPHA), len(TWELVE), len(GEMINI)) == (27, 14, 17, 8)


@pytest.mark.parametrize("poison", ["NaN", "Infinity", "-Infinity", "1e999", "true", '"NaN"', "-5", "0", '"1,2,3"', "[]", "{}"])
def test_a_poisoned_price_never_becomes_a_reading(poison):
    body = b'{"timestamp":"20-May-2026 14:51:22","data":[{"symbol":"TCS","series":"EQ","lastPrice":%s}]}' % poison.encode()
    with pytest.raises(UpstreamError) as refused:
        nse.parse_members(decode(body))
    assert refused.value.kind is Kind.MALFORMED


def test_one_broken_row_does_not_lose_the_others():
    rows = [{"symbol": "TCS", "lastPrice": "x"}, {"symbol": "INFY", "lastPrice": "1,432.95"}]
    answer = json.loads(json.dumps({"timestamp": "20-May-2026 14:51:22", "data": rows}))
    assert [r.symbol for r in nse.parse_members(answer)] == ["INFY"]
