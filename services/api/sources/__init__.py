"""Where prices come from. One interface, one file each; what a source is called in settings is decided by `make_source`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from services.contract.quotes import Exchange, Quote, Session, Status, change_of
from services.contract.symbols import is_index

Wanted = Callable[[], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source says about one symbol at one moment. Prices in rupees, volume in shares since the day's start; None is
    unknown."""

    symbol: str
    price: Decimal
    source_time: datetime
    session: Session
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    previous_close: Decimal | None = None
    base_price: Decimal | None = None
    """Adjusted previous close on an ex-date; change is measured against it where it is known."""
    volume: int | None = None
    value: Decimal | None = None
    """Turnover since the day's start, in rupees."""
    isin: str | None = None
    name: str | None = None
    fetched_at: datetime | None = field(default=None, compare=False)
    """When it was asked for; None for what is not fetched. The same value fetched again is the same reading."""
    exchange: Exchange = Exchange.NSE
    source: str | None = None
    """Where this one value came from, when a source falls back on another."""
    status: Status | None = None

    def with_changes(self, **changes: object) -> "Reading":
        return replace(self, **changes)  # type: ignore[arg-type]


class SourceError(Exception):
    """A source cannot be used as configured: one sentence with what failed, got, expected and the next step."""


class Source(Protocol):
    """One place prices come from. Only the leading replica calls `start`, `next`, and `position`."""

    name: str
    status: Status
    catalogue: frozenset[str] | None
    """Every symbol it can serve; None when only asking tells."""

    def start(self, position: str) -> None:
        """Begin, or go on where `position` (what a former leader's `position` said, or empty) stands."""

    def position(self) -> str:
        """Where it stands, for the next leader; empty when there is nothing to keep."""

    async def next(self, wanted: Wanted) -> Sequence[Reading]:
        """Wait until something is due and return it, wanted symbols only; empty when nothing came of it."""

    async def current(self, symbols: frozenset[str]) -> Sequence[Reading]:
        """The latest reading of each symbol that has one, now."""

    async def close(self) -> None: ...


def quote_of(reading: Reading, name: str, status: Status) -> Quote:
    """The wire's quote: change and percent are always ours, against the base price, else the previous close."""
    change, percent = change_of(reading.price, reading.base_price or reading.previous_close)
    return Quote(
        symbol=reading.symbol,
        price=reading.price,
        change=change,
        change_percent=percent,
        volume=reading.volume,
        timestamp=reading.source_time,
        open=reading.open,
        day_high=reading.high,
        day_low=reading.low,
        previous_close=reading.previous_close,
        exchange=reading.exchange,
        currency=None if is_index(reading.symbol) else "INR",
        source=reading.source or name,
        source_time=reading.source_time,
        status=reading.status or status,
        session=reading.session,
        value=reading.value,
        isin=reading.isin,
        name=reading.name,
        fetched_at=reading.fetched_at,
    )
