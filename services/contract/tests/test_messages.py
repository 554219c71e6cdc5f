"""Shapes on the wire: the seed's examples stay valid, numbers stay numbers, unknown stays null."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError

from services.contract.messages import PriceUpdate, Subscribe, client_message, server_message
from services.contract.quotes import Quote, Status, change_of
from services.contract.schema import catalogue
from services.contract.signing import is_timely, matches, sign_control, sign_request
from services.contract.symbols import parse_symbol

MOMENT = datetime(2025, 6, 10, 10, 30, tzinfo=UTC)


def quote(**changes):
    fields = {
        "symbol": "RELIANCE", "price": Decimal("2450.50"), "change": Decimal("12.30"), "change_percent": Decimal("0.50"),
        "volume": 1234567, "timestamp": MOMENT, "source": "replay", "source_time": MOMENT, "status": Status.REPLAY,
    }  # fmt: skip
    return Quote(**fields | changes)


def test_a_price_update_has_the_seeds_fields_with_numbers_not_strings():
    line = PriceUpdate(symbol="RELIANCE", data=quote(), timestamp=MOMENT, epoch="e", fence=1, seq=1, ts=1.5)
    wire = json.loads(line.model_dump_json(by_alias=True))
    assert wire["type"] == "price_update"
    assert wire["data"]["price"] == 2450.5
    assert wire["data"]["changePercent"] == 0.5
    assert wire["data"]["timestamp"] == "2025-06-10T10:30:00.000Z", "the page reads RFC 3339 in UTC"
    assert wire["data"]["previousClose"] is None, "unknown is null, never 0"
    assert server_message.validate_json(line.model_dump_json(by_alias=True)) == line, "what is sent can be read back"


@pytest.mark.parametrize("price", ["NaN", "Infinity", "0", "-1"])
def test_a_price_that_is_no_price_is_refused(price):
    with pytest.raises(ValidationError):
        quote(price=Decimal(price))


def test_the_seeds_subscribe_is_read_and_judged_symbol_by_symbol_later():
    parsed = client_message.validate_json('{"action":"subscribe","symbols":["RELIANCE", 5]}')
    assert isinstance(parsed, Subscribe)
    assert parsed.symbols == ["RELIANCE", 5], "one bad symbol must not lose the good ones"


@pytest.mark.parametrize("text", ["RELIANCE", "M&M", "BAJAJ-AUTO", "NIFTY 50", "STK.PROBE"])
def test_real_symbols_are_symbols(text):
    assert parse_symbol(text) == text


@pytest.mark.parametrize("text", ["", "tcs", "TCS\n", "TCS ", " TCS", "A" * 33, "A:B", "A{B}", "A*", "\u0041\u0301", "TC\x00S"])
def test_odd_texts_are_not(text):
    with pytest.raises(ValueError, match="not a symbol"):
        parse_symbol(text)


def test_change_is_rounded_half_up_and_unknown_without_a_base():
    assert change_of(Decimal("100.005"), Decimal("100")) == (Decimal("0.01"), Decimal("0.01"))
    assert change_of(Decimal("99"), None) == (None, None)


def test_signatures_cover_every_part():
    good = sign_request("k", "POST", "/p", b"{}", 1, "n")
    others = [
        sign_request("K", "POST", "/p", b"{}", 1, "n"), sign_request("k", "PUT", "/p", b"{}", 1, "n"),
        sign_request("k", "POST", "/q", b"{}", 1, "n"), sign_request("k", "POST", "/p", b"[]", 1, "n"),
        sign_request("k", "POST", "/p", b"{}", 2, "n"), sign_request("k", "POST", "/p", b"{}", 1, "m"),
    ]  # fmt: skip
    assert good not in others, "a change of any part must change the signature"
    assert matches(good, good)
    assert not matches(good, "\udcff")
    assert is_timely(100, 160)
    assert not is_timely(100, 161)
    assert sign_control("k", {"a": 1, "signature": "x"}) == sign_control("k", {"a": 1}), "it cannot sign itself"


def test_the_schema_names_every_message():
    definitions = catalogue()["$defs"]
    assert {"ServerMessage", "ClientMessage", "PriceUpdate", "Snapshot", "Quote", "Control"} <= set(definitions)
