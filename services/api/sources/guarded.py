"""A provider behind its breaker, its budget and its memory of the symbols that it has nothing about."""

from collections.abc import Awaitable, Callable
from time import time
from typing import TypeVar

from services.api.breaker import Breaker
from services.api.budgets import Budget
from services.api.logs import logger
from services.api.sources import Reading
from services.api.sources.provider import Provider
from services.api.upstreams import Kind, UpstreamError
from services.contract.symbols import is_index

USELESS_SECONDS = {Kind.NOT_COVERED: 86_400.0, Kind.UNKNOWN_SYMBOL: 3_600.0, Kind.NO_DATA: 60.0}
USELESS_MAX = 10_000
WORKS_PAUSES = 15
"""A service that gave a good answer so many of its breaker's pauses ago or later is not broken when the one about a symbol makes
no sense: that symbol's answer is."""

log = logger(__name__)
T = TypeVar("T")


class Guarded:
    """A provider that is only called when it can help. Time is the machine's."""

    def __init__(self, provider: Provider, budget: Budget, breaker: Breaker) -> None:
        self.provider = provider
        self.budget = budget
        self.breaker = breaker
        self.calls = self.failures = 0
        self._worked = 0.0
        """When it last gave a good answer (Unix seconds)."""
        self._asked: dict[str, float] = {}
        """Symbol -> since when it waits for its turn (Unix seconds)."""
        self._useless: dict[str, tuple[float, UpstreamError]] = {}
        """Symbol -> until when asking about it is useless (Unix seconds), and what was said."""

    async def quotes(self, symbols: frozenset[str], *, user_waits: bool) -> dict[str, Reading | UpstreamError]:
        """Readings and typed errors of as many symbols as breaker and budget allow; the others are absent."""
        now = time()
        found: dict[str, Reading | UpstreamError] = {
            symbol: said for symbol, (until, said) in self._useless.items() if symbol in symbols and until > now
        }
        groups = self.provider.calls_for(symbols - found.keys())
        for symbol in symbols - found.keys() - frozenset().union(*groups):
            found[symbol] = UpstreamError(Kind.NOT_COVERED, "no call could ask for it")
        for group in self._in_turn(groups):
            if self.breaker.is_open(time()):
                break
            if await self.budget.take(self.provider.cost(group), 0 if user_waits else self.provider.reserve) > 0:
                break
            found |= await self._call(group)
        return found

    def _in_turn(self, groups: list[frozenset[str]]) -> list[frozenset[str]]:
        """What gives many in one call first (an index brings all of them), then whoever waits longest: or a small budget would
        always go to the same few."""

        def since(group: frozenset[str]) -> float:
            symbol, *others = group
            return 0.0 if others or is_index(symbol) else self._asked.setdefault(symbol, time())

        return sorted(groups, key=since)

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
            self._note_failure(error, [])
            raise
        self._note_success()
        return found

    async def _call(self, group: frozenset[str]) -> dict[str, Reading | UpstreamError]:
        self.calls += 1
        if len(self._asked) > USELESS_MAX:
            self._asked.clear()
        self._asked |= dict.fromkeys(group, time())
        try:
            found = dict(await self.provider.quotes(group))
        except UpstreamError as error:
            found = dict.fromkeys(group, error)
        errors = [value for value in found.values() if isinstance(value, UpstreamError)]
        whole = errors[0] if errors and len(errors) == len(found) else None
        if whole is None or len({error.kind for error in errors}) > 1:
            self._note_success()
        else:
            self._note_failure(whole, sorted(group))
        self._remember({symbol: value for symbol, value in found.items() if isinstance(value, UpstreamError)})
        return found

    def _remember(self, refused: dict[str, UpstreamError]) -> None:
        """So that a symbol of which there is nothing does not cost a call at every look."""
        if len(self._useless) > USELESS_MAX:
            self._useless.clear()
        useless_seconds = USELESS_SECONDS | {Kind.MALFORMED: self.breaker.open_seconds}
        for symbol, error in refused.items():
            if error.kind in useless_seconds:
                self._useless[symbol] = time() + useless_seconds[error.kind], error

    def _is_oddity(self, error: UpstreamError) -> bool:
        """Whether only the one symbol asked about is to blame: a share that was never traded has no price to read, and whoever
        watches it must not cost all others theirs."""
        return error.kind is Kind.MALFORMED and time() - self._worked < WORKS_PAUSES * self.breaker.open_seconds

    def _note_success(self) -> None:
        self._worked = time()
        self.breaker.succeeded()

    def _note_failure(self, error: UpstreamError, symbols: list[str]) -> None:
        self.failures += 1
        if len(symbols) <= 1 and self._is_oddity(error):
            return
        was_open = self.breaker.last_error is not None
        self.breaker.failed(error, time())
        if not was_open and self.breaker.last_error is not None:
            asked = ",".join(symbols[:5])
            log.warning("provider failed", provider=self.provider.name, kind=error.kind.value, reason=str(error), symbols=asked)
