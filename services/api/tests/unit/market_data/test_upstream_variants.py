"""Answers as they might come tomorrow: each shape bent in one way, and what the same parsers must say to it."""

import gzip
import json
from decimal import Decimal
from typing import Any

import pytest

from services.api.upstreams import Kind, UpstreamError, Window, alpha_vantage, gemini, nse, twelve_data
from services.api.upstreams.client import Answer, read

AT = "20-May-2026 14:51:22"
RELIANCE = {
    "metaData": {"symbol": "RELIANCE", "previousClose": 1389.4, "basePrice": 1389.4, "isinCode": "INE002A01018"},
    "tradeInfo": {"lastPrice": 1407, "totalTradedVolume": 19311971, "totalTradedValue": 27285111347.06},
    "lastUpdateTime": AT,
}
QUOTE = {"symbol": "TCS", "exchange": "NSE", "close": "2308.2", "previous_close": "2300", "timestamp": 1789565400}
BSE = {"01. symbol": "TCS.BSE", "05. price": "2308.2000", "06. volume": "1000", "07. latest trading day": "2026-09-04"}


def read_as(parse, document, status=200, kind="application/json", headers=None):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read(Answer(status, kind, body, headers or {}), parse)


def symbol_data(**changes):
    """A quote of one symbol with some of its parts replaced, wherever they are."""
    parts = json.loads(json.dumps(RELIANCE))
    for name, value in changes.items():
        place = next(p for p in (parts["tradeInfo"], parts["metaData"], parts) if name in p)
        place[name] = value
    return {"equityResponse": [parts]}


def members(*rows):
    return {"timestamp": AT, "data": list(rows)}


def told(words, key="Information"):
    return {key: words}


REFUSED = {
    # NSE
    "a sentence for a list": (nse.parse_members, {"data": "Missing index or key."}, Kind.UNKNOWN_SYMBOL),
    "an empty list without a time": (nse.parse_members, {"data": []}, Kind.NO_DATA),
    "an empty list with a word": (nse.parse_all_indices, {"data": [], "msg": "No Data Found"}, Kind.NO_DATA),
    "null for a list": (nse.parse_members, {"timestamp": AT, "data": None}, Kind.MALFORMED),
    "a list of texts": (nse.parse_members, members("RELIANCE", None, 1), Kind.MALFORMED),
    "no time anywhere": (nse.parse_members, {"data": [{"symbol": "TCS", "lastPrice": 1}]}, Kind.MALFORMED),
    "a dash for the time": (nse.parse_symbol_data, symbol_data(lastUpdateTime="-"), Kind.MALFORMED),
    "the year 1": (nse.parse_symbol_data, symbol_data(lastUpdateTime="01-Jan-0001 00:00:00"), Kind.MALFORMED),
    "the year 9999": (nse.parse_symbol_data, symbol_data(lastUpdateTime="31-Dec-9999 23:59:59"), Kind.MALFORMED),
    "series of bonds only": (nse.parse_members, members({"symbol": "TCS", "series": "N1", "lastPrice": 1}), Kind.NOT_COVERED),
    "a list for the series": (nse.parse_members, members({"symbol": "TCS", "series": [], "lastPrice": 1}), Kind.NOT_COVERED),
    "null for the responses": (nse.parse_symbol_data, {"equityResponse": None}, Kind.UNKNOWN_SYMBOL),
    "no responses": (nse.parse_symbol_data, {"equityResponse": []}, Kind.UNKNOWN_SYMBOL),
    "no such key": (nse.parse_symbol_data, {}, Kind.MALFORMED),
    "an object within the price": (nse.parse_symbol_data, symbol_data(lastPrice={"value": 5}), Kind.MALFORMED),
    "an empty chart": (nse.parse_chart, {"identifier": "", "name": "", "grapthData": []}, Kind.NO_DATA),
    "null for a chart": (nse.parse_chart, {"identifier": None, "grapthData": None}, Kind.NO_DATA),
    "a chart without its key": (nse.parse_chart, {"identifier": "X"}, Kind.MALFORMED),
    "a word for a quote": (nse.parse_symbol_data, {"msg": "no data found"}, Kind.NO_DATA),
    "a word for a list": (nse.parse_members, {"message": "No Data Found"}, Kind.NO_DATA),
    "points without prices": (nse.parse_chart, {"grapthData": [[1789565400000], [1789565400000, None]]}, Kind.MALFORMED),
    "a chart within nothing": (nse.parse_chart, {"data": {}}, Kind.NO_DATA),
    "null for the facts": (nse.parse_symbol_data, {"equityResponse": [{"metaData": None}]}, Kind.UNKNOWN_SYMBOL),
    "an empty name": (nse.parse_symbol_data, symbol_data(symbol=""), Kind.UNKNOWN_SYMBOL),
    "another series in the history": (nse.parse_history, {"data": [{"CH_SERIES": ["EQ"]}]}, Kind.NO_DATA),
    # Alpha Vantage
    "limit of the minute and day": (
        alpha_vantage.parse_global_quote, told("5 calls per minute and 500 calls per day.", "Note"),
        (Kind.RATE_LIMITED, Window.MINUTE)),
    "limit of the day, lower-case key": (
        alpha_vantage.parse_series, told("our standard API rate limit is 25 requests per day. premium plans", "information"),
        (Kind.RATE_LIMITED, Window.DAY)),
    "a burst": (
        alpha_vantage.parse_global_quote, told("Burst pattern detected. Please slow down. 25 requests per day."),
        (Kind.RATE_LIMITED, Window.SECOND)),
    "call volume": (
        alpha_vantage.parse_global_quote, told("contact premium@example.com for a higher API call volume.", "Note"),
        (Kind.RATE_LIMITED, Window.MINUTE)),
    "limit of the day, with a slash": (
        alpha_vantage.parse_global_quote, told("You have reached the 100 requests/day limit. See our premium plans."),
        (Kind.RATE_LIMITED, Window.DAY)),
    "limit of 24 hours": (
        alpha_vantage.parse_global_quote, told("No more than 25 requests in 24 hours. See our premium plans."),
        (Kind.RATE_LIMITED, Window.DAY)),
    "limit of the day, told as an error": (
        alpha_vantage.parse_global_quote, told("We have detected your API key as X: 25 requests per day.", "Error Message"),
        (Kind.RATE_LIMITED, Window.DAY)),
    "a premium parameter of a daily series": (
        alpha_vantage.parse_series, told("The outputsize=full value is a premium feature for TIME_SERIES_DAILY."),
        Kind.NOT_COVERED),
    "premium, and a key that holds a word": (
        alpha_vantage.parse_series, told("We have detected your API key as DEMOKEY. This is a premium endpoint."),
        Kind.NOT_COVERED),
    "the key of the documentation": (
        alpha_vantage.parse_search, told("The **demo** API key is for demo purposes only."), Kind.BAD_KEY),
    "a function that is none": (
        alpha_vantage.parse_series, told("This API function (X) does not exist.", "Error Message"), Kind.MALFORMED),
    "premium": (alpha_vantage.parse_series, told("This is a premium endpoint."), Kind.NOT_COVERED),
    "a key that is inactive": (alpha_vantage.parse_series, told("Your API key is inactive or invalid."), Kind.BAD_KEY),
    "words of no known kind": (alpha_vantage.parse_series, told("Welcome!"), Kind.MALFORMED),
    "an empty object": (alpha_vantage.parse_global_quote, {}, Kind.UNKNOWN_SYMBOL),
    "a quote of empty fields": (
        alpha_vantage.parse_global_quote, {"Global Quote": dict.fromkeys(BSE, "")}, Kind.UNKNOWN_SYMBOL),
    "a quote that is null": (alpha_vantage.parse_global_quote, {"Global Quote": None}, Kind.MALFORMED),
    "a series without days": (
        alpha_vantage.parse_series, {"Meta Data": {"2. Symbol": "TCS.BSE"}, "Time Series (Daily)": {}}, Kind.NO_DATA),
    "null for matches": (alpha_vantage.parse_search, {"bestMatches": None}, Kind.MALFORMED),
    # Twelve Data
    "digits for a code": (
        twelve_data.parse_quote, {"code": "429", "message": "for the day", "status": "error"}, (Kind.RATE_LIMITED, Window.DAY)),
    "words without a code": (
        twelve_data.parse_quote, {"status": "error", "message": "You have run out of API credits for the current minute."},
        (Kind.RATE_LIMITED, Window.MINUTE)),
    "an older sentence about the limit": (
        twelve_data.parse_quote, {"status": "error", "message": "You have reached the API calls limit. See /pricing"},
        (Kind.RATE_LIMITED, Window.MINUTE)),
    "a fault that names the prices": (
        twelve_data.parse_quote, {"code": 500, "message": "Internal error, see /pricing", "status": "error"}, Kind.UNAVAILABLE),
    "no data, as not found": (
        twelve_data.parse_series, {"code": 404, "message": "No data is available on the specified dates.", "status": "error"},
        Kind.NO_DATA),
    "a loud status": (twelve_data.parse_quote, {"message": "**symbol** not found", "status": "ERROR"}, Kind.UNKNOWN_SYMBOL),
    "a plan without the word": (
        twelve_data.parse_quote, {"code": 404, "message": "Available starting with Grow", "status": "error"}, Kind.NOT_COVERED),
    "another exchange": (lambda a: twelve_data.parse_quote(a, "NSE"), QUOTE | {"exchange": "BSE"}, Kind.MALFORMED),
    "a quote without a time": (twelve_data.parse_quote, {"symbol": "TCS", "close": "5"}, Kind.MALFORMED),
    "milliseconds for seconds": (
        twelve_data.parse_quote, {"symbol": "TCS", "close": "5", "timestamp": 1789565400000}, Kind.MALFORMED),
    "values of nobody": (twelve_data.parse_series, {"meta": {"symbol": "TCS"}, "values": []}, Kind.NO_DATA),
    # Gemini
    "a list around the error": (
        gemini.parse_generated, [{"error": {"code": 503, "message": "overloaded"}}], Kind.UNAVAILABLE),
    "a status without a code": (gemini.parse_generated, {"error": {"status": "NOT_FOUND"}}, Kind.NOT_COVERED),
    "not in this country": (
        gemini.parse_generated, {"error": {"code": 400, "message": "User location is not supported."}}, Kind.NOT_COVERED),
    "quota of a minute": (
        gemini.parse_generated, {"error": {"code": 429, "details": [{"retryDelay": "22s"}]}}, (Kind.RATE_LIMITED, Window.MINUTE)),
    "no billing in this country": (
        gemini.parse_generated, {"error": {"code": 400, "message": "Free tier is not available in your country."}},
        Kind.NOT_COVERED),
    "a permission without a code": (gemini.parse_generated, {"error": {"status": "PERMISSION_DENIED"}}, Kind.BAD_KEY),
    "a word for the error": (gemini.parse_generated, {"error": "overloaded"}, Kind.MALFORMED),
    "null for the candidates": (gemini.parse_generated, {"candidates": None}, Kind.NO_DATA),
    "an image withheld": (
        gemini.parse_generated, {"candidates": [{"finishReason": "IMAGE_RECITATION", "content": {"parts": [{"text": "A"}]}}]},
        Kind.BLOCKED),
    "thoughts only": (
        gemini.parse_generated, {"candidates": [{"content": {"parts": [{"text": "hm", "thought": True}]}}]}, Kind.NO_DATA),
    "a list for the reason": (
        gemini.parse_generated, {"candidates": [{"finishReason": ["SAFETY"], "content": None}]}, Kind.NO_DATA),
    "no candidates at all": (gemini.parse_generated, {"modelVersion": "x"}, Kind.NO_DATA),
}  # fmt: skip


def refusal_of(parse, document, **transport):
    with pytest.raises(UpstreamError) as refused:
        read_as(parse, document, **transport)
    return refused.value


@pytest.mark.parametrize(("parse", "document", "expected"), REFUSED.values(), ids=list(REFUSED))
def test_what_holds_no_value_is_refused_by_its_kind(parse, document, expected):
    error = refusal_of(parse, document)
    kind, window = expected if isinstance(expected, tuple) else (expected, None)
    assert error.kind is kind, "the kind decides what is asked next, and what a client is told"
    assert error.window is window, "and how long the service is left alone"


MISSING: list[Any] = ["", "-", "--", "N/A", "na", "null", "None", "NaN", "Infinity", "-inf", "\N{EM DASH}", None, {}, []]


@pytest.mark.parametrize("missing", MISSING)
def test_every_way_to_say_missing_is_null_where_a_part_may_be_absent(missing):
    reading = read_as(nse.parse_symbol_data, symbol_data(previousClose=missing, totalTradedVolume=missing, basePrice=missing))
    assert (reading.previous_close, reading.volume, reading.base_price) == (None, None, None), "unknown is null and never 0"
    assert refusal_of(nse.parse_symbol_data, symbol_data(lastPrice=missing)).kind is Kind.MALFORMED


@pytest.mark.parametrize(
    ("written", "price"),
    [("1,407.00", "1407"), (" 12,34,567.89 ", "1234567.89"), ("1407", "1407"), (1407.05, "1407.05"), ("1.407e3", "1407"),
     (153.04999999999563, "153.05"), ("+1407.5", "1407.5")],
)  # fmt: skip
def test_a_price_is_read_in_every_spelling_in_use(written, price):
    assert read_as(nse.parse_symbol_data, symbol_data(lastPrice=written)).price == Decimal(price)


@pytest.mark.parametrize(
    "written", [0, "0.00", -5, "-1407", "1,40,7", "1407 INR", "0x1F", "१४०७", "1407.5.1", 10**9, 10**400, 1e-9, "e5", ".", True]
)
def test_what_is_no_price_never_becomes_one(written):
    assert refusal_of(nse.parse_symbol_data, symbol_data(lastPrice=written)).kind is Kind.MALFORMED


@pytest.mark.parametrize(
    "written",
    ["20-May-2026 14:51:22", "20-MAY-2026 14:51:22", "20-May-26 14:51:22", "20 May 2026 14:51:22", "20-05-2026 14:51:22",
     "20/05/2026 14:51:22", "20-May-2026 02:51:22 PM", "May 20, 2026 14:51:22 IST", "2026-05-20 14:51:22", "2026-05-20T14:51:22",
     "2026-05-20 14:51:22.0", "2026-05-20T14:51:22.000000000", "2026-05-20T09:21:22Z", "2026-05-20T09:21:22.000+00:00",
     "2026-05-20T14:51:22+0530"],
)  # fmt: skip
def test_a_moment_is_read_in_every_spelling_in_use(written):
    at = read_as(nse.parse_symbol_data, symbol_data(lastUpdateTime=written)).source_time
    assert at.isoformat() == "2026-05-20T14:51:22+05:30"


@pytest.mark.parametrize(
    "written", ["05/20/2026 14:51:22", "2026-13-01", "2026-05-20T25:00:00", "today", "1789565400", "२०२६-०५-२०"]
)
def test_what_is_no_moment_never_becomes_one(written):
    assert refusal_of(nse.parse_symbol_data, symbol_data(lastUpdateTime=written)).kind is Kind.MALFORMED


def test_a_quote_with_a_moment_of_its_own_is_not_taken_for_the_days_close():
    intraday = {name: part for name, part in QUOTE.items() if name != "timestamp"} | {"datetime": "2026-09-17 11:59:00"}
    assert read_as(twelve_data.parse_quote, intraday).source_time.isoformat() == "2026-09-17T11:59:00+05:30"


@pytest.mark.parametrize(
    ("flag", "session"),
    [("true", "closing-auction"), (True, "closing-auction"), (None, "closing-auction"), ("false", "open"), (False, "open")],
)
def test_a_share_without_derivatives_trades_on_while_the_others_are_in_the_closing_auction(flag, session):
    row = {"symbol": "TCS", "lastPrice": 1, "lastUpdateTime": "04-Aug-2026 15:20:00", "meta": {"isFNOSec": flag}}
    assert read_as(nse.parse_members, members(row))[0].session == session


def test_half_a_surrogate_pair_cannot_reach_an_answer():
    rows = {"symbols": [{"symbol": "TCS", "symbol_info": "Tata \ud800"}]}
    named = members({"symbol": "TCS", "lastPrice": 1, "meta": {"companyName": "Tata \udfff"}})
    generated = {"candidates": [{"content": {"parts": [{"text": "A \ud800 day"}]}}]}
    texts = [read_as(nse.parse_search, rows)[0].name, read_as(nse.parse_members, named)[0].name]
    texts.append(read_as(gemini.parse_generated, generated).text)
    assert all(text.encode() for text in texts), "UTF-8 cannot hold it: whoever asks would get 500"


def test_one_broken_row_or_bar_does_not_lose_the_others():
    days = {"2026-09-04": {"4. close": "3002"}, "2026-09-03": {"4. close": "NaN"}, "no day": {"4. close": "1"}}
    series = {"Meta Data": {"2. Symbol": "TCS.BSE"}, "Time Series (Daily)": days}
    assert [str(bar.close) for bar in read_as(alpha_vantage.parse_series, series).bars] == ["3002.00"]
    chart = {"name": "M%26MEQN", "grapthData": [[1789565400000, 0], [1789565460000, 991.6, "NM"], "x"]}
    assert [str(bar.close) for bar in read_as(nse.parse_chart, chart).bars] == ["991.60"]
    found = read_as(nse.parse_search, {"symbols": [{"symbol": "<b>"}, {"symbol": "TCS", "symbol_info": "Tata"}]})
    assert [listing.symbol for listing in found] == ["TCS"]


def test_a_series_of_what_is_no_symbol_of_ours_is_still_a_series():
    values = [{"datetime": "2026-09-17", "open": "1.17", "high": "1.18", "low": "1.16", "close": "1.1725"}]
    found = read_as(twelve_data.parse_series, {"meta": {"symbol": "EUR/USD", "interval": "1day"}, "values": values})
    assert (found.symbol, found.bars[0].volume) == (None, None), "currencies have neither"


def test_a_stream_may_end_in_events_without_text():
    events = [{"candidates": [{"content": {"parts": [{"text": text}]}}]} for text in ("A ", "B")]
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    assert gemini.parse_stream(body + 'data: {"candidates":[{"finishReason":"STOP"}]}\n\ndata: [DONE]\n').text == "A B"
    assert gemini.parse_stream(body + 'data: {"candidates":[{"finishReason":"MAX_TOKENS"}]}\n').truncated


def test_what_the_answer_knows_besides_the_price_is_kept():
    reading = read_as(nse.parse_symbol_data, symbol_data())
    assert (reading.isin, str(reading.value)) == ("INE002A01018", "27285111347.06")
    delayed = {"Global Quote - DATA DELAYED BY 15 MINUTES": BSE}
    close = read_as(alpha_vantage.parse_global_quote, delayed)
    assert (close.price, close.exchange) == (Decimal("2308.20"), "BSE"), "the same quote under a longer name"
    written = symbol_data(lastUpdateTime="2026-05-20T09:21:22Z")
    assert read_as(nse.parse_symbol_data, written).source_time == read_as(nse.parse_symbol_data, symbol_data()).source_time


GOOD = json.dumps(symbol_data()).encode()


@pytest.mark.parametrize(
    ("body", "status", "kind", "expected"),
    [
        (b"\xef\xbb\xbf" + GOOD, 200, "application/json", None),
        (b" \n" + GOOD + b"\n", 200, "application/json;charset=utf-8", None),
        (GOOD.replace(b'"lastPrice": 1407', b'"lastPrice": 1, "lastPrice": 1407'), 200, "application/json", None),
        (gzip.compress(GOOD), 200, "application/json", Kind.MALFORMED),
        (GOOD.decode().encode("utf-16"), 200, "application/json", Kind.MALFORMED),
        (GOOD[:-20], 200, "application/json", Kind.MALFORMED),
        (GOOD.replace(b"1407", b"NaN"), 200, "application/json", Kind.MALFORMED),
        (GOOD.replace(b"1407", b"1e9999999999999999999"), 200, "application/json", Kind.MALFORMED),
        (b" " * 1000 + GOOD, 200, "application/json", None),
        (b"\n" * 1000 + b"<html>", 200, "application/json", Kind.BLOCKED),
        (b"Access Denied", 200, "text/plain", Kind.BLOCKED),
        (b"Request Timeout", 408, "text/plain", Kind.UNAVAILABLE),
        (GOOD.replace(b"1407", b"9" * 5000), 200, "application/json", Kind.MALFORMED),
        (b"[" * 100_000, 200, "application/json", Kind.MALFORMED),
        (b"\xef\xbb\xbf<html>", 200, "application/json", Kind.BLOCKED),
        (b"Too Many Requests\r\n", 200, "text/plain", Kind.RATE_LIMITED),
        (b"null", 200, "application/json", Kind.MALFORMED),
        (b"{}", 429, "application/json", Kind.RATE_LIMITED),
        (b'{"message": "Unauthorized"}', 401, "application/json", Kind.BLOCKED),
        (b'{"message": "Service Unavailable"}', 503, "application/json", Kind.UNAVAILABLE),
        (b'{"message": "Resource not found"}', 404, "application/json", Kind.MALFORMED),
        (b'{"equityResponse": []}', 429, "application/json", Kind.RATE_LIMITED),
        (b'{"equityResponse": []}', 503, "application/json", Kind.UNAVAILABLE),
        (b'{"msg": "no data found"}', 403, "application/json", Kind.BLOCKED),
    ],
)
def test_the_body_decides_and_where_it_says_nothing_the_status_does(body, status, kind, expected):
    if expected is None:
        assert read_as(nse.parse_symbol_data, body, status, kind).price == Decimal(1407)
    else:
        assert refusal_of(nse.parse_symbol_data, body, status=status, kind=kind).kind is expected
