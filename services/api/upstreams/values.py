"""Strict reading of loosely typed answers: numbers as text, commas, dashes for missing, padded names, many forms of a date."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, NoReturn, TypeVar

from services.api.market_calendar import IST
from services.api.upstreams import Kind, UpstreamError
from services.contract.symbols import parse_symbol

R = TypeVar("R")
T = TypeVar("T")
PLACES = Decimal("0.0001")
PRICE_LIMIT = Decimal(10) ** 9
COUNT_LIMIT = VALUE_LIMIT = Decimal(10) ** 15
MOMENT_YEARS = range(1990, 2101)
_MISSING = {
    "", "-", "--", "\N{EN DASH}", "\N{EM DASH}", "na", "n/a", "#n/a", "n.a.", "nil", "null", "none", "undefined",
    "nan", "infinity", "+infinity", "-infinity", "inf", "+inf", "-inf",
}  # fmt: skip
_NUMBER = re.compile(r"[+-]?([0-9]{1,3}(,[0-9]{2,3})+|[0-9]+)?(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?")
_ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")
_ISO_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_DATES = ("%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d-%m-%Y", "%d/%m/%Y", "%b %d, %Y")
_TIMES = (" %H:%M:%S", " %H:%M", "", " %I:%M:%S %p", " %I:%M %p")
_FORMATS = tuple(date + time for date in _DATES for time in _TIMES)


def malformed(text: str) -> UpstreamError:
    """The answer has not the shape of its endpoint."""
    return UpstreamError(Kind.MALFORMED, text)


def decode(body: bytes) -> Any:
    """JSON with exact decimals; NaN, Infinity, depth and size of numbers cannot pass, an exponent beyond Decimal's neither."""
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, ArithmeticError, RecursionError):
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


def good(rows: Iterable[R], make: Callable[[R], T]) -> list[T]:
    """What `make` gives of every row it can read: one broken row does not lose the others, but all broken is the last one's
    error."""
    found, broken = [], None
    for row in rows:
        try:
            found.append(make(row))
        except UpstreamError as error:
            broken = error
    if broken is not None and not found:
        raise broken
    return found


def text(value: Any, where: str) -> str:
    """Text without padding, not empty and not endless."""
    if not isinstance(value, str) or not value.strip() or len(value) > 500:
        raise malformed(f"{where} is no text")
    return writable(value.strip())


def text_or_none(value: Any) -> str | None:
    """Text without padding; None for anything else: parts that may be absent."""
    return writable(value.strip()) if isinstance(value, str) and value.strip() and len(value) <= 500 else None


def writable(value: str) -> str:
    """Text that UTF-8 can hold: JSON's escapes may spell half a surrogate pair, which no answer of ours could carry."""
    return _HALF_A_PAIR.sub("\N{REPLACEMENT CHARACTER}", value)


def isin_or_none(value: Any) -> str | None:
    """An ISIN; None for anything else."""
    return value if isinstance(value, str) and _ISIN.fullmatch(value) else None


def symbol_of(value: Any) -> str:
    """One of our symbols, padding removed."""
    try:
        return parse_symbol(text(value, "symbol").upper())
    except ValueError:
        raise malformed("symbol is no symbol") from None


def symbol_or_none(value: Any) -> str | None:
    """One of our symbols; None for anything else."""
    try:
        return symbol_of(value)
    except UpstreamError:
        return None


def number(value: Any, limit: Decimal = PRICE_LIMIT) -> Decimal | None:
    """A finite number of at most four places; None when it is missing in any of the ways services say so."""
    if value is None or isinstance(value, bool | dict | list):
        return None
    if isinstance(value, str):
        cleaned = value.strip().removesuffix("%").strip()
        if cleaned.lower() in _MISSING:
            return None
        if len(cleaned) > 40 or not _NUMBER.fullmatch(cleaned):
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


def rupees(value: Any) -> Decimal | None:
    """A turnover, None when missing or 0."""
    found = number(value, VALUE_LIMIT)
    return found if found is not None and found > 0 else None


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
    """A moment in IST from any of the forms in use, one with a zone of its own taken over; a date alone is its midnight."""
    written = text(value, where).removesuffix(" EOD").removesuffix(" IST").strip()
    found = _parsed(written)
    if found is None or found.year not in MOMENT_YEARS:
        raise malformed(f"{where} is no time")
    return found.replace(tzinfo=IST) if found.tzinfo is None else found.astimezone(IST)


def _parsed(written: str) -> datetime | None:
    if _ISO_MOMENT.fullmatch(written):
        return _parsed_as(datetime.fromisoformat, written)
    forms = (_parsed_as(datetime.strptime, written, form) for form in _FORMATS)
    return next((found for found in forms if found is not None), None)


def _parsed_as(parse: Callable[..., datetime], *written: str) -> datetime | None:
    try:
        return parse(*written)
    except ValueError:
        return None


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
    at = datetime.fromtimestamp(float(found), UTC)
    if at.year not in MOMENT_YEARS:
        raise malformed(f"{where} is no time")
    return at


def ist_digits(value: Any) -> datetime:
    """NSE's charts write IST digits as if they were UTC milliseconds: take the shift away."""
    found = number(value, Decimal(10) ** 14)
    return epoch_seconds(None if found is None else found / 1000, "chart time") - timedelta(seconds=19_800)


def code_of(value: Any) -> int | None:
    """An error code, which services write as a number or as its digits."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 10:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
