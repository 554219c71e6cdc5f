"""The latest published line of every symbol, in this process: what REST answers come from. No I/O.

A line is kept as the bytes that were published. Newer wins by the rule of services.contract.follower; whoever waits for a
symbol is woken when its first line arrives.
"""

import asyncio
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.contract.quotes import Session, Status
from services.contract.symbols import PROBE_SYMBOL

STATUSES, SESSIONS = frozenset(Status), frozenset(Session)
_STATUS = re.compile(rb'"status":"[a-z]+"')


@dataclass(slots=True)
class Held:
    """One symbol's latest line and what is needed to order, validate and answer it."""

    symbol: str
    line: bytes
    etag: bytes
    epoch: str
    fence: int
    seq: int
    ts: float
    data: dict[str, Any]
    is_stale: bool
    """Whether its source gave it up."""
    source_ts: float
    """Unix seconds of the source's time."""
    fetched_ts: float | None
    """Unix seconds when its source was last heard to say it; None for what is not fetched."""
    stale_line: bytes | None = None

    @property
    def known_ts(self) -> float:
        """Unix seconds when it was last known to be true: heard from its source, else its source's own time."""
        return self.fetched_ts or self.source_ts

    def as_stale(self) -> bytes:
        """The same line with `status` stale; made once."""
        if self.stale_line is None:
            self.stale_line = _STATUS.sub(b'"status":"stale"', self.line, count=1)
        return self.stale_line


def read_line(line: bytes) -> Held | None:
    """Parse a published line; None when it is not one (anybody on the channel could have sent it)."""
    try:
        update = json.loads(line)
        data = update["data"]
        if update["type"] != "price_update" or data["symbol"] != update["symbol"] or not _is_complete(data):
            return None
        epoch, fence, seq, ts = str(update["epoch"]), int(update["fence"]), int(update["seq"]), float(update["ts"])
        return Held(
            update["symbol"], line, f'"{epoch}-{fence}-{seq}"'.encode(), epoch, fence, seq, ts, data,
            is_stale=data["status"] == Status.STALE,
            source_ts=datetime.fromisoformat(data["sourceTime"]).timestamp(),
            fetched_ts=datetime.fromisoformat(data["fetchedAt"]).timestamp() if "fetchedAt" in data else None,
        )  # fmt: skip
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None


def _is_complete(data: dict[str, Any]) -> bool:
    """Whether answers can be made of it."""
    return data["status"] in STATUSES and data["session"] in SESSIONS and data["price"] > 0 and isinstance(data["source"], str)


class QuoteStore:
    """Symbol -> Held. With the source of a played day named, its first line ends what another source left here."""

    def __init__(self, played_source: str | None = None) -> None:
        self._unsettled_source = played_source
        self.held: dict[str, Held] = {}
        self.freshness: Callable[[], bool] = lambda: False
        self.on_take: Callable[[Held], None] = lambda _: None
        self.taken = self.dropped = self.malformed = self.missed = 0
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}

    @property
    def is_fresh(self) -> bool:
        """Whether updates reach this process: Redis is there, the subscription is heard and somebody ingests."""
        return self.freshness()

    def take(self, line: bytes) -> Held | None:
        """Keep `line` if it is newer than what is held; return what is now held because of it, else None."""
        new = read_line(line)
        if new is None:
            self.malformed += 1
            return None
        old = self.held.get(new.symbol)
        if old is not None and not _is_newer(new, old):
            self.dropped += 1
            return None
        if old is not None and old.epoch == new.epoch:
            self.missed += new.seq - old.seq - 1
        self.held[new.symbol] = new
        self._settle(new)
        self.taken += 1
        self.on_take(new)
        for future in self._waiting.pop(new.symbol, ()):
            if not future.done():
                future.set_result(None)
        return new

    def _settle(self, new: Held) -> None:
        # Until then the old source's quotes are answered: the replica that replaces another one is ready by them.
        if self._unsettled_source is None or new.data.get("source") != self._unsettled_source:
            return
        self.held = {s: h for s, h in self.held.items() if s == PROBE_SYMBOL or h.data.get("source") == self._unsettled_source}
        self._unsettled_source = None

    def take_message(self, message: bytes) -> int:
        """Keep every line of a published message; return how many were new."""
        return sum(self.take(line) is not None for line in message.split(b"\n"))

    def hear(self, message: bytes) -> None:
        """A message from the updates channel."""
        self.take_message(message)

    def real_symbols(self) -> list[str]:
        """Everything held but the probe."""
        return sorted(symbol for symbol in self.held if symbol != PROBE_SYMBOL)

    async def wait_for(self, symbols: Iterable[str], timeout_seconds: float) -> None:
        """Return when all `symbols` are held or the time is over."""
        futures = {}
        for symbol in symbols:
            if symbol not in self.held:
                futures[symbol] = asyncio.get_running_loop().create_future()
                self._waiting.setdefault(symbol, set()).add(futures[symbol])
        if futures:
            await asyncio.wait(futures.values(), timeout=timeout_seconds)
        for symbol, future in futures.items():
            if not future.done() and symbol in self._waiting:
                self._waiting[symbol].discard(future)
                if not self._waiting[symbol]:
                    del self._waiting[symbol]


def _is_newer(new: Held, old: Held) -> bool:
    if new.fence != old.fence:
        return new.fence > old.fence
    return new.epoch != old.epoch or new.seq > old.seq
