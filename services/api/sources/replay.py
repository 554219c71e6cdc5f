"""Plays a recorded trading day through a market clock, at 1x to 1000x or as fast as it is consumed.

A bar becomes four points spread over it: open, the nearer of low and high, the other one, close; cumulative volume reaches the
bar's total at its close. After the last bar every symbol's open, high, low, last and volume equal the file's and stay served.

The last bar's close is the last trade seen, not the exchange's official close (until August 2026 the average of the last half
hour, since then the closing auction's price), so change and percent at the end of a day differ a little from the official ones.
"""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from typing import Literal

from services.api.clock import Clock, ConsumedClock, ScaledClock, WallClock
from services.api.market_calendar import Calendar, load_calendar
from services.api.sources import Reading, Wanted
from services.api.sources.day_file import Bar, Day
from services.contract.quotes import Session, Status

POINTS_PER_BAR = 4


def points_of(bar: Bar) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Prices in the order they are taken to have happened: the extreme nearer to the open first (low when equal)."""
    if bar.open - bar.low <= bar.high - bar.open:
        return bar.open, bar.low, bar.high, bar.close
    return bar.open, bar.high, bar.low, bar.close


@dataclass(slots=True)
class Standing:
    """One symbol's day so far."""

    open: Decimal
    high: Decimal
    low: Decimal
    last: Decimal
    time: datetime
    volume: int = 0
    volume_before_bar: int = 0


class DayPlayer:
    """Steps through a day's moments and keeps every symbol's standing. No clock, no I/O."""

    def __init__(self, day: Day) -> None:
        self.groups: list[tuple[datetime, list[Bar]]] = [
            (start, list(bars)) for start, bars in groupby(day.bars, key=lambda bar: bar.start)
        ]
        self.step = day.bar_length / POINTS_PER_BAR
        self.ends = self.groups[-1][0] + day.bar_length
        self.standing: dict[str, Standing] = {}
        self.reached = self.groups[0][0]
        self.done = 0
        self.total = len(self.groups) * POINTS_PER_BAR

    def next_moment(self) -> datetime | None:
        """When the next points are due; None after the last."""
        if self.done >= self.total:
            return None
        group, point = divmod(self.done, POINTS_PER_BAR)
        return self.groups[group][0] + point * self.step

    def advance(self) -> list[str]:
        """Take the next moment's points; return the symbols they touch."""
        moment = self.next_moment()
        assert moment is not None
        group, point = divmod(self.done, POINTS_PER_BAR)
        bars = self.groups[group][1]
        for bar in bars:
            self._touch(bar, point, moment)
        self.done += 1
        self.reached = moment
        return [bar.symbol for bar in bars]

    def _touch(self, bar: Bar, point: int, moment: datetime) -> None:
        price = points_of(bar)[point]
        held = self.standing.get(bar.symbol)
        if held is None:
            held = self.standing[bar.symbol] = Standing(price, price, price, price, moment)
        if point == 0:
            held.volume_before_bar = held.volume
        held.high, held.low = max(held.high, price), min(held.low, price)
        held.last, held.time = price, moment
        held.volume = held.volume_before_bar + bar.volume * (point + 1) // POINTS_PER_BAR


class ReplaySource:
    """The source `replay`."""

    name = "replay"
    status = Status.REPLAY

    def __init__(
        self, day: Day, speed: float | Literal["max"], wall: Clock | None = None, calendar: Calendar | None = None
    ) -> None:
        self.day = day
        self.speed = speed
        self.catalogue: frozenset[str] | None = day.symbols
        self._wall = wall or WallClock()
        self._calendar = calendar or load_calendar()
        self._player = DayPlayer(day)
        self._identity = hashlib.sha256(f"{day.digest} {speed}".encode()).hexdigest()[:16]
        self._wall_start = self._wall.now()
        self._clock: Clock = ConsumedClock(self._opens)
        self._closed = False

    @property
    def _opens(self) -> datetime:
        return self._player.groups[0][0]

    def start(self, position: str) -> None:
        left = json.loads(position) if position else {}
        goes_on = left.get("run") == self._identity
        self._player = DayPlayer(self.day)
        self._closed = goes_on and left.get("closed", False)
        self._wall_start = datetime.fromisoformat(left["wall_start"]) if goes_on else self._wall.now()
        if self.speed == "max":
            self._clock = ConsumedClock(self._opens)
            self._skip_to(left["done"] if goes_on else 0)
        else:
            self._clock = ScaledClock(self._opens, self._wall_start, self.speed, self._wall)
            if goes_on:
                self._skip_before(self._clock.now())

    def position(self) -> str:
        began = self._wall_start.astimezone(UTC).isoformat()
        return json.dumps({"run": self._identity, "wall_start": began, "done": self._player.done, "closed": self._closed})

    async def next(self, wanted: Wanted) -> Sequence[Reading]:
        moment = self._player.next_moment()
        if moment is not None:
            await self._clock.sleep_until(moment)
            touched = self._player.advance()
        elif not self._closed:
            await self._clock.sleep_until(self._player.ends)
            self._closed = True
            touched = sorted(self._player.standing)
        else:
            await asyncio.sleep(3600)
            return []
        chosen, session = wanted(), self._session()
        return [self._reading(symbol, session) for symbol in touched if symbol in chosen]

    async def current(self, symbols: frozenset[str]) -> Sequence[Reading]:
        session = self._session()
        return [self._reading(symbol, session) for symbol in sorted(symbols) if symbol in self._player.standing]

    async def close(self) -> None:
        """Nothing is open."""

    def _reading(self, symbol: str, session: Session) -> Reading:
        held = self._player.standing[symbol]
        return Reading(
            symbol=symbol,
            price=held.last,
            source_time=held.time,
            session=session,
            open=held.open,
            high=held.high,
            low=held.low,
            previous_close=self.day.previous_closes.get(symbol),
            volume=held.volume,
        )

    def _session(self) -> Session:
        if self._closed:
            return Session.CLOSED
        session = self._calendar.session_at(self._player.reached, traded=True)
        return Session.OPEN if session is Session.CLOSED else session

    def _skip_to(self, done: int) -> None:
        while self._player.done < min(done, self._player.total):
            self._player.advance()

    def _skip_before(self, now: datetime) -> None:
        while (moment := self._player.next_moment()) is not None and moment <= now:
            self._player.advance()
