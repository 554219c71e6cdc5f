"""Who should have got which update, and who did. No I/O: fed by the receiver, asked by the gate.

Every update carries a sequence number per symbol, so what was published in the measured window is known from what any socket
of this process saw of it (a number that none saw is inside the range of those that were). A socket is expected to have got all
of them that were published while it was subscribed. A jump is a lost update here even where the platform means it: a client
that reads too slowly gets only the newest value (conflation), which must not happen to a meter that reads at once.
"""

from dataclasses import dataclass, field
from typing import Any

INFINITY = float("inf")


@dataclass(eq=False, slots=True)
class Track:
    """All updates of one symbol within one epoch: publication in ms by sequence number."""

    symbol: str
    published_ms: dict[int, float] = field(default_factory=dict)

    def range_between(self, opened_ms: float, closed_ms: float) -> tuple[int, int] | None:
        """First and last sequence number published within the window; None when there was none."""
        inside = [seq for seq, moment in self.published_ms.items() if opened_ms <= moment < closed_ms]
        return (min(inside), max(inside)) if inside else None

    def before(self, moment_ms: float) -> int:
        """The highest number published before a moment; 0 when none is known."""
        return max((seq for seq, published in self.published_ms.items() if published < moment_ms), default=0)


@dataclass(eq=False, slots=True)
class Seat:
    """One socket's place: its symbols, from when, and what it got. `since` is the sequence number it started from per track."""

    symbols: tuple[str, ...]
    subscribed_ms: float = INFINITY
    last: dict[Track, int] = field(default_factory=dict)
    since: dict[Track, int] = field(default_factory=dict)
    received: int = 0


@dataclass(frozen=True)
class Reach:
    """How much of what should have arrived did."""

    expected: int
    received: int
    duplicates: int
    short_sockets: int
    """Sockets that lack at least one update."""
    symbols: int
    updates: int
    """Updates published in the window, over all symbols."""

    @property
    def percent(self) -> float | None:
        """Received of expected, in percent; None when nothing was expected."""
        return 100 * self.received / self.expected if self.expected else None


class Ledger:
    """The book of one process and one measured window."""

    def __init__(self) -> None:
        self.tracks: dict[tuple[str, str], Track] = {}
        self.seats: list[Seat] = []
        self.opened_ms = INFINITY
        self.closed_ms = INFINITY
        self.duplicates = 0

    def seat(self, symbols: tuple[str, ...]) -> Seat:
        """A new socket; it is owed nothing until it is subscribed."""
        self.seats.append(Seat(symbols))
        return self.seats[-1]

    def track(self, update: dict[str, Any]) -> Track:
        """The track of a `price_update`, which is noted as published."""
        key = (update["epoch"], update["symbol"])
        track = self.tracks.get(key)
        if track is None:
            track = self.tracks[key] = Track(update["symbol"])
        track.published_ms.setdefault(update["seq"], update["ts"])
        return track

    def snapshot(self, seat: Seat, update: dict[str, Any]) -> None:
        """What the socket starts from; only what follows is counted."""
        track = self.track(update)
        seat.last[track] = max(update["seq"], seat.last.get(track, 0))
        seat.since.setdefault(track, update["seq"])

    def take(self, seat: Seat, track: Track, seq: int, published_ms: float) -> bool:
        """A socket got an update; True when it belongs to the measured window and is no repetition."""
        if seq <= seat.last.get(track, 0):
            self.duplicates += 1
            return False
        seat.last[track] = seq
        if not self.opened_ms <= published_ms < self.closed_ms:
            return False
        seat.received += 1
        return True

    def reach(self) -> Reach:
        """The account of the window so far."""
        ranges = {track: track.range_between(self.opened_ms, self.closed_ms) for track in self.tracks.values()}
        by_symbol: dict[str, list[tuple[Track, int, int]]] = {}
        for track, found in ranges.items():
            if found:
                by_symbol.setdefault(track.symbol, []).append((track, *found))
        expected = received = short = 0
        for seat in self.seats:
            owed = sum(_owed(seat, *item) for symbol in seat.symbols for item in by_symbol.get(symbol, []))
            expected += owed
            received += seat.received
            short += seat.received < owed
        updates = sum(last - first + 1 for items in by_symbol.values() for _, first, last in items)
        return Reach(expected, received, self.duplicates, short, len(by_symbol), updates)


def _owed(seat: Seat, track: Track, first: int, last: int) -> int:
    if seat.subscribed_ms == INFINITY:
        return 0
    start = seat.since.get(track)
    if start is None:
        start = track.before(seat.subscribed_ms)
    return max(0, last - max(first - 1, start))
