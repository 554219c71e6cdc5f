"""What REST clients look at stays wanted while they look, and what nobody wanted for a while is not passed off as the price.

A live source is only asked for what is wanted. A value that is held from then on stands still, so whoever asks for it later makes
it wanted again and waits for its renewal; without one it is shown as stale. Played days go on for all that is held.
"""

import asyncio
from collections.abc import Awaitable, Callable

from services.api.clock import monotonic_seconds
from services.api.demand import Demand
from services.api.quote_store import Held, QuoteStore
from services.contract.symbols import PROBE_SYMBOL

RENEW_BELOW_SECONDS = 30.0
WAIT_SECONDS = 1.8
STEP_SECONDS = 0.1


class Interest:
    """`steady`: what is wanted whoever asks; None where nothing held ever stands still."""

    def __init__(
        self,
        demand: Demand,
        store: QuoteStore,
        ask: Callable[[list[str]], Awaitable[frozenset[str]]],
        hope: Callable[[], bool],
        steady: frozenset[str] | None,
    ) -> None:
        self._demand = demand
        self._store = store
        self._ask = ask
        self._hope = hope
        self._steady = steady
        self._unrenewed: dict[str, tuple[Held, float]] = {}
        """Symbol -> the value that nobody wanted meanwhile, and until when its renewal is waited for."""

    def is_kept(self, symbol: str) -> bool:
        """Whether nothing need be done for it now; the probe comes when somebody sends it."""
        if self._steady is None or symbol in self._steady or symbol == PROBE_SYMBOL:
            return True
        return symbol not in self._unrenewed and self._demand.seconds_left(symbol) > RENEW_BELOW_SECONDS

    async def renew(self, symbols: list[str]) -> frozenset[str]:
        """Of `symbols`, make those that are held wanted again; return those that nobody wanted meanwhile and whose value was not
        told anew in time."""
        if self._steady is None:  # the hot lists come here with each request
            return frozenset()
        lapsing = [symbol for symbol in symbols if symbol in self._store.held and not self.is_kept(symbol)]
        if not lapsing:
            return frozenset()
        now = monotonic_seconds()
        for symbol in lapsing:
            if symbol not in self._unrenewed and self._demand.seconds_left(symbol) <= 0:
                self._unrenewed[symbol] = self._store.held[symbol], now + WAIT_SECONDS
        await self._ask([symbol for symbol in lapsing if self._demand.seconds_left(symbol) <= RENEW_BELOW_SECONDS])
        while self._hope() and any(map(self._is_awaited, lapsing)):  # noqa: ASYNC110 - the store wakes for first values only
            await asyncio.sleep(STEP_SECONDS)
        return frozenset(filter(self._is_unrenewed, lapsing))

    def _is_awaited(self, symbol: str) -> bool:
        return self._is_unrenewed(symbol) and monotonic_seconds() < self._unrenewed[symbol][1]

    def _is_unrenewed(self, symbol: str) -> bool:
        held, _ = self._unrenewed.get(symbol, (None, 0.0))
        if held is not None and self._store.held.get(symbol) is held:
            return True
        self._unrenewed.pop(symbol, None)
        return False
