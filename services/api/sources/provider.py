"""What a service on the internet is to the live source: one interface, one file each. Parsing is in services.api.upstreams."""

from collections.abc import Mapping
from typing import Literal, Protocol

from services.api.budgets import Limit
from services.api.sources import Reading
from services.api.upstreams import Kind, UpstreamError
from services.api.upstreams.records import History, Listing

Found = Mapping[str, Reading | UpstreamError]
Interval = Literal["intraday", "daily"]


class Provider(Protocol):
    """One service. `calls_for` plans: groups of symbols, one call each, dearest savings first."""

    @property
    def name(self) -> str: ...

    @property
    def limits(self) -> tuple[Limit, ...]: ...

    @property
    def reserve(self) -> int:
        """Calls of the longest window kept for users who wait."""

    def calls_for(self, symbols: frozenset[str]) -> list[frozenset[str]]: ...

    def cost(self, group: frozenset[str]) -> int: ...

    async def quotes(self, group: frozenset[str]) -> Found:
        """One call. Raises UpstreamError when it failed as a whole; otherwise a reading or a typed error for each symbol."""

    def has_history(self, symbol: str, interval: Interval) -> bool:
        """Whether a call could give one at all."""

    async def history(self, symbol: str, interval: Interval) -> History:
        """One call, for what it has. Raises UpstreamError."""

    async def search(self, query: str) -> list[Listing]:
        """One call. Raises UpstreamError."""

    async def close(self) -> None: ...


def same_symbol(symbol: str, value: Reading | UpstreamError) -> Reading | UpstreamError:
    """The symbol in the answer must be the one asked for."""
    if isinstance(value, Reading) and value.symbol != symbol:
        return UpstreamError(Kind.MALFORMED, "the answer is about another symbol")
    return value
