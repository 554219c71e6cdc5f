"""How long a chart is good: a minute while it grows, to the next opening once the day is whole."""

import asyncio
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from services.api.cache import Cache
from services.api.history import finished, policy_of
from services.api.market_calendar import IST
from services.api.upstreams.records import History, HistoryBar


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=IST)


@pytest.mark.parametrize(
    ("fetched", "asked", "calls"),
    [
        ("2026-06-12 11:00:00", "2026-06-12 11:00:50", 1), ("2026-06-12 11:00:00", "2026-06-12 11:01:10", 2),
        ("2026-06-12 15:29:30", "2026-06-12 18:00:00", 2), ("2026-06-12 15:36:00", "2026-06-12 18:00:00", 1),
        ("2026-06-12 15:36:00", "2026-06-15 08:59:00", 1), ("2026-06-12 15:36:00", "2026-06-15 09:01:00", 2),
    ],
    ids=["within the minute", "after it", "fetched before the close", "fetched after it", "over the weekend", "open again"],
)  # fmt: skip
async def test_a_chart_is_fetched_again_when_it_can_have_changed(monkeypatch, fetched, asked, calls):
    monkeypatch.setattr("services.api.cache.JITTER", 0)
    made, now = [], at(fetched)
    cache = Cache(None, lambda: now.timestamp())

    async def load():
        made.append(now)
        return {"bars": []}

    await cache.get("chart", policy_of("intraday", now), load)
    now = at(asked)
    await cache.get("chart", policy_of("intraday", now), load)
    for _ in range(3):
        await asyncio.sleep(0)  # an old value is answered while its renewal runs
    assert len(made) == calls, "each call too many is one less of a small budget; one too few shows an unfinished day"


def test_days_are_good_for_half_a_day_at_any_time():
    assert {policy_of("daily", at(text)).fresh_seconds for text in ("2026-06-12 11:00", "2026-06-13 11:00")} == {43_200}


@pytest.mark.parametrize(
    ("now", "last"),
    [("2026-06-12 11:00", 11), ("2026-06-12 15:29", 11), ("2026-06-12 15:31", 12), ("2026-06-13 11:00", 12)],
    ids=["in the day", "before its close", "after it", "on the Saturday"],
)
def test_a_day_that_is_still_traded_is_no_bar_of_days(now, last):
    days = History("TCS", tuple(HistoryBar(date(2026, 6, day), Decimal(1)) for day in (10, 11, 12)))
    assert finished(days, at(now)).bars[-1].start == date(2026, 6, last), "half a day would stay for half a day"


def test_a_chart_has_no_moments_to_come():
    opened = at("2026-06-12 09:15")
    points = History("NIFTY 50", tuple(HistoryBar(opened + timedelta(minutes=minute), Decimal(1)) for minute in range(375)))
    assert finished(points, at("2026-06-12 10:26")).bars[-1].start == at("2026-06-12 10:26")
