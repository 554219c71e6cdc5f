"""The exchange's day of 2026: sessions before and after the closing auction came, holidays, Sundays that trade."""

from datetime import date, datetime

import pytest

from services.api.market_calendar import IST, load_calendar
from services.contract.quotes import Session

CALENDAR = load_calendar()


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=IST)


@pytest.mark.parametrize(
    ("moment", "session"),
    [
        ("2026-06-12 08:59:59", Session.CLOSED),
        ("2026-06-12 09:00", Session.PREOPEN),
        ("2026-06-12 09:15", Session.OPEN),
        ("2026-06-12 15:29:59", Session.OPEN),
        ("2026-06-12 15:30", Session.CLOSED),
        ("2026-07-31 15:20", Session.OPEN),
        ("2026-08-03 15:14:59", Session.OPEN),
        ("2026-08-03 15:15", Session.CLOSING_AUCTION),
        ("2026-08-03 15:34:59", Session.CLOSING_AUCTION),
        ("2026-08-03 15:35", Session.CLOSED),
        ("2026-08-03 15:55", Session.POSTCLOSE),
        ("2026-08-03 16:00", Session.CLOSED),
        ("2026-06-13 11:00", Session.CLOSED),
        ("2026-01-26 11:00", Session.CLOSED),
        ("2026-02-01 11:00", Session.OPEN),
        ("2026-11-08 11:00", Session.CLOSED),
        ("2026-11-08 18:30", Session.OPEN),
    ],
)
def test_each_moment_belongs_to_its_session(moment, session):
    assert CALENDAR.session_at(at(moment)) is session


def test_a_stock_without_closing_auction_trades_to_half_past_three():
    assert CALENDAR.session_at(at("2026-08-03 15:20"), auction=False) is Session.OPEN


def test_a_recorded_day_has_traded_whatever_the_calendar_says():
    assert CALENDAR.session_at(at("2026-06-13 11:00"), traded=True) is Session.OPEN


def test_the_next_opening_skips_weekends_and_holidays():
    assert CALENDAR.next_open(at("2026-01-23 16:00")) == at("2026-01-27 09:15"), "Monday is Republic Day"
    assert CALENDAR.next_open(at("2026-11-07 12:00")) == at("2026-11-08 18:00"), "muhurat trading is on a Sunday evening"


def test_the_last_close_is_before_weekends_holidays_and_the_days_own_opening():
    assert CALENDAR.last_close(at("2026-06-12 15:30")) == at("2026-06-12 15:30")
    assert CALENDAR.last_close(at("2026-06-12 08:00")) == at("2026-06-11 15:30"), "today has not traded yet"
    assert CALENDAR.last_close(at("2026-01-26 12:00")) == at("2026-01-23 15:30"), "Republic Day is a Monday"
    assert CALENDAR.last_close(at("2026-08-04 08:00")) == at("2026-08-03 15:35"), "the closing auction is trading"


@pytest.mark.recorded
def test_the_calendar_agrees_with_the_days_that_have_recorded_prices(market_data):
    lines = (market_data / "reference/nse-calendar-2026.csv").read_text().splitlines()[1:]
    rows = [line.split(",") for line in lines]
    for day, _, name, kind, _ in rows:
        assert CALENDAR.trades_on(date.fromisoformat(day)) is (kind == "special-session"), name
    for path in (market_data / "intraday/5min").glob("2*.csv"):
        assert CALENDAR.trades_on(date.fromisoformat(path.stem)), path.stem
