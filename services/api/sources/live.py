"""Prices from the internet: providers in order, each guarded (guarded.py) so that it is only called when it can help.

Polls what is wanted every few seconds while the exchange is open, rarely when it is closed. A value that cannot be renewed is
published once more as stale; a symbol that nobody knows is remembered, so that it costs one call.
"""

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import time
from typing import Literal

from services.api.clock import Clock, WallClock
from services.api.market_calendar import Calendar, load_calendar
from services.api.negative import NegativeCache
from services.api.sources import Reading, Wanted
from services.api.sources.guarded import Guarded
from services.api.upstreams import Kind, UpstreamError
from services.api.upstreams.records import History, Listing
from services.contract.quotes import TRADING, Status

JITTER = 0.1


@dataclass(frozen=True)
class Pace:
    """How often to ask while the exchange is open (or something fails) and closed, and after which silence a value is stale."""

    open_seconds: float = 5.0
    closed_seconds: float = 600.0
    stale_after_seconds: float = 15.0


def _left_alone(position: str) -> dict[str, float]:
    """Provider -> Unix seconds until which a leader leaves it alone; nothing when another source wrote the position."""
    try:
        told = json.loads(position)
        return {str(name): float(until) for name, until in told.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


class LiveSource:
    """The sources `nse`, `twelve_data`, `alpha_vantage`: the named one first, then the others that are set up."""

    status = Status.LIVE
    catalogue: frozenset[str] | None = None

    def __init__(
        self,
        providers: Sequence[Guarded],
        negative: NegativeCache,
        clock: Clock | None = None,
        calendar: Calendar | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.name = providers[0].provider.name
        self.providers = tuple(providers)
        self._negative = negative
        self._clock = clock or WallClock()
        self._calendar = calendar or load_calendar()
        self._pace = pace or Pace()
        self._held: dict[str, Reading] = {}
        self._failing: frozenset[str] = frozenset()
        self._first = True

    def start(self, position: str) -> None:
        self._first = True
        told = _left_alone(position)
        for guarded in self.providers:
            guarded.breaker.open_until = max(guarded.breaker.open_until, told.get(guarded.provider.name, 0.0))

    def position(self) -> str:
        return json.dumps({guarded.provider.name: guarded.breaker.open_until for guarded in self.providers})

    def is_away(self, position: str) -> bool:
        """Whether every service is left alone now, as this replica or the leader's `position` tells."""
        now, told = time(), _left_alone(position)
        return all(g.breaker.is_open(now) or told.get(g.provider.name, 0.0) > now for g in self.providers)

    async def next(self, wanted: Wanted) -> Sequence[Reading]:
        if not self._first:
            await asyncio.sleep(self._pause())
        self._first = False
        before = dict(self._held)
        readings = await self._refresh(wanted(), user_waits=False)
        return [reading for reading in readings if before.get(reading.symbol) != reading]

    async def current(self, symbols: frozenset[str]) -> Sequence[Reading]:
        return await self._refresh(symbols, user_waits=True)

    async def history(self, symbol: str, interval: Literal["intraday", "daily"]) -> tuple[str, History]:
        """From the first provider that has one, with its name. Raises the first one's UpstreamError: a fallback not knowing
        a symbol says nothing about it while the better service is away."""
        refusals = []
        for guarded in self.providers:
            if not guarded.provider.has_history(symbol, interval):
                continue
            try:
                return guarded.provider.name, await guarded.single(lambda provider: provider.history(symbol, interval))
            except UpstreamError as refused:
                refusals.append(refused)
        raise refusals[0] if refusals else UpstreamError(Kind.NOT_COVERED, "no provider offers it")

    async def search(self, query: str) -> list[Listing]:
        """From the first provider that offers a search. Raises UpstreamError."""
        return await self.providers[0].single(lambda provider: provider.search(query))

    async def close(self) -> None:
        for guarded in self.providers:
            await guarded.provider.close()

    def _pause(self) -> float:
        is_open = self._calendar.session_at(self._clock.now()) in TRADING
        seconds = self._pace.open_seconds if is_open or self._failing else self._pace.closed_seconds
        return seconds * (1 + random.uniform(-JITTER, JITTER))  # noqa: S311 - spreading polls, not secrets

    async def _refresh(self, symbols: frozenset[str], *, user_waits: bool) -> list[Reading]:
        remaining = symbols - await self._negative.known(symbols)
        readings: list[Reading] = []
        verdicts: dict[str, dict[str, Kind]] = {}
        for guarded in self.providers:
            if not remaining:
                break
            found = await guarded.quotes(remaining, user_waits=user_waits)
            for symbol, value in found.items():
                if isinstance(value, UpstreamError):
                    verdicts.setdefault(symbol, {})[guarded.provider.name] = value.kind
                elif not self._is_behind(value):
                    readings.append(value.with_changes(fetched_at=self._clock.now()))
            remaining -= {reading.symbol for reading in readings}
        self._held.update({reading.symbol: reading for reading in readings})
        self._failing = (self._failing - symbols) | (remaining & self._held.keys())
        await self._remember_unknown(remaining, verdicts)
        return readings + self._stale(remaining)

    def _is_behind(self, reading: Reading) -> bool:
        """Whether another service tells less than what is held: the better one's last value, marked stale, is better still."""
        held = self._held.get(reading.symbol)
        return held is not None and reading.source != held.source and reading.source_time < held.source_time

    async def _remember_unknown(self, remaining: frozenset[str], verdicts: dict[str, dict[str, Kind]]) -> None:
        """Unknown is what the named source calls unknown, or what no source covers. `verdicts`: symbol -> provider -> kind."""
        unknown = []
        for symbol in remaining - self._held.keys():
            said = verdicts.get(symbol, {})
            nobody_has_it = len(said) == len(self.providers) and set(said.values()) <= {Kind.NOT_COVERED, Kind.UNKNOWN_SYMBOL}
            if nobody_has_it or said.get(self.name) is Kind.UNKNOWN_SYMBOL:
                unknown.append(symbol)
        if unknown:
            is_open = self._calendar.session_at(self._clock.now()) in TRADING
            await self._negative.remember(unknown, is_open=is_open)

    def _stale(self, remaining: frozenset[str]) -> list[Reading]:
        """What could not be renewed for a while and was not marked yet, once more with its old time."""
        before = self._clock.now() - timedelta(seconds=self._pace.stale_after_seconds)
        old = [held for symbol in remaining if (held := self._held.get(symbol)) and held.fetched_at and held.fetched_at < before]
        marked = {held.symbol: held.with_changes(status=Status.STALE) for held in old if held.status is not Status.STALE}
        self._held.update(marked)
        return list(marked.values())
