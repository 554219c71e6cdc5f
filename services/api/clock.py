"""Time as an argument: every component asks a clock, none the system. Wall clocks tell when something was published,
market clocks how far a day has gone."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """UTC now, and waiting until a moment of this clock."""

    def now(self) -> datetime: ...

    async def sleep_until(self, moment: datetime) -> None: ...


class WallClock:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep_until(self, moment: datetime) -> None:
        await asyncio.sleep(max(0.0, (moment - self.now()).total_seconds()))


class ScaledClock:
    """Market time = start + (wall now - wall start) x speed."""

    def __init__(self, start: datetime, wall_start: datetime, speed: float, wall: Clock | None = None) -> None:
        self._start = start
        self._wall_start = wall_start
        self._speed = speed
        self._wall = wall or WallClock()

    def now(self) -> datetime:
        return self._start + (self._wall.now() - self._wall_start) * self._speed

    async def sleep_until(self, moment: datetime) -> None:
        await self._wall.sleep_until(self._wall_start + (moment - self._start) / self._speed)


class ConsumedClock:
    """As fast as consumed: every wait ends at once and moves the time to the moment waited for."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    async def sleep_until(self, moment: datetime) -> None:
        self._now = max(self._now, moment)
        await asyncio.sleep(0)


def unix_ms(moment: datetime) -> float:
    """Unix milliseconds with the microseconds as fraction."""
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1), 3)


def monotonic_seconds() -> float:
    """For durations and deadlines: never jumps."""
    return time.monotonic()
