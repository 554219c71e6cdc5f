"""Which readings may be published: one rule a test, and what is kept when one is refused."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.api.sources import Reading, quote_of
from services.api.validation import Validator
from services.contract.quotes import Exchange, Session, Status

NOW = datetime(2026, 6, 12, 6, 0, tzinfo=UTC)


def reading(price="100", seconds=0, **changes):
    fields: dict[str, Any] = {
        "symbol": "AAA", "price": Decimal(price), "source_time": NOW + timedelta(seconds=seconds), "session": Session.OPEN,
        "high": Decimal(110), "low": Decimal(90), "previous_close": Decimal(100), "volume": 1000,
    }  # fmt: skip
    return Reading(**fields | changes)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (reading("0"), "price"),
        (reading("-1"), "price"),
        (reading("NaN"), "price"),
        (reading("Infinity"), "price"),
        (reading(volume=-1), "volume"),
        (reading(seconds=61), "future"),
        (reading(seconds=-61), "older"),
        (reading(seconds=1, volume=999), "volume-falls"),
        (reading("121", seconds=1), "jump"),
        (reading("79", seconds=1), "jump"),
    ],
)
def test_each_rule_refuses_and_counts(bad, reason):
    validator = Validator()
    assert validator.accept(reading(), NOW)
    assert validator.accept(bad, NOW) is None
    assert validator.refused == {reason: 1}


def test_a_jump_is_believed_when_a_second_reading_agrees():
    validator = Validator()
    assert validator.accept(reading("150", high=None, low=None)) is None, "F&O stocks have no band: it may be real, or a slip"
    assert validator.accept(reading("90.10", seconds=1)), "the usual price goes on meanwhile"
    assert validator.accept(reading("150", seconds=2, high=None, low=None)) is None, "that one agreed with nobody"
    assert validator.accept(reading("150.5", seconds=3, high=None, low=None)), "two in a row agree"
    assert validator.accept(reading("151", seconds=4, high=None, low=None)), "and from then on it is the price"


def test_an_adjusted_base_makes_an_ex_date_no_jump():
    split = reading("20", high=None, low=None, base_price=Decimal("19.80"), previous_close=Decimal(99))
    assert Validator().accept(split), "a 5:1 split is no fall of 80 percent"
    quote = quote_of(split, "nse", Status.LIVE)
    assert (quote.change, quote.change_percent) == (Decimal("0.20"), Decimal("1.01")), (
        "change is measured against the adjusted base"
    )


def test_a_broken_range_is_dropped_and_the_price_kept_but_not_in_an_auction():
    kept = Validator().accept(reading("95", low=Decimal(96)))
    assert kept
    assert kept.low is None
    auction = reading("95", low=Decimal(96), session=Session.CLOSING_AUCTION)
    assert Validator().accept(auction) == auction, "in the auction the price may leave the range of continuous trading"


def test_volume_may_start_anew_on_another_day_or_from_another_source():
    validator = Validator()
    assert validator.accept(reading())
    assert validator.accept(reading(seconds=86_400, volume=1)), "a new day begins at zero"
    assert validator.accept(reading(seconds=86_401, volume=0, source="other")), "another exchange counts for itself"


def test_without_a_base_change_is_null_and_nothing_is_a_jump():
    bare = reading("5000", previous_close=None, high=None, low=None)
    assert Validator().accept(bare)
    quote = quote_of(bare, "replay", Status.REPLAY)
    assert (quote.change, quote.change_percent) == (None, None), "null, never 0, for unknown"


@pytest.mark.parametrize(
    ("symbol", "exchange", "currency"),
    [("TCS", Exchange.NSE, "INR"), ("NIFTY 50", Exchange.NSE, None), ("TCS", Exchange.BSE, "INR")],
)
def test_a_quote_names_its_exchange_and_an_index_has_no_currency(symbol, exchange, currency):
    told = quote_of(reading().with_changes(symbol=symbol, exchange=exchange), "nse", Status.LIVE).model_dump(mode="json")
    assert (told["exchange"], told["currency"]) == (exchange, currency)
