"""The current price record of one symbol. Decimal inside, the seed's numbers on the wire; null, never 0, for unknown."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

from services.contract.symbols import Symbol

CENT = Decimal("0.01")


class Status(StrEnum):
    """How much a price may be trusted: shown to the user with every value."""

    LIVE = "live"
    DELAYED = "delayed"
    STALE = "stale"
    REPLAY = "replay"
    SIMULATED = "simulated"


class Session(StrEnum):
    """Phase of the exchange's day."""

    CLOSED = "closed"
    PREOPEN = "preopen"
    OPEN = "open"
    CLOSING_AUCTION = "closing-auction"
    POSTCLOSE = "postclose"


class Exchange(StrEnum):
    """Where a price was made: a close of BSE is never taken for one of NSE."""

    NSE = "NSE"
    BSE = "BSE"


TRADING = frozenset({Session.PREOPEN, Session.OPEN, Session.CLOSING_AUCTION})
"""Phases in which a price may change."""


def utc_text(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds: `2025-06-10T10:30:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Price = Annotated[Decimal, Field(gt=0, allow_inf_nan=False), PlainSerializer(float, return_type=float, when_used="json")]
Signed = Annotated[Decimal, Field(allow_inf_nan=False), PlainSerializer(float, return_type=float, when_used="json")]
Moment = Annotated[datetime, PlainSerializer(utc_text, return_type=str, when_used="json")]


class WireModel(BaseModel):
    """Frozen, camelCase on the wire; unknown fields are refused so that api and ws cannot drift apart."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


def _is_absent(value: object) -> bool:
    return value is None


class Quote(WireModel):
    """`data` of a price update. Prices in rupees, volume in shares.

    The last four are left out where they are not known: a played or simulated day fetches nothing, and a tick stays short.
    """

    symbol: Symbol
    price: Price
    change: Signed | None
    change_percent: Signed | None
    volume: Annotated[int, Field(ge=0)] | None
    timestamp: Moment
    """When the source saw this price (the seed's name)."""
    open: Price | None = None
    day_high: Price | None = None
    day_low: Price | None = None
    previous_close: Price | None = None
    exchange: Exchange = Exchange.NSE
    currency: Literal["INR"] | None = "INR"
    """None of an index: its value is in points."""
    source: str
    source_time: Moment
    """Same moment as `timestamp`."""
    status: Status
    session: Session = Session.OPEN
    value: Annotated[Price | None, Field(exclude_if=_is_absent)] = None
    """Turnover since the day's start, in rupees."""
    isin: Annotated[str | None, Field(exclude_if=_is_absent)] = None
    name: Annotated[str | None, Field(exclude_if=_is_absent)] = None
    fetched_at: Annotated[Moment | None, Field(exclude_if=_is_absent)] = None
    """When the source was last known to say this; of a stale value, when it was last heard."""


def change_of(price: Decimal, base: Decimal | None) -> tuple[Decimal | None, Decimal | None]:
    """Change in rupees and in percent against `base`, rounded half up to 2 places; (None, None) without a base."""
    if base is None or base <= 0:
        return None, None
    change = price - base
    return (
        change.quantize(CENT, ROUND_HALF_UP),
        (change / base * 100).quantize(CENT, ROUND_HALF_UP),
    )
