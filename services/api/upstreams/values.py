"""Strict reading of loosely typed answers: numbers as text, commas, dashes for missing, padded names, five forms of a date."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, NoReturn

from services.api.market_calendar import IST
from services.api.upstreams import Kind, UpstreamError
from services.contract.symbols import parse_symbol

PLACES = Decimal("0.0001")
PRICE_LIMIT = Decimal(10) ** 9
COUNT_LIMIT = Decimal(10) ** 15
_MISSING = {"", "-", "--", "na", "n/a", "null", "none", "nan", "infinity", "-infinity", "inf", "-inf"}
_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{2,3})+|\d+)?(\.\d*)?([eE][+-]?\d{1,3})?")
_FORMATS = (
    "%d-%b-%Y %H:%M:%S", "%d-%b-%Y %H:%M", "%d-%b-%Y", "%d-%b-%y %H:%M:%S", "%d-%b-%y", "%d %b %Y",
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%d-%m-%Y", "%Y-%m-%dT%H:%M:%S",
)  # fmt: skip


def malformed(text: str) -> UpstreamError:
    """The answer has not the shape of its endpoint."""
    return UpstreamError(Kind.MALFORMED, text)


def decode(body: bytes) -> Any:
    """JSON with exact decimals; NaN, Infinity, depth and size of numbers cannot pass."""
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise malformed("no valid JSON") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def mapping(value: Any, where: str) -> dict[str, Any]:
    """An object, or malformed."""
    if not isinstance(value, dict):
        raise malformed(f"{where} is no object")
    return value


def mapping_or_empty(value: Any) -> dict[str, Any]:
    """An object, or an empty one for anything else: parts that may be absent."""
    return value if isinstance(value, dict) else {}


def listing(value: Any, where: str) -> list[Any]:
    """A list, or malformed."""
    if not isinstance(value, list):
        raise malformed(f"{where} is no list")
    return value


def objects(value: Any, where: str) -> Iterator[dict[str, Any]]:
    """Every object of a list; other items are passed over."""
    return (item for item in listing(value, where) if isinstance(item, dict))


def text(value: Any, where: str) -> str:
    """Text without padding, not empty and not endless."""
    if not isinstance(value, str) or not value.strip() or len(value) > 500:
        raise malformed(f"{where} is no text")
    return value.strip()


def symbol_of(value: Any) -> str:
    """One of our symbols, padding removed."""
    try:
        return parse_symbol(text(value, "symbol").upper())
    except ValueError:
        raise malformed("symbol is no symbol") from None


def number(value: Any, limit: Decimal = PRICE_LIMIT) -> Decimal | None:
    """A finite number of at most four places; None when it is missing in any of the ways services say so."""
    if value is None or isinstance(value, bool | dict | list):
        return None
    if isinstance(value, str):
        cleaned = value.strip().removesuffix("%").strip()
        if cleaned.lower() in _MISSING:
            return None
        if len(cleaned) > 40 or not _NUMBER.fullmatch(cleaned) or not any(c.isdigit() for c in cleaned):
            raise malformed("a number is not a number")
        value = cleaned.replace(",", "")
    try:
        exact = value if isinstance(value, Decimal) else Decimal(str(value))
    except (InvalidOperation, ValueError):
        raise malformed("a number is not a number") from None
    if not exact.is_finite():
        return None
    if abs(exact) >= limit:
        raise malformed("a number is beyond all bounds")
    rounded = exact.quantize(PLACES, ROUND_HALF_UP)
    return rounded.quantize(Decimal("0.01")) if rounded == rounded.quantize(Decimal("0.01")) else rounded


def price(value: Any, where: str = "price") -> Decimal:
    """A price above zero, or malformed."""
    found = number(value)
    if found is None or found <= 0:
        raise malformed(f"{where} is no price")
    return found


def price_or_none(value: Any) -> Decimal | None:
    """A price above zero; None when missing, where 0 counts as missing (order books after hours, unset closes)."""
    found = number(value)
    return found if found is not None and found > 0 else None


def shares(value: Any) -> int | None:
    """A count of shares, None when missing; a count may come as text or as 90670.0."""
    found = number(value, COUNT_LIMIT)
    if found is None:
        return None
    if found < 0 or found != found.to_integral_value():
        raise malformed("volume is no count")
    return int(found)


def moment(value: Any, where: str = "time") -> datetime:
    """A moment in IST from any of the forms in use; a date alone is its midnight."""
    written = text(value, where).removesuffix(" EOD").strip()
    for form in _FORMATS:
        try:
            return datetime.strptime(written, form).replace(tzinfo=IST)
        except ValueError:
            continue
    raise malformed(f"{where} is no time")


def has_time(value: Any) -> bool:
    """Whether a written moment holds more than a date."""
    return isinstance(value, str) and ":" in value


def day(value: Any, where: str = "date") -> date:
    """A date."""
    return moment(value, where).date()


def epoch_seconds(value: Any, where: str = "timestamp") -> datetime:
    """A moment from Unix seconds."""
    found = number(value, Decimal(10) ** 11)
    if found is None or found <= 0:
        raise malformed(f"{where} is no time")
    return datetime.fromtimestamp(float(found), UTC)


def ist_digits(value: Any) -> datetime:
    """NSE's charts write IST digits as if they were UTC milliseconds: take the shift away."""
    found = number(value, Decimal(10) ** 14)
    if found is None or found <= 0:
        raise malformed("chart time is no time")
    return datetime.fromtimestamp(float(found) / 1000, UTC) - timedelta(seconds=19_800)
