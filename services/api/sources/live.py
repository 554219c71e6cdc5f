"""Prices from the internet: providers in order, each behind its budget, its breaker and its memory of what it does not cover.

Polls what is wanted every few seconds while the exchange is open, rarely when it is closed. A value that cannot be renewed is
published once more as stale; a symbol that nobody knows is remembered, so that it costs one call.
"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import time
from typing import Literal, TypeVar

from services.api.breaker import Breaker
from services.api.budgets import Budget
from services.api.clock import Clock, WallClock
from services.api.logs import logger
from services.api.market_calendar import Calendar, load_calendar
from services.api.negative import NegativeCache
from services.api.sources import Reading, Wanted
from services.api.sources.providers import Provider
from services.api.upstreams import Kind, UpstreamError
from services.api.upstreams.records import History, Listing
from services.contract.quotes import TRADING, Status

JITTER = 0.1
NOT_COVERED_SECONDS = 86_400.0

log = logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class Pace:
    """How often to ask while the exchange is open (or something fails) and closed, and after which silence a value is stale."""

    open_seconds: float = 5.0
    closed_seconds: float = 600.0
    stale_after_seconds: float = 15.0


class Guarded:
    """A provider that is only called when it can help."""

    def __init__(self, provider: Provider, budget: Budget, breaker: Breaker) -> None:
        self.provider = provider
        self.budget = budget
        self.breaker = breaker
        self.calls = self.failures = 0
        self._uncovered: dict[str, float] = {}

    async def quotes(self, symbols: frozenset[str], *, user_waits: bool) -> dict[str, Reading | UpstreamError]:
        """Readings and typed errors of as many symbols as breaker and budget allow; the others are absent."""
        now = time()
        able = frozenset(symbol for symbol in symbols if self._uncovered.get(symbol, 0) <= now)
        found: dict[str, Reading | UpstreamError] = dict.fromkeys(
            symbols - able, UpstreamError(Kind.NOT_COVERED, "known already")
        )
        for group in self.provider.calls_for(able):
            if self.breaker.is_open(time()):
                break
            if await self.budget.take(self.provider.cost(group), 0 if user_waits else self.provider.reserve) > 0:
                break
            found |= await self._call(group)
        return found

    async def single(self, call: Callable[[Provider], Awaitable[T]]) -> T:
        """One call for a user who waits. Raises UpstreamError."""
        if self.breaker.is_open(time()):
            raise self.breaker.last_error or UpstreamError(Kind.UNAVAILABLE, "left alone for a while")
        wait = await self.budget.take()
        if wait > 0:
            raise UpstreamError(Kind.RATE_LIMITED, "our own budget is used up", retry_after=wait)
        self.calls += 1
        try:
            found = await call(self.provider)
        except UpstreamError as error:
            self._note_failure(error)
            raise
        self.breaker.succeeded()
        return found

    async def _call(self, group: frozenset[str]) -> dict[str, Reading | UpstreamError]:
        self.calls += 1
        try:
            found = dict(await self.provider.quotes(group))
        except UpstreamError as error:
            found = dict.fromkeys(group, error)
        errors = [value for value in found.values() if isinstance(value, UpstreamError)]
        whole = errors[0] if errors and len(errors) == len(found) else None
        if whole is not None and len({error.kind for error in errors}) == 1:
            self._note_failure(whole)
        else:
            self.breaker.succeeded()
        for symbol, value in found.items():
            if isinstance(value, UpstreamError) and value.kind is Kind.NOT_COVERED:
                self._uncovered[symbol] = time() + NOT_COVERED_SECONDS
        return found

    def _note_failure(self, error: UpstreamError) -> None:
        self.failures += 1
        was_open = self.breaker.last_error is not None
        self.breaker.failed(error, time())
        if not was_open and self.breaker.last_error is not None:
            log.warning("provider failed", provider=self.provider.name, kind=str(error.kind), reason=str(error))


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
        for guarded in self.providers:
            guarded.breaker.open_until = max(guarded.breaker.open_until, _left_alone(position).get(guarded.provider.name, 0.0))

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
        """From the first provider that has one, with its name. Raises the last UpstreamError."""
        error = UpstreamError(Kind.NOT_COVERED, "no provider offers it")
        for guarded in self.providers:
            try:
                return guarded.provider.name, await guarded.single(lambda provider: provider.history(symbol, interval))
            except UpstreamError as refused:
                error = refused
        raise error

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
        verdicts: dict[str, list[UpstreamError]] = {}
        for guarded in self.providers:
            if not remaining:
                break
            found = await guarded.quotes(remaining, user_waits=user_waits)
            for symbol, value in found.items():
                if isinstance(value, Reading):
                    readings.append(value.with_changes(fetched_at=self._clock.now()))
                else:
                    verdicts.setdefault(symbol, []).append(value)
            remaining -= {reading.symbol for reading in readings}
        self._held.update({reading.symbol: reading for reading in readings})
        self._failing = (self._failing - symbols) | (remaining & self._held.keys())
        await self._remember_unknown(remaining, verdicts)
        return readings + self._stale(remaining)

    async def _remember_unknown(self, remaining: frozenset[str], verdicts: dict[str, list[UpstreamError]]) -> None:
        """Unknown is what the first source calls unknown, or what no source covers."""
        unknown = []
        for symbol in remaining - self._held.keys():
            kinds = [error.kind for error in verdicts.get(symbol, ())]
            asked_all = len(kinds) == len(self.providers)
            if kinds and (
                kinds[0] is Kind.UNKNOWN_SYMBOL or (asked_all and set(kinds) <= {Kind.NOT_COVERED, Kind.UNKNOWN_SYMBOL})
            ):
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
