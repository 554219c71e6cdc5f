"""What parsers give besides readings of the price: bars, instruments, states of the market."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class HistoryBar:
    """One bar of a day's or an interval's trading; unknown parts are None (a chart of points has only `close`)."""

    start: datetime | date
    close: Decimal
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    volume: int | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Bars, oldest first."""

    symbol: str | None
    bars: tuple[HistoryBar, ...]
    previous_close: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """One instrument as a search or a listing shows it. `symbol` is the service's own spelling."""

    symbol: str
    name: str
    exchange: str | None = None
    isin: str | None = None
    currency: str | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class MarketState:
    """What a service says about one market."""

    market: str
    is_open: bool
    message: str


@dataclass(frozen=True, slots=True)
class Trading:
    """Volume (shares) and value (rupees) of a symbol's day."""

    volume: int | None
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day without trading."""

    day: date
    name: str
