"""How long an answer waits for a price that is not here yet: as long as there is hope that it comes, within the promise of an
answer in time.

Everybody who asks waits for the same first line, so a crowd costs one upstream call. Hope ends at once when Redis is away,
publishing is paused or every service is left alone; then there is 503 instead of a slow one.
"""

from collections.abc import Awaitable, Callable, Iterable

from services.api.clock import monotonic_seconds
from services.api.quote_store import QuoteStore

WAIT_SECONDS = 3.0
"""The first price of a symbol nobody asked for yet. A crowd on a busy machine needs two of them; late is better than refused."""
REST_SECONDS = 1.0
"""For what is missing in a list that has something to show already."""
STEP_SECONDS = 0.2


class Waiting:
    """One for the process."""

    def __init__(
        self, store: QuoteStore, hope: Callable[[], bool], unknown: Callable[[Iterable[str]], Awaitable[frozenset[str]]]
    ) -> None:
        self._store = store
        self._hope = hope
        self._unknown = unknown

    async def until_held(self, symbols: Iterable[str], at_most_seconds: float = WAIT_SECONDS) -> None:
        """Return when each symbol is held or known not to exist, when hope is lost, or when the time is over."""
        until = monotonic_seconds() + at_most_seconds
        missing = self._missing(symbols)
        while missing and self._hope() and monotonic_seconds() < until:
            await self._store.wait_for(missing, STEP_SECONDS)
            if missing := self._missing(missing):
                unknown = await self._unknown(missing)
                missing = [symbol for symbol in missing if symbol not in unknown]

    def _missing(self, symbols: Iterable[str]) -> list[str]:
        return [symbol for symbol in symbols if symbol not in self._store.held]
