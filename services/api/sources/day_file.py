"""Reads a recorded trading day: `timestamp,symbol,open,high,low,close,volume`, sorted by timestamp then symbol, one day a file.

Plain or gzip; a timestamp is the start of its bar; without an offset it is IST. Previous closes come from `prev-close.csv`
beside it (`date,symbol,prev_close,source`). A file with any fault is refused whole, before anything of it is used.
"""

import csv
import gzip
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path

from services.api.market_calendar import IST
from services.api.sources import SourceError
from services.contract.symbols import parse_symbol

COLUMNS = ("timestamp", "symbol", "open", "high", "low", "close", "volume")
PREVIOUS_CLOSE_FILE = "prev-close.csv"
DEFAULT_BAR = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Bar:
    """One symbol's trading within one bar; `start` in IST."""

    start: datetime
    symbol: str
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int


@dataclass(frozen=True)
class Day:
    """A checked file. `bars` in the file's order."""

    day: date
    bars: list[Bar]
    bar_length: timedelta
    previous_closes: dict[str, Decimal]
    digest: str
    symbols: frozenset[str] = field(default_factory=frozenset)


def find_day(folder: Path, day: date) -> Path:
    """The file of `day` anywhere below `folder`.

    Raises:
        SourceError: none or several.
    """
    if not folder.is_dir():
        raise SourceError(f"replay: no folder {folder}; set REPLAY_DIR to the folder with the recorded days")
    found = sorted(p for suffix in (".csv", ".csv.gz") for p in folder.rglob(f"{day.isoformat()}{suffix}") if p.is_file())
    if not found:
        days = sorted({p.name.split(".")[0] for p in folder.rglob("*.csv*") if p.name[:2] == "20"})
        have = f"it has {days[0]} to {days[-1]} ({len(days)} days)" if days else "it has no recorded day at all"
        raise SourceError(f"replay: no {day}.csv or {day}.csv.gz below {folder}; {have}")
    if len(found) > 1:
        raise SourceError(f"replay: {day} is there more than once: {', '.join(map(str, found))}; set REPLAY_DIR to one folder")
    return found[0]


def read_day(path: Path, expected: date | None = None) -> Day:
    """Read and check one file.

    Raises:
        SourceError: one sentence with the file, the line number, what is wrong and what was expected.
    """
    content = _content(path)
    bars = list(_bars(path, content))
    if not bars:
        raise SourceError(f"{path}: line 2: no bars; expected at least one row below the header")
    day = bars[0].start.date()
    if expected is not None and day != expected:
        raise SourceError(f"{path}: line 2: holds {day}, expected {expected}")
    return Day(
        day,
        bars,
        _bar_length(bars),
        _previous_closes(path.with_name(PREVIOUS_CLOSE_FILE), day),
        hashlib.sha256(content).hexdigest()[:16],
        frozenset(bar.symbol for bar in bars),
    )


def _content(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if path.suffix == ".gz" else raw
    except (OSError, EOFError, ValueError) as error:
        raise SourceError(f"{path}: cannot be read: {error}") from None


def _rows(path: Path, content: bytes, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: is not UTF-8 text: {error.reason} at byte {error.start}") from None
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        header = [name.strip() for name in next(reader, [])]
        missing = [name for name in columns if name not in header]
        if missing:
            raise SourceError(
                f"{path}: line 1: missing column {', '.join(missing)}; got {','.join(header)[:120] or 'nothing'}, "
                f"expected {','.join(columns)}"
            )
        for row in reader:
            if not row:
                continue
            if len(row) != len(header):
                raise SourceError(f"{path}: line {reader.line_num}: got {len(row)} fields, expected {len(header)}")
            yield reader.line_num, dict(zip(header, row, strict=True))
    except csv.Error as error:
        raise SourceError(f"{path}: line {reader.line_num}: {error}") from None


def _bars(path: Path, content: bytes) -> Iterator[Bar]:
    before: tuple[datetime, str] | None = None
    for line, row in _rows(path, content, COLUMNS):
        try:
            bar = _bar(row)
        except ValueError as error:
            raise SourceError(f"{path}: line {line}: {error}") from None
        here = (bar.start, bar.symbol)
        if before is not None:
            if here == before:
                raise SourceError(f"{path}: line {line}: duplicate row of {bar.symbol} at {row['timestamp']}")
            if here < before:
                raise SourceError(
                    f"{path}: line {line}: unsorted: {bar.symbol} at {row['timestamp']} comes after {before[1]} at "
                    f"{before[0].isoformat()}; expected rows sorted by timestamp, then symbol"
                )
            if bar.start.date() != before[0].date():
                raise SourceError(f"{path}: line {line}: a second day, {bar.start.date()}; expected one day a file")
        before = here
        yield bar


def _bar(row: dict[str, str]) -> Bar:
    start = _moment(row["timestamp"])
    symbol = parse_symbol(row["symbol"])
    opened, high, low, close = (price(row[name], name) for name in ("open", "high", "low", "close"))
    if not low <= min(opened, close) <= max(opened, close) <= high:
        raise ValueError(f"{symbol}: open {opened} and close {close} are not within low {low} and high {high}")
    return Bar(start, symbol, opened, high, low, close, _volume(row["volume"]))


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"timestamp: got {text[:40]!r}, expected ISO 8601 such as 2026-06-12T09:15:00+05:30") from None
    return moment.replace(tzinfo=IST) if moment.tzinfo is None else moment.astimezone(IST)


def price(text: str, name: str) -> Decimal:
    """A price above zero. Raises ValueError with name and what was got."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number <= 0:
        raise ValueError(f"{name}: got {text[:40]!r}, expected a price above 0")
    return number


def _volume(text: str) -> int:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0 or number != number.to_integral_value():
        raise ValueError(f"volume: got {text[:40]!r}, expected a whole number of shares, 0 or more")
    return int(number)


def _bar_length(bars: list[Bar]) -> timedelta:
    starts = sorted({bar.start for bar in bars})
    return min((later - earlier for earlier, later in pairwise(starts)), default=DEFAULT_BAR)


def _previous_closes(path: Path, day: date) -> dict[str, Decimal]:
    if not path.is_file():
        return {}
    found: dict[str, Decimal] = {}
    for line, row in _rows(path, _content(path), ("date", "symbol", "prev_close")):
        if row["date"] != day.isoformat():
            continue
        try:
            symbol, close = parse_symbol(row["symbol"]), price(row["prev_close"], "prev_close")
        except ValueError as error:
            raise SourceError(f"{path}: line {line}: {error}") from None
        if symbol in found:
            raise SourceError(f"{path}: line {line}: duplicate row of {symbol} on {day}")
        found[symbol] = close
    return found
