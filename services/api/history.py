"""A symbol's past: minutes of the day, or days. From the recording when replaying, from the services when live, else from what
was heard.

The day that is being traded is no bar of days yet, nor the minute that was heard half: only finished bars never change.
"""

from collections import deque
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

from services.api.cache import Cache, Entry, Policy
from services.api.clock import Clock, WallClock
from services.api.errors import Problem, unavailable
from services.api.market_calendar import IST, load_calendar
from services.api.quote_store import Held, QuoteStore
from services.api.sources import Source
from services.api.sources.live import LiveSource
from services.api.sources.replay import ReplaySource
from services.api.upstreams import Kind, UpstreamError
from services.api.upstreams.records import History, HistoryBar
from services.contract.quotes import TRADING

Interval = Literal["intraday", "daily"]
DAILY = Policy(43_200, 604_800)
INTRADAY_SECONDS, INTRADAY_STALE_SECONDS = 60.0, 86_400.0
SETTLE_SECONDS = 300.0
"""A chart fetched so long after the close is that day's whole chart."""
MINUTES_KEPT = 420


class MinuteBars:
    """One-minute bars made of the updates this process heard; bounded."""

    def __init__(self) -> None:
        self._bars: dict[str, deque[list[Any]]] = {}

    def hear(self, held: Held) -> None:
        """A newly taken update."""
        minute = str(held.data["sourceTime"])[:16]
        price = Decimal(str(held.data["price"]))
        bars = self._bars.setdefault(held.symbol, deque(maxlen=MINUTES_KEPT))
        if bars and bars[-1][0] >= minute:
            last = bars[-1]
            last[2], last[3], last[4] = max(last[2], price), min(last[3], price), price
        else:
            bars.append([minute, price, price, price, price])

    def of(self, symbol: str) -> History:
        """All finished minutes."""
        made = [
            HistoryBar(datetime.fromisoformat(f"{minute}:00+00:00"), close, opened, high, low)
            for minute, opened, high, low, close in list(self._bars.get(symbol, ()))[:-1]
        ]
        return History(symbol, tuple(made))


class Histories:
    """Where each source's history comes from."""

    def __init__(self, source: Source, store: QuoteStore, cache: Cache, clock: Clock | None = None) -> None:
        self._clock = clock or WallClock()
        self._source = source
        self._store = store
        self._cache = cache
        self.minutes = MinuteBars()
        store.on_take = self.minutes.hear

    async def of(self, symbol: str, interval: Interval) -> Entry:
        """`{source, bars}`. Raises Problem: 404 unknown symbol or not offered by this source, 503 not now."""
        if isinstance(self._source, LiveSource):
            return await self._live(self._source, symbol, interval)
        if interval == "daily":
            raise Problem(404, f"the source {self._source.name} knows one day only")
        if isinstance(self._source, ReplaySource):
            return Entry(self._recorded(self._source, symbol), datetime.now(UTC).timestamp())
        return Entry(wire_of(self.minutes.of(symbol), self._source.name), datetime.now(UTC).timestamp())

    async def _live(self, source: LiveSource, symbol: str, interval: Interval) -> Entry:
        async def load() -> dict[str, Any]:
            name, history = await source.history(symbol, interval)
            return wire_of(finished(history, self._clock.now()), name)

        try:
            return await self._cache.get(f"cache:history:{interval}:{symbol}", policy_of(interval, self._clock.now()), load)
        except UpstreamError as error:
            if error.kind is Kind.UNKNOWN_SYMBOL:
                raise Problem(404, f"no symbol {symbol}") from None
            raise unavailable(f"no history now: {error.kind}", 30) from None

    def _recorded(self, source: ReplaySource, symbol: str) -> dict[str, Any]:
        held = self._store.held.get(symbol)
        if held is None:
            raise unavailable(f"no quote of {symbol} yet")
        reached = datetime.fromisoformat(held.data["sourceTime"])
        is_over = held.data["session"] == "closed"
        bars = [
            HistoryBar(bar.start, bar.close, bar.open, bar.high, bar.low, bar.volume)
            for bar in source.day.bars
            if bar.symbol == symbol and (is_over or bar.start + source.day.bar_length <= reached)
        ]
        return wire_of(History(symbol, tuple(bars), source.day.previous_closes.get(symbol)), source.name)


def policy_of(interval: Interval, now: datetime) -> Policy:
    """Days for half a day; minutes for a minute while the exchange is open, and then, once the day is whole, until it opens
    again."""
    if interval == "daily":
        return DAILY
    calendar = load_calendar()
    if calendar.session_at(now) in TRADING:
        return Policy(INTRADAY_SECONDS, INTRADAY_STALE_SECONDS)
    whole = (now - calendar.last_close(now)).total_seconds() - SETTLE_SECONDS
    return Policy(max(INTRADAY_SECONDS, whole), INTRADAY_STALE_SECONDS)


def finished(history: History, now: datetime) -> History:
    """Without the day that is still traded, which is good for half a day here, and without moments to come: NSE fills the chart
    of an index up to the close."""
    last_day = load_calendar().last_close(now).date()

    def is_over(bar: HistoryBar) -> bool:
        return bar.start <= now if isinstance(bar.start, datetime) else bar.start <= last_day

    return replace(history, bars=tuple(filter(is_over, history.bars)))


def wire_of(history: History, source: str) -> dict[str, Any]:
    """JSON values: numbers, null for unknown, UTC moments or plain dates."""
    return {
        "source": source,
        "previousClose": _number(history.previous_close),
        "bars": [
            {
                "start": _start(bar.start), "open": _number(bar.open), "high": _number(bar.high), "low": _number(bar.low),
                "close": _number(bar.close), "volume": bar.volume,
            }
            for bar in history.bars
        ],
    }  # fmt: skip


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _start(moment: datetime | date) -> str:
    if not isinstance(moment, datetime):
        return moment.isoformat()
    moment = moment if moment.tzinfo else moment.replace(tzinfo=IST)
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
